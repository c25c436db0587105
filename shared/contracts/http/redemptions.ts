import * as z from 'zod'
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

const requestIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, '1 to 64 visible ASCII characters')
  .describe(
    'The till’s own name for a redemption: the same as the `idempotency-key` where it tried online before.',
  )

/** The most redemptions of one `POST …/redemptions:sync`. */
export const MAX_SYNCED = 100

/** `POST /v1/merchants/{merchantId}/redemptions:sync`. */
export const syncRequestSchema = z.strictObject({
  till: tillSchema.exactOptional(),
  redemptions: z
    .array(
      z.strictObject({
        requestId: requestIdSchema,
        token: tokenSchema,
        storeId: where.storeId,
        redeemedAt: instantSchema.describe('By the till’s clock.'),
      }),
    )
    .min(1)
    .max(MAX_SYNCED)
    .describe('What it redeemed while it was offline.'),
})
export type SyncRequest = z.output<typeof syncRequestSchema>

/** Who redeemed something, where and when. */
const useSchema = z.strictObject({
  redeemedAt: instantSchema,
  storeId: idSchema('sto').exactOptional(),
  till: z.string().max(40).exactOptional(),
  memberId: idSchema('usr').exactOptional(),
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

const syncedSchema = z.discriminatedUnion('result', [
  z.strictObject({
    requestId: requestIdSchema,
    result: z.enum(['redeemed', 'repeated']),
    redemption: redemptionSchema,
  }),
  z.strictObject({ requestId: requestIdSchema, result: z.literal('doubleUse'), first: useSchema }),
  z.strictObject({ requestId: requestIdSchema, result: z.literal('refused'), reason: z.enum(SYNC_REFUSALS) }),
])
export type Synced = z.output<typeof syncedSchema>

/** One result for each redemption, in the order of the request. */
export const syncResponseSchema = z.strictObject({ results: z.array(syncedSchema).max(MAX_SYNCED) })

/** A row of `GET /v1/merchants/{merchantId}/redemptions/double-uses`. */
export const doubleUseSchema = z.strictObject({
  grantId: idSchema('grt'),
  offerId: idSchema('off').exactOptional(),
  offerName: z.string().max(100).exactOptional(),
  first: useSchema.describe('The one that counts.'),
  second: useSchema,
  reportedAt: instantSchema,
})
export type DoubleUse = z.output<typeof doubleUseSchema>
