import type { FeatureId } from '#local/rehearse/read-geofences.ts'
import type { TracePing } from '#local/replay/read-pings.ts'
import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'
import { contains } from '#shared/domain/geo/distance.ts'
import type { TileIndex } from '#shared/domain/geo/tile-index.ts'
import { type GeofenceId, hashId } from '#shared/domain/ids.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { type Folded, fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'

/** What came of one ping. Ids of geofences are those of the file, times RFC 3339. */
export type Rehearsed = {
  readonly user: string
  readonly at: string
  readonly lat: number
  readonly lon: number
  /** The geofences that contain this very fix. */
  readonly inside: readonly FeatureId[]
  /** Those with a visit open after it. */
  readonly open: readonly FeatureId[]
  readonly transitions: readonly {
    readonly type: 'enter' | 'exit'
    readonly geofence: FeatureId
    readonly visit: string
    readonly at: string
    readonly distanceM: number
    readonly confidence: number
  }[]
  /** What speaks against the fix; `tooLate` when it is older than what can still change. */
  readonly marks: readonly string[]
}

export type Rehearsal = {
  readonly take: (ping: TracePing) => Rehearsed
  /** How many users' presences were given up because there were too many. */
  readonly forgotten: () => number
}

/** Of so many users presence is held; beyond that the one who has not pinged for the longest is forgotten. */
export const MAX_USERS = 20_000

const byName = (a: FeatureId, b: FeatureId): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1

/** The presences of those who pinged last. A Map keeps the order in which its keys were set. */
const presenceStore = (maxUsers: number) => {
  const presences = new Map<string, Presence>()
  let forgotten = 0
  return {
    read: (user: string): Presence => presences.get(user) ?? NO_PRESENCE,
    write: (user: string, presence: Presence): void => {
      presences.delete(user)
      presences.set(user, presence)
      if (presences.size <= maxUsers) return
      const [oldest] = presences.keys()
      if (oldest !== undefined) presences.delete(oldest)
      forgotten += 1
    },
    forgotten: (): number => forgotten,
  }
}

/**
 * Runs the engine over pings, one after the other, in memory.
 *
 * @param nameOf the names of the index's geofences
 * @param datum what the pings' coordinates are given in
 * @example createRehearsal(indexOf([square]), new Map([[square.id, 'square']]), 'wgs84').take(ping).inside // ['square']
 */
export const createRehearsal = (
  index: TileIndex,
  nameOf: ReadonlyMap<GeofenceId, FeatureId>,
  datum: Datum,
  maxUsers = MAX_USERS,
): Rehearsal => {
  const users = presenceStore(maxUsers)
  const name = (id: GeofenceId): FeatureId => nameOf.get(id) ?? id
  const insideOf = (fix: Fix): FeatureId[] =>
    index
      .at(fix, fix.atMs)
      .flatMap(({ inside, test }) => [...inside, ...test.filter(({ shape }) => contains(shape, fix))])
      .map(({ id }) => name(id))
      .toSorted(byName)
  const marksOf = ({ marks, ignored }: Folded): string[] => [
    ...marks.flatMap((marked) => marked.marks),
    ...ignored.map(({ reason }) => reason),
  ]
  return {
    forgotten: users.forgotten,
    take: (ping) => {
      const fix = toFix({ ...ping, ...toWgs84(ping, datum) })
      const folded = fold(hashId('usr', ping.user), users.read(ping.user), [fix], index.at, fix.atMs)
      users.write(ping.user, folded.presence)
      return {
        user: ping.user,
        at: new Date(ping.atMs).toISOString(),
        lat: ping.lat,
        lon: ping.lon,
        inside: insideOf(fix),
        open: folded.open.map(({ geofenceId }) => name(geofenceId)).toSorted(byName),
        transitions: folded.transitions.map(({ type, geofenceId, visitId, atMs, distanceM, confidence }) => ({
          type,
          geofence: name(geofenceId),
          visit: visitId,
          at: new Date(atMs).toISOString(),
          distanceM,
          confidence,
        })),
        marks: marksOf(folded),
      }
    },
  }
}
