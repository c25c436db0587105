import { fc } from '@fast-check/vitest'
import { EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import { MAX_RADIUS_M, MIN_RADIUS_M, type Position } from '#shared/domain/geo/geofence.ts'

const RADIANS = Math.PI / 180

/** The point reached from another over a great circle (Chris Veness, "Destination point"). */
export const destination = (from: Position, bearingDeg: number, metres: number): Position => {
  const angle = metres / EARTH_RADIUS_M
  const lat1 = from.lat * RADIANS
  const bearing = bearingDeg * RADIANS
  const sine = Math.sin(lat1) * Math.cos(angle) + Math.cos(lat1) * Math.sin(angle) * Math.cos(bearing)
  const lat = Math.asin(Math.min(1, Math.max(-1, sine)))
  const east = Math.atan2(
    Math.sin(bearing) * Math.sin(angle) * Math.cos(lat1),
    Math.cos(angle) - Math.sin(lat1) * Math.sin(lat),
  )
  const lon = from.lon + east / RADIANS
  return { lat: lat / RADIANS, lon: ((((lon + 180) % 360) + 360) % 360) - 180 }
}

/** All latitudes, those near the poles and on edges of cells more often. */
export const lats = fc.oneof(
  fc.double({ min: -90, max: 90, noNaN: true }),
  fc.double({ min: 88, max: 90, noNaN: true }),
  fc.double({ min: -90, max: -88, noNaN: true }),
  fc.constantFrom(-90, -45, 0, 45, 90),
)
/** All longitudes, those near the antimeridian and on edges of cells more often. */
export const lons = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: 179, max: 180, noNaN: true }),
  fc.double({ min: -180, max: -179, noNaN: true }),
  fc.constantFrom(-180, -90, 0, 90, 180),
)
export const radii = fc.oneof(
  fc.double({ min: MIN_RADIUS_M, max: 1000, noNaN: true }),
  fc.double({ min: MIN_RADIUS_M, max: MAX_RADIUS_M, noNaN: true }),
)
/** A part of something, the whole of it more often. */
export const shares = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1))
export const bearings = fc.oneof(
  fc.double({ min: 0, max: 360, noNaN: true }),
  fc.constantFrom(0, 90, 180, 270),
)

export const circleAt = (position: Position, radiusM: number) =>
  ({ kind: 'circle', ...position, radiusM }) as const
