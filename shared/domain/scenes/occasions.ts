import {
  type GrantId,
  isId,
  type MerchantId,
  type OfferId,
  type SceneId,
  shardOf,
  type UserId,
} from '#shared/domain/ids.ts'
import type { KnownRelationship } from '#shared/domain/scenes/facts.ts'
import type { Scene, SceneTrigger } from '#shared/domain/scenes/scene.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'
import {
  planKey,
  USUAL_STALE_AFTER_S,
  USUAL_TIMES,
  type VisitPlan,
} from '#shared/domain/scenes/visit-plan.ts'
import { firstVisitAnniversary, yearlyDate } from '#shared/domain/schedule/anniversaries.ts'
import { festivalDate } from '#shared/domain/schedule/festivals.ts'
import {
  addDays,
  DAY_MS,
  dayOfWall,
  instantOf,
  type LocalDate,
  localDateOf,
  wallMs,
} from '#shared/domain/schedule/local-time.ts'

/** One time at which a plan of a scene has something to say to a customer. */
export type Occasion = {
  readonly sceneId: SceneId
  /** See `planKey`. */
  readonly plan: string
  /** What it is about: the scene speaks once about it. */
  readonly occasion: string
  /** Ms since the epoch. */
  readonly dueAtMs: number
  /** Later than this it is pointless, in seconds after `dueAtMs`. */
  readonly staleAfterS: number
  /** Of what a unit is kept for it, from a moment on. */
  readonly gift?: { readonly offerId: OfferId; readonly fromMs: number }
}

/** What the occasions of a customer and a merchant follow from. */
export type Planned = {
  readonly user: UserId
  readonly merchantId: MerchantId
  readonly relationship: KnownRelationship
  /** When the customer was last seen inside at the latest visit; its beginning where that is not known. */
  readonly lastInsideAtMs?: number
  /** 'MM-DD'. */
  readonly birthday?: string
}

/** So long before a festival its gift is put aside: a year of gifts need not lie there. */
export const GIFT_AHEAD_DAYS = 14

type DueSide = Extract<SceneTrigger, { type: 'due' }>
type Moment = Pick<Occasion, 'occasion' | 'dueAtMs'>

const HOUR_MS = 3_600_000
/** What the occasion of a coupon begins with. */
const ENDS = 'ends:'
const MINUTES_PER_HOUR = 60

/** The plans of an active scene; those of any other rest. */
export const duePlansOf = ({ state, triggers }: Pick<Scene, 'state' | 'triggers'>): readonly DueSide[] =>
  state === 'active' ? triggers.filter((side) => side.type === 'due') : []

/** A text that is the same for scenes that plan the same; '' for one that plans nothing. */
export const plansAs = (scene: Scene | undefined): string => {
  const sides = scene === undefined ? [] : duePlansOf(scene)
  if (sides.length === 0) return ''
  return JSON.stringify([
    scene?.offerId,
    sides.map(({ plan, staleAfterS = USUAL_STALE_AFTER_S }) => [planKey(plan), staleAfterS]),
  ])
}

/**
 * Where inside its hour a customer is reminded by a merchant: the same second always, so that the many who are due in
 * an hour do not come at once, and what is due for one customer comes together and is weighed together.
 */
const spreadMs = ({ user, merchantId }: Planned): number => shardOf(`${user}|${merchantId}`, 3600) * 1000

const inHour = (planned: Planned, date: LocalDate, hour: number, timeZone: string): number =>
  instantOf(date, hour * MINUTES_PER_HOUR, timeZone) + spreadMs(planned)

/** The same hour of the wall clock, so many days later. */
const daysAfter = (planned: Planned, fromMs: number, days: number, timeZone: string): number => {
  const wall = wallMs(fromMs, timeZone)
  const hour = Math.floor((wall - dayOfWall(wall) * DAY_MS) / HOUR_MS)
  return inHour(planned, addDays(localDateOf(fromMs, timeZone), days), hour, timeZone)
}

