import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { Redemption } from '#shared/contracts/http/redemptions.ts'
import { readCode } from '#shared/domain/customers/offer-code.ts'
import type { MerchantId, StoreId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { HttpRequest, UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'stores' | 'redeem' | 'nowMs'>
type Body = { readonly code: string; readonly storeId?: StoreId }

const unknownCode = (): Problem =>
  new Problem('notFound', { errors: [{ pointer: '/code', detail: 'the merchant gave out no such code' }] })

const redemptionOf = (grant: StoredGrant & { readonly redeemedAt: string }): Redemption => ({
  grantId: grant.grantId,
  merchantId: grant.merchantId,
  sceneId: grant.sceneId,
  ...(grant.offerId !== undefined && { offerId: grant.offerId }),
  ...(grant.offerName !== undefined && { offerName: grant.offerName }),
  state: 'redeemed',
  grantedAt: grant.grantedAt,
  redeemedAt: grant.redeemedAt,
  ...(grant.redeemedAtStoreId !== undefined && { storeId: grant.redeemedAtStoreId }),
})

const alreadyRedeemed = ({ redeemedAt, redeemedAtStoreId }: StoredGrant): Problem =>
  new Problem('alreadyRedeemed', {
    members: {
      ...(redeemedAt !== undefined && { redeemedAt }),
      ...(redeemedAtStoreId !== undefined && { storeId: redeemedAtStoreId }),
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

const redeemOne = async (
  services: Services,
  request: HttpRequest<MerchantPath, unknown, Body>,
  code: string,
) => {
  const { path, body, idempotencyKey, signal } = request
  const wanted = {
    code,
    merchantId: path.merchantId,
    ...(body.storeId !== undefined && { storeId: body.storeId }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  }
  return await services.redeem(wanted, services.nowMs(), signal)
}

/**
 * Redeems the code that a customer shows, once. A till that lost the answer sends the same request again with the same
 * `idempotency-key` header and gets the same answer.
 */
export const redeemCode: UseCase<Services, MerchantPath, unknown, Body> = (services) => async (request) => {
  const { path, body, signal } = request
  await requireOwnStore(services, path.merchantId, body.storeId, signal)
  const code = readCode(body.code)
  if (code === undefined) throw unknownCode()
  const redeemed = await redeemOne(services, request, code)
  switch (redeemed.kind) {
    case 'redeemed':
      return { status: 200, body: redemptionOf(redeemed.grant) }
    case 'unknownCode':
      throw unknownCode()
    case 'already':
      throw alreadyRedeemed(redeemed.grant)
    case 'expired':
      throw new Problem('grantExpired', { members: { validUntil: redeemed.validUntil } })
    case 'released':
      throw new Problem('grantReleased')
    default:
      return redeemed satisfies never
  }
}
