import * as z from 'zod'
import { appealSchema, MAX_APPEAL } from '#shared/contracts/http/appeal.ts'
import { idSchema, instantSchema, textSchema, utcInstantSchema } from '#shared/contracts/http/primitives.ts'
import {
  type Block,
  MAX_TAGS,
  PREFERENCE_SOURCES,
  type Relationship,
} from '#shared/domain/customers/relationship.ts'
import type { UserId } from '#shared/domain/ids.ts'

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
  reason: z.string().max(MAX_REASON).describe('Why, in the merchant’s words.'),
  since: instantSchema.describe('When it began.'),
  until: instantSchema
    .exactOptional()
    .describe('When it ends by itself; absent: when the merchant takes it back.'),
  appeal: appealSchema.exactOptional().describe('What the customer says against it; once for each block.'),
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

const ACTED_AT = 'Its own first act with the merchant: an app event, a claim, a redemption, an opt-in.'
const tagsSchema = z
  .array(z.string().max(64))
  .max(MAX_TAGS)
  .describe('What the merchant has noted of the customer.')

/** One row of `GET /v1/merchants/{merchantId}/customers`: somebody who has acted with the merchant. */
export const customerRowSchema = z.strictObject({
  userId: idSchema('usr').describe('The customer.'),
  actedAt: instantSchema.describe(ACTED_AT),
  visits: z.int().min(0).describe('How many settled visits there were at all the merchant’s places.'),
  lastVisitAt: instantSchema.exactOptional().describe('When the last of them began; absent without any.'),
  tags: tagsSchema,
  isBlocked: z.boolean().describe('Whether a block holds now: then nothing comes from this merchant.'),
})

const countSchema = z.int().min(0)

/** `GET /v1/merchants/{merchantId}/customers/{userId}`: all that the merchant knows of a customer. */
export const customerSchema = z.strictObject({
  userId: idSchema('usr').describe('The customer.'),
  actedAt: instantSchema.describe(ACTED_AT),
  visits: z
    .strictObject({
      count: countSchema.describe('How many there were.'),
      firstAt: instantSchema.exactOptional().describe('When the first of them began.'),
      lastAt: instantSchema.exactOptional().describe('When the last of them began.'),
      meanS: z
        .number()
        .min(0)
        .exactOptional()
        .describe('How long they last in the mean, in seconds, over the visits that have a duration.'),
    })
    .describe('Settled visits at all the merchant’s places.'),
  spend: z
    .record(
      z.string().max(3),
      z.strictObject({
        count: countSchema.describe('How many purchases said what they cost.'),
        totalMinor: z.number().describe('What they came to, in the currency’s smallest unit (cents).'),
        lastMinor: z.number().describe('What the last one came to, in the same unit.'),
        lastAt: instantSchema.describe('When the last one was.'),
      }),
    )
    .describe('Purchases, by currency (ISO 4217).'),
  redemptions: z
    .strictObject({
      count: countSchema.describe('How many there were.'),
      trials: countSchema.describe('Free trials among them.'),
      discounts: countSchema.describe('Among them those that made something cheaper: coupons and points.'),
      lastAt: instantSchema.exactOptional().describe('When the last one was.'),
    })
    .describe('Offers of the merchant that the customer redeemed.'),
  ratings: z
    .strictObject({
      count: countSchema.describe('How many there were.'),
      sum: countSchema.describe('Their marks, 1 to 5 each, added up: the mean is `sum` ÷ `count`.'),
      last: z.number().exactOptional().describe('The last mark.'),
    })
    .describe('What the customer rated the merchant.'),
  referrals: countSchema.describe('Friends who came through this customer and redeemed something.'),
  tags: tagsSchema,
  preferences: z
    .record(
      z.string().max(64),
      z.strictObject({
        value: z
          .union([z.string().max(400), z.number(), z.boolean()])
          .describe('What was said or seen last.'),
        source: z.enum(PREFERENCE_SOURCES).describe('Where it is known from.'),
        at: instantSchema.describe('Since when.'),
      }),
    )
    .describe('What is known of the customer’s taste, by name.'),
  openComplaints: countSchema.describe(
    'Complaints that the customer has not accepted as settled: no promotion while there is one.',
  ),
  block: blockSchema.exactOptional().describe('The block, where one was set and not taken back.'),
})

const visitsView = ({ count, firstAtMs, lastAtMs, dwellS, timedCount }: Relationship['visits']) => ({
  count,
  ...(firstAtMs !== undefined && { firstAt: iso(firstAtMs) }),
  ...(lastAtMs !== undefined && { lastAt: iso(lastAtMs) }),
  ...(timedCount > 0 && { meanS: Math.round(dwellS / timedCount) }),
})

const mapped = <V, W>(all: Readonly<Record<string, V>>, view: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, view(value)]))

/** A customer who has acted with a merchant, as the merchant may see it. */
export const customerView = ({
  user,
  actedAt,
  relationship,
}: {
  readonly user: UserId
  readonly actedAt: string
  readonly relationship: Relationship
}): z.output<typeof customerSchema> => {
  const { visits, spend, redemptions, ratings, referrals, tags, preferences, openComplaints, block } =
    relationship
  const { lastAtMs, ...redeemed } = redemptions
  return {
    userId: user,
    actedAt,
    visits: visitsView(visits),
    spend: mapped(spend, ({ lastAtMs: atMs, ...rest }) => ({ ...rest, lastAt: iso(atMs) })),
    redemptions: { ...redeemed, ...(lastAtMs !== undefined && { lastAt: iso(lastAtMs) }) },
    ratings,
    referrals,
    tags: [...tags],
    preferences: mapped(preferences, ({ value, source, atMs }) => ({ value, source, at: iso(atMs) })),
    openComplaints,
    ...(block && { block: blockView(block) }),
  }
}
