import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { GeofenceId, UserId } from '#shared/domain/ids.ts'
import { EXIT_CONFIRM_S } from '#shared/domain/presence/ladder.ts'
import { type ClosedVisit, type OpenVisit, type VisitEnd, visitIdOf } from '#shared/domain/presence/visit.ts'

/** A visit as a walk knows it, open or closed: what is told of it, and all that a later fix may ask for. */
export type Stay = OpenVisit & {
  /** Where the geofence asks for another time than the engine's own: it may not be listed where its exit is confirmed. */
  readonly confirmS?: number | undefined
  /** When the visit began by what was told first: late fixes may have moved `enteredAtMs` since. */
  readonly toldAtMs: number
  /** Its exit was told, and is not told again. */
  readonly exitTold: boolean
  /** Set once it has ended. */
  readonly end?: VisitEnd | undefined
  /** The fix at which that was seen; for an `exit` it is the time of the exit. 0 while it is open. */
  readonly closedAtMs: number
}

/** The order in which stays are listed: by when they began, then by geofence. */
export const compareStays = (a: Stay, b: Stay): number =>
  a.enteredAtMs - b.enteredAtMs || (a.geofenceId < b.geofenceId ? -1 : Number(a.geofenceId > b.geofenceId))

/** What is remembered of a stay that ended, until it settles: enough to recognize it when late fixes change it. */
export type EndedStay = {
  /** `shortIdOf` the geofence. */
  readonly geofence: number
  readonly enteredAtMs: number
  /** The last moment that is known to belong to it. */
  readonly untilMs: number
  readonly toldAtMs: number
  readonly exitTold: boolean
}

/**
 * A geofence's id in 32 bits (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv): to tell apart the few geofences that one
 * customer has left within the last 15 minutes.
 */
export const shortIdOf = (id: GeofenceId): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}

/** A stay that ended, as it is remembered. Its exit, where there was one, has been told. */
export const endedStayOf = (stay: Stay): EndedStay => ({
  geofence: shortIdOf(stay.geofenceId),
  enteredAtMs: stay.enteredAtMs,
  untilMs: stay.end === 'exit' ? stay.closedAtMs : stay.lastInsideAtMs,
  toldAtMs: stay.toldAtMs,
  exitTold: stay.exitTold || stay.end === 'exit',
})

/** A stay that a walk under way moves on. All have the same fields in the same order, which V8 rewards. */
export type MovingStay = { -readonly [Field in keyof Stay]: Stay[Field] }

/** A new stay in a geofence. */
export const stayIn = (geofence: IndexedGeofence, atMs: number): MovingStay => {
  const confirmS = geofence.exit?.confirmS
  return {
    geofenceId: geofence.id,
    merchantId: geofence.merchantId,
    storeId: geofence.storeId,
    timeZone: geofence.timeZone,
    enteredAtMs: atMs,
    lastInsideAtMs: atMs,
    outsideSinceMs: undefined,
    confirmS: confirmS === EXIT_CONFIRM_S ? undefined : confirmS,
    toldAtMs: atMs,
    exitTold: false,
    end: undefined,
    closedAtMs: 0,
  }
}

/** A copy that may be moved on. */
export const movingStay = (stay: Stay): MovingStay => ({
  geofenceId: stay.geofenceId,
  merchantId: stay.merchantId,
  storeId: stay.storeId,
  timeZone: stay.timeZone,
  enteredAtMs: stay.enteredAtMs,
  lastInsideAtMs: stay.lastInsideAtMs,
  outsideSinceMs: stay.outsideSinceMs,
  confirmS: stay.confirmS,
  toldAtMs: stay.toldAtMs,
  exitTold: stay.exitTold,
  end: stay.end,
  closedAtMs: stay.closedAtMs,
})

/**
 * The visit that a stay was.
 *
 * @example closedVisitOf(user, stay).visitId // hash of user, geofence and `enteredAtMs`
 */
export const closedVisitOf = (user: UserId, stay: Stay): ClosedVisit => ({
  // Named when it is asked for: what is packed follows from the rest, and a hash costs as much as some fixes.
  get visitId() {
    return visitIdOf(user, stay.geofenceId, stay.enteredAtMs)
  },
  geofenceId: stay.geofenceId,
  merchantId: stay.merchantId,
  ...(stay.storeId === undefined ? {} : { storeId: stay.storeId }),
  timeZone: stay.timeZone,
  enteredAtMs: stay.enteredAtMs,
  lastInsideAtMs: stay.lastInsideAtMs,
  end: stay.end ?? 'unknown',
  ...(stay.end === 'exit' ? { exitedAtMs: stay.closedAtMs } : {}),
})