/** Of the years around now, each once, after the customer had come for the first time. */
const yearly = (
  planned: Planned,
  { daysBefore, hour }: { readonly daysBefore: number; readonly hour: number },
  dateIn: (year: number) => { readonly date: LocalDate; readonly occasion: string } | undefined,
  nowMs: number,
): Moment[] => {
  const { timeZone, visits } = planned.relationship
  const { firstAtMs } = visits
  if (timeZone === undefined || firstAtMs === undefined) return []
  const thisYear = Number(localDateOf(nowMs, timeZone).slice(0, 4))
  return [thisYear - 1, thisYear, thisYear + 1].flatMap((year) => {
    const day = dateIn(year)
    if (day === undefined) return []
    const dueAtMs = inHour(planned, addDays(day.date, -daysBefore), hour, timeZone)
    return dueAtMs > firstAtMs ? [{ occasion: day.occasion, dueAtMs }] : []
  })
}

const lastSeenMs = ({ lastInsideAtMs }: Planned, beganMs: number): number =>
  Math.max(beganMs, lastInsideAtMs ?? beganMs)

const afterVisit = (planned: Planned, days: readonly number[], name: (days: number) => string): Moment[] => {
  const { timeZone, visits } = planned.relationship
  const { lastAtMs } = visits
  if (timeZone === undefined || lastAtMs === undefined) return []
  return days.map((after) => ({
    occasion: `${name(after)}:${lastAtMs}`,
    dueAtMs: daysAfter(planned, lastSeenMs(planned, lastAtMs), after, timeZone),
  }))
}

/** Was anything bought since the latest visit began? What is not known counts as bought: then nobody asks. */
const hasBoughtSince = ({ spend, events, eventsSinceMs }: KnownRelationship, sinceMs: number): boolean =>
  eventsSinceMs > sinceMs ||
  Object.values(spend).some(({ lastAtMs }) => lastAtMs >= sinceMs) ||
  events.some(({ type, atMs }) => type === 'purchase' && atMs >= sinceMs)

const followUps = (planned: Planned, delayS: number): Moment[] => {
  const { relationship } = planned
  const beganMs = relationship.visits.lastAtMs
  if (beganMs === undefined || hasBoughtSince(relationship, beganMs)) return []
  return [{ occasion: `followUp:${beganMs}`, dueAtMs: lastSeenMs(planned, beganMs) + delayS * 1000 }]
}

const once = (occasion: string, afterMs: number | undefined, delayS: number): Moment[] =>
  afterMs === undefined ? [] : [{ occasion, dueAtMs: afterMs + delayS * 1000 }]

const anniversaries = (
  planned: Planned,
  plan: Extract<VisitPlan, { kind: 'anniversary' }>,
  nowMs: number,
): Moment[] => {
  const { birthday, relationship } = planned
  const { timeZone, visits } = relationship
  if (plan.of === 'birthday') {
    if (birthday === undefined) return []
    const dateIn = (year: number) => ({ date: yearlyDate(birthday, year), occasion: `birthday:${year}` })
    return yearly(planned, plan, dateIn, nowMs)
  }
  if (timeZone === undefined || visits.firstAtMs === undefined) return []
  const { day, sinceYear = 0 } = firstVisitAnniversary(visits.firstAtMs, timeZone)
  const dateIn = (year: number) =>
    year > sinceYear ? { date: yearlyDate(day, year), occasion: `anniversary:${year}` } : undefined
  return yearly(planned, plan, dateIn, nowMs)
}

const momentsOf = (planned: Planned, plan: VisitPlan, nowMs: number): Moment[] => {
  const { relationship } = planned
  switch (plan.kind) {
    case 'everyDays': {
      const days = Array.from({ length: plan.times ?? USUAL_TIMES }, (_, index) => (index + 1) * plan.days)
      return afterVisit(planned, days, (after) => `every:${after}`)
    }
    case 'afterLastVisit':
      return afterVisit(planned, [plan.days], (after) => `after:${after}`)
    case 'festival': {
      const dateIn = (year: number) => {
        const date = festivalDate(plan.festival, year)
        return date === undefined ? undefined : { date, occasion: `festival:${plan.festival}:${year}` }
      }
      return yearly(planned, plan, dateIn, nowMs)
    }
    case 'anniversary':
      return anniversaries(planned, plan, nowMs)
    case 'followUp':
      return followUps(planned, plan.delayS)
    case 'afterRedemption':
      return once(
        `redeemed:${relationship.redemptions.lastAtMs}`,
        relationship.redemptions.lastAtMs,
        plan.delayS,
      )
    case 'onboarding':
      return once('onboarding', relationship.firstScanAtMs, plan.delayS)
    // Of the grants themselves, which stand in the due index on their own (offerEndings).
    case 'beforeOfferEnds':
      return []
    default:
      return plan satisfies never
  }
}

