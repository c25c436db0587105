import {
  HOURS_PER_WEEK,
  MAX_RECENT_VISITS,
  purchaseCount,
  type Relationship,
} from '#shared/domain/customers/relationship.ts'
import { isInSegment, type Segment } from '#shared/domain/customers/segments.ts'
import { type AppEventType, type SceneTheme, WEEKDAYS, type Weekday } from '#shared/domain/scenes/scene.ts'
import { DAY_MS } from '#shared/domain/schedule/local-time.ts'

/** How deep all, any and not may be nested; a condition alone is 1 deep. */
export const MAX_AUDIENCE_DEPTH = 6
/** How many conditions and groups together. */
export const MAX_AUDIENCE_NODES = 50
/** Counts of recent visits stay below what is kept of them. */
export const MAX_RECENT_COUNT = MAX_RECENT_VISITS - 1
export const MAX_CONDITION_DAYS = 730
export const MAX_EVENT_DAYS = 90
export const MAX_LIST = 20

/** A range that a number must lie in, its ends included; at least one end is given. */
export type NumberRange = { readonly atLeast?: number; readonly atMost?: number }

/** One thing that must be so. Days are stretches of 24 hours that end now. */
export type AudienceCondition =
  /** All visits. 0 to 100,000. */
  | (NumberRange & { readonly type: 'visitCount' })
  /** Visits in the last `days` (1 to `MAX_CONDITION_DAYS`). 0 to `MAX_RECENT_COUNT`. */
  | (NumberRange & { readonly type: 'visitsWithin'; readonly days: number })
  /** Days since the last visit, fractions too. 0 to `MAX_CONDITION_DAYS`. Whoever never came has none. */
  | (NumberRange & { readonly type: 'daysSinceVisit' })
  /** Seconds inside, in all or by visit. 0 to 31,536,000. */
  | (NumberRange & { readonly type: 'dwellS'; readonly measure: 'total' | 'mean' })
  /** In the smallest unit of the currency (three capital letters). 0 to 1,000,000,000,000. */
  | (NumberRange & {
      readonly type: 'spend'
      readonly measure: 'total' | 'mean' | 'last'
      readonly currency: string
    })
  /** Purchases in all currencies. 0 to 100,000. */
  | (NumberRange & { readonly type: 'purchaseCount' })
  /** 0 to 100,000. */
  | (NumberRange & { readonly type: 'redemptionCount' })
  /** Messages of scenes of a theme that the customer opened, claimed or redeemed. 0 to 100,000. */
  | (NumberRange & { readonly type: 'reactions'; readonly theme: SceneTheme })
  /** Marks from 1 to 5; `count` 0 to 100,000. */
  | (NumberRange & { readonly type: 'rating'; readonly measure: 'count' | 'mean' | 'last' })
  /** 1 to 64 characters. */
  | { readonly type: 'tag'; readonly tag: string }
  /** A preference by its name (1 to 64 characters): one of up to `MAX_LIST` values, each up to 128 characters. */
  | {
      readonly type: 'preference'
      readonly name: string
      readonly oneOf: readonly (string | number | boolean)[]
    }
  /** A preference that is a number. */
  | (NumberRange & { readonly type: 'preferenceNumber'; readonly name: string })
  /** It is now one of the customer's usual hours, on this weekday or on any. */
  | { readonly type: 'usualHour'; readonly weekday: 'same' | 'any' }
  /** At least this share (0.05 to 1) of the visits begin on these days in these hours (`fromHour` 0–23 up to `toHour` 1–24). */
  | {
      readonly type: 'usuallyComes'
      readonly days: readonly Weekday[]
      readonly fromHour: number
      readonly toHour: number
      readonly share: number
    }
  | { readonly type: 'segment'; readonly segment: Segment }
  /** BCP 47 tags, up to `MAX_LIST`: 'zh' covers 'zh-Hant-TW'. */
  | { readonly type: 'locale'; readonly oneOf: readonly string[] }
  /** App events of one type in the last `days` (1 to `MAX_EVENT_DAYS`). 0 to 200. */
  | (NumberRange & { readonly type: 'eventsWithin'; readonly eventType: AppEventType; readonly days: number })

/** A tree of conditions. Groups have at least one member. */
export type AudienceRule =
  | { readonly all: readonly AudienceRule[] }
  | { readonly any: readonly AudienceRule[] }
  | { readonly not: AudienceRule }
  | AudienceCondition

