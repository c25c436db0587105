import * as z from 'zod'
import { idSchema, instantSchema } from '#shared/contracts/http/primitives.ts'

/** `POST /v1/merchants/{merchantId}/redemptions`: the code as read or scanned; dashes, spaces and case do not count. */
export const redemptionRequestSchema = z.strictObject({
  code: z.string().min(1).max(20),
  storeId: idSchema('sto').exactOptional(),
})

/** What was redeemed. The customer is not named by more than the grant. */
export const redemptionSchema = z.strictObject({
  grantId: idSchema('grt'),
  merchantId: idSchema('mer'),
  sceneId: idSchema('scn'),
  offerId: idSchema('off').exactOptional(),
  offerName: z.string().max(100).exactOptional(),
  state: z.literal('redeemed'),
  grantedAt: instantSchema,
  redeemedAt: instantSchema,
  storeId: idSchema('sto').exactOptional(),
})
export type Redemption = z.output<typeof redemptionSchema>
