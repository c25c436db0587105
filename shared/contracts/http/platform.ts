import * as z from 'zod'
import { appealSchema, MAX_APPEAL } from '#shared/contracts/http/appeal.ts'
import {
  idSchema,
  instantSchema,
  latSchema,
  lonSchema,
  nameSchema,
  textSchema,
} from '#shared/contracts/http/primitives.ts'
import { weeklyRangesSchema } from '#shared/contracts/http/scenes.ts'
import { MAX_LAWFUL_RULES, MAX_RULE_HOURS, MAX_RULE_SOURCE } from '#shared/contracts/items/lawful-rules.ts'
import { MAX_RADIUS_M, MIN_RADIUS_M } from '#shared/domain/geo/geofence.ts'
import { DEFAULT_QUOTAS, HIGHEST_QUOTAS, type QuotaName } from '#shared/domain/merchants/quotas.ts'
import { WEEKDAYS } from '#shared/domain/scenes/scene.ts'
import { isKnownJurisdiction, jurisdictionNamed } from '#shared/domain/schedule/lawful-hours.ts'

/** `PUT /v1/platform/kill-switch`. */
export const killSwitchRequestSchema = z.strictObject({
  on: z.boolean().describe('On, nothing is decided for or sent any more, in 10 s.'),
  reason: textSchema(200).exactOptional().describe('For the other operators.'),
})
export type KillSwitchRequest = z.output<typeof killSwitchRequestSchema>
export const killSwitchSchema = z.strictObject({
  on: z.boolean().describe('On, nothing is decided for or sent any more.'),
  reason: z.string().max(200).exactOptional().describe('Why, for the other operators.'),
  changedAt: instantSchema.exactOptional().describe('When it was last turned; absent when it never was.'),
})

const reasonSchema = textSchema(200)

/**
 * `PUT /v1/platform/merchants/{merchantId}/suspension`. */
export const suspensionRequestSchema = z
  .strictObject({
    suspended: z
      .boolean()
      .describe('True: none of its scenes speaks, its data stays. False accepts an open appeal.'),
    reason: reasonSchema.exactOptional().describe('The merchant reads it.'),
    appeal: z.literal('rejected').exactOptional().describe('Answers an open appeal.'),
  })
  .refine(({ suspended, reason }) => !suspended || reason !== undefined, {
    path: ['reason'],
    message: 'the merchant reads why',
  })
export type SuspensionRequest = z.output<typeof suspensionRequestSchema>

/** `GET …/suspension`, for the merchant and for the operator. */
export const suspensionSchema = z.strictObject({
  suspended: z.boolean().describe('True: none of the merchant’s scenes speaks.'),
  reason: z.string().max(200).exactOptional().describe('Why, in the operator’s words.'),
  at: instantSchema.exactOptional().describe('When that was decided; absent while it is not suspended.'),
  appeal: appealSchema
    .exactOptional()
    .describe('What the merchant says against it; once for each suspension.'),
})

/** `PUT /v1/merchants/{merchantId}/suspension/appeal`: what the merchant says against it, once. */
export const suspensionAppealSchema = z.strictObject({
  text: textSchema(MAX_APPEAL).describe('For the operator.'),
})

/** A row of `GET /v1/platform/merchants`. */
export const listedMerchantSchema = z.strictObject({
  id: idSchema('mer'),
  name: nameSchema,
  suspension: suspensionSchema.describe('Whether its scenes may speak.'),
})

const TILE_ROWS = 'How many rows in one tile of the map, with those of all other merchants.'
const RADIUS_M = 'How far an area may reach from its centre, in metres.'

const raisable = (name: QuotaName) =>
  z.int().min(DEFAULT_QUOTAS[name]).max(HIGHEST_QUOTAS[name]).exactOptional()

/** `PUT /v1/platform/merchants/{merchantId}/quotas`: what is not named is as usual. */
export const quotasRequestSchema = z.strictObject({
  geofences: raisable('geofences').describe('How many geofences.'),
  scenes: raisable('scenes').describe('How many scenes, drafts and archived ones included.'),
  stores: raisable('stores').describe('How many stores.'),
  qrCodes: raisable('qrCodes').describe('How many QR codes.'),
  tileRows: raisable('tileRows').describe(TILE_ROWS),
  radiusM: raisable('radiusM').describe(RADIUS_M),
})
export type QuotasRequest = z.output<typeof quotasRequestSchema>

const limitSchema = z.int().min(0).describe('The most that there may be.')
const usageSchema = z.strictObject({
  used: z.int().min(0).describe('How many there are.'),
  limit: limitSchema,
})

/** `GET …/quotas`, for the merchant and for the operator: what there is, and may be. */
export const quotasSchema = z.strictObject({
  geofences: usageSchema.describe('Geofences.'),
  scenes: usageSchema.describe('Scenes, drafts and archived ones included.'),
  stores: usageSchema.describe('Stores.'),
  regions: usageSchema.describe('Nodes of the region tree.'),
  qrCodes: usageSchema.describe('QR codes.'),
  tileRows: z.strictObject({ limit: limitSchema }).describe(TILE_ROWS),
  radiusM: z.strictObject({ limit: limitSchema }).describe(RADIUS_M),
})

