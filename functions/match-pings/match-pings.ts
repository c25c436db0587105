import type { PresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { compareFixes, type Fix } from '#shared/domain/presence/fix.ts'
import { type Folded, fold } from '#shared/domain/presence/fold.ts'
import type { Mark } from '#shared/domain/presence/marks.ts'
import type { Staying } from '#shared/domain/presence/region.ts'
import type { Transition } from '#shared/domain/presence/visit.ts'

export type MatchPingsServices = {
  readonly readPresence: PresenceStore['read']
  readonly writePresence: PresenceStore['write']
  readonly geofencesAt: GeofencesAt
  /** Everything that the tiles of a position list; they are loaded once its presence has been read. */
  readonly listedAt: (position: Position, atMs: number) => readonly IndexedGeofence[]
}

export type Matched =
  | { readonly kind: 'erased' }
  | { readonly kind: 'withdrawn' }
  | {
      readonly kind: 'matched'
      /** How many of the fixes, the earliest ones, were taken in. */
      readonly accepted: number
      /** Where the others stand in the request; they must be sent again. */
      readonly deferred: readonly number[]
      readonly ignored: readonly { readonly index: number; readonly reason: 'tooLate' | 'future' }[]
      readonly transitions: readonly Transition[]
      readonly marks: readonly { readonly index: number; readonly marks: readonly Mark[] }[]
      /** The newest fix that was taken in, and the visits open after all that is known. */
      readonly newest: Fix
      readonly open: readonly Staying[]
    }

const MAX_WRITE_ATTEMPTS = 8
/** The most transitions and settled visits in one write: what one stream record may carry. */
export const MAX_NEWS = 200
/** The most bytes that presence takes with its news, by what each of their parts can take. */
const MAX_BYTES = 32_000
/** What is remembered of a visit that ended takes no more than a fix. */
const FIX_BYTES = 20
/** A place with a merchant and a store of its own, and what is kept of a visit in it. */
const STAY_BYTES = 70

const bytesAtMost = ({ presence, transitions, settled }: Folded): number => {
  const { base, told, fixes } = presence
  const stays = base.open.length + told.open.length + transitions.length + settled.length
  return stays * STAY_BYTES + (told.closed.length + fixes.length) * FIX_BYTES
}

const fits = (folded: Folded): boolean =>
  folded.transitions.length + folded.settled.length <= MAX_NEWS && bytesAtMost(folded) <= MAX_BYTES

/**
 * Takes in as many of the fixes, from the earliest, as make no more news than one write may carry. Always takes one.
 *
 * @param fixes in the order of time
 */
const foldPrefix = (
  foldAll: (fixes: readonly Fix[]) => Folded,
  fixes: readonly Fix[],
): { folded: Folded; accepted: number } => {
  const folded = foldAll(fixes)
  if (fixes.length <= 1 || fits(folded)) return { folded, accepted: fixes.length }
  // Where the news of the fixes before would still fit, else half of them: each fold takes the time of its fixes.
  const tooMuch = folded.transitions[MAX_NEWS]?.atMs ?? Number.POSITIVE_INFINITY
  const before = fixes.findIndex(({ atMs }) => atMs >= tooMuch)
  const count = before > 0 ? before : Math.ceil(fixes.length / 2)
  return foldPrefix(foldAll, fixes.slice(0, count))
}

/**
 * Matches a customer's fixes against the geofences and stores what follows. When it returns, the effect is stored or
 * there is none; when it throws, sending the same fixes again is safe.
 *
 * @param fixes 1–100 fixes in any order
 * @throws {BusyError} when other requests of the same customer keep writing in between
 */
export const matchPings = async (
  services: MatchPingsServices,
  user: UserId,
  fixes: readonly Fix[],
  nowMs: number,
  signal?: AbortSignal,
): Promise<Matched> => {
  // By time, so that what is put off is later than what is taken: it must not come too late when it is sent again.
  const ordered = fixes.map((fix, index) => ({ fix, index })).toSorted((a, b) => compareFixes(a.fix, b.fix))
  const inTime = ordered.map(({ fix }) => fix)
  for (let attempt = 0; attempt < MAX_WRITE_ATTEMPTS; attempt++) {
    const stored = await services.readPresence(user, fixes, nowMs, signal)
    if (stored.kind !== 'presence') return stored
    const { folded, accepted } = foldPrefix(
      (taken) => fold(user, stored.presence, taken, services.geofencesAt, nowMs),
      inTime,
    )
    const done =
      !folded.changed ||
      (await services.writePresence(user, stored.version, folded, nowMs, signal)) === 'written'
    if (!done) continue
    const ignored = folded.ignored.map(({ fix, reason }) => ({ index: fixes.indexOf(fix), reason }))
    const deferred = ordered.slice(accepted).map(({ index }) => index)
    const marks = folded.marks.flatMap(({ fix, marks }) => {
      const index = fixes.findIndex((one) => compareFixes(one, fix) === 0)
      return index < 0 ? [] : [{ index, marks }]
    })
    const { transitions, open } = folded
    const newest = inTime[accepted - 1]
    if (newest === undefined) throw new Error('a request holds at least one ping')
    return { kind: 'matched', accepted, deferred, ignored, transitions, marks, newest, open }
  }
  throw new BusyError('presence was written by others again and again')
}
