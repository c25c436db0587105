import * as z from 'zod'
import {
  idSchema,
  instantSchema,
  latSchema,
  lonSchema,
  nameSchema,
  positionSchema,
  revisionSchema,
} from '#shared/contracts/http/primitives.ts'
import type { Geofence } from '#shared/domain/geo/geofence.ts'

export const geofencePathSchema = z.strictObject({ merchantId: idSchema('mer'), geofenceId: idSchema('gf') })

/** The smallest and largest radius that a merchant may draw, in metres; the engine itself takes more. */
export const MIN_MERCHANT_RADIUS_M = 10
export const MAX_MERCHANT_RADIUS_M = 5000

/** A GeoJSON Point (RFC 7946): `[lon, lat]`. */
export const pointSchema = z.strictObject({
  type: z.literal('Point'),
  coordinates: z.tuple([lonSchema, latSchema]),
})

/** `POST /v1/merchants/{merchantId}/geofences` and `PUT …/{geofenceId}`. */
export const geofenceRequestSchema = z.strictObject({
  name: nameSchema,
  storeId: idSchema('sto').exactOptional(),
  geometry: pointSchema,
  radiusM: z.number().min(MIN_MERCHANT_RADIUS_M).max(MAX_MERCHANT_RADIUS_M),
})
export type GeofenceRequest = z.output<typeof geofenceRequestSchema>

/** A geofence as it is answered. */
export const geofenceSchema = z.strictObject({
  id: idSchema('gf'),
  merchantId: idSchema('mer'),
  name: nameSchema,
  storeId: idSchema('sto').exactOptional(),
  geometry: pointSchema,
  radiusM: z.number().min(0),
  timeZone: z.string().max(64),
  revision: revisionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})
export type GeofenceView = z.output<typeof geofenceSchema>

/** The geofence in the form of the API: GeoJSON outside, `{ lat, lon }` inside. */
export const geofenceView = (geofence: Geofence): GeofenceView => ({
  id: geofence.id,
  merchantId: geofence.merchantId,
  name: geofence.name,
  ...(geofence.storeId !== undefined && { storeId: geofence.storeId }),
  geometry: { type: 'Point', coordinates: [geofence.shape.lon, geofence.shape.lat] },
  radiusM: geofence.shape.radiusM,
  timeZone: geofence.timeZone,
  revision: geofence.revision,
  createdAt: geofence.createdAt,
  updatedAt: geofence.updatedAt,
})

/** `POST /v1/merchants/{merchantId}/geofences:contains`; a body, because coordinates never stand in a URL. */
export const containsRequestSchema = positionSchema

const MAX_CONTAINING = 1000

/** The merchant's geofences that hold the position, the innermost first; `distanceM` is signed, negative inside. */
export const containsResponseSchema = z.strictObject({
  geofenceIds: z.array(idSchema('gf')).max(MAX_CONTAINING),
  geofences: z
    .array(z.strictObject({ id: idSchema('gf'), name: nameSchema, distanceM: z.number() }))
    .max(MAX_CONTAINING),
})
