import * as z from 'zod'
import {
  idSchema,
  instantSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  utcInstantSchema,
} from '#shared/contracts/http/primitives.ts'
import { MAX_STOCK_SHARDS, OFFER_KINDS } from '#shared/domain/offers/offer.ts'

export const offerPathSchema = z.strictObject({ merchantId: idSchema('mer'), offerId: idSchema('off') })

export const MAX_STOCK = 10_000_000
const MIN_VALIDITY_S = 60
const MAX_VALIDITY_S = 366 * 86_400

const terms = {
  name: nameSchema,
  kind: z.enum(OFFER_KINDS),
  description: textSchema(500),
  /** Units in all, given ones included. */
  stock: z.int().min(0).max(MAX_STOCK),
  validityS: z.int().min(MIN_VALIDITY_S).max(MAX_VALIDITY_S),
  perDay: z.int().min(1).max(MAX_STOCK).exactOptional(),
  perStore: z.int().min(1).max(MAX_STOCK).exactOptional(),
  perCustomer: z.int().min(1).max(1000).exactOptional(),
  until: utcInstantSchema.exactOptional(),
  costCents: z.int().min(0).max(100_000_000).exactOptional(),
  points: z.int().min(1).max(10_000_000).exactOptional(),
  isScarce: z.literal(true).exactOptional(),
  substituteId: idSchema('off').exactOptional(),
  hasWaitingList: z.literal(true).exactOptional(),
}

/** `POST /v1/merchants/{merchantId}/offers` and `PUT …/{offerId}`. */
export const offerRequestSchema = z
  .strictObject(terms)
  .refine(({ kind, points }) => (kind === 'points') === (points !== undefined), {
    path: ['points'],
    message: 'for an offer of points, and for no other',
  })
export type OfferRequest = z.output<typeof offerRequestSchema>

export const offerSchema = z.object({
  id: idSchema('off'),
  merchantId: idSchema('mer'),
  ...terms,
  stockShards: z.int().min(1).max(MAX_STOCK_SHARDS),
  revision: revisionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

/** `POST /v1/merchants/{merchantId}/offers/{offerId}/stock-changes`: units more, or, negative, free ones fewer. */
export const stockChangeSchema = z.strictObject({
  add: z
    .int()
    .min(-MAX_STOCK)
    .max(MAX_STOCK)
    .refine((units) => units !== 0, 'adds nothing'),
})
export type StockChange = z.output<typeof stockChangeSchema>
