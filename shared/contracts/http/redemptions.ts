import * as z from 'zod'
import { batched, refusedItem } from '#shared/contracts/http/batch.ts'
import { idSchema, instantSchema, textSchema } from '#shared/contracts/http/primitives.ts'
import { redemptionTokenSchema } from '#shared/contracts/redemption-token.ts'

const tillSchema = textSchema(40).describe('What the merchant calls the till.')
const where = {
  storeId: idSchema('sto').exactOptional().describe('The store where it is handed out.'),
  till: tillSchema.exactOptional(),
}
const tokenSchema = redemptionTokenSchema.describe('The token of the QR code.')

const hasBoth = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && 'token' in input && 'code' in input

/** `POST /v1/merchants/{merchantId}/redemptions`. */
export const redemptionRequestSchema = z.union(
  [
    z.strictObject({ token: tokenSchema, ...where }),
    z.strictObject({
      code: z
        .string()
        .min(1)
        .max(60)
        .describe('The code as it was read aloud; its dashes, spaces and case do not count.'),
      ...where,
    }),
  ],
  { error: ({ input }) => (hasBoth(input) ? 'only one of token and code' : 'a token or a code is needed') },
)
export type RedemptionRequest = z.output<typeof redemptionRequestSchema>

/** `POST /v1/me/offers/{grantId}/redemption-tokens`: what the app shows as a QR code. */
export const madeTokenSchema = z.strictObject({
  token: redemptionTokenSchema.describe('What the app shows as a QR code.'),
  expiresAt: instantSchema.describe('Until when a till takes it; then make another.'),
})

/** `GET /v1/merchants/{merchantId}/signing-keys`: a JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037). */
export const keySetSchema = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        kid: z.string().max(40).describe('The key’s name: a token says by which it was signed.'),
        kty: z.literal('OKP').describe('An octet key pair.'),
        crv: z.literal('Ed25519').describe('The curve.'),
        alg: z.literal('EdDSA').describe('How tokens are signed.'),
        use: z.literal('sig').describe('For signatures.'),
        x: z.string().max(43).describe('The public key, 32 bytes in base64url.'),
      }),
    )
    .max(50)
    .describe('Those that sign now, will sign next, and have signed.'),
})
export type KeySet = z.output<typeof keySetSchema>

/** What was redeemed. The customer is not named by more than the grant. */
export const redemptionSchema = z.strictObject({
  grantId: idSchema('grt'),
  merchantId: idSchema('mer'),
  sceneId: idSchema('scn').describe('The scene that gave it.'),
  offerId: idSchema('off').exactOptional(),
  offerName: z.string().max(100).exactOptional().describe('Of the offer.'),
  state: z.literal('redeemed').describe('It is redeemed, now or before by the same request.'),
  grantedAt: instantSchema.describe('When it was given.'),
  redeemedAt: instantSchema.describe('When it was redeemed.'),
  storeId: idSchema('sto').exactOptional().describe('The store where it was handed out.'),
})
export type Redemption = z.output<typeof redemptionSchema>

/** A till's own name for a redemption; of one that is malformed, too, it is told where it is one. */
export const requestIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, '1 to 64 visible ASCII characters')
  .describe(
    'The till’s own name for a redemption: the same as the `idempotency-key` where it tried online before. Two of one grant that have the same are one.',
  )

/** The most redemptions of one `POST …/redemptions:sync`. */
export const MAX_SYNCED = 100

/** What a till redeemed while it was offline. */
export const reportedRedemptionSchema = z.strictObject({
  requestId: requestIdSchema,
  token: tokenSchema,
  storeId: where.storeId,
  redeemedAt: instantSchema.describe('By the till’s clock.'),
})
export type ReportedRedemption = z.output<typeof reportedRedemptionSchema>

/** One redemption of a batch as it came. */
export const batchedRedemptionSchema = batched(reportedRedemptionSchema)

/** `POST /v1/merchants/{merchantId}/redemptions:sync`. */
export const syncRequestSchema = z.strictObject({
  till: tillSchema.exactOptional(),
  redemptions: z
    .array(batchedRedemptionSchema)
    .min(1)
    .max(MAX_SYNCED)
    .describe('What it redeemed while it was offline; a bad one does not keep the others from being taken.'),
})
export type SyncRequest = z.output<typeof syncRequestSchema>

/** Who redeemed something, where and when. */
const useSchema = z.strictObject({
  redeemedAt: instantSchema.describe('When, by the till’s clock where it was offline.'),
  storeId: idSchema('sto').exactOptional().describe('In which store.'),
  till: z.string().max(40).exactOptional().describe('At which till, as the merchant calls it.'),
  memberId: idSchema('usr').exactOptional().describe('Who stood at the till.'),
})

/** Why a redemption that a till reports does not count. */
export const SYNC_REFUSALS = [
  'unknownToken',
  'unknownStore',
  'notAtStore',
  'outsideTokenLife',
  'reportedTooLate',
  'grantExpired',
  'grantReleased',
] as const

const refusedSchema = z.discriminatedUnion('reason', [
  z.strictObject({
    requestId: requestIdSchema,
    result: z.literal('refused').describe('It does not count.'),
    reason: z.enum(SYNC_REFUSALS).describe('Why not (docs/redemption.md).'),
  }),
  z.strictObject({
    ...refusedItem(MAX_SYNCED),
    requestId: requestIdSchema.exactOptional(),
    result: z.literal('refused').describe('It does not count.'),
    reason: z.literal('malformed').describe('It is not of the form of a redemption.'),
  }),
])

const syncedSchema = z.discriminatedUnion('result', [
  z.strictObject({
    requestId: requestIdSchema,
    result: z.enum(['redeemed', 'repeated']).describe('Redeemed by this, or told before already.'),
    redemption: redemptionSchema.describe('What was redeemed.'),
  }),
  z.strictObject({
    requestId: requestIdSchema,
    result: z
      .literal('doubleUse')
      .describe('Another till had redeemed it before: kept for the merchant to look at.'),
    first: useSchema.describe('The one that counts.'),
  }),
  refusedSchema,
])
export type Synced = z.output<typeof syncedSchema>

/** One result for each redemption, in the order of the request. */
export const syncResponseSchema = z.strictObject({
  results: z
    .array(syncedSchema)
    .max(MAX_SYNCED)
    .describe('One for each redemption, in the order of the request.'),
})

/** A row of `GET /v1/merchants/{merchantId}/redemptions/double-uses`. */
export const doubleUseSchema = z.strictObject({
  grantId: idSchema('grt'),
  offerId: idSchema('off').exactOptional(),
  offerName: z.string().max(100).exactOptional().describe('Of the offer.'),
  first: useSchema.describe('The one that counts.'),
  second: useSchema.describe('The one that was told later and does not count.'),
  reportedAt: instantSchema.describe('When the second one was told.'),
})
export type DoubleUse = z.output<typeof doubleUseSchema>
