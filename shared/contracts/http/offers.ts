import * as z from 'zod'
import {
  idSchema,
  instantSchema,
  nameSchema,
  revisionSchema,
  textSchema,
} from '#shared/contracts/http/primitives.ts'
import { MAX_STOCK_SHARDS, OFFER_KINDS } from '#shared/domain/offers/offer.ts'

export const offerPathSchema = z.strictObject({ merchantId: idSchema('mer'), offerId: idSchema('off') })

const MAX_STOCK = 10_000_000
const MIN_VALIDITY_S = 60
const MAX_VALIDITY_S = 366 * 86_400

const terms = {
  name: nameSchema,
  kind: z.enum(OFFER_KINDS),
  description: textSchema(500),
  /** Units in all, given ones included. */
  stock: z.int().min(0).max(MAX_STOCK),
  validityS: z.int().min(MIN_VALIDITY_S).max(MAX_VALIDITY_S),
}

/** `POST /v1/merchants/{merchantId}/offers` and `PUT …/{offerId}`. */
export const offerRequestSchema = z.strictObject(terms)
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
