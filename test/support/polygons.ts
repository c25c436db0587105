import { fc } from '@fast-check/vitest'
import type { Polygon, Position } from '#shared/domain/geo/geofence.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'

/** A polygon of a GeoJSON geometry that is in order. */
export const polygonFrom = (geometry: unknown): Polygon => {
  const parsed = parseGeometry(geometry)
  if (parsed.kind === 'refused') throw new Error(`${parsed.pointer}: ${parsed.reason}`)
  if (parsed.shape.kind !== 'polygon') throw new Error('not a polygon')
  return parsed.shape
}

/** A star of so many corners, its radii in degrees of latitude; a hole in the middle if asked for. */
export const starAt = (centre: Position, radiiDeg: readonly number[], withHole = false): Polygon => {
  const ring = (scale: number) => {
    const corners = radiiDeg.map((radius, index) => {
      const angle = (2 * Math.PI * index) / radiiDeg.length
      const lon = centre.lon + radius * scale * Math.cos(angle)
      return [
        lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon,
        Math.max(-90, Math.min(90, centre.lat + radius * scale * Math.sin(angle))),
      ]
    })
    return [...corners, corners[0]]
  }
  const least = Math.min(...radiiDeg) / Math.max(...radiiDeg)
  return polygonFrom({
    type: 'Polygon',
    coordinates: withHole ? [ring(1), ring(least / 3)] : [ring(1)],
  })
}

/** Stars of all sizes up to 60 km, also over the antimeridian. */
export const stars = fc
  .record({
    lat: fc.double({ min: -89, max: 89, noNaN: true }),
    lon: fc.oneof(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: 179.8, max: 180, noNaN: true }),
      fc.double({ min: -180, max: -179.8, noNaN: true }),
    ),
    scale: fc.oneof(
      fc.double({ min: 0.0005, max: 0.05, noNaN: true }),
      fc.double({ min: 0.0005, max: 0.5, noNaN: true }),
    ),
    parts: fc.array(fc.double({ min: 0.4, max: 1, noNaN: true }), { minLength: 4, maxLength: 40 }),
    withHole: fc.boolean(),
  })
  .map(({ lat, lon, scale, parts, withHole }) =>
    starAt(
      { lat, lon },
      parts.map((part) => part * scale),
      withHole,
    ),
  )

/** A position by its share of the polygon's box, grown by a tenth. */
export const within = ({ outline }: Polygon, x: number, y: number): Position => {
  const lon = (outline.west + (outline.east - outline.west) * (x * 1.2 - 0.1)) / 1e7
  const lat = (outline.south + (outline.north - outline.south) * (y * 1.2 - 0.1)) / 1e7
  return { lat: Math.max(-90, Math.min(90, lat)), lon: ((((lon + 180) % 360) + 360) % 360) - 180 }
}
