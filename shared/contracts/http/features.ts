import * as z from 'zod'
import { countPositions, type DeclaredGeometry, type LonLat } from '#shared/contracts/declared-geometry.ts'
import { MAX_LISTED_POSITIONS, shownGeometrySchema } from '#shared/contracts/http/geofences.ts'
import { idSchema, MAX_PAGE, nameSchema } from '#shared/contracts/http/primitives.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'

/** A geofence as a GeoJSON Feature; a geometry of more than 2,000 positions is left out (`null`), as in lists. */
export const featureSchema = z.strictObject({
  type: z.literal('Feature'),
  id: idSchema('gf'),
  geometry: shownGeometrySchema.nullable(),
  properties: z.strictObject({
    name: nameSchema,
    storeId: idSchema('sto').exactOptional(),
    radiusM: z.number().min(0).exactOptional().describe('Of a Point, in metres.'),
  }),
})

/** `GET /v1/merchants/{merchantId}/geofences:geojson`: a page of them; without `next` it is the last. */
export const featuresSchema = z.strictObject({
  type: z.literal('FeatureCollection'),
  features: z.array(featureSchema).max(MAX_PAGE),
  next: z.string().max(200).exactOptional(),
})

const UNITS_PER_DEGREE = 1e7

const convert =
  (datum: Datum) =>
  ([lon, lat]: LonLat): LonLat => {
    const position = toWgs84({ lat, lon }, datum)
    const rounded = (degrees: number): number => Math.round(degrees * UNITS_PER_DEGREE) / UNITS_PER_DEGREE + 0
    return [rounded(position.lon), rounded(position.lat)]
  }

const inWgs84 = (geometry: DeclaredGeometry, datum: Datum): DeclaredGeometry => {
  if (datum === 'wgs84') return geometry
  const place = convert(datum)
  switch (geometry.type) {
    case 'Point':
      return { ...geometry, coordinates: place(geometry.coordinates) }
    case 'Polygon':
      return { ...geometry, coordinates: geometry.coordinates.map((ring) => ring.map(place)) }
    case 'MultiPolygon':
      return {
        ...geometry,
        coordinates: geometry.coordinates.map((rings) => rings.map((ring) => ring.map(place))),
      }
    default:
      return geometry satisfies never
  }
}

/** The geofence as a Feature, in WGS-84 whatever datum it was declared in. */
export const featureView = ({ id, name, storeId, declared }: DeclaredGeofence) => {
  const { geometry, datum, radiusM } = declared
  const isLarge = countPositions(geometry) > MAX_LISTED_POSITIONS
  return {
    type: 'Feature',
    id,
    geometry: isLarge ? null : inWgs84(geometry, datum),
    properties: {
      name,
      ...(storeId !== undefined && { storeId }),
      ...(radiusM !== undefined && { radiusM }),
    },
  }
}