/** What is known of a customer when a scene is decided. What is absent is not known. */
export type AudienceFacts = {
  /** `NO_RELATIONSHIP` where it was read and there is none. */
  readonly relationship?: Relationship
  readonly locale?: string
  /** This merchant's app events of the customer since `eventsSinceMs`, complete, in any order. */
  readonly events?: readonly { readonly type: AppEventType; readonly atMs: number }[]
  readonly eventsSinceMs?: number
  /** On the clock of the place, as `hourOfWeek` gives it. */
  readonly hourOfWeek?: number
}

/** Yes, no, or not known. */
export type Verdict = 'yes' | 'no' | 'unknown'

/** What was found for one condition: the number that was compared, where it is a number that decides. */
type Finding = { readonly verdict: Verdict; readonly compared?: number }

const UNKNOWN: Finding = { verdict: 'unknown' }
const told = (holds: boolean): Finding => ({ verdict: holds ? 'yes' : 'no' })

const inRange = ({ atLeast, atMost }: NumberRange, value: number | undefined): Finding => {
  if (value === undefined) return UNKNOWN
  const holds = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost)
  return { verdict: holds ? 'yes' : 'no', compared: value }
}

const mean = (sum: number, count: number): number | undefined => (count === 0 ? undefined : sum / count)

const visitsWithin = ({ visits }: Relationship, days: number, nowMs: number): number =>
  visits.recentAtMs.filter((atMs) => atMs > nowMs - days * DAY_MS).length

const daysSinceVisit = ({ visits }: Relationship, nowMs: number): number | undefined =>
  visits.lastAtMs === undefined ? undefined : Math.max(0, nowMs - visits.lastAtMs) / DAY_MS

const spendOf = (
  { spend }: Relationship,
  { measure, currency }: { measure: 'total' | 'mean' | 'last'; currency: string },
): number | undefined => {
  const known = spend[currency]
  if (measure === 'total') return known?.totalMinor ?? 0
  if (known === undefined) return undefined
  return measure === 'last' ? known.lastMinor : mean(known.totalMinor, known.count)
}

const ratingOf = ({ ratings }: Relationship, measure: 'count' | 'mean' | 'last'): number | undefined => {
  if (measure === 'count') return ratings.count
  return measure === 'last' ? ratings.last : mean(ratings.sum, ratings.count)
}

/** Fewer visits than this teach no habit. */
export const MIN_HABIT_VISITS = 5
/** Of the visits, how many begin within an hour of now: on this weekday, or on any. */
export const USUAL_SHARE = { same: 0.2, any: 0.4 } as const

const shareOfHours = ({ visits }: Relationship, isMeant: (hour: number) => boolean): number | undefined => {
  const all = visits.hourOfWeek.reduce((sum, count) => sum + count, 0)
  if (all < MIN_HABIT_VISITS) return undefined
  return visits.hourOfWeek.reduce((sum, count, hour) => sum + (isMeant(hour) ? count : 0), 0) / all
}

/** Is one hour the other, or next to it, on a circle of so many? */
const isNear = (a: number, b: number, circle: number): boolean =>
  Math.min((a - b + circle) % circle, (b - a + circle) % circle) <= 1

const usualHour = (relationship: Relationship, weekday: 'same' | 'any', now: number | undefined): Finding => {
  if (now === undefined) return UNKNOWN
  const share = shareOfHours(relationship, (hour) =>
    weekday === 'same' ? isNear(hour, now, HOURS_PER_WEEK) : isNear(hour % 24, now % 24, 24),
  )
  return inRange({ atLeast: USUAL_SHARE[weekday] }, share)
}

const usuallyComes = (
  relationship: Relationship,
  { days, fromHour, toHour, share }: Extract<AudienceCondition, { type: 'usuallyComes' }>,
): Finding => {
  const isMeant = (hour: number) =>
    days.some((day) => WEEKDAYS.indexOf(day) === Math.floor(hour / 24)) &&
    hour % 24 >= fromHour &&
    hour % 24 < toHour
  return inRange({ atLeast: share }, shareOfHours(relationship, isMeant))
}

const segment = (relationship: Relationship, name: Segment, nowMs: number): Finding => {
  const isIn = isInSegment(name, relationship, nowMs)
  return isIn === undefined ? UNKNOWN : told(isIn)
}