/** Rows that are met at once may leave more stretches than any of them has. */
const hoursSchema = z
  .array(
    z.strictObject({
      days: z.array(z.enum(WEEKDAYS)).max(7).describe('On which days.'),
      from: z.string().max(5).describe('From when, `HH:MM` on the recipient’s clock.'),
      to: z.string().max(5).describe('Until when, `HH:MM`.'),
    }),
  )
  .max(1000)

const placeSchema = z
  .string()
  .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, {
    error: 'a country or a part of one as in ISO 3166, for example FR or US-TX',
    abort: true,
  })
  .refine((code) => isKnownJurisdiction(jurisdictionNamed(code)), 'no country or state that is known')
  .describe('ISO 3166-1 alpha-2, or ISO 3166-2 for a part of a country.')

export const lawfulHoursPathSchema = z.strictObject({ place: placeSchema })

const SILENT_ON_HOLIDAYS = 'Closed on the public holidays of the country, as far as they are known.'

/** `PUT /v1/platform/lawful-hours/{place}`: hours outside of which promotion is silent there as well. */
export const lawfulRuleRequestSchema = z.strictObject({
  hours: z
    .array(weeklyRangesSchema.element)
    .max(MAX_RULE_HOURS)
    .describe('Open hours of the week, on the clock of the place; none: always closed.'),
  isSilentOnHolidays: z.boolean().default(false).describe(SILENT_ON_HOLIDAYS),
  source: textSchema(MAX_RULE_SOURCE).describe('Where it is written, or who says so.'),
})
export type LawfulRuleRequest = z.output<typeof lawfulRuleRequestSchema>

const inForceSchema = z
  .strictObject({
    hours: hoursSchema.describe('When promotion may be sent there.'),
    isSilentOnHolidays: z.boolean().describe('Whether none may be sent on public holidays.'),
  })
  .describe('What comes of all rows there: all must be open.')

/** A row that the operator has added. */
export const lawfulRuleSchema = z.strictObject({
  place: placeSchema,
  country: z.string().max(2).describe('ISO 3166-1 alpha-2.'),
  subdivision: z.string().max(3).exactOptional().describe('ISO 3166-2 without the country.'),
  hours: hoursSchema.describe('When the row lets promotion be sent there.'),
  isSilentOnHolidays: z.boolean().describe(SILENT_ON_HOLIDAYS),
  inForce: inForceSchema,
  source: z.string().max(MAX_RULE_SOURCE).describe('Where it is written, or who says so.'),
  revision: z.int().min(1).describe('Another one after each change; it stands in the `etag`.'),
  changedAt: instantSchema.describe('When the operator wrote the row.'),
})

/** `GET /v1/platform/lawful-hours`: in which local hours promotion may be sent, and where that is written. */
export const lawfulHoursSchema = z.strictObject({
  otherwise: hoursSchema.describe('Where no row fits.'),
  rows: z
    .array(
      z.strictObject({
        country: z.string().max(2).describe('ISO 3166-1 alpha-2.'),
        subdivision: z.string().max(3).exactOptional().describe('ISO 3166-2 without the country.'),
        hours: hoursSchema.describe('When the rule lets promotion be sent there.'),
        isSilentOnHolidays: z.boolean().describe('Whether none may be sent on public holidays.'),
        inForce: inForceSchema,
        source: z.string().max(1000).describe('The rule, and the page on which it was read.'),
        readOn: z.string().max(10).describe('The day on which it was read, e.g. `2026-11-22`.'),
      }),
    )
    .max(500)
    .describe('Where and when.'),
  added: z.array(lawfulRuleSchema).max(MAX_LAWFUL_RULES).describe('Rows of the operator’s own.'),
})

const EXCLUSION = 'Promotion is silent there.'
const VENUE = 'Its owner caps what each visitor gets there.'
const CAP_PER_DAY = 'Messages that one visitor may get there from all merchants together in any 24 hours.'

export const zonePathSchema = z.strictObject({ zoneId: idSchema('zon') })

const area = z
  .strictObject({
    kind: z.literal('circle').describe('A circle.'),
    lat: latSchema,
    lon: lonSchema,
    radiusM: z.number().min(MIN_RADIUS_M).max(MAX_RADIUS_M).describe('In metres.'),
  })
  .describe('Where it lies, in WGS-84.')

/** `PUT /v1/platform/zones/{zoneId}`: an area where promotion is silent, or whose owner caps it for each visitor. */
export const zoneRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exclusion').describe(EXCLUSION), name: nameSchema, area }),
  z.strictObject({
    kind: z.literal('venue').describe(VENUE),
    name: nameSchema,
    area,
    capPerDay: z.int().min(0).max(100).describe(CAP_PER_DAY),
  }),
])
export type ZoneRequest = z.output<typeof zoneRequestSchema>

const stored = { id: idSchema('zon'), name: nameSchema, area }
export const zoneSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exclusion').describe(EXCLUSION), ...stored }),
  z.object({
    kind: z.literal('venue').describe(VENUE),
    ...stored,
    capPerDay: z.int().min(0).max(100).describe(CAP_PER_DAY),
  }),
])
