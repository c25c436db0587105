import * as z from 'zod'
import {
  endedCounts,
  eventConversion,
  eventCounts,
  redemptionCounts,
  redemptionStep,
  turnedAwayCount,
  visitConversion,
  visitCounts,
} from '#shared/contracts/items/counted-facts.ts'
import { COUNTER_SHARDS, counterKey, countsIn } from '#shared/contracts/items/counter.ts'
import { parseExposure } from '#shared/contracts/items/exposure.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { type Item, isFinal, parseMessage } from '#shared/contracts/items/ledger.ts'
import { parseTrace } from '#shared/contracts/items/trace.ts'
import { type GrantId, shardOf, type UserId } from '#shared/domain/ids.ts'
import { addCounts, type Counted, type CountPlace, type Counts, utcDay } from '#shared/domain/loop/count.ts'
import { advance, type Exposure, type Step, scenePlaceOf } from '#shared/domain/loop/exposure.ts'
import { TURNED_AWAY } from '#shared/domain/merchants/trust.ts'
import { APP_EVENT_TYPES } from '#shared/domain/scenes/scene.ts'

const DAY_MS = 86_400_000
/** Decisions are explained for 30 days: so many whole days can be counted again. */
export const RECOUNTED_DAYS = 29

const credit = { credited: id('grt').optional(), compared: id('grt').optional() }
const flag = z.boolean().default(false)
const deal = z.object({ isSecond: z.boolean(), cohortDay: z.string(), isTrialStart: z.boolean() }).optional()

const redeemedGrant = z.object({
  user: id('usr'),
  grantId: id('grt'),
  merchantId: id('mer'),
  redeemedAt: z.string().transform((at) => Date.parse(at)),
  redeemedAtStoreId: id('sto').optional(),
  offerCents: z.number().optional(),
  isFirst: flag,
  isRepeat: flag,
  deal,
})
const visit = z.object({
  user: id('usr'),
  merchantId: id('mer'),
  storeId: id('sto').exactOptional(),
  enteredAtMs: z.number(),
  lastInsideAtMs: z.number(),
  exitedAtMs: z.number().exactOptional(),
  settledAtMs: z.number(),
  isFirst: flag,
  isReachable: flag,
  isBrought: flag,
  ...credit,
})
const event = z.object({
  user: id('usr'),
  type: z.enum(APP_EVENT_TYPES),
  at: z.string(),
  merchantId: id('mer'),
  storeId: id('sto').optional(),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  isFirst: flag,
  deal,
  ...credit,
})

/** What one fact counts by itself, and what it is to the exposures that it is credited to. */
type Fact = {
  readonly user: UserId
  readonly counted: readonly Counted[]
  /** When it was kept: visits of one exposure count in that order. */
  readonly keptAtMs?: number
  readonly steps?: readonly { readonly grantId: GrantId; readonly step: Step }[]
}

const stepsFor = (step: Step | undefined, { credited, compared }: z.output<z.ZodObject<typeof credit>>) =>
  step === undefined
    ? []
    : [credited, compared].flatMap((grantId) => (grantId === undefined ? [] : [{ grantId, step }]))

const factOfTrace = (item: Item): Fact => {
  const { user, decidedAt, outcomes } = parseTrace(item)
  const day = utcDay(Date.parse(decidedAt))
  const counted = outcomes.map(({ sceneId, storeId, arm, result, count }): Counted => {
    const name = result === 'granted' ? 'granted' : `suppressed_${result}`
    return { place: { of: 'scene', sceneId, day, storeId, arm }, counts: { triggered: count, [name]: count } }
  })
  return { user, counted }
}

const factOfMessage = (item: Item): Fact | undefined => {
  const message = parseMessage(item)
  if (message === 'unreadable' || !isFinal(message)) return undefined
  return { user: message.user, counted: endedCounts(message) }
}

const factOfGrant = (item: Item): Fact | undefined => {
  if (item['state'] !== 'redeemed') return undefined
  const { redeemedAt, ...grant } = redeemedGrant.parse(item)
  const fact = { ...grant, redeemedAtMs: redeemedAt }
  return {
    user: fact.user,
    counted: redemptionCounts(fact),
    steps: [{ grantId: fact.grantId, step: redemptionStep(fact) }],
  }
}

const factOfVisit = (item: Item): Fact => {
  const fact = visit.parse(item)
  return {
    user: fact.user,
    counted: visitCounts(fact, fact.isBrought),
    keptAtMs: fact.settledAtMs,
    steps: stepsFor(visitConversion(fact), fact),
  }
}

const factOfEvent = (item: Item): Fact | undefined => {
  const read = event.safeParse(item)
  // Due occasions are kept as events, too.
  if (!read.success) return undefined
  const fact = read.data
  return { user: fact.user, counted: eventCounts(fact), steps: stepsFor(eventConversion(fact), fact) }
}

const factOfExposure = (item: Item): Fact => {
  const { user, grantId, arm, stages, ...rest } = parseExposure(item)
  const heldOut = arm === 'holdout' ? 1 : 0
  const place = scenePlaceOf({ user, grantId, arm, stages, ...rest })
  // Nothing but the exposure itself says that a message was opened.
  const steps = (['opened', 'claimed'] as const).flatMap((stage) => {
    const atMs = stages[stage]
    return atMs === undefined ? [] : [{ grantId, step: { stage, atMs } }]
  })
  return { user, counted: heldOut === 0 ? [] : [{ place, counts: { heldOut } }], steps }
}

const turnedAway = z.object({
  user: id('usr'),
  sceneId: id('scn'),
  sentAtMs: z.number(),
  how: z.enum(TURNED_AWAY),
})