const preferenceNumber = ({ preferences }: Relationship, name: string): number | undefined => {
  const value = Object.hasOwn(preferences, name) ? preferences[name]?.value : undefined
  return typeof value === 'number' ? value : undefined
}

const preference = ({ preferences }: Relationship, name: string, oneOf: readonly unknown[]): Finding => {
  const known = Object.hasOwn(preferences, name) ? preferences[name] : undefined
  return known === undefined ? UNKNOWN : told(oneOf.includes(known.value))
}

/**
 * Does a language tag cover another (RFC 4647, basic filtering)?
 *
 * @example coversLocale('zh', 'zh-Hant-TW') // true
 */
export const coversLocale = (range: string, locale: string): boolean =>
  `${locale.toLowerCase()}-`.startsWith(`${range.toLowerCase()}-`)

const eventsWithin = (
  { events, eventsSinceMs }: AudienceFacts,
  condition: Extract<AudienceCondition, { type: 'eventsWithin' }>,
  nowMs: number,
): Finding => {
  if (events === undefined) return UNKNOWN
  const fromMs = nowMs - condition.days * DAY_MS
  const count = events.filter(({ type, atMs }) => type === condition.eventType && atMs > fromMs).length
  const found = inRange(condition, count)
  if (eventsSinceMs !== undefined && eventsSinceMs <= fromMs) return found
  // There may have been more: too many is certain, enough is certain only where more does no harm.
  const isTooMany = condition.atMost !== undefined && count > condition.atMost
  const isEnough = condition.atMost === undefined && found.verdict === 'yes'
  return isTooMany || isEnough ? found : UNKNOWN
}

const ofRelationship = (
  condition: Exclude<AudienceCondition, { type: 'locale' | 'eventsWithin' }>,
  relationship: Relationship,
  now: { readonly ms: number; readonly hourOfWeek?: number },
): Finding => {
  switch (condition.type) {
    case 'visitCount':
      return inRange(condition, relationship.visits.count)
    case 'visitsWithin':
      return inRange(condition, visitsWithin(relationship, condition.days, now.ms))
    case 'daysSinceVisit':
      return inRange(condition, daysSinceVisit(relationship, now.ms))
    case 'dwellS': {
      const { dwellS, timedCount } = relationship.visits
      return inRange(condition, condition.measure === 'total' ? dwellS : mean(dwellS, timedCount))
    }
    case 'spend':
      return inRange(condition, spendOf(relationship, condition))
    case 'purchaseCount':
      return inRange(condition, purchaseCount(relationship))
    case 'reactions':
      return inRange(condition, relationship.reactions?.[condition.theme] ?? 0)
    case 'redemptionCount':
      return inRange(condition, relationship.redemptions.count)
    case 'rating':
      return inRange(condition, ratingOf(relationship, condition.measure))
    case 'tag':
      return told(relationship.tags.includes(condition.tag))
    case 'preference':
      return preference(relationship, condition.name, condition.oneOf)
    case 'preferenceNumber':
      return inRange(condition, preferenceNumber(relationship, condition.name))
    case 'usualHour':
      return usualHour(relationship, condition.weekday, now.hourOfWeek)
    case 'usuallyComes':
      return usuallyComes(relationship, condition)
    case 'segment':
      return segment(relationship, condition.segment, now.ms)
    default:
      return condition satisfies never
  }
}

const find = (condition: AudienceCondition, facts: AudienceFacts, nowMs: number): Finding => {
  if (condition.type === 'eventsWithin') return eventsWithin(facts, condition, nowMs)
  if (condition.type === 'locale') {
    const { locale } = facts
    return locale === undefined ? UNKNOWN : told(condition.oneOf.some((range) => coversLocale(range, locale)))
  }
  const { relationship, hourOfWeek } = facts
  if (relationship === undefined) return UNKNOWN
  return ofRelationship(condition, relationship, {
    ms: nowMs,
    ...(hourOfWeek === undefined ? {} : { hourOfWeek }),
  })
}

/** The condition that decided, where it stands in the tree (a JSON pointer), and the number that was compared. */
export type AudienceExplanation = {
  readonly verdict: Verdict
  readonly pointer: string
  readonly condition: AudienceCondition
  /** What the condition itself asked for, and no more: no tag, preference or locale of the customer. */
  readonly compared?: number
}

