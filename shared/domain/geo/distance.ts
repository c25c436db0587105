import type { Position, Shape } from '#shared/domain/geo/geofence.ts'

/** Mean radius of the Earth in metres (IUGG R1 of the GRS 80 ellipsoid). */
export const EARTH_RADIUS_M = 6_371_008.8

const RADIANS = Math.PI / 180

/**
 * Great-circle distance between two points in metres, by the haversine formula, which stays exact for points that
 * are close together (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984).
 *
 * @example distanceM({ lat: 37.788, lon: -122.4075 }, { lat: 37.789, lon: -122.4075 }) // 111.2
 */
export const distanceM = (a: Position, b: Position): number => {
  const sinLat = Math.sin(((b.lat - a.lat) * RADIANS) / 2)
  const sinLon = Math.sin(((b.lon - a.lon) * RADIANS) / 2)
  const h = sinLat * sinLat + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * sinLon * sinLon
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)))
}

/**
 * Signed distance from a shape's boundary in metres: negative inside, 0 on the boundary, positive outside.
 *
 * @example distanceToBoundaryM({ kind: 'circle', lat: 0, lon: 0, radiusM: 100 }, { lat: 0, lon: 0 }) // -100
 */
export const distanceToBoundaryM = (shape: Shape, position: Position): number =>
  distanceM(shape, position) - shape.radiusM

/** Is the position inside the shape? The boundary belongs to it. */
export const contains = (shape: Shape, position: Position): boolean =>
  distanceToBoundaryM(shape, position) <= 0
