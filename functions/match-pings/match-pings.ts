import type { PresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { compareFixes, type Fix } from '#shared/domain/presence/fix.ts'
import { type Folded, fold } from '#shared/domain/presence/fold.ts'
import type { GeofencesNear, Transition } from '#shared/domain/presence/visit.ts'

export type MatchPingsServices = {
  readonly readPresence: PresenceStore['read']
  readonly writePresence: PresenceStore['write']
  readonly geofencesNear: GeofencesNear
}

export type Matched =
  | { readonly kind: 'erased' }
  | {
      readonly kind: 'matched'
      /** How many of the fixes, the earliest ones, were taken in. */
      readonly accepted: number
      /** Where the others stand in the request; they must be sent again. */
      readonly deferred: readonly number[]
      readonly ignored: readonly { readonly index: number; readonly reason: 'tooLate' | 'future' }[]
      readonly transitions: readonly Transition[]
    }

const MAX_WRITE_ATTEMPTS = 8
/** The most transitions and settled visits in one write: what one stream record may carry. */
export const MAX_NEWS = 200

/**
 * Takes in as many of the fixes, from the earliest, as make no more news than one write may carry. Always takes one.
 */
const foldPrefix = (
  foldUpTo: (count: number) => Folded,
  count: number,
): { folded: Folded; accepted: number } => {
  const folded = foldUpTo(count)
  if (count <= 1 || folded.transitions.length + folded.settled.length <= MAX_NEWS)
    return { folded, accepted: count }
  return foldPrefix(foldUpTo, Math.ceil(count / 2))
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
  for (let attempt = 0; attempt < MAX_WRITE_ATTEMPTS; attempt++) {
    const stored = await services.readPresence(user, fixes, nowMs, signal)
    if (stored.kind === 'erased') return { kind: 'erased' }
    const { folded, accepted } = foldPrefix((count) => {
      const taken = ordered.slice(0, count).map(({ fix }) => fix)
      return fold(user, stored.presence, taken, services.geofencesNear, nowMs)
    }, fixes.length)
    const done =
      !folded.changed ||
      (await services.writePresence(user, stored.version, folded, nowMs, signal)) === 'written'
    if (!done) continue
    const ignored = folded.ignored.map(({ fix, reason }) => ({ index: fixes.indexOf(fix), reason }))
    const deferred = ordered.slice(accepted).map(({ index }) => index)
    return { kind: 'matched', accepted, deferred, ignored, transitions: folded.transitions }
  }
  throw new BusyError('presence was written by others again and again')
}
