import type { StoreId, WriteId } from '#shared/domain/ids.ts'
import { type SceneTheme, WEEKDAYS } from '#shared/domain/scenes/scene.ts'
import { DAY_MS, dayOfWall, wallMs, weekdayOfDay } from '#shared/domain/schedule/local-time.ts'

/** How many visits are kept with their times. */
export const MAX_RECENT_VISITS = 50
export const MAX_TAGS = 50
export const MAX_PREFERENCES = 50
export const MAX_CURRENCIES = 10
export const HOURS_PER_WEEK = 168

export type Visits = {
  readonly count: number
  readonly firstAtMs?: number
  readonly lastAtMs?: number
  /** When the latest visits began, oldest first, at most `MAX_RECENT_VISITS`. */
  readonly recentAtMs: readonly number[]
  /** Seconds inside, over the visits that have a duration. */
  readonly dwellS: number
  /** How many visits have a duration. */
  readonly timedCount: number
  /** How many visits began in each hour of the week on the clock of the place, Monday 00:00 first: 168 counts. */
  readonly hourOfWeek: readonly number[]
}

/** What was paid, in the smallest unit of the currency (ISO 4217). */
export type Spend = {
  readonly count: number
  readonly totalMinor: number
  readonly lastMinor: number
  readonly lastAtMs: number
}

export type Redemptions = {
  readonly count: number
  /** Free trials among them. */
  readonly trials: number
  /** Among them those that made something cheaper: coupons and points. */
  readonly discounts: number
  readonly lastAtMs?: number
}

/** Marks from 1 to 5. */
export type Ratings = { readonly count: number; readonly sum: number; readonly last?: number }

export const PREFERENCE_SOURCES = ['customer', 'staff', 'purchase', 'survey', 'event'] as const
export type PreferenceSource = (typeof PREFERENCE_SOURCES)[number]

/** Something known of a customer's taste, with where it comes from and since when. */
export type Preference = {
  readonly value: string | number | boolean
  readonly source: PreferenceSource
  readonly atMs: number
}

/** What the customer says against a block, and what became of it. An appeal that is accepted ends the block. */
export type Appeal = {
  readonly state: 'open' | 'rejected'
  readonly text: string
  readonly atMs: number
}

export type Block = {
  /** The customer reads it. */
  readonly reason: string
  readonly sinceMs: number
  /** Absent: until the merchant takes it back. */
  readonly untilMs?: number
  readonly appeal?: Appeal
}

/** All that one merchant knows of one customer. */
export type Relationship = {
  readonly visits: Visits
  readonly spend: Readonly<Record<string, Spend>>
  readonly redemptions: Redemptions
  readonly ratings: Ratings
  /** Friends who came through this customer and redeemed something. */
  readonly referrals: number
  readonly tags: readonly string[]
  readonly preferences: Readonly<Record<string, Preference>>
  /** Complaints that the customer has not accepted as settled. */
  readonly openComplaints: number
  /** The merchant wants nothing to do with the customer; see `isBlocked`. */
  readonly block?: Block
  /** When the one free trial was given. */
  readonly trialAtMs?: number
  /** The UTC day of the first purchase or redemption, and whether another day's has followed (loop/deal.ts). */
  readonly firstDeal?: { readonly day: string; readonly isTrial: boolean; readonly hasSecond: boolean }
  /** When the customer scanned a code of the merchant for the first time. */
  readonly firstScanAtMs?: number
  /** The chain of events that the latest visit, redemption or purchase belongs to; absent where no message brought it. */
  readonly correlationId?: WriteId
  /** The zone of the place of the latest visit; before any, that of the first act with the merchant. */
  readonly timeZone?: string
  /** How many messages of scenes of a theme the customer opened, claimed or redeemed. */
  readonly reactions?: Readonly<Partial<Record<SceneTheme, number>>>
  /** The store of the latest visit, where it was at one. */
  readonly lastStoreId?: StoreId
}

/** A customer who has never had to do with the merchant: this is known, not missing. */
export const NO_RELATIONSHIP: Relationship = {
  visits: { count: 0, recentAtMs: [], dwellS: 0, timedCount: 0, hourOfWeek: [] },
  spend: {},
  redemptions: { count: 0, trials: 0, discounts: 0 },
  ratings: { count: 0, sum: 0 },
  referrals: 0,
  tags: [],
  preferences: {},
  openComplaints: 0,
}

/**
 * Does the block hold at this moment? It ends by itself.
 *
 * @example isBlocked({ block: { reason: 'no-shows', sinceMs: 0, untilMs: 10 } }, 10) // false
 */
export const isBlocked = ({ block }: Pick<Relationship, 'block'>, nowMs: number): boolean =>
  block !== undefined && (block.untilMs === undefined || nowMs < block.untilMs)

