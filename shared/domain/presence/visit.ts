import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import type { GeofenceId, MerchantId, StoreId, VisitId } from '#shared/domain/ids.ts'

/** A stay in a geofence that has not ended. Times are ms since the epoch, by the phone's clock. */
export type OpenVisit = {
  readonly visitId: VisitId
  readonly geofenceId: GeofenceId
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  readonly timeZone: string
  readonly enteredAtMs: number
  readonly lastInsideAtMs: number
  /** The first of the consecutive fixes outside, while the exit is not confirmed. */
  readonly outsideSinceMs?: number
}

/** A stay that has ended: `exitedAtMs` is the fix that confirmed the exit. */
export type ClosedVisit = Omit<OpenVisit, 'outsideSinceMs'> & { readonly exitedAtMs: number }

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
  /** Signed distance of that fix to the boundary in metres: negative inside. */
  readonly distanceM: number
}

/** Finds every geofence that a position may be in or near. */
export type GeofencesNear = (position: Position) => readonly IndexedGeofence[]
