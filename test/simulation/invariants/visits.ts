import { parseGeofenceItem } from '#shared/contracts/items/geofence.ts'
import { distanceM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import type { UserId } from '#shared/domain/ids.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  type Check,
  type Evidence,
  erasedUsers,
  numberIn,
  requestsOn,
} from '#test/simulation/invariants/evidence.ts'

const MINUTE_MS = 60_000
/** Around a change of a geofence some functions know of it and others do not yet. */
const CHANGING_MS = 40 * MINUTE_MS
const SLOT_MS = 10_000
const SETTLED_MS = 3 * 60 * MINUTE_MS
/** What takes longer to arrive may come too late, though it is taken: a silent phone's visits have ended by then. */
const IN_TIME_MS = 13 * MINUTE_MS

type Epoch = { readonly fromMs: number; readonly geofence: IndexedGeofence | undefined }

/** How each geofence was, from when on. */
const epochsOf = ({ items, writes }: Evidence): Map<string, Epoch[]> => {
  const epochs = new Map<string, Epoch[]>()
  if (writes === undefined) {
    for (const item of items.catalog) {
      if (item['kind'] !== 'geofence') continue
      const geofence = parseGeofenceItem(item)
      epochs.set(geofence.id, [{ fromMs: 0, geofence }])
    }
    return epochs
  }
  for (const { table, before, after, atMs } of writes) {
    const item = after ?? before
    if (table !== 'catalog' || item?.['kind'] !== 'geofence') continue
    const { id } = parseGeofenceItem(item)
    const geofence = after && parseGeofenceItem(after)
    epochs.set(id, [...(epochs.get(id) ?? []), { fromMs: atMs, geofence }])
  }
  return epochs
}

/** Was a geofence changed, made or deleted around this time? */
const isChanging = (epochs: readonly Epoch[], fromMs: number, toMs: number): boolean =>
  epochs.some((epoch) => epoch.fromMs > fromMs - CHANGING_MS && epoch.fromMs < toMs + CHANGING_MS)

const epochAt = (epochs: readonly Epoch[], atMs: number): IndexedGeofence | undefined =>
  epochs.findLast(({ fromMs }) => fromMs <= atMs)?.geofence

/** All geofences near a position as they were then: not the way in which the platform finds them. */
const geofencesIn =
  (epochs: ReadonlyMap<string, readonly Epoch[]>): GeofencesAt =>
  (position, atMs) => {
    const test = [...epochs.values()].flatMap((one) => {
      const geofence = epochAt(one, atMs)
      const isNear =
        geofence !== undefined &&
        distanceM(geofence.shape, position) <= geofence.shape.radiusM + TILE_MARGIN_M
      // Of what it was before only this shape is asked.
      return isNear ? [{ ...geofence, effectiveAtMs: 0, former: undefined }] : []
    })
    return [{ inside: [], test: test.map(({ former: _, ...geofence }) => geofence) }]
  }

/** What settles of all fixes at once and the silence after them. */
const settledOf = (user: UserId, fixes: readonly Fix[], near: GeofencesAt): ClosedVisit[] => {
  const end = Math.max(...fixes.map(({ atMs }) => atMs))
  const settled: ClosedVisit[] = []
  let folded = fold(user, NO_PRESENCE, fixes, near, end, end + SETTLED_MS)
  while (folded.settled.length > 0) {
    settled.push(...folded.settled)
    folded = fold(user, folded.presence, [], near, end)
  }
  return settled
}

type Walker = { readonly user: UserId; readonly fixes: readonly Fix[]; readonly isClear: boolean }

/** Who wanted positions forgotten, whatever came of it: visits that had not settled went with them. */
const forgottenSubjects = (evidence: Evidence): ReadonlySet<string> =>
  new Set(requestsOn(evidence, 'PUT /v1/me/consents/location').map(({ call }) => call.as))

