import * as z from 'zod'
import { countPositions, type DeclaredGeometry, type LonLat } from '#shared/contracts/declared-geometry.ts'
import { MAX_LISTED_POSITIONS, shownGeometrySchema } from '#shared/contracts/http/geofences.ts'
import { idSchema, MAX_PAGE, nameSchema, nextSchema } from '#shared/contracts/http/primitives.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'

/** A geofence as a GeoJSON Feature; a geometry of more than 2,000 positions is left out (`null`), as in lists. */
export const featureSchema = z.strictObject({
  type: z.literal('Feature').describe('A GeoJSON Feature (RFC 7946).'),
  id: idSchema('gf'),
  geometry: shownGeometrySchema
    .nullable()
    .describe('In WGS-84; null where it has more than 2,000 positions: read the geofence itself.'),
  properties: z
    .strictObject({
      name: nameSchema,
      storeId: idSchema('sto').exactOptional().describe('The store to which it belongs.'),
      radiusM: z.number().min(0).exactOptional().describe('Of a Point, in metres.'),
    })
    .describe('What is known of it beside its shape.'),
})

/** `GET /v1/merchants/{merchantId}/geofences:geojson`: a page of them; without `next` it is the last. */
export const featuresSchema = z.strictObject({
  type: z.literal('FeatureCollection').describe('A GeoJSON FeatureCollection (RFC 7946).'),
  features: z.array(featureSchema).max(MAX_PAGE).describe('The geofences of this page.'),
  next: nextSchema.exactOptional(),
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
