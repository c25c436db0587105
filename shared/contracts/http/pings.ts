import * as z from 'zod'
import { idSchema, instantSchema, latSchema, lonSchema } from '#shared/contracts/http/primitives.ts'
import { DATUMS } from '#shared/domain/geo/datum.ts'
import { MAX_WATCHED } from '#shared/domain/presence/region.ts'

export const MAX_PINGS = 100

/** What a phone says of where it is. Units: degrees in the request's datum, metres, metres per second. */
export const pingSchema = z.strictObject({
  at: instantSchema,
  lat: latSchema,
  lon: lonSchema,
  accuracyM: z.number().min(0).max(100_000).exactOptional(),
  speedMps: z.number().min(0).max(1000).exactOptional(),
  /** The phone's system says that the position was made up. */
  mocked: z.boolean().exactOptional(),
})
export type Ping = z.output<typeof pingSchema>

/** `POST /v1/pings`. All coordinates, the answer's too, are in the declared datum. */
export const pingsRequestSchema = z.strictObject({
  datum: z.enum(DATUMS).exactOptional(),
  pings: z.array(pingSchema).min(1).max(MAX_PINGS),
})
export type PingsRequest = z.output<typeof pingsRequestSchema>

const indexSchema = z.int().min(0)
const metresSchema = z.number().min(0)
const placeSchema = { lat: latSchema, lon: lonSchema }

/** A geofence that the phone watches by itself; see docs/phone-contract.md. */
const watchedGeofenceSchema = z.object({
  id: idSchema('gf'),
  ...placeSchema,
  enterRadiusM: metresSchema,
  exitRadiusM: metresSchema,
  exact: z.boolean(),
  visit: z.enum(['open', 'leaving']).exactOptional(),
})

/** What `POST /v1/pings` answers. */
export const pingsAnswerSchema = z.object({
  accepted: indexSchema,
  /** Indexes of the pings that must be sent again. */
  deferred: z.array(indexSchema).exactOptional(),
  ignored: z.array(z.object({ index: indexSchema, reason: z.enum(['tooLate', 'future']) })),
  marks: z.array(
    z.object({ index: indexSchema, marks: z.array(z.enum(['mocked', 'jump', 'accuracy', 'crowded'])) }),
  ),
  transitions: z.array(
    z.object({
      type: z.enum(['enter', 'exit']),
      geofenceId: idSchema('gf'),
      visitId: idSchema('vis'),
      at: instantSchema,
      distanceM: z.number(),
      confidence: z.number().min(0).max(1),
    }),
  ),
  region: z.object({ ...placeSchema, radiusM: metresSchema }),
  validS: z.number().min(1),
  geofences: z.array(watchedGeofenceSchema).max(MAX_WATCHED),
  complete: z.boolean(),
  nextPingS: z.number().min(1),
})
export type PingsAnswer = z.input<typeof pingsAnswerSchema>
