import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import { dueKey, type Item, userKey } from '#shared/contracts/items/ledger.ts'
import {
  HOURS_PER_WEEK,
  MAX_PREFERENCES,
  MAX_RECENT_VISITS,
  MAX_TAGS,
  NO_RELATIONSHIP,
  PREFERENCE_SOURCES,
  type Visits,
} from '#shared/domain/customers/relationship.ts'
import { type MerchantId, shardOf, type UserId, type WriteId } from '#shared/domain/ids.ts'
import type { KnownRelationship } from '#shared/domain/scenes/facts.ts'
import { MAX_HANDLED, type PlanState } from '#shared/domain/scenes/next-occasions.ts'
import { APP_EVENT_TYPES, SCENE_THEMES } from '#shared/domain/scenes/scene.ts'

/** How many of a merchant's app events a relationship keeps. */
export const MAX_RECENT_EVENTS = 100

const count = z.number().default(0)
const known = z.object({
  visits: z.object({
    count,
    firstAtMs: z.number().exactOptional(),
    lastAtMs: z.number().exactOptional(),
    recentAtMs: z.array(z.number()).max(MAX_RECENT_VISITS),
    dwellS: count,
    timedCount: count,
    /** By the hour of the week; hours without a visit are left out. */
    hours: z.record(z.string(), z.number()).default({}),
  }),
  spend: z.record(
    z.string(),
    z.object({ count, totalMinor: z.number(), lastMinor: z.number(), lastAtMs: z.number() }),
  ),
  redemptions: z.object({ count, trials: count, discounts: count, lastAtMs: z.number().exactOptional() }),
  ratings: z.object({ count, sum: count, last: z.number().exactOptional() }),
  referrals: count,
  tags: z.array(z.string()).max(MAX_TAGS),
  preferences: z
    .record(
      z.string(),
      z.object({
        value: z.union([z.string(), z.number(), z.boolean()]),
        source: z.enum(PREFERENCE_SOURCES),
        atMs: z.number(),
      }),
    )
    .refine((all) => Object.keys(all).length <= MAX_PREFERENCES),
  openComplaints: count,
  block: z
    .object({
      reason: z.string(),
      sinceMs: z.number(),
      untilMs: z.number().exactOptional(),
      appeal: z
        .object({ state: z.enum(['open', 'rejected']), text: z.string(), atMs: z.number() })
        .exactOptional(),
    })
    .exactOptional(),
  trialAtMs: z.number().exactOptional(),
  firstDeal: z.object({ day: z.string(), isTrial: z.boolean(), hasSecond: z.boolean() }).exactOptional(),
  firstScanAtMs: z.number().exactOptional(),
  correlationId: id('wrt').exactOptional(),
  timeZone: z.string().exactOptional(),
  reactions: z.partialRecord(z.enum(SCENE_THEMES), z.number()).exactOptional(),
  lastStoreId: id('sto').exactOptional(),
})

const stored = z.object({
  version: z.number().default(0),
  known: known.exactOptional(),
  events: z
    .array(z.object({ type: z.enum(APP_EVENT_TYPES), atMs: z.number() }))
    .max(MAX_RECENT_EVENTS)
    .default([]),
  eventsSinceMs: z.number().default(0),
  actedAt: z.string().exactOptional(),
  /** When the customer was last seen inside at the latest visit. */
  lastVisitAtMs: z.number().exactOptional(),
  dueSk: z.string().exactOptional(),
  handled: z
    .array(z.object({ key: z.string().max(300), untilMs: z.number() }))
    .max(MAX_HANDLED)
    .default([]),
})

type PackedVisits = z.output<typeof known>['visits']

/** Most customers come at few hours: the others take no room. */
const packVisits = ({ hourOfWeek, ...visits }: Visits): PackedVisits => ({
  ...visits,
  recentAtMs: [...visits.recentAtMs],
  hours: Object.fromEntries(hourOfWeek.flatMap((count, hour) => (count > 0 ? [[String(hour), count]] : []))),
})

const unpackVisits = ({ hours, ...visits }: PackedVisits): Visits => ({
  ...visits,
  hourOfWeek:
    visits.count === 0 ? [] : Array.from({ length: HOURS_PER_WEEK }, (_, hour) => hours[String(hour)] ?? 0),
})

/** A relationship as read; `version` is what a write of it is conditioned on, 0 where there is none yet. */
export type StoredRelationship = {
  readonly version: number
  readonly relationship: KnownRelationship
  /** When the customer acted with the merchant for the first time; until then the merchant does not see the customer. */
  readonly actedAt?: string
  /** When the customer was last seen inside at the latest visit. */
  readonly lastInsideAtMs?: number
  readonly plan: PlanState
}

