import * as z from 'zod'
import {
  idSchema,
  instantSchema,
  latSchema,
  lonSchema,
  nameSchema,
  textSchema,
} from '#shared/contracts/http/primitives.ts'
import { MAX_RADIUS_M, MIN_RADIUS_M } from '#shared/domain/geo/geofence.ts'

/** `PUT /v1/platform/kill-switch`: on, nothing is decided for or sent any more, in 10 s. */
export const killSwitchRequestSchema = z.strictObject({
  on: z.boolean(),
  reason: textSchema(200).exactOptional(),
})
export type KillSwitchRequest = z.output<typeof killSwitchRequestSchema>
export const killSwitchSchema = z.strictObject({
  on: z.boolean(),
  reason: z.string().max(200).exactOptional(),
  changedAt: instantSchema.exactOptional(),
})

/** `PUT /v1/platform/merchants/{merchantId}/suspension`. */
export const suspensionRequestSchema = z.strictObject({
  suspended: z.boolean(),
  reason: textSchema(200).exactOptional(),
})
export type SuspensionRequest = z.output<typeof suspensionRequestSchema>

export const zonePathSchema = z.strictObject({ zoneId: idSchema('zon') })

const area = z.strictObject({
  kind: z.literal('circle'),
  lat: latSchema,
  lon: lonSchema,
  radiusM: z.number().min(MIN_RADIUS_M).max(MAX_RADIUS_M),
})

/** `PUT /v1/platform/zones/{zoneId}`: an area where promotion is silent, or whose owner caps it for each visitor. */
export const zoneRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exclusion'), name: nameSchema, area }),
  z.strictObject({
    kind: z.literal('venue'),
    name: nameSchema,
    area,
    /** Messages that one visitor may get there from all merchants together in any 24 hours. */
    capPerDay: z.int().min(0).max(100),
  }),
])
export type ZoneRequest = z.output<typeof zoneRequestSchema>

const stored = { id: idSchema('zon'), name: nameSchema, area }
export const zoneSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exclusion'), ...stored }),
  z.object({ kind: z.literal('venue'), ...stored, capPerDay: z.int().min(0).max(100) }),
])
