import * as z from 'zod'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import type { RedemptionClaims } from '#shared/domain/offers/redemption-token.ts'

/** A compact JWS (RFC 7515): three parts of base64url. Ours have some 360 characters; 600 is the most. */
export const redemptionTokenSchema = z
  .string()
  .max(600)
  .regex(/^[A-Za-z0-9_-]{1,100}\.[A-Za-z0-9_-]{1,400}\.[A-Za-z0-9_-]{0,100}$/, 'not a compact JWS')

const secondsSchema = z.int().min(0).max(10_000_000_000)

/** The payload of a redemption token; times in seconds since the epoch, as JWTs have them (RFC 7519). */
export const redemptionPayloadSchema = z
  .object({
    merchantId: idSchema('mer'),
    grantId: idSchema('grt'),
    offerId: idSchema('off'),
    storeIds: z.array(idSchema('sto')).min(1).max(3).exactOptional(),
    iat: secondsSchema,
    exp: secondsSchema,
  })
  .transform(
    ({ iat, exp, ...rest }): RedemptionClaims => ({
      ...rest,
      issuedAtMs: iat * 1000,
      expiresAtMs: exp * 1000,
    }),
  )

/** The payload that says this. */
export const redemptionPayload = ({
  issuedAtMs,
  expiresAtMs,
  ...rest
}: RedemptionClaims): z.input<typeof redemptionPayloadSchema> => {
  const { storeIds, ...ids } = rest
  return {
    ...ids,
    ...(storeIds !== undefined && { storeIds: [...storeIds] }),
    iat: Math.floor(issuedAtMs / 1000),
    exp: Math.floor(expiresAtMs / 1000),
  }
}
