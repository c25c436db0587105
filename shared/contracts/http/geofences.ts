import * as z from 'zod'
import { countPositions, type DeclaredGeometry } from '#shared/contracts/declared-geometry.ts'
import {
  createdAtSchema,
  idSchema,
  latSchema,
  lonSchema,
  nameSchema,
  positionSchema,
  revisionSchema,
  updatedAtSchema,
} from '#shared/contracts/http/primitives.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import { DATUMS } from '#shared/domain/geo/datum.ts'
import { DEFAULT_QUOTAS, HIGHEST_QUOTAS } from '#shared/domain/merchants/quotas.ts'

export const geofencePathSchema = z.strictObject({ merchantId: idSchema('mer'), geofenceId: idSchema('gf') })

/** The smallest radius that a merchant may draw, and the largest where the operator has raised none, in metres. */
export const MIN_MERCHANT_RADIUS_M = 10
export const MAX_MERCHANT_RADIUS_M = DEFAULT_QUOTAS.radiusM

/** A border of 30,000 vertices in the longest form of its numbers, and as much again for white space. */
export const MAX_GEOFENCE_BODY_BYTES = 3 * 1024 * 1024

/** In lists a geometry with more positions is left out: a page of such borders would not fit into an answer. */
export const MAX_LISTED_POSITIONS = 2000

const MAX_POSITIONS = 40_000

/** A GeoJSON Point (RFC 7946): `[lon, lat]`. */
export const pointSchema = z.strictObject({
  type: z.literal('Point').describe('A position: the centre of a circle.'),
  coordinates: z.tuple([lonSchema, latSchema]).describe('Longitude, latitude.'),
})

// Only the outer form: what the rings must be, `parseGeometry` says with the place and the reason of the first fault.
export const geofenceRingsSchema = z.array(z.unknown()).max(MAX_POSITIONS)
export const geofencePolygonsSchema = z.array(z.unknown()).max(MAX_POSITIONS)
const RINGS = 'The border, then the holes: each a closed ring of positions.'
const POLYGONS = 'For each polygon its rings: the border, then the holes.'
const polygonSchema = z.strictObject({
  type: z.literal('Polygon').describe('One area.'),
  coordinates: geofenceRingsSchema.describe(RINGS),
})
const multiPolygonSchema = z.strictObject({
  type: z.literal('MultiPolygon').describe('Several areas that are one geofence.'),
  coordinates: geofencePolygonsSchema.describe(POLYGONS),
})
const geometrySchema = z.discriminatedUnion('type', [pointSchema, polygonSchema, multiPolygonSchema])

const datumSchema = z
  .enum(DATUMS)
  .describe(
    'What coordinates are given in; for maps of mainland China that are not in WGS-84. Never guessed from the place.',
  )

export const EXIT = 'Replaces the engine’s own rule of when a phone has left.'
/** When a phone has left, where a merchant wants another rule than the engine’s. */
export const exitSchema = z.strictObject({
  bufferM: z
    .number()
    .min(0)
    .max(140)
    .exactOptional()
    .describe('How far beyond the boundary a fix must be to count as outside, in metres.'),
  confirmS: z
    .number()
    .min(0)
    .max(600)
    .exactOptional()
    .describe('How far apart in time the two fixes outside must be, in seconds.'),
})

/**
 * `POST /v1/merchants/{merchantId}/geofences` and `PUT …/{geofenceId}`: a Point with `radiusM` draws a circle, a Polygon
 * or MultiPolygon an area of up to 30,000 vertices with holes, nowhere farther than 5 km from its centre, where the operator has not raised it.
 */
export const geofenceRequestSchema = z.strictObject({
  name: nameSchema,
  storeId: idSchema('sto').exactOptional().describe('The store to which it belongs.'),
  geometry: geometrySchema.describe(
    'GeoJSON (RFC 7946): a Point with `radiusM`, a Polygon or a MultiPolygon.',
  ),
  radiusM: z
    .number()
    .min(MIN_MERCHANT_RADIUS_M)
    .max(HIGHEST_QUOTAS.radiusM)
    .exactOptional()
    .describe('The radius of the circle around a Point, in metres.'),
  datum: datumSchema.default('wgs84'),
  exit: exitSchema.exactOptional().describe(EXIT),
})
export type GeofenceRequest = z.output<typeof geofenceRequestSchema>

