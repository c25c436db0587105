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

/** A shape that was replaced, and since when it had counted. */
export type FormerShape = { readonly shape: Shape; readonly effectiveAtMs: number }

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
  /** Fixes older than this (ms since the epoch) do not see this shape. */
  readonly effectiveAtMs: number
  /** The shape before, which older fixes see: without it, a change would begin the visits of the last minutes anew. */
  readonly former?: FormerShape
}

/** A geofence as its merchant defines it. Times are RFC 3339 UTC. */
export type Geofence = IndexedGeofence & {
  readonly name: string
  readonly createdAt: string
  readonly updatedAt: string
}

/** The shape that a fix of this time sees; undefined before the geofence was there. */
export const shapeAt = (
  { shape, effectiveAtMs, former }: IndexedGeofence,
  atMs: number,
): Shape | undefined => {
  if (atMs >= effectiveAtMs) return shape
  return former !== undefined && atMs >= former.effectiveAtMs ? former.shape : undefined
}
