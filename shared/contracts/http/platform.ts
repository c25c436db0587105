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
import { DEFAULT_QUOTAS, HIGHEST_QUOTAS, type QuotaName } from '#shared/domain/merchants/quotas.ts'
import { WEEKDAYS } from '#shared/domain/scenes/scene.ts'

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

const MAX_APPEAL = 1000
const reasonSchema = textSchema(200)

/**
 * `PUT /v1/platform/merchants/{merchantId}/suspension`: none of its scenes speaks, its data stays. `appeal: 'rejected'`
 * answers an open appeal; `suspended: false` accepts it.
 */
export const suspensionRequestSchema = z
  .strictObject({
    suspended: z.boolean(),
    reason: reasonSchema.exactOptional(),
    appeal: z.literal('rejected').exactOptional(),
  })
  .refine(({ suspended, reason }) => !suspended || reason !== undefined, {
    path: ['reason'],
    message: 'the merchant reads why',
  })
export type SuspensionRequest = z.output<typeof suspensionRequestSchema>

/** `GET …/suspension`, for the merchant and for the operator. */
export const suspensionSchema = z.strictObject({
  suspended: z.boolean(),
  reason: z.string().max(200).exactOptional(),
  at: instantSchema.exactOptional(),
  appeal: z
    .strictObject({
      state: z.enum(['open', 'rejected']),
      text: z.string().max(MAX_APPEAL),
      at: instantSchema,
    })
    .exactOptional(),
})

/** `PUT /v1/merchants/{merchantId}/suspension/appeal`: what the merchant says against it, once. */
export const suspensionAppealSchema = z.strictObject({ text: textSchema(MAX_APPEAL) })

/** A row of `GET /v1/platform/merchants`. */
export const listedMerchantSchema = z.strictObject({
  id: idSchema('mer'),
  name: nameSchema,
  suspension: suspensionSchema,
})

const raisable = (name: QuotaName) =>
  z.int().min(DEFAULT_QUOTAS[name]).max(HIGHEST_QUOTAS[name]).exactOptional()

/** `PUT /v1/platform/merchants/{merchantId}/quotas`: what is not named is as usual. */
export const quotasRequestSchema = z.strictObject({
  geofences: raisable('geofences'),
  scenes: raisable('scenes'),
  stores: raisable('stores'),
  tileRows: raisable('tileRows'),
  radiusM: raisable('radiusM'),
})
export type QuotasRequest = z.output<typeof quotasRequestSchema>

const limitSchema = z.int().min(0)
const usageSchema = z.strictObject({ used: z.int().min(0), limit: limitSchema })

/** `GET …/quotas`, for the merchant and for the operator: what there is, and may be. */
export const quotasSchema = z.strictObject({
  geofences: usageSchema,
  scenes: usageSchema,
  stores: usageSchema,
  regions: usageSchema,
  /** In one tile of the map, with those of all other merchants. */
  tileRows: z.strictObject({ limit: limitSchema }),
  /** How far an area may reach from its centre, in metres. */
  radiusM: z.strictObject({ limit: limitSchema }),
})

const hoursSchema = z
  .array(
    z.strictObject({
      days: z.array(z.enum(WEEKDAYS)).max(7),
      from: z.string().max(5),
      to: z.string().max(5),
    }),
  )
  .max(21)

/** `GET /v1/platform/lawful-hours`: in which local hours promotion may be sent, and where that is written. */
export const lawfulHoursSchema = z.strictObject({
  /** Where no row fits. */
  otherwise: hoursSchema,
  rows: z
    .array(
      z.strictObject({
        /** ISO 3166-1 alpha-2. */
        country: z.string().max(2),
        /** ISO 3166-2 without the country. */
        subdivision: z.string().max(3).exactOptional(),
        hours: hoursSchema,
        isSilentOnHolidays: z.boolean(),
        source: z.string().max(1000),
        readOn: z.string().max(10),
      }),
    )
    .max(500),
})

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
