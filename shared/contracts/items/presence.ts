import { isId, type UserId } from '#shared/domain/ids.ts'
import { type Folded, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import {
  type News,
  NO_NEWS,
  packPresence,
  unpackNews,
  unpackPresence,
} from '#shared/domain/presence/packing.ts'

/** How long presence is kept after the last write. */
export const PRESENCE_TTL_S = 48 * 3600

/**
 * Presence as read: the state and the version to write against, or what stands in its place: the tombstone of an erased
 * customer, or the mark of one who does not want positions used.
 */
export type StoredPresence =
  | {
      readonly kind: 'presence'
      readonly version: number
      readonly presence: Presence
      /** When it was written for what the phone said, to the second, by the writer's clock; 0 when it never was. */
      readonly writtenAtMs: number
    }
  | { readonly kind: 'erased' }
  | { readonly kind: 'withdrawn' }

const NEVER_WRITTEN: StoredPresence = {
  kind: 'presence',
  version: 0,
  presence: NO_PRESENCE,
  writtenAtMs: 0,
}

// Read by hand, not by a schema: it is done for every ping. The format of the packed state is checked as it is read.
const stateOf = (item: Readonly<Record<string, unknown>>): Uint8Array => {
  const state = item['state']
  if (state instanceof Uint8Array) return state
  // Lambda hands binary attributes of a stream record on as base64.
  if (typeof state === 'string') return Buffer.from(state, 'base64')
  throw new Error('a Presence item without its state')
}

const countOf = (item: Readonly<Record<string, unknown>>, name: string): number => {
  const value = item[name]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new Error(`a Presence item without its ${name}`)
}

const userOf = (item: Readonly<Record<string, unknown>>): UserId => {
  const user = String(item['pk']).slice('U#'.length)
  if (isId('usr', user)) return user
  throw new Error('a Presence item without its customer')
}

/**
 * Reads a Presence item.
 *
 * @param item as unmarshalled; undefined where there is none
 * @throws {Error} when the item has another form
 */
export const parsePresence = (item: Readonly<Record<string, unknown>> | undefined): StoredPresence => {
  if (item === undefined) return NEVER_WRITTEN
  if (item['tombstone'] === true) return { kind: 'erased' }
  if (item['withdrawn'] === true) return { kind: 'withdrawn' }
  return {
    kind: 'presence',
    version: countOf(item, 'version'),
    presence: unpackPresence(stateOf(item)),
    writtenAtMs: (countOf(item, 'ttl') - PRESENCE_TTL_S) * 1000,
  }
}

/**
 * The Presence item that records what a fold found, at the time `nowMs` from which it is kept for two days. The stream carries it on where it has `news`; where it has `stays`
 * its removal is of interest, too.
 */
export const presenceItem = (
  user: UserId,
  version: number,
  folded: Folded,
  nowMs: number,
): Record<string, unknown> => {
  const { presence, transitions, settled } = folded
  const hasNews = transitions.length > 0 || settled.length > 0
  const { base, told } = presence
  const hasStays = base.open.length > 0 || told.open.length > 0 || told.closed.length > 0
  return {
    pk: `U#${user}`,
    kind: 'presence',
    version,
    state: packPresence(presence, hasNews ? folded : NO_NEWS),
    ...(hasNews ? { news: 'yes' } : {}),
    ...(hasStays ? { stays: 'yes' } : {}),
    ttl: Math.floor(nowMs / 1000) + PRESENCE_TTL_S,
  }
}

/**
 * What stands in presence's place once its customer has withdrawn consent to positions. It has no version, so that no
 * ping that was on its way is written over it, and no TTL: it holds until consent is given again.
 */
export const withdrawnPresence = (user: UserId, nowMs: number): Record<string, unknown> => ({
  pk: `U#${user}`,
  kind: 'withdrawn',
  withdrawn: true,
  at: new Date(nowMs).toISOString(),
})

/**
 * What takes the place of that mark when consent is given again: a presence that knows nothing. Its version is the time
 * in ms, higher than any that a ping can have read before, so that what was sent before is not written now.
 */
export const renewedPresence = (user: UserId, nowMs: number): Record<string, unknown> => ({
  pk: `U#${user}`,
  kind: 'presence',
  version: nowMs,
  state: packPresence(NO_PRESENCE, NO_NEWS),
  ttl: Math.floor(nowMs / 1000) + PRESENCE_TTL_S,
})

/** What one presence write tells the functions after it. */
export type PresenceNews = News & { readonly user: UserId }

/**
 * Reads the news from the new image of a Presence stream record, unmarshalled.
 *
 * @throws {Error} when the image has another form
 */
export const parsePresenceNews = (image: Readonly<Record<string, unknown>>): PresenceNews => {
  const user = userOf(image)
  return { user, ...unpackNews(stateOf(image), user) }
}

/** What TTL removed. */
export type PresenceRemoval = { readonly user: UserId; readonly presence: Presence }

/**
 * Reads what TTL removed from the old image of the stream record, unmarshalled; undefined for what stood in its place.
 *
 * @throws {Error} when the image has another form
 */
export const parsePresenceRemoval = (
  image: Readonly<Record<string, unknown>>,
): PresenceRemoval | undefined => {
  const user = userOf(image)
  const stored = parsePresence(image)
  return stored.kind === 'presence' ? { user, presence: stored.presence } : undefined
}
