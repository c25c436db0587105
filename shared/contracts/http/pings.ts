import * as z from 'zod'
import {
  idSchema,
  instantSchema,
  isInstant,
  latSchema,
  lonSchema,
  MAX_LAT,
  MAX_LON,
} from '#shared/contracts/http/primitives.ts'
import { DATUMS } from '#shared/domain/geo/datum.ts'
import { MAX_WATCHED } from '#shared/domain/presence/region.ts'

export const MAX_PINGS = 100
const MAX_ACCURACY_M = 100_000
const MAX_SPEED_MPS = 1000

/** What a phone says of where it is. */
export const pingSchema = z.strictObject({
  at: instantSchema.describe('When the phone was there, by its own clock.'),
  lat: latSchema,
  lon: lonSchema,
  accuracyM: z
    .number()
    .min(0)
    .max(MAX_ACCURACY_M)
    .exactOptional()
    .describe('The radius, in metres, within which the phone believes to be.'),
  speedMps: z
    .number()
    .min(0)
    .max(MAX_SPEED_MPS)
    .exactOptional()
    .describe('How fast it moves, in metres per second.'),
  mocked: z.boolean().exactOptional().describe('The phone’s system says that the position was made up.'),
})
export type Ping = z.output<typeof pingSchema>

/** `POST /v1/pings`. All coordinates, the answer's too, are in the declared datum. */
export const pingsRequestSchema = z.strictObject({
  datum: z
    .enum(DATUMS)
    .exactOptional()
    .describe('What all coordinates are given in, the answer’s too; WGS-84 without it.'),
  pings: z.array(pingSchema).min(1).max(MAX_PINGS).describe('Late ones too, in order.'),
})
export type PingsRequest = z.output<typeof pingsRequestSchema>

const isNumber = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && value >= min && value <= max

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isPingMember = (name: string, value: unknown): boolean => {
  switch (name) {
    case 'at':
      return isInstant(value)
    case 'lat':
      return isNumber(value, -MAX_LAT, MAX_LAT)
    case 'lon':
      return isNumber(value, -MAX_LON, MAX_LON)
    case 'accuracyM':
      return isNumber(value, 0, MAX_ACCURACY_M)
    case 'speedMps':
      return isNumber(value, 0, MAX_SPEED_MPS)
    case 'mocked':
      return typeof value === 'boolean'
    default:
      return false
  }
}

const isPing = (value: unknown): boolean => {
  if (!isObject(value)) return false
  let needed = 0
  for (const name of Object.keys(value)) {
    if (!isPingMember(name, value[name])) return false
    if (name === 'at' || name === 'lat' || name === 'lon') needed += 1
  }
  return needed === 3
}

const isDatum = (value: unknown): boolean => DATUMS.some((datum) => datum === value)

/**
 * Says of a JSON value what `pingsRequestSchema` says of it, and not why: for a hundred pings a tenth of the schema's time.
 *
 * @example isPingsRequest({ pings: [{ at: '2026-11-22T10:00:00Z', lat: 91, lon: 0 }] }) // false
 */
export const isPingsRequest = (value: unknown): value is PingsRequest => {
  if (!isObject(value) || !('pings' in value)) return false
  if (
    !Object.entries(value).every(
      ([name, member]) => name === 'pings' || (name === 'datum' && isDatum(member)),
    )
  )
    return false
  const { pings } = value
  return Array.isArray(pings) && pings.length >= 1 && pings.length <= MAX_PINGS && pings.every(isPing)
}

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
  deferred: z.array(indexSchema).exactOptional().describe('Indexes of the pings that must be sent again.'),
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
