import {
  type GeofenceId,
  hashId,
  type MerchantId,
  type StoreId,
  type UserId,
  type VisitId,
} from '#shared/domain/ids.ts'

/** A stay in a geofence that has not ended; `visitIdOf` names it. Times are ms since the epoch, by the phone's clock. */
export type OpenVisit = {
  readonly geofenceId: GeofenceId
  readonly merchantId: MerchantId
  readonly storeId?: StoreId | undefined
  readonly timeZone: string
  readonly enteredAtMs: number
  readonly lastInsideAtMs: number
  /** The first of the consecutive fixes outside, while the exit is not confirmed. */
  readonly outsideSinceMs?: number | undefined
}

/**
 * How a stay ended: the customer was seen to leave; the phone fell silent inside and nobody knows when; the geofence was
 * deleted or moved away around the customer.
 */
export const VISIT_ENDS = ['exit', 'unknown', 'geofenceGone'] as const
export type VisitEnd = (typeof VISIT_ENDS)[number]

/** A stay that has ended. Only an `exit` has a time, `exitedAtMs`: the fix that confirmed it. */
export type ClosedVisit = {
  readonly visitId: VisitId
  readonly geofenceId: GeofenceId
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  readonly timeZone: string
  readonly enteredAtMs: number
  readonly lastInsideAtMs: number
  readonly end: VisitEnd
  readonly exitedAtMs?: number
}

/** What an app, a scene or the ledger hears of at once; never recalled. */
export type Transition = {
  readonly type: 'enter' | 'exit'
  readonly visitId: VisitId
  readonly geofenceId: GeofenceId
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  readonly timeZone: string
  /** Time of the fix that made it, ms since the epoch. */
  readonly atMs: number
  /** When the visit began, as it was told first: `visitId` is made of it. */
  readonly enteredAtMs: number
  /** Signed distance of that fix to the boundary in metres: negative inside. */
  readonly distanceM: number
  /** Share of the fix's accuracy circle that lies inside, 0 to 1. */
  readonly confidence: number
  /** How fast the phone said it was, else by the fix before; absent when neither is known. */
  readonly speedMps?: number
  /** The geofence was drawn around a customer who stood there already: told only to scenes that ask for it. */
  readonly drawnAround?: true
}

/**
 * The id of a customer's visit: the same wherever it is computed, from where and when the visit began.
 *
 * @example visitIdOf(user, geofence.id, enteredAtMs) // 'vis_…'
 */
export const visitIdOf = (user: UserId, geofenceId: GeofenceId, enteredAtMs: number): VisitId =>
  hashId('vis', user, geofenceId, String(enteredAtMs))