/**
 * The hour of the week on the clock of a place: 0 is Monday from 00:00 to 00:59, 167 Sunday from 23:00.
 *
 * @throws {RangeError} for an unknown zone
 * @example hourOfWeek(Date.UTC(2026, 4, 4, 1), 'UTC') // 1
 */
export const hourOfWeek = (atMs: number, timeZone: string): number => {
  const wall = wallMs(atMs, timeZone)
  const day = dayOfWall(wall)
  return WEEKDAYS.indexOf(weekdayOfDay(day)) * 24 + Math.floor((wall - day * DAY_MS) / 3_600_000)
}

const incremented = (counts: readonly number[], index: number): number[] =>
  Array.from({ length: HOURS_PER_WEEK }, (_, hour) => (counts[hour] ?? 0) + (hour === index ? 1 : 0))

/**
 * The relationship after one more settled visit; visits may come in any order. That each comes once is the caller's
 * care.
 *
 * @param durationS undefined for a visit whose end nobody saw
 * @throws {RangeError} for an unknown zone
 */
export const withVisit = (
  relationship: Relationship,
  {
    enterMs,
    durationS,
    timeZone,
    storeId,
  }: { enterMs: number; durationS?: number; timeZone: string; storeId?: StoreId | undefined },
): Relationship => {
  const { visits } = relationship
  const isLast = visits.lastAtMs === undefined || enterMs >= visits.lastAtMs
  const recentAtMs = [...visits.recentAtMs, enterMs].toSorted((a, b) => a - b).slice(-MAX_RECENT_VISITS)
  const { lastStoreId, ...rest } = relationship
  const last = isLast ? { timeZone, storeId } : { timeZone: relationship.timeZone, storeId: lastStoreId }
  return {
    ...rest,
    ...(last.timeZone !== undefined && { timeZone: last.timeZone }),
    ...(last.storeId !== undefined && { lastStoreId: last.storeId }),
    visits: {
      count: visits.count + 1,
      firstAtMs: Math.min(visits.firstAtMs ?? enterMs, enterMs),
      lastAtMs: Math.max(visits.lastAtMs ?? enterMs, enterMs),
      recentAtMs,
      dwellS: visits.dwellS + (durationS ?? 0),
      timedCount: visits.timedCount + (durationS === undefined ? 0 : 1),
      hourOfWeek: incremented(visits.hourOfWeek, hourOfWeek(enterMs, timeZone)),
    },
  }
}

/**
 * The relationship after one more purchase; unchanged where a customer would have more than `MAX_CURRENCIES`.
 */
export const withPurchase = (
  relationship: Relationship,
  { currency, amountMinor, atMs }: { currency: string; amountMinor: number; atMs: number },
): Relationship => {
  const known = relationship.spend[currency]
  if (known === undefined && Object.keys(relationship.spend).length >= MAX_CURRENCIES) return relationship
  const isLast = known === undefined || atMs >= known.lastAtMs
  const spend: Spend = {
    count: (known?.count ?? 0) + 1,
    // More than this no number holds exactly, and no item.
    totalMinor: Math.min((known?.totalMinor ?? 0) + amountMinor, Number.MAX_SAFE_INTEGER),
    lastMinor: isLast ? amountMinor : known.lastMinor,
    lastAtMs: isLast ? atMs : known.lastAtMs,
  }
  return { ...relationship, spend: { ...relationship.spend, [currency]: spend } }
}

/** The relationship after one more redemption. */
export const withRedemption = (
  relationship: Relationship,
  { atMs, isTrial, isDiscount }: { atMs: number; isTrial: boolean; isDiscount: boolean },
): Relationship => {
  const { redemptions } = relationship
  return {
    ...relationship,
    redemptions: {
      count: redemptions.count + 1,
      trials: redemptions.trials + (isTrial ? 1 : 0),
      discounts: redemptions.discounts + (isDiscount ? 1 : 0),
      lastAtMs: Math.max(redemptions.lastAtMs ?? atMs, atMs),
    },
  }
}

/** The relationship after one more rating, 1 to 5, in the order in which they are given. */
export const withRating = (relationship: Relationship, mark: number): Relationship => ({
  ...relationship,
  ratings: { count: relationship.ratings.count + 1, sum: relationship.ratings.sum + mark, last: mark },
})

/** The relationship after one more message of a theme that the customer opened, claimed or redeemed: each counts once. */
export const withReaction = (relationship: Relationship, theme: SceneTheme): Relationship => ({
  ...relationship,
  reactions: { ...relationship.reactions, [theme]: (relationship.reactions?.[theme] ?? 0) + 1 },
})

/** How many purchases there were in all currencies. */
export const purchaseCount = ({ spend }: Relationship): number =>
  Object.values(spend).reduce((sum, { count }) => sum + count, 0)

/** Has the customer never come, bought or redeemed anything? Then what comes next makes a new customer. */
export const isNewcomer = (relationship: Relationship): boolean =>
  relationship.visits.count === 0 && relationship.redemptions.count === 0 && purchaseCount(relationship) === 0
