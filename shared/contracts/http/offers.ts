import * as z from 'zod'
import {
  createdAtSchema,
  idSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  updatedAtSchema,
  utcInstantSchema,
} from '#shared/contracts/http/primitives.ts'
import { CODE_SOURCES, MAX_STOCK_SHARDS, OFFER_KINDS } from '#shared/domain/offers/offer.ts'

export const offerPathSchema = z.strictObject({ merchantId: idSchema('mer'), offerId: idSchema('off') })

export const MAX_STOCK = 10_000_000
/** Codes of one list: they lie on the items of its stock, which every grant writes. */
export const MAX_LISTED_CODES = 10_000
/** Of one request. */
export const MAX_ADDED_CODES = 500
const MIN_VALIDITY_S = 60
const MAX_VALIDITY_S = 366 * 86_400

const terms = {
  name: nameSchema,
  kind: z.enum(OFFER_KINDS).describe('A trial is one for each customer and merchant, ever.'),
  description: textSchema(500).describe('What the customer gets, in words.'),
  codes: z
    .enum(CODE_SOURCES)
    .exactOptional()
    .describe('Drawn for each grant (`generated`, where nothing is said), or the merchant’s own `list`.'),
  stock: z
    .int()
    .min(0)
    .max(MAX_STOCK)
    .describe(
      'Units in all, given ones included. Of a list of codes it follows from the codes, whatever is sent.',
    ),
  validityS: z
    .int()
    .min(MIN_VALIDITY_S)
    .max(MAX_VALIDITY_S)
    .describe('How long a unit can be redeemed, in seconds from the moment it is given.'),
  perDay: z.int().min(1).max(MAX_STOCK).exactOptional().describe('At most so many a UTC day.'),
  perStore: z.int().min(1).max(MAX_STOCK).exactOptional().describe('At most so many at one store.'),
  perCustomer: z.int().min(1).max(1000).exactOptional().describe('At most so many for one customer.'),
  until: utcInstantSchema.exactOptional().describe('From then on it is not given and not redeemed.'),
  costCents: z
    .int()
    .min(0)
    .max(100_000_000)
    .exactOptional()
    .describe('What one unit costs the merchant, in cents; counts against its budget.'),
  points: z
    .int()
    .min(1)
    .max(10_000_000)
    .exactOptional()
    .describe('How many points one unit is, for an offer of points.'),
  isScarce: z.literal(true).exactOptional().describe('It is advertised by its scarcity.'),
  substituteId: idSchema('off').exactOptional().describe('Given in its place when it is sold out.'),
  hasWaitingList: z
    .literal(true)
    .exactOptional()
    .describe('Customers who find it sold out are served first when stock returns.'),
  redeemAt: z
    .literal('store')
    .exactOptional()
    .describe(
      'Redeemed by token only, which is made only where the phone is known to be at a store; it has no code.',
    ),
}

/** `POST /v1/merchants/{merchantId}/offers` and `PUT …/{offerId}`. */
export const offerRequestSchema = z
  .strictObject(terms)
  .refine(({ kind, points }) => (kind === 'points') === (points !== undefined), {
    path: ['points'],
    message: 'for an offer of points, and for no other',
  })
  .refine(({ codes, redeemAt }) => codes !== 'list' || redeemAt === undefined, {
    path: ['redeemAt'],
    message: 'an offer at the store only has no codes, and so no list of them',
  })
export type OfferRequest = z.output<typeof offerRequestSchema>

export const offerSchema = z.object({
  id: idSchema('off'),
  merchantId: idSchema('mer'),
  ...terms,
  stockShards: z
    .int()
    .min(1)
    .max(MAX_STOCK_SHARDS)
    .describe('Over how many items the stock is spread: what is given at once comes from one of them.'),
  revision: revisionSchema,
  createdAt: createdAtSchema,
  updatedAt: updatedAtSchema,
})

/** `POST /v1/merchants/{merchantId}/offers/{offerId}/stock-changes`. */
export const stockChangeSchema = z.strictObject({
  add: z
    .int()
    .min(-MAX_STOCK)
    .max(MAX_STOCK)
    .refine((units) => units !== 0, 'adds nothing')
    .describe('Units more, or, negative, free ones fewer.'),
})
export type StockChange = z.output<typeof stockChangeSchema>

/** `POST /v1/merchants/{merchantId}/offers/{offerId}/codes`. */
export const offerCodesRequestSchema = z.strictObject({
  codes: z
    .array(z.string().min(1).max(60))
    .min(1)
    .max(MAX_ADDED_CODES)
    .describe('3 to 40 letters, digits, dots or underscores each; dashes, spaces and case do not count.'),
})
export type OfferCodesRequest = z.output<typeof offerCodesRequestSchema>

export const offerCodesSchema = z.object({
  added: z.int().min(0).max(MAX_ADDED_CODES).describe('How many codes are new.'),
  duplicates: z
    .array(z.string().max(60))
    .max(MAX_ADDED_CODES)
    .describe('Codes that the merchant has given or listed before, or that stand twice in the request.'),
  left: z.int().min(0).max(MAX_LISTED_CODES).describe('How many are left to be given.'),
})
