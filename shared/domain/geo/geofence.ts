import type { Outline } from '#shared/domain/geo/outline.ts'
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

/** One area or many, with holes; edges are straight in longitude and latitude (RFC 7946), the rim belongs to it. */
export type Polygon = {
  readonly kind: 'polygon'
  /** The centre of a circle that holds all of it. */
  readonly lat: number
  readonly lon: number
  /** That circle's radius in metres. */
  readonly reachM: number
  /** The radius of a circle of the same area, in metres: what the exit buffer is measured by. */
  readonly radiusM: number
  readonly outline: Outline
}

export type Shape = Circle | Polygon

export const MIN_RADIUS_M = 10
export const MAX_RADIUS_M = 100_000

/** What a geofence asks of an exit, where it differs from the engine's own ladder. */
export type ExitLadder = {
  /** How far beyond the boundary a fix must be to count as outside, 0 to 140 m. */
  readonly bufferM?: number
  /** How far apart in time the two fixes outside must be, 0 to 600 s. */
  readonly confirmS?: number
}

/** A shape that was replaced, and since when it had counted. */
export type FormerShape = { readonly shape: Shape; readonly effectiveAtMs: number }

/** What the engine needs to know of a geofence; the row that its tiles hold. */
export type IndexedGeofence = {
  readonly id: GeofenceId
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  readonly shape: Shape
  readonly exit?: ExitLadder
  /** IANA zone of the place, found from its coordinates. */
  readonly timeZone: string
  /** Counts the changes of the geofence, from 1. */
  readonly revision: number
  /** Fixes older than this (ms since the epoch) do not see this shape. */
  readonly effectiveAtMs: number
  /** The shape before, which older fixes see: without it, a change would begin the visits of the last minutes anew. */
  readonly former?: FormerShape
  /** Since when it is no longer here: it was deleted, or moved away from this tile. */
  readonly goneAtMs?: number
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