const OPPOSITE = { yes: 'no', no: 'yes', unknown: 'unknown' } as const

/** Weighs a group: the first member of the deciding kind decides, else the first that is not known, else the first. */
const decisive = (
  members: readonly AudienceRule[],
  name: 'all' | 'any',
  weigh: (rule: AudienceRule, pointer: string) => AudienceExplanation,
  pointer: string,
): AudienceExplanation => {
  const deciding: Verdict = name === 'all' ? 'no' : 'yes'
  const found = members.map((member, index) => weigh(member, `${pointer}/${name}/${index}`))
  const first =
    found.find(({ verdict }) => verdict === deciding) ??
    found.find(({ verdict }) => verdict === 'unknown') ??
    found[0]
  if (first === undefined) throw new RangeError(`a group without members at ${pointer}/${name}`)
  return first
}

const weigh = (
  rule: AudienceRule,
  facts: AudienceFacts,
  nowMs: number,
  pointer: string,
): AudienceExplanation => {
  const member = (one: AudienceRule, at: string) => weigh(one, facts, nowMs, at)
  if ('all' in rule) return decisive(rule.all, 'all', member, pointer)
  if ('any' in rule) return decisive(rule.any, 'any', member, pointer)
  if ('not' in rule) {
    const inner = member(rule.not, `${pointer}/not`)
    return { ...inner, verdict: OPPOSITE[inner.verdict] }
  }
  return { ...find(rule, facts, nowMs), pointer, condition: rule }
}

/**
 * Whether a customer belongs to an audience, and the condition that decided it. Three-valued logic (Kleene): what is
 * not known stays so under `not`; `all` is no as soon as one is no, `any` yes as soon as one is yes.
 *
 * @param rule within `MAX_AUDIENCE_DEPTH` and `MAX_AUDIENCE_NODES`
 * @param nowMs ms since the epoch
 * @throws {RangeError} for a group without members
 * @example explainAudience({ not: { type: 'visitCount', atLeast: 1 } }, {}, nowMs) // { verdict: 'unknown', pointer: '/not', … }
 */
export const explainAudience = (
  rule: AudienceRule,
  facts: AudienceFacts,
  nowMs: number,
): AudienceExplanation => weigh(rule, facts, nowMs, '')

/**
 * Does a customer belong to an audience? Missing data means no: an audience that comes out unknown has not the customer
 * in it, also where the condition stands under `not`.
 *
 * @example isInAudience({ type: 'segment', segment: 'new' }, { relationship: NO_RELATIONSHIP }, nowMs) // true
 */
export const isInAudience = (rule: AudienceRule, facts: AudienceFacts, nowMs: number): boolean =>
  explainAudience(rule, facts, nowMs).verdict === 'yes'

const membersOf = (rule: AudienceRule): readonly AudienceRule[] => {
  if ('all' in rule) return rule.all
  if ('any' in rule) return rule.any
  return 'not' in rule ? [rule.not] : []
}

/**
 * How deep an audience is nested and how many conditions and groups it has.
 *
 * @example measureAudience({ not: { type: 'tag', tag: 'vip' } }) // { depth: 2, nodes: 2 }
 */
export const measureAudience = (rule: AudienceRule): { readonly depth: number; readonly nodes: number } => {
  const members = membersOf(rule).map(measureAudience)
  return {
    depth: 1 + Math.max(0, ...members.map(({ depth }) => depth)),
    nodes: 1 + members.reduce((sum, { nodes }) => sum + nodes, 0),
  }
}

/** From so many conditions on, an audience counts as fully specific. */
const FULLY_SPECIFIC = 4

const conditionsNeeded = (rule: AudienceRule): number => {
  if ('all' in rule) return rule.all.reduce((sum, member) => sum + conditionsNeeded(member), 0)
  if ('any' in rule) return Math.min(...rule.any.map(conditionsNeeded))
  return 'not' in rule ? conditionsNeeded(rule.not) : 1
}

/**
 * How closely an audience was cut, from 0 (everybody) to 1: the conditions that each member of it meets, up to four.
 *
 * @example audienceSpecificity(undefined) // 0
 */
export const audienceSpecificity = (rule: AudienceRule | undefined): number =>
  rule === undefined ? 0 : Math.min(1, conditionsNeeded(rule) / FULLY_SPECIFIC)