const lonLatSchema = z.tuple([lonSchema, latSchema])
const shownRingsSchema = z.array(z.array(lonLatSchema).max(MAX_POSITIONS)).max(MAX_POSITIONS)
const shownPolygonSchema = z.strictObject({
  type: z.literal('Polygon').describe('One area.'),
  coordinates: shownRingsSchema.describe(RINGS),
})
const shownMultiPolygonSchema = z.strictObject({
  type: z.literal('MultiPolygon').describe('Several areas that are one geofence.'),
  coordinates: z.array(shownRingsSchema).max(MAX_POSITIONS).describe(POLYGONS),
})
export const shownGeometrySchema = z.discriminatedUnion('type', [
  pointSchema,
  shownPolygonSchema,
  shownMultiPolygonSchema,
])
/** A geometry that is no point. */
export const shownAreaSchema = z.discriminatedUnion('type', [shownPolygonSchema, shownMultiPolygonSchema])

/** A geofence as it is answered. */
export const geofenceSchema = z.strictObject({
  id: idSchema('gf'),
  merchantId: idSchema('mer'),
  name: nameSchema,
  storeId: idSchema('sto').exactOptional().describe('The store to which it belongs.'),
  geometry: shownGeometrySchema
    .exactOptional()
    .describe(
      'As it was declared, in the declared datum, to 1e-7 degrees; lists leave one of more than 2,000 positions out.',
    ),
  positions: z
    .int()
    .min(0)
    .max(MAX_POSITIONS)
    .exactOptional()
    .describe('How many positions the geometry has that was left out.'),
  radiusM: z.number().min(0).exactOptional().describe('The radius around a Point, in metres.'),
  datum: datumSchema,
  exit: exitSchema.exactOptional().describe(EXIT),
  timeZone: z.string().max(64).describe('By the position of its centre, e.g. `Europe/Zurich`.'),
  revision: revisionSchema,
  createdAt: createdAtSchema,
  updatedAt: updatedAtSchema,
})
/** With the geometry as it is kept: its lists are for reading only. */
export type GeofenceView = Omit<z.output<typeof geofenceSchema>, 'geometry'> & {
  readonly geometry?: DeclaredGeometry
}

const withoutGeometry = (geofence: DeclaredGeofence): GeofenceView => {
  const { id, merchantId, name, storeId, declared, exit, timeZone, revision, createdAt, updatedAt } = geofence
  return {
    id,
    merchantId,
    name,
    ...(storeId !== undefined && { storeId }),
    ...(declared.radiusM !== undefined && { radiusM: declared.radiusM }),
    datum: declared.datum,
    ...(exit !== undefined && { exit }),
    timeZone,
    revision,
    createdAt,
    updatedAt,
  }
}

/** The geofence in the form of the API, as it was declared. */
export const geofenceView = (geofence: DeclaredGeofence): GeofenceView => ({
  ...withoutGeometry(geofence),
  geometry: geofence.declared.geometry,
})

/** The geofence in a list, where large geometries are left out. */
export const listedGeofenceView = (geofence: DeclaredGeofence): GeofenceView => {
  const positions = countPositions(geofence.declared.geometry)
  return positions > MAX_LISTED_POSITIONS
    ? { ...withoutGeometry(geofence), positions }
    : geofenceView(geofence)
}

/** `POST /v1/merchants/{merchantId}/geofences:contains`; a body, because coordinates never stand in a URL. */
export const containsRequestSchema = positionSchema.extend({ datum: datumSchema.default('wgs84') })
export type ContainsRequest = z.output<typeof containsRequestSchema>

const MAX_CONTAINING = 1000

/** The merchant's geofences that hold the position, the innermost first. */
export const containsResponseSchema = z.strictObject({
  geofenceIds: z.array(idSchema('gf')).max(MAX_CONTAINING).describe('The same, their ids alone.'),
  geofences: z
    .array(
      z.strictObject({
        id: idSchema('gf'),
        name: nameSchema,
        distanceM: z
          .number()
          .describe('To the boundary in metres, with one decimal: signed, negative inside.'),
      }),
    )
    .max(MAX_CONTAINING)
    .describe('The geofences that hold the position, the innermost first.'),
})
