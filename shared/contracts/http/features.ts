import * as z from 'zod'
import { inWgs84 } from '#shared/contracts/declared-geometry.ts'
import { EXIT, exitSchema, shownGeometrySchema } from '#shared/contracts/http/geofences.ts'
import { idSchema, MAX_PAGE, nameSchema, nextSchema } from '#shared/contracts/http/primitives.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'

/**
 * A page ends early with so many positions: some 2.6 MB, so that the answer of a function has room for it and an import
 * takes it as it is.
 */
export const MAX_PAGE_POSITIONS = 100_000

/** A geofence as a GeoJSON Feature, as an import takes it. */
export const featureSchema = z.strictObject({
  type: z.literal('Feature').describe('A GeoJSON Feature (RFC 7946).'),
  id: idSchema('gf'),
  geometry: shownGeometrySchema.describe('In WGS-84.'),
  properties: z
    .strictObject({
      name: nameSchema,
      storeId: idSchema('sto').exactOptional().describe('The store to which it belongs.'),
      radiusM: z.number().min(0).exactOptional().describe('Of a Point, in metres.'),
      exit: exitSchema.exactOptional().describe(EXIT),
    })
    .describe('What is known of it beside its shape.'),
})

/** `GET /v1/merchants/{merchantId}/geofences:geojson`: a page of them; without `next` it is the last. */
export const featuresSchema = z.strictObject({
  type: z.literal('FeatureCollection').describe('A GeoJSON FeatureCollection (RFC 7946).'),
  features: z.array(featureSchema).max(MAX_PAGE).describe('The geofences of this page.'),
  next: nextSchema.exactOptional(),
})

/** The geofence as a Feature, in WGS-84 whatever datum it was declared in. */
export const featureView = ({ id, name, storeId, exit, declared }: DeclaredGeofence) => {
  const { geometry, radiusM } = inWgs84(declared)
  return {
    type: 'Feature',
    id,
    geometry,
    properties: {
      name,
      ...(storeId !== undefined && { storeId }),
      ...(radiusM !== undefined && { radiusM }),
      ...(exit !== undefined && { exit }),
    },
  }
}
