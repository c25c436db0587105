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
  enterRadiusM: metresSchema.describe('Speak when a fix lies within so many metres of its centre.'),
  exitRadiusM: metresSchema.describe(
    'In a visit: speak when a fix lies beyond so many metres of its centre.',
  ),
  exact: z
    .boolean()
    .describe('False: the circle holds a polygon; ping every `nextPingS` seconds inside of it.'),
  visit: z
    .enum(['open', 'leaving'])
    .exactOptional()
    .describe('The customer is in it; `leaving` awaits the second fix outside.'),
})

const INDEX = 'Its place in the request, from 0.'
export const DISTANCE_M = 'To the geofence’s boundary in metres: negative inside.'
export const CONFIDENCE =
  'How sure it is that the phone is inside, 0 to 1: about 1 at an enter, 0 at a clear exit.'

/** What `POST /v1/pings` answers. */
export const pingsAnswerSchema = z.object({
  accepted: indexSchema.describe(
    'So many pings, the earliest ones, were looked at, those in `ignored` included.',
  ),
  deferred: z.array(indexSchema).exactOptional().describe('Indexes of the pings that must be sent again.'),
  ignored: z
    .array(
      z.object({
        index: indexSchema.describe(INDEX),
        reason: z
          .enum(['tooLate', 'future'])
          .describe('More than 15 minutes before the newest ping known, or more than 5 ahead of the server.'),
      }),
    )
    .describe('Pings that change nothing; do not send them again.'),
  marks: z
    .array(
      z.object({
        index: indexSchema.describe(INDEX),
        marks: z
          .array(z.enum(['mocked', 'jump', 'accuracy', 'crowded']))
          .describe('Made up; faster than 85 m/s; more exact than any phone; in more than 64 geofences.'),
      }),
    )
    .describe('What speaks against pings: alone they open no visit and earn no offer.'),
  transitions: z
    .array(
      z.object({
        type: z.enum(['enter', 'exit']).describe('Whether the visit begins or ends.'),
        geofenceId: idSchema('gf'),
        visitId: idSchema('vis'),
        at: instantSchema.describe('When, by the phone’s clock.'),
        distanceM: z.number().describe(DISTANCE_M),
        confidence: z.number().min(0).max(1).describe(CONFIDENCE),
      }),
    )
    .describe('What the pings have begun and ended.'),
  region: z
    .object({ ...placeSchema, radiusM: metresSchema.describe('In metres; 0 holds no fix: send every one.') })
    .describe('Inside this circle the phone may be silent.'),
  validS: z
    .number()
    .min(1)
    .describe('For how many seconds from the newest ping taken in on; then send a ping all the same.'),
  geofences: z
    .array(watchedGeofenceSchema)
    .max(MAX_WATCHED)
    .describe('What the phone watches by itself inside the region (docs/phone-contract.md).'),
  complete: z.boolean().describe('Whether `geofences` names every geofence with an open visit.'),
  nextPingS: z
    .number()
    .min(1)
    .describe('How often to ping, in seconds, inside the circle of a geofence that is not `exact`.'),
})
export type PingsAnswer = z.input<typeof pingsAnswerSchema>
