import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { redemptionOf } from '#functions/merchant-api/redemptions/redemption-of.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { Shown, StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { RedemptionRequest } from '#shared/contracts/http/redemptions.ts'
import { readCode, readListedCode } from '#shared/domain/customers/offer-code.ts'
import type { MerchantId, StoreId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'stores' | 'redeem' | 'verifyToken' | 'nowMs'>

const absent = (what: 'code' | 'token'): Problem =>
  new Problem('notFound', {
    errors: [{ pointer: `/${what}`, detail: `the merchant gave out no such ${what}` }],
  })

const alreadyRedeemed = ({ redeemedAt, redeemedAtStoreId, redeemedTill }: StoredGrant): Problem =>
  new Problem('alreadyRedeemed', {
    members: {
      ...(redeemedAt !== undefined && { redeemedAt }),
      ...(redeemedAtStoreId !== undefined && { storeId: redeemedAtStoreId }),
      ...(redeemedTill !== undefined && { till: redeemedTill }),
    },
  })

const requireOwnStore = async (
  { stores }: Services,
  merchantId: MerchantId,
  storeId: StoreId | undefined,
  signal: AbortSignal,
): Promise<void> => {
  if (storeId === undefined || (await stores.find(merchantId, storeId, signal)) !== undefined) return
  throw new Problem('unprocessable', {
    errors: [{ pointer: '/storeId', detail: 'the merchant has none with this id' }],
  })
}

/**
 * What the customer shows.
 *
 * @throws {Problem} for what this merchant never gave out, forged or another's
 */
const readShown = async (
  { verifyToken }: Services,
  merchantId: MerchantId,
  body: RedemptionRequest,
  signal: AbortSignal,
): Promise<Shown> => {
  if ('code' in body) {
    const code = readCode(body.code)
    const listedCode = readListedCode(body.code)
    if (code === undefined && listedCode === undefined) throw absent('code')
    return {
      kind: 'code',
      ...(code !== undefined && { code }),
      ...(listedCode !== undefined && { listedCode }),
    }
  }
  const claims = await verifyToken(body.token, signal)
  if (claims?.merchantId !== merchantId) throw absent('token')
  return { kind: 'token', ...claims }
}

const tokenExpired = (shown: Shown): Problem =>
  new Problem('tokenExpired', {
    ...(shown.kind === 'token' && { members: { expiredAt: new Date(shown.expiresAtMs).toISOString() } }),
  })

/**
 * Redeems what a customer shows, a token or a code, once. Whether a token is still valid our own clock says, whatever the
 * till's may be. A till that lost the answer sends the same request again with the
 * same `idempotency-key` header and gets the same answer.
 */
export const redeem: MemberUseCase<Services, MerchantPath, unknown, RedemptionRequest> =
  (services) => async (request) => {
    const { path, body, caller, idempotencyKey, signal } = request
    await requireOwnStore(services, path.merchantId, body.storeId, signal)
    const shown = await readShown(services, path.merchantId, body, signal)
    const { storeId, till } = body
    const wanted = {
      shown,
      merchantId: path.merchantId,
      member: caller.user,
      ...(storeId !== undefined && { storeId }),
      ...(till !== undefined && { till }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    }
    const redeemed = await services.redeem(wanted, services.nowMs(), signal)
    switch (redeemed.kind) {
      case 'redeemed':
        return { status: 200, body: redemptionOf(redeemed.grant) }
      case 'unknown':
        throw absent(shown.kind)
      case 'already':
        throw alreadyRedeemed(redeemed.grant)
      case 'expired':
        throw new Problem('grantExpired', { members: { validUntil: redeemed.validUntil } })
      case 'released':
        throw new Problem('grantReleased')
      case 'tokenExpired':
        throw tokenExpired(shown)
      case 'notAtStore':
        throw new Problem('notAtStore', {
          errors: [{ pointer: '/storeId', detail: 'must be where the customer was when the token was made' }],
        })
      case 'tokenRequired':
        throw new Problem('tokenRequired')
      default:
        return redeemed satisfies never
    }
  }
