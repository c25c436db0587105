import { distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import { type IndexedGeofence, shapeAt } from '#shared/domain/geo/geofence.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import { type GeofenceId, hashId, type UserId } from '#shared/domain/ids.ts'
import { compareFixes, type Fix } from '#shared/domain/presence/fix.ts'
import { EXIT_CONFIRM_S, isOutside } from '#shared/domain/presence/ladder.ts'
import type { ClosedVisit, GeofencesNear, OpenVisit, Transition } from '#shared/domain/presence/visit.ts'

/** Of the fixes in one slot of time only the earliest that counts is kept. */
export const SLOT_MS = 10_000

/** A customer is in at most so many geofences at once; of those that a fix enters the nearest win. */
export const MAX_OPEN_VISITS = 64

/** What a sequence of fixes made of the visits that were open before it. */
export type Walk = {
  readonly open: ReadonlyMap<GeofenceId, OpenVisit>
  readonly closed: readonly ClosedVisit[]
  readonly entered: readonly Transition[]
  readonly exited: readonly Transition[]
  /** The fixes that counted: in or near a geofence, or outside of an open visit's. */
  readonly kept: readonly Fix[]
}

/** A walk under way; it never leaves `walkFrom`. */
type Steps = {
  readonly open: Map<GeofenceId, OpenVisit>
  readonly closed: ClosedVisit[]
  readonly entered: Transition[]
  readonly exited: Transition[]
  readonly kept: Fix[]
}

const slotOf = (fix: Fix): number => Math.floor(fix.atMs / SLOT_MS)

const transitionOf = (
  type: 'enter' | 'exit',
  visit: OpenVisit,
  atMs: number,
  distanceM: number,
): Transition => ({
  type,
  visitId: visit.visitId,
  geofenceId: visit.geofenceId,
  merchantId: visit.merchantId,
  ...(visit.storeId === undefined ? {} : { storeId: visit.storeId }),
  timeZone: visit.timeZone,
  atMs,
  distanceM: Math.round(distanceM * 10) / 10,
})

const enter = (walk: Steps, user: UserId, geofence: IndexedGeofence, fix: Fix, distanceM: number): void => {
  const visit: OpenVisit = {
    visitId: hashId('vis', user, geofence.id, String(fix.atMs)),
    geofenceId: geofence.id,
    merchantId: geofence.merchantId,
    ...(geofence.storeId === undefined ? {} : { storeId: geofence.storeId }),
    timeZone: geofence.timeZone,
    enteredAtMs: fix.atMs,
    lastInsideAtMs: fix.atMs,
  }
  walk.open.set(geofence.id, visit)
  walk.entered.push(transitionOf('enter', visit, fix.atMs, distanceM))
}

const stayOut = (walk: Steps, visit: OpenVisit, fix: Fix, distanceM: number): void => {
  const outsideSinceMs = visit.outsideSinceMs ?? fix.atMs
  if (fix.atMs - outsideSinceMs < EXIT_CONFIRM_S * 1000) {
    walk.open.set(visit.geofenceId, { ...visit, outsideSinceMs })
    return
  }
  const { outsideSinceMs: _, ...stay } = visit
  walk.open.delete(visit.geofenceId)
  walk.closed.push({ ...stay, exitedAtMs: fix.atMs })
  walk.exited.push(transitionOf('exit', visit, fix.atMs, distanceM))
}

const stayIn = (walk: Steps, visit: OpenVisit, fix: Fix, inside: boolean): void => {
  const { outsideSinceMs: _, ...stay } = visit
  walk.open.set(visit.geofenceId, inside ? { ...stay, lastInsideAtMs: fix.atMs } : stay)
}

const stepVisit = (walk: Steps, visit: OpenVisit, geofence: IndexedGeofence | undefined, fix: Fix): void => {
  // Not listed at this place: the tiles' margin says that the fix is outside, however inaccurate.
  if (geofence === undefined) {
    stayOut(walk, visit, fix, TILE_MARGIN_M)
    return
  }
  // A visit that is open is judged by the shape its fix sees, or by the first there was.
  const shape = shapeAt(geofence, fix.atMs) ?? geofence.former?.shape ?? geofence.shape
  const distanceM = distanceToBoundaryM(shape, fix)
  if (isOutside(shape, distanceM, fix.accuracyM)) stayOut(walk, visit, fix, distanceM)
  else stayIn(walk, visit, fix, distanceM <= 0)
}

const isNear = (geofence: IndexedGeofence, fix: Fix): boolean => {
  const shape = shapeAt(geofence, fix.atMs)
  return shape !== undefined && distanceToBoundaryM(shape, fix) <= TILE_MARGIN_M
}

const step = (walk: Steps, user: UserId, fix: Fix, geofencesNear: GeofencesNear): void => {
  const last = walk.kept.at(-1)
  // Thinned here and not before: a fix that does not count must not stand in the way of one that does.
  if (last !== undefined && slotOf(last) === slotOf(fix)) return
  const listed = geofencesNear(fix)
  // By distance, and not by what the index happens to list: the same fix counts or not, however tiles are drawn.
  const near = listed.filter((geofence) => isNear(geofence, fix))
  if (near.length === 0 && walk.open.size === 0) return
  walk.kept.push(fix)
  const byId = new Map(listed.map((geofence) => [geofence.id, geofence]))
  for (const visit of [...walk.open.values()]) stepVisit(walk, visit, byId.get(visit.geofenceId), fix)
  for (const { geofence, distanceM } of newlyInside(walk, near, fix))
    enter(walk, user, geofence, fix, distanceM)
}

/** The geofences that a fix enters, the nearest first, as many as there is room for. */
const newlyInside = (walk: Steps, near: readonly IndexedGeofence[], fix: Fix) =>
  near
    .filter(({ id }) => !walk.open.has(id))
    .flatMap((geofence) => {
      const shape = shapeAt(geofence, fix.atMs)
      const distanceM = shape && distanceToBoundaryM(shape, fix)
      return distanceM !== undefined && distanceM <= 0 ? [{ geofence, distanceM }] : []
    })
    .toSorted((a, b) => a.distanceM - b.distanceM || (a.geofence.id < b.geofence.id ? -1 : 1))
    .slice(0, Math.max(0, MAX_OPEN_VISITS - walk.open.size))

/**
 * Walks through fixes in the order of their time, from the visits that were open before them: enters at the first fix
 * inside, exits by the ladder.
 *
 * @param fixes in any order; of those in one 10 s slot the first that counts is taken
 * @example walkFrom([], [toFix({ atMs: 0, lat: 37.788, lon: -122.4075 })], user, () => [square]).entered.length // 1
 */
export const walkFrom = (
  base: readonly OpenVisit[],
  fixes: readonly Fix[],
  user: UserId,
  geofencesNear: GeofencesNear,
): Walk => {
  const walk: Steps = {
    open: new Map(base.map((visit) => [visit.geofenceId, visit])),
    closed: [],
    entered: [],
    exited: [],
    kept: [],
  }
  for (const fix of fixes.toSorted(compareFixes)) step(walk, user, fix, geofencesNear)
  return walk
}
