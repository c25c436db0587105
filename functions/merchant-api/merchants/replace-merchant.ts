import { onlyIfMatch, tagOf } from '#functions/merchant-api/entities/if-match.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantRequest } from '#shared/contracts/http/merchants.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'merchants' | 'nowMs'>

/** Gives a merchant another name, budget and caps. */
export const replaceMerchant: MemberUseCase<Services, MerchantPath, unknown, MerchantRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const updatedAt = new Date(services.nowMs()).toISOString()
    const renamed = await services.merchants.rename(
      path.merchantId,
      author,
      (current) => {
        onlyIfMatch(request)(current)
        const { id, revision, createdAt } = current
        return { id, ...body, revision: revision + 1, createdAt, updatedAt }
      },
      signal,
    )
    if (renamed === undefined) throw new Problem('notFound')
    return { status: 200, body: renamed, headers: tagOf(renamed) }
  }
