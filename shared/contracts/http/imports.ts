import * as z from 'zod'
import { MIN_MERCHANT_RADIUS_M } from '#shared/contracts/http/geofences.ts'
import { createdAtSchema, idSchema, instantSchema } from '#shared/contracts/http/primitives.ts'
import { DATUMS } from '#shared/domain/geo/datum.ts'
import { HIGHEST_QUOTAS } from '#shared/domain/merchants/quotas.ts'

export const importPathSchema = z.strictObject({ merchantId: idSchema('mer'), jobId: idSchema('job') })

/** A request to a Lambda function ends at 6 MB; 10,000 stores of 400 bytes fit into this. */
export const MAX_IMPORT_BODY_BYTES = 4 * 1024 * 1024
export const MAX_IMPORT_ROWS = 10_000
/** How many bad rows a report names; it counts them all. */
export const MAX_REPORTED_ROWS = 100
export const MAX_REPORTED_OVERLAPS = 100

const settings = {
  datum: z.enum(DATUMS).default('wgs84').describe('What the coordinates are given in.'),
  radiusM: z
    .number()
    .min(MIN_MERCHANT_RADIUS_M)
    .max(HIGHEST_QUOTAS.radiusM)
    .exactOptional()
    .describe(
      'Draws a geofence of this radius, in metres, around every store that says no radius of its own and brings no area; without it those get none.',
    ),
}

/**
 * `POST /v1/merchants/{merchantId}/imports`: up to 10,000 stores, as CSV with a header line or as a GeoJSON
 * FeatureCollection: a Point is where a store stands, a Polygon or MultiPolygon the ground of its geofence. Each has an
 * `id` of the merchant's own: an import that is repeated changes what is there and adds nothing twice. docs/merchants.md
 * names the columns.
 */
export const importRequestSchema = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('csv').describe('A CSV file.'),
    ...settings,
    csv: z
      .string()
      .min(1)
      .max(MAX_IMPORT_BODY_BYTES)
      .describe('The file: a header line, then a store a line.'),
  }),
  z.strictObject({
    format: z.literal('geojson').describe('GeoJSON (RFC 7946).'),
    ...settings,
    stores: z
      .strictObject({
        type: z.literal('FeatureCollection').describe('A GeoJSON FeatureCollection.'),
        features: z
          .array(z.unknown())
          .min(1)
          .max(MAX_IMPORT_ROWS)
          .describe(
            'Features with a Point, a Polygon or a MultiPolygon, each with an `id` and a `name`. A store with an area stands at the `lat` and `lon` of its properties, else at a point inside. A feature with the id of one of the merchant’s geofences is that geofence.',
          ),
        crs: z
          .unknown()
          .exactOptional()
          .describe('Of older files: only WGS-84, where `datum` says nothing else.'),
      })
      // RFC 7946, 6.1: files bring members of their own.
      .catchall(z.unknown())
      .describe('A GeoJSON FeatureCollection (RFC 7946); other members mean nothing.'),
  }),
])
export type ImportRequest = z.output<typeof importRequestSchema>

const countSchema = z.int().min(0)

/** A row that was left out. */
export const badRowSchema = z.strictObject({
  line: z.int().min(1).describe('The line of the CSV, or the place of the feature, from 1.'),
  pointer: z.string().max(100).describe('The column, or a JSON pointer into the feature.'),
  reason: z.string().max(200).describe('Why it was left out.'),
})
export type BadRow = z.output<typeof badRowSchema>

const fates = {
  created: countSchema.describe('Of these, the new ones.'),
  replaced: countSchema.describe('Of these, those that were there and were changed.'),
  unchanged: countSchema.describe('Of these, those that were there as they are.'),
}

/** `GET /v1/merchants/{merchantId}/imports/{jobId}`. */
export const importSchema = z.strictObject({
  jobId: idSchema('job').describe('The import.'),
  state: z
    .enum(['queued', 'running', 'done', 'failed'])
    .describe(
      'How far it is: ask again until it is `done`. Failed: nothing came of it for six hours; import the file again.',
    ),
  createdAt: createdAtSchema,
  finishedAt: instantSchema.exactOptional().describe('When it was done; absent until then.'),
  rows: countSchema.describe('Rows in all, bad ones included.'),
  stores: z
    .strictObject({ done: countSchema.describe('How many are stored so far.'), ...fates })
    .describe('What became of the stores.'),
  geofences: z
    .strictObject({
      wanted: countSchema.describe(
        'How many stores are to have one, by a radius of their own or the import’s, or an area.',
      ),
      done: countSchema.describe('How many of these are drawn so far.'),
      ...fates,
      overlapping: countSchema
        .exactOptional()
        .describe(
          'When it is done: how many of these share ground with another one of the merchant, as `GET …/geofences:overlaps` lists them. Absent where the borders are too large to be gone through.',
        ),
    })
    .describe('What became of the geofences around them.'),
  bad: countSchema.describe('How many rows were left out, in whole or (their geofence) in part.'),
  badRows: z.array(badRowSchema).max(MAX_REPORTED_ROWS).describe('The first 100 of them, and why.'),
})

/** A pair of the merchant's geofences that share ground. */
export const overlapSchema = z.strictObject({
  geofenceIds: z.tuple([idSchema('gf'), idSchema('gf')]).describe('The two.'),
  depthM: z.number().min(0).describe('How far one reaches into the other, in metres.'),
  isExact: z
    .boolean()
    .describe(
      'False where only the circles around them were compared: of borders cut at ±180°, of very large ones, and of those that come after a thousand others.',
    ),
})

/** `GET /v1/merchants/{merchantId}/geofences:overlaps`: the deepest first. */
export const overlapsSchema = z.strictObject({
  count: countSchema.describe('How many pairs there are in all.'),
  items: z.array(overlapSchema).max(MAX_REPORTED_OVERLAPS).describe('The deepest 100 of them.'),
})
