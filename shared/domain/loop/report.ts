import type { Counts } from '#shared/domain/loop/count.ts'
import { LADDER } from '#shared/domain/loop/exposure.ts'
import { type Lift, liftOf, type Rate, rateOf } from '#shared/domain/loop/intervals.ts'
import {
  type Cell,
  type Days,
  ofArm,
  type ShownRow,
  shownByDay,
  shownByStore,
  shownCentsStep,
  shownOver,
} from '#shared/domain/loop/shown.ts'

/** A message that reached so many and brought nobody is worth a look. */
export const NO_VISITS_AFTER = 100

export type FunnelStep = {
  readonly step: string
  /** How many came at least so far. */
  readonly count: number
  /** How many of the step before did not. */
  readonly lost: number
}

export type Costs = {
  readonly messageCents: number
  readonly offerCents: number
  readonly totalCents: number
  readonly perVisitCents?: number
  readonly perRedemptionCents?: number
}

export type ReportFlag = 'noVisits'

export type SceneReport = {
  readonly treated: Counts
  readonly holdout: Counts
  readonly funnel: readonly FunnelStep[]
  readonly rates: Readonly<Record<string, Rate>>
  readonly lift: Readonly<Record<string, Lift>>
  readonly costs: Costs
  /** By currency, in its smallest unit. */
  readonly revenue: Counts
  readonly roi?: number
  readonly flags: readonly ReportFlag[]
  readonly byStore: readonly ShownRow[]
  readonly byDay: readonly ShownRow[]
}

const of = (counts: Counts, name: string): number => counts[name] ?? 0

/** Steps with what each has lost. A step that was rounded down holds at least as many as the one after it. */
const funnelOf = (steps: readonly (readonly [string, number])[]): FunnelStep[] => {
  const counts = steps.map(([, count]) => count)
  const atLeast = counts.map((_, index) => Math.max(...counts.slice(index)))
  return steps.map(([step], index) => {
    const count = atLeast[index] ?? 0
    return { step, count, lost: index === 0 ? 0 : (atLeast[index - 1] ?? 0) - count }
  })
}

const countAt = (funnel: readonly FunnelStep[], name: string): number =>
  funnel.find(({ step }) => step === name)?.count ?? 0

const known = <T>(all: Readonly<Record<string, T | undefined>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(all).flatMap(([name, value]): [string, T][] =>
      value === undefined ? [] : [[name, value]],
    ),
  )

const costsOf = (treated: Counts, visits: number, redemptions: number): Costs => {
  const messageCents = of(treated, 'messageCents')
  const offerCents = of(treated, 'offerCents')
  const totalCents = messageCents + offerCents
  return {
    messageCents,
    offerCents,
    totalCents,
    ...(visits > 0 && { perVisitCents: totalCents / visits }),
    ...(redemptions > 0 && { perRedemptionCents: totalCents / redemptions }),
  }
}

const revenueOf = (counts: Counts): Counts =>
  Object.fromEntries(
    Object.entries(counts).flatMap(([name, amount]) =>
      name.startsWith('revenue_') ? [[name.slice('revenue_'.length), amount]] : [],
    ),
  )

const exactly = (cells: readonly Cell[], name: string): number =>
  cells.reduce((sum, { counts }) => sum + of(counts, name), 0)

/**
 * What a scene's counters say over a range of days, as its merchant may see it (docs/reports.md).
 *
 * @param cells all of the range
 * @param currency in which the merchant counts its costs; without it there is no return on them
 * @param partPriceUsd what one part of an SMS costs, in US dollars
 */
export const reportScene = (
  cells: readonly Cell[],
  days: Days,
  currency?: string,
  partPriceUsd?: number,
): SceneReport => {
  const centsStep = shownCentsStep(partPriceUsd)
  const treated = shownOver(ofArm(cells, 'treated'), days, centsStep)
  const holdout = shownOver(ofArm(cells, 'holdout'), days, centsStep)
  const funnel = funnelOf([
    ['granted', of(treated, 'granted')],
    ['sent', of(treated, 'sent')],
    ...LADDER.map((stage) => [stage, of(treated, `reached_${stage}`)] as const),
  ])
  const [granted, sent] = [countAt(funnel, 'granted'), countAt(funnel, 'sent')]
  const visited = of(treated, 'visited')
  const redeemed = of(treated, 'redeemed')
  const costs = costsOf(treated, visited, redeemed)
  const revenue = revenueOf(treated)
  const earned = currency === undefined ? undefined : of(revenue, currency)
  const compared = (stage: string): Lift | undefined =>
    liftOf(
      rateOf(of(treated, stage), granted),
      rateOf(of(holdout, stage), Math.max(of(holdout, 'heldOut'), of(holdout, stage))),
    )
  const spoken = ofArm(cells, 'treated')
  const isUnvisited = of(treated, 'sent') >= NO_VISITS_AFTER && exactly(spoken, 'visited') === 0
  return {
    treated,
    holdout,
    funnel,
    rates: known({
      sent: rateOf(sent, granted),
      opened: rateOf(countAt(funnel, 'opened'), sent),
      visited: rateOf(visited, sent),
      redeemed: rateOf(redeemed, sent),
      purchased: rateOf(of(treated, 'purchased'), sent),
      repeat: rateOf(of(treated, 'redeemedRepeat'), redeemed),
    }),
    lift: known({ visited: compared('visited'), purchased: compared('purchased') }),
    costs,
    revenue,
    ...(earned !== undefined &&
      costs.totalCents > 0 && { roi: (earned - costs.totalCents) / costs.totalCents }),
    flags: isUnvisited ? ['noVisits'] : [],
    byStore: shownByStore(cells, days, centsStep),
    byDay: shownByDay(cells, centsStep),
  }
}

export type StoreReport = {
  readonly counts: Counts
  readonly funnel: readonly FunnelStep[]
  readonly rates: Readonly<Record<string, Rate>>
  readonly revenue: Counts
  readonly byDay: readonly ShownRow[]
}

/** What a store's counters say over a range of days: of its visits how many could be reached, were brought by a message, acted. */
export const reportStore = (cells: readonly Cell[], days: Days): StoreReport => {
  const counts = shownOver(cells, days)
  const steps = ['entered', 'reachable', 'exposed', 'acted']
  const funnel = funnelOf(steps.map((step) => [step, of(counts, step)] as const))
  const share = (step: string, before: string) => rateOf(countAt(funnel, step), countAt(funnel, before))
  return {
    counts,
    funnel,
    rates: known({
      reachable: share('reachable', 'entered'),
      exposed: share('exposed', 'reachable'),
      acted: share('acted', 'exposed'),
    }),
    revenue: revenueOf(counts),
    byDay: shownByDay(cells),
  }
}
