import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { type Folded, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import { packFixes, unpackFixes } from '#shared/domain/presence/packing.ts'
import type { ClosedVisit, OpenVisit, Transition } from '#shared/domain/presence/visit.ts'

const stay = {
  visitId: id('vis'),
  geofenceId: id('gf'),
  merchantId: id('mer'),
  storeId: id('sto').optional(),
  timeZone: z.string().max(64),
}

const openVisit = z.object({
  ...stay,
  enteredAtMs: z.number(),
  lastInsideAtMs: z.number(),
  outsideSinceMs: z.number().optional(),
})
const closedVisit = z.object({
  ...stay,
  enteredAtMs: z.number(),
  lastInsideAtMs: z.number(),
  exitedAtMs: z.number(),
})
const transition = z.object({
  ...stay,
  type: z.enum(['enter', 'exit']),
  atMs: z.number(),
  distanceM: z.number(),
})

/** How long presence is kept after the last write. */
const PRESENCE_TTL_S = 48 * 3600

const stored = z.object({
  version: z.number(),
  watermarkMs: z.number(),
  base: z.array(openVisit).max(2000),
  fixes: z.instanceof(Uint8Array).optional(),
  toldAs: z
    .array(z.object({ visitId: id('vis'), toldAs: id('vis') }))
    .max(2000)
    .default([]),
})

/** Presence as read: the state and the version to write against, or the tombstone of an erased customer. */
export type StoredPresence =
  | { readonly kind: 'presence'; readonly version: number; readonly presence: Presence }
  | { readonly kind: 'erased' }

// zod's optional fields may hold undefined; items read from DynamoDB never do.
const compact = <T>(value: unknown): T => value as T

/**
 * Reads a Presence item.
 *
 * @param item as unmarshalled; undefined where there is none
 * @throws {z.ZodError} when the item has another form
 */
export const parsePresence = (item: Record<string, unknown> | undefined): StoredPresence => {
  if (item === undefined) return { kind: 'presence', version: 0, presence: NO_PRESENCE }
  if (item['tombstone'] === true) return { kind: 'erased' }
  const { version, watermarkMs, base, fixes, toldAs } = stored.parse(item)
  return {
    kind: 'presence',
    version,
    presence: {
      watermarkMs,
      base: compact<OpenVisit[]>(base),
      fixes: fixes ? unpackFixes(fixes) : [],
      toldAs,
    },
  }
}

/** The Presence item that records what a fold found; the stream carries its news on. */
export const presenceItem = (
  user: UserId,
  version: number,
  folded: Folded,
  nowMs: number,
): Record<string, unknown> => {
  const { presence, transitions, settled } = folded
  const hasNews = transitions.length > 0 || settled.length > 0
  return {
    pk: `U#${user}`,
    kind: 'presence',
    user,
    version,
    watermarkMs: presence.watermarkMs,
    base: presence.base,
    ...(presence.fixes.length > 0 ? { fixes: packFixes(presence.fixes) } : {}),
    ...(presence.toldAs.length > 0 ? { toldAs: presence.toldAs } : {}),
    ...(hasNews ? { news: 'yes', transitions, settled } : {}),
    ttl: Math.floor(nowMs / 1000) + PRESENCE_TTL_S,
  }
}

const presenceNews = z.object({
  user: id('usr'),
  transitions: z.array(transition).max(1000).default([]),
  settled: z.array(closedVisit).max(1000).default([]),
})

/** What one presence write tells the functions after it. */
export type PresenceNews = {
  readonly user: UserId
  readonly transitions: readonly Transition[]
  readonly settled: readonly ClosedVisit[]
}

/** Reads the news from the new image of a Presence stream record, unmarshalled. */
export const parsePresenceNews = (image: unknown): PresenceNews =>
  compact<PresenceNews>(presenceNews.parse(image))