export const relationshipKey = (user: UserId, merchantId: MerchantId) => ({
  pk: userKey(user),
  sk: `M#${merchantId}`,
})

/** Over how many partitions of the index a merchant's customers are spread. */
export const CUSTOMER_SHARDS = 4

/** Where the index `byMerchant` lists a merchant's customers. */
export const customerIndexPk = (merchantId: MerchantId, shard: number): string =>
  `M#${merchantId}#CUSTOMER#${shard}`

/** How the index lists those who have acted with the merchant: it sees them and nobody else. */
export const ACTED = 'ACTED#'

/**
 * The attributes by which the index `byMerchant` finds the relationship.
 *
 * @param hasActed with the merchant
 */
export const customerIndex = (user: UserId, merchantId: MerchantId, hasActed: boolean) => ({
  merchantPk: customerIndexPk(merchantId, shardOf(user, CUSTOMER_SHARDS)),
  merchantSk: hasActed ? `${ACTED}${user}` : user,
})

/**
 * Reads the item of a customer and a merchant; where there is none they have had nothing to do with each other.
 *
 * @throws {z.ZodError} when the item has another form
 */
export const parseRelationship = (item: Item | undefined): StoredRelationship => {
  const parsed = stored.parse(item ?? {})
  return {
    version: parsed.version,
    relationship: {
      ...(parsed.known ? { ...parsed.known, visits: unpackVisits(parsed.known.visits) } : NO_RELATIONSHIP),
      events: parsed.events,
      eventsSinceMs: parsed.eventsSinceMs,
    },
    ...(parsed.actedAt !== undefined && { actedAt: parsed.actedAt }),
    ...(parsed.lastVisitAtMs !== undefined && { lastInsideAtMs: parsed.lastVisitAtMs }),
    plan: {
      handled: parsed.handled,
      ...(parsed.dueSk !== undefined && { dueMs: Date.parse(parsed.dueSk.slice(0, ISO_LENGTH)) }),
    },
  }
}

/** '2026-05-01T17:00:00.000Z', with which a `dueSk` begins. */
const ISO_LENGTH = 24

/**
 * The parts of an update that has the due index find a relationship at its next moment; not in an hour that the sweep
 * has left: what is overdue stays at most as far back as it was.
 */
export const planAttributes = (
  user: UserId,
  merchantId: MerchantId,
  { dueMs }: PlanState,
  { nextMs, handled }: { readonly nextMs?: number | undefined; readonly handled?: PlanState['handled'] },
  { nowMs, dueShards }: { readonly nowMs: number; readonly dueShards: number },
): {
  readonly sets: readonly string[]
  readonly removes: readonly string[]
  readonly values: Readonly<Record<string, unknown>>
} => {
  const kept = handled === undefined ? [] : ['handled = :handled']
  const values = handled === undefined ? {} : { ':handled': handled }
  if (nextMs === undefined) return { sets: kept, removes: ['duePk', 'dueSk'], values }
  const atMs = Math.max(nextMs, Math.min(nowMs, dueMs ?? nowMs))
  const { duePk, dueSk } = dueKey(atMs, `${user}#${merchantId}`, shardOf(user, dueShards))
  return {
    sets: [...kept, 'duePk = :duePk, dueSk = :dueSk'],
    removes: [],
    values: { ...values, ':duePk': duePk, ':dueSk': dueSk },
  }
}

/** The latest app events after some more, and since when they are complete. */
export const withEvents = (
  { events, eventsSinceMs }: Pick<KnownRelationship, 'events' | 'eventsSinceMs'>,
  more: KnownRelationship['events'],
): Pick<KnownRelationship, 'events' | 'eventsSinceMs'> => {
  const all = [...events, ...more].toSorted((a, b) => a.atMs - b.atMs)
  const kept = all.slice(-MAX_RECENT_EVENTS)
  const lost = all.at(-MAX_RECENT_EVENTS - 1)
  return { events: kept, eventsSinceMs: Math.max(eventsSinceMs, lost?.atMs ?? 0) }
}

/** What is known after something that a message has brought; what came by itself ends the chain. */
export const withChain = (
  { correlationId: _, ...relationship }: KnownRelationship,
  correlationId: WriteId | undefined,
): KnownRelationship => ({
  ...relationship,
  ...(correlationId !== undefined && { correlationId }),
})

/** The attributes that hold what is known. */
export const relationshipAttributes = ({ events, eventsSinceMs, ...relationship }: KnownRelationship) => ({
  known: { ...relationship, visits: packVisits(relationship.visits) },
  events,
  eventsSinceMs,
})