/** Whose phones know exactly which fixes were taken. */
const walkersOf = (evidence: Evidence): Walker[] => {
  const erased = erasedUsers(evidence)
  const forgotten = forgottenSubjects(evidence)
  return [...Map.groupBy(evidence.chronicle.fixes, ({ subject }) => subject)]
    .map(([subject, sent]) => {
      const taken = sent.filter(({ fate }) => fate === 'taken').map(({ fix }) => fix)
      const isTaken = (fix: Fix) =>
        taken.some(({ atMs, lat, lon }) => atMs === fix.atMs && lat === fix.lat && lon === fix.lon)
      const unclear = sent.filter(
        ({ fate, fix, answeredAtMs }) =>
          (fate === 'unclear' && !isTaken(fix)) || answeredAtMs - fix.atMs > IN_TIME_MS,
      )
      return {
        user: userIdOf(subject),
        fixes: taken,
        isClear: unclear.length === 0 && !forgotten.has(subject),
      }
    })
    .filter(({ user, fixes }) => !erased.has(user) && fixes.length > 0)
}

const storedVisits = ({ items }: Evidence, user: UserId) =>
  items.ledger
    .filter((item) => item['kind'] === 'visit' && item['user'] === user)
    .map((item) => ({
      visitId: String(item['visitId']),
      geofenceId: String(item['geofenceId']),
      enteredAtMs: numberIn(item, 'enteredAtMs'),
      lastInsideAtMs: numberIn(item, 'lastInsideAtMs'),
      end: String(item['end']),
    }))

/** I1: a fix that was taken inside of a geofence stands in a visit there. */
export const checkDurable: Check = (evidence) => {
  const epochs = epochsOf(evidence)
  return walkersOf(evidence).flatMap(({ user, fixes, isClear }) => {
    const visits = storedVisits(evidence, user)
    if (!isClear) return []
    return fixes.flatMap((fix) =>
      [...epochs].flatMap(([geofenceId, own]) => {
        const geofence = epochAt(own, fix.atMs)
        if (geofence === undefined || isChanging(own, fix.atMs, fix.atMs)) return []
        if (distanceM(geofence.shape, fix) > geofence.shape.radiusM - 1) return []
        const isKept = visits.some(
          (visit) =>
            visit.geofenceId === geofenceId &&
            visit.enteredAtMs - SLOT_MS < fix.atMs &&
            fix.atMs < visit.lastInsideAtMs + SLOT_MS,
        )
        return isKept
          ? []
          : [`${user} was in ${geofenceId} at ${new Date(fix.atMs).toISOString()}, and no visit says so`]
      }),
    )
  })
}

/** I2: the visits are those that the pure fold makes of the fixes that were taken, whatever their way was. */
export const checkOrderFree: Check = (evidence) => {
  const epochs = epochsOf(evidence)
  const near = geofencesIn(epochs)
  return walkersOf(evidence).flatMap(({ user, fixes, isClear }) => {
    if (!isClear) return []
    const counts = ({
      geofenceId,
      enteredAtMs,
      lastInsideAtMs,
    }: Pick<ClosedVisit, 'enteredAtMs' | 'lastInsideAtMs'> & { geofenceId: string }) =>
      !isChanging(epochs.get(geofenceId) ?? [], enteredAtMs, lastInsideAtMs)
    const say = (visit: {
      visitId: string
      geofenceId: string
      enteredAtMs: number
      lastInsideAtMs: number
      end: string
    }) =>
      `${visit.visitId} in ${visit.geofenceId} ${new Date(visit.enteredAtMs).toISOString()}–${new Date(visit.lastInsideAtMs).toISOString()} ${visit.end}`
    // A fix with nothing near is kept only while a visit is open: where it comes out of order it may be lost.
    const isNear = (fix: Fix) => near(fix, fix.atMs).some(({ test }) => test.length > 0)
    const visitsOf = (some: readonly Fix[]) =>
      new Set(some.length === 0 ? [] : settledOf(user, some, near).filter(counts).map(say))
    const withAll = visitsOf(fixes)
    const withNear = visitsOf(fixes.filter(isNear))
    const expected = [...withAll].filter((visit) => withNear.has(visit))
    const stored = storedVisits(evidence, user).filter(counts).map(say).toSorted()
    return [
      ...expected
        .filter((visit) => !stored.includes(visit))
        .map((visit) => `${user} lacks the visit ${visit}`),
      ...stored
        .filter((visit) => !withAll.has(visit) && !withNear.has(visit))
        .map((visit) => `${user} has the visit ${visit}, which no fixes make`),
    ]
  })
}
