import * as z from 'zod'
import { idSchema, instantSchema, textSchema, utcInstantSchema } from '#shared/contracts/http/primitives.ts'
import { type Block, MAX_TAGS, PREFERENCE_SOURCES } from '#shared/domain/customers/relationship.ts'

export const customerPathSchema = z.strictObject({ merchantId: idSchema('mer'), userId: idSchema('usr') })

const tagSchema = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} _.-]{0,63}$/u, '1 to 64 letters, digits and _ . -')

/** `PUT /v1/merchants/{merchantId}/customers/{userId}`: what the merchant notes of a customer whom it knows. */
export const customerNotesSchema = z.strictObject({
  tags: z
    .array(tagSchema)
    .max(MAX_TAGS)
    .refine((all) => new Set(all).size === all.length, 'named twice')
    .describe('All of them, in place of those before; audiences may ask for them.'),
})
export type CustomerNotes = z.output<typeof customerNotesSchema>

const MAX_REASON = 200
const MAX_APPEAL = 1000

/**
 * `PUT /v1/merchants/{merchantId}/customers/{userId}/block`: a blocked customer gets nothing from this merchant.
 */
export const blockRequestSchema = z.strictObject({
  reason: textSchema(MAX_REASON).describe('The customer reads it.'),
  until: utcInstantSchema.exactOptional().describe('When it ends by itself; absent: when it is taken back.'),
  appeal: z
    .literal('rejected')
    .exactOptional()
    .describe('Answers an open appeal; to accept one, take the block back.'),
})
export type BlockRequest = z.output<typeof blockRequestSchema>

export const blockSchema = z.strictObject({
  reason: z.string().max(MAX_REASON),
  since: instantSchema,
  until: instantSchema.exactOptional(),
  appeal: z
    .strictObject({
      state: z.enum(['open', 'rejected']),
      text: z.string().max(MAX_APPEAL),
      at: instantSchema,
    })
    .exactOptional(),
})

const iso = (atMs: number): string => new Date(atMs).toISOString()

export const blockView = ({ reason, sinceMs, untilMs, appeal }: Block): z.output<typeof blockSchema> => ({
  reason,
  since: iso(sinceMs),
  ...(untilMs !== undefined && { until: iso(untilMs) }),
  ...(appeal && { appeal: { state: appeal.state, text: appeal.text, at: iso(appeal.atMs) } }),
})

/** `PUT /v1/me/blocks/{merchantId}/appeal`: what the customer says against a block, once. */
export const appealRequestSchema = z.strictObject({
  text: textSchema(MAX_APPEAL).describe('For people at the merchant.'),
})
export const myBlockPathSchema = z.strictObject({ merchantId: idSchema('mer') })
/** `GET /v1/me/blocks`: a merchant that has blocked the customer. */
export const myBlockSchema = blockSchema.extend({ merchantId: idSchema('mer') })

/** One row of `GET /v1/merchants/{merchantId}/customers`: somebody who has acted with the merchant. */
export const customerRowSchema = z.strictObject({
  userId: idSchema('usr'),
  actedAt: instantSchema,
  visits: z.int().min(0),
  lastVisitAt: instantSchema.exactOptional(),
  tags: z.array(z.string().max(64)).max(MAX_TAGS),
  isBlocked: z.boolean(),
})

const countSchema = z.int().min(0)

/** `GET /v1/merchants/{merchantId}/customers/{userId}`: all that the merchant knows of a customer. */
export const customerSchema = z.strictObject({
  userId: idSchema('usr'),
  actedAt: instantSchema.describe(
    'Its own first act with the merchant: an app event, a claim, a redemption, an opt-in.',
  ),
  visits: z.strictObject({
    count: countSchema,
    firstAt: instantSchema.exactOptional(),
    lastAt: instantSchema.exactOptional(),
    meanS: z
      .number()
      .min(0)
      .exactOptional()
      .describe('How long they last in the mean, in seconds, over the visits that have a duration.'),
  }),
  /** By currency (ISO 4217), in its smallest unit. */
  spend: z.record(
    z.string().max(3),
    z.strictObject({
      count: countSchema,
      totalMinor: z.number(),
      lastMinor: z.number(),
      lastAt: instantSchema,
    }),
  ),
  redemptions: z.strictObject({
    count: countSchema,
    trials: countSchema,
    discounts: countSchema,
    lastAt: instantSchema.exactOptional(),
  }),
  ratings: z.strictObject({ count: countSchema, sum: countSchema, last: z.number().exactOptional() }),
  referrals: countSchema,
  tags: z.array(z.string().max(64)).max(MAX_TAGS),
  preferences: z.record(
    z.string().max(64),
    z.strictObject({
      value: z.union([z.string().max(400), z.number(), z.boolean()]),
      source: z.enum(PREFERENCE_SOURCES),
      at: instantSchema,
    }),
  ),
  openComplaints: countSchema,
  block: blockSchema.exactOptional(),
})
