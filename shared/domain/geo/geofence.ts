import type { GeofenceId, MerchantId, StoreId } from '#shared/domain/ids.ts'

/** A point in WGS-84 degrees. */
export type Position = { readonly lat: number; readonly lon: number }

/** A circle on the globe: everything within `radiusM` metres of its centre, the rim included. */
export type Circle = {
  readonly kind: 'circle'
  readonly lat: number
  readonly lon: number
  readonly radiusM: number
}

export type Shape = Circle

export const MIN_RADIUS_M = 10
export const MAX_RADIUS_M = 100_000

/** What the engine needs to know of a geofence; the row that its tiles hold. */
export type IndexedGeofence = {
  readonly id: GeofenceId
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  readonly shape: Shape
  /** IANA zone of the place, found from its coordinates. */
  readonly timeZone: string
  /** Counts the changes of the geofence, from 1. */
  readonly revision: number
  /** Fixes older than this (ms since the epoch) do not see this revision. */
  readonly effectiveAtMs: number
}

/** A geofence as its merchant defines it. Times are RFC 3339 UTC. */
export type Geofence = IndexedGeofence & {
  readonly name: string
  readonly createdAt: string
  readonly updatedAt: string
}
