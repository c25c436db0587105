import { tagOf } from '#functions/merchant-api/entities/if-match.ts'
import { authorOf } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantRequest } from '#shared/contracts/http/merchants.ts'
import type { Merchant } from '#shared/domain/merchants/merchant.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'nowMs'>

/** Creates a merchant; the caller becomes its owner. */
export const createMerchant: UseCase<Services, unknown, unknown, MerchantRequest> =
  ({ merchants, nowMs }) =>
  async (request) => {
    const { body, newId, signal } = request
    const author = authorOf(request, 'owner', nowMs())
    const now = new Date(author.atMs).toISOString()
    const wanted: Merchant = {
      id: newId('mer'),
      ...body,
      revision: 1,
      createdAt: now,
      updatedAt: now,
    }
    const merchant = await merchants.create(wanted, author, signal)
    const location = `/v1/merchants/${merchant.id}`
    return { status: 201, body: merchant, headers: { location, ...tagOf(merchant) } }
  }