const factOfTurnedAway = (item: Item): Fact => {
  const { user, sceneId, sentAtMs, how } = turnedAway.parse(item)
  return { user, counted: [turnedAwayCount(sceneId, sentAtMs, how)] }
}

/** How each kind of fact is counted. */
const FACTS: ReadonlyMap<unknown, (item: Item) => Fact | undefined> = new Map<
  string,
  (item: Item) => Fact | undefined
>([
  ['trace', factOfTrace],
  ['message', factOfMessage],
  ['grant', factOfGrant],
  ['visit', factOfVisit],
  ['event', factOfEvent],
  ['exposure', factOfExposure],
  ['turnedAway', factOfTurnedAway],
])

/** The kinds of items that a proof needs: facts, counters, and who was erased. */
export const PROOF_KINDS: ReadonlySet<unknown> = new Set([...FACTS.keys(), 'count', 'tombstone'])

const factOf = (item: Item): Fact | undefined => FACTS.get(item['kind'])?.(item)

const exposureName = (user: UserId, grantId: GrantId): string => `${user} ${grantId}`

/** What is counted of the exposures themselves, when all that was credited to them is taken again, step by step. */
const countSteps = (
  exposures: ReadonlyMap<string, Exposure>,
  facts: readonly Fact[],
): { readonly user: UserId; readonly counted: readonly Counted[] }[] => {
  const steps = facts.flatMap(({ user, keptAtMs = 0, steps = [] }) =>
    steps.map(({ grantId, step }) => ({ user, name: exposureName(user, grantId), step, keptAtMs })),
  )
  const inOrder = steps.toSorted((a, b) => a.keptAtMs - b.keptAtMs || a.step.atMs - b.step.atMs)
  const known = new Map(exposures)
  return inOrder.flatMap(({ user, name, step }) => {
    const before = known.get(name)
    if (before === undefined) return []
    const { exposure, counted } = advance(before, step)
    known.set(name, exposure)
    return [{ user, counted }]
  })
}

const untouched = ({ cameTo: _, ...exposure }: Exposure): Exposure => ({ ...exposure, stages: {} })

/** A counter's key in one text. */
const nameOf = ({ pk, sk }: { readonly pk: string; readonly sk: string }): string => `${pk} ${sk}`

/**
 * Counts again from the facts what the counters of a Ledger should say. Pure; the order of the items does not matter.
 *
 * @param items all items of the Ledger, or all of some customers
 * @returns by `pk sk` of each counter
 * @throws {z.ZodError} when a fact has another form
 * @example recount(items).get('SCENE#scn_…#7 COUNT#2026-05-01#-#treated') // { triggered: 3, granted: 1 … }
 */
export const recount = (items: readonly Item[]): Map<string, Counts> => {
  const facts = items.map(factOf).filter((fact) => fact !== undefined)
  const exposures = items
    .filter(({ kind }) => kind === 'exposure')
    .map((item) => untouched(parseExposure(item)))
    .map((exposure) => [exposureName(exposure.user, exposure.grantId), exposure] as const)
  const counters = new Map<string, Counts>()
  const add = (user: UserId, place: CountPlace, counts: Counts): void => {
    if (Object.keys(counts).length === 0) return
    const name = nameOf(counterKey(place, user))
    counters.set(name, addCounts(counters.get(name) ?? {}, counts))
  }
  for (const { user, counted } of [...facts, ...countSteps(new Map(exposures), facts)])
    for (const { place, counts } of counted) add(user, place, counts)
  return counters
}

/** A counter that says something else than the facts. */
export type Difference = {
  /** `pk sk` of the counter. */
  readonly counter: string
  readonly name: string
  readonly counted: number
  readonly recounted: number
}

export type Proof = {
  readonly differences: readonly Difference[]
  /** How many counters were compared. */
  readonly compared: number
  /** Counters of shards on which somebody was erased: the facts are gone, what was counted stays. */
  readonly notComparable: number
}

const isErased = (item: Item): boolean => item['tombstone'] === true && item['sk'] === 'PROFILE'

const shardOfErased = ({ pk }: Item): string => String(shardOf(String(pk).slice('U#'.length), COUNTER_SHARDS))

const dayOf = (counter: string): string => counter.split('COUNT#')[1]?.slice(0, 10) ?? ''
const shardIn = (counter: string): string => counter.split(' ')[0]?.split('#').at(-1) ?? ''

const compare = (counter: string, counted: Counts, recounted: Counts): Difference[] =>
  [...new Set([...Object.keys(counted), ...Object.keys(recounted)])]
    .toSorted()
    .map((name) => ({ counter, name, counted: counted[name] ?? 0, recounted: recounted[name] ?? 0 }))
    .filter((one) => one.counted !== one.recounted)

/**
 * Compares the counters of a Ledger with a recount of its facts, over the days of which all facts are still there
 * (DESIGN.md section 4, I11).
 *
 * @param items all items of the Ledger, read while nothing is written
 */
export const proveCounters = (items: readonly Item[], nowMs: number): Proof => {
  const recounted = recount(items)
  const counted = new Map(
    items
      .filter(({ kind }) => kind === 'count')
      .map((item) => [nameOf({ pk: String(item['pk']), sk: String(item['sk']) }), countsIn(item)]),
  )
  const first = utcDay(nowMs - RECOUNTED_DAYS * DAY_MS)
  const erased = new Set(items.filter(isErased).map(shardOfErased))
  const all = [...new Set([...counted.keys(), ...recounted.keys()])].filter((name) => dayOf(name) >= first)
  const compared = all.filter((name) => !erased.has(shardIn(name)))
  return {
    differences: compared.flatMap((name) =>
      compare(name, counted.get(name) ?? {}, recounted.get(name) ?? {}),
    ),
    compared: compared.length,
    notComparable: all.length - compared.length,
  }
}
