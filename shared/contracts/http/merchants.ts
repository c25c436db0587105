import * as z from 'zod'
import {
  createdAtSchema,
  factNameSchema,
  idSchema,
  instantSchema,
  nameSchema,
  revisionSchema,
  updatedAtSchema,
} from '#shared/contracts/http/primitives.ts'
import { capsSchema } from '#shared/contracts/http/scenes.ts'
import { PREFERENCE_TYPES } from '#shared/domain/customers/preferences.ts'
import { MAX_PREFERENCES } from '#shared/domain/customers/relationship.ts'
import { MEMBER_ROLES } from '#shared/domain/merchants/merchant.ts'
import { DEFAULT_TRUST } from '#shared/domain/merchants/trust.ts'

export const merchantPathSchema = z.strictObject({ merchantId: idSchema('mer') })

const preferencesSchema = z
  .record(factNameSchema(40), z.enum(PREFERENCE_TYPES))
  .refine((all) => Object.keys(all).length <= MAX_PREFERENCES, `at most ${MAX_PREFERENCES} preferences`)

/** `POST /v1/merchants`, `PUT /v1/merchants/{merchantId}`. */
const settings = {
  budget: z
    .strictObject({
      sendsPerDay: z.int().min(0).max(100_000_000).exactOptional().describe('Messages.'),
      spendCentsPerDay: z
        .int()
        .min(0)
        .max(1_000_000_000)
        .exactOptional()
        .describe('What messages and offers cost together, in cents.'),
    })
    .exactOptional()
    .describe('What all its scenes together may send and spend in a UTC day.'),
  trust: z
    .strictObject({
      maxTurnedAwayPercent: z
        .number()
        .min(0.1)
        .max(100)
        .describe(
          'The largest share, in percent, of its messages of 28 days after which customers turn away.',
        ),
      minSends: z
        .int()
        .min(20)
        .max(1_000_000)
        .default(DEFAULT_TRUST.minSends)
        .describe('Fewer messages than this say nothing.'),
    })
    .exactOptional()
    .describe('When a scene that turns customers away is paused; 2 % of at least 100 messages without it.'),
  pauseWithoutVisits: z
    .strictObject({
      minSends: z
        .int()
        .min(100)
        .max(1_000_000)
        .describe('How many messages of the last 28 days went out before today.'),
    })
    .exactOptional()
    .describe('When a scene is paused that brought nobody in; without it such a scene is flagged only.'),
  newArrivalEveryDays: z
    .int()
    .min(1)
    .max(400)
    .exactOptional()
    .describe(
      'How many days pass from one scene of the theme `newArrival` to the next at least; 90 without it.',
    ),
  caps: capsSchema.exactOptional().describe('How often one customer hears from it at most.'),
  preferences: preferencesSchema
    .exactOptional()
    .describe(
      'Which properties of app events are kept as preferences of the customer, and of which type they are.',
    ),
}
export const merchantRequestSchema = z.strictObject({ name: nameSchema, ...settings })
export type MerchantRequest = z.output<typeof merchantRequestSchema>

export const merchantSchema = z.object({
  id: idSchema('mer'),
  name: nameSchema,
  ...settings,
  revision: revisionSchema,
  createdAt: createdAtSchema,
  updatedAt: updatedAtSchema,
})

/** One row of `GET /v1/merchants`: a merchant of the caller. */
export const membershipSchema = z.strictObject({
  id: idSchema('mer'),
  name: nameSchema,
  role: z.enum(MEMBER_ROLES).describe('The caller’s role there.'),
  until: instantSchema.exactOptional().describe('From then on the merchant is closed to the caller.'),
})
export type Membership = z.output<typeof membershipSchema>