const giftOf = ({ offerId }: Scene, { plan }: DueSide, { dueAtMs }: Moment): Pick<Occasion, 'gift'> =>
  plan.kind !== 'festival' || offerId === undefined
    ? {}
    : { gift: { offerId, fromMs: dueAtMs - GIFT_AHEAD_DAYS * DAY_MS } }

/**
 * Every occasion that the plans of some scenes have for a customer, past and to come, by time. It follows from what is
 * known alone: whoever computes it, whenever, finds the same occasions under the same names.
 *
 * @param scenes all of one merchant; only active ones plan
 * @param nowMs chooses the years of what recurs yearly
 * @throws {RangeError} for an unknown zone
 * @example occasionsOf(anna, [scene], nowMs)[0] // { occasion: 'after:7:1777654800000', dueAtMs: …, … }
 */
export const occasionsOf = (planned: Planned, scenes: readonly Scene[], nowMs: number): Occasion[] =>
  scenes
    .flatMap((scene) =>
      duePlansOf(scene).flatMap((side) =>
        momentsOf(planned, side.plan, nowMs).map((moment) => ({
          sceneId: scene.id,
          plan: planKey(side.plan),
          ...moment,
          staleAfterS: side.staleAfterS ?? USUAL_STALE_AFTER_S,
          ...giftOf(scene, side, moment),
        })),
      ),
    )
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs || (a.sceneId < b.sceneId ? -1 : 1))

/**
 * The reminders that plans have for a coupon that a customer holds, by time. They stand with the grant itself, which
 * knows whether it was redeemed.
 *
 * @example offerEndings([scene], grantId, validUntilMs)[0] // { occasion: 'ends:grt_…', dueAtMs: validUntilMs - 3_600_000, … }
 */
export const offerEndings = (scenes: readonly Scene[], grantId: GrantId, validUntilMs: number): Occasion[] =>
  scenes
    .flatMap((scene) =>
      duePlansOf(scene).flatMap(({ plan, staleAfterS = USUAL_STALE_AFTER_S }) =>
        plan.kind !== 'beforeOfferEnds'
          ? []
          : [
              {
                sceneId: scene.id,
                plan: planKey(plan),
                occasion: `${ENDS}${grantId}`,
                dueAtMs: validUntilMs - plan.hours * HOUR_MS,
                // Nobody wants to hear of a coupon that has ended.
                staleAfterS: Math.min(staleAfterS, plan.hours * 3600),
              },
            ],
      ),
    )
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs)

/**
 * Does the plan of a scene still have this occasion? One that waited may have become pointless: by a new visit, a
 * purchase, a changed scene. Whether a coupon is still held only its grant knows (`couponOf`).
 */
export const isStillPlanned = (
  planned: Planned,
  scene: Scene,
  { plan, occasion }: Pick<Occasion, 'plan' | 'occasion'>,
  nowMs: number,
): boolean =>
  duePlansOf(scene).some(
    (side) =>
      planKey(side.plan) === plan &&
      (side.plan.kind === 'beforeOfferEnds' ||
        momentsOf(planned, side.plan, nowMs).some((moment) => moment.occasion === occasion)),
  )

/** The coupon that a reminder is about. */
export const couponOf = (trigger: Trigger): GrantId | undefined => {
  if (trigger.type !== 'due' || !trigger.plan.startsWith('beforeOfferEnds ')) return undefined
  const grantId = trigger.occasion.slice(ENDS.length)
  return isId('grt', grantId) ? grantId : undefined
}

/** May a unit have been put aside for what this is about? */
export const mayHaveGift = ({ offerId }: Scene, trigger: Trigger): boolean =>
  offerId !== undefined && trigger.type === 'due' && trigger.plan.startsWith('festival ')
