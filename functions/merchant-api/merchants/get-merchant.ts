import { tagOf } from '#functions/merchant-api/entities/if-match.ts'
import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers a merchant to its members. */
export const getMerchant: UseCase<Pick<MerchantServices, 'merchants'>, MerchantPath> =
  (services) => async (request) => {
    const merchant = await services.merchants.find(request.path.merchantId, request.signal)
    if (merchant === undefined) throw new Problem('notFound')
    return { status: 200, body: merchant, headers: tagOf(merchant) }
  }
