import * as z from 'zod'
import { idSchema, instantSchema, textSchema } from '#shared/contracts/http/primitives.ts'
import { redemptionTokenSchema } from '#shared/contracts/redemption-token.ts'

/** What the merchant calls the till. */
const tillSchema = textSchema(40)
const where = { storeId: idSchema('sto').exactOptional(), till: tillSchema.exactOptional() }

/**
 * `POST /v1/merchants/{merchantId}/redemptions`: the token of the QR code, or the code as it was read aloud; dashes, spaces
 * and case of a code do not count.
 */
export const redemptionRequestSchema = z.union(
  [
    z.strictObject({ token: redemptionTokenSchema, ...where }),
    z.strictObject({ code: z.string().min(1).max(20), ...where }),
  ],
  { error: 'either a token or a code, and where' },
)
export type RedemptionRequest = z.output<typeof redemptionRequestSchema>

/** `POST /v1/me/offers/{grantId}/redemption-tokens`: what the app shows as a QR code. */
export const madeTokenSchema = z.strictObject({ token: redemptionTokenSchema, expiresAt: instantSchema })

/** `GET /v1/merchants/{merchantId}/signing-keys`: a JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037). */
export const keySetSchema = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        kid: z.string().max(40),
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        alg: z.literal('EdDSA'),
        use: z.literal('sig'),
        x: z.string().max(43),
      }),
    )
    .max(50),
})
export type KeySet = z.output<typeof keySetSchema>

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
