import { onlyIfMatch, tagOf } from '#functions/merchant-api/entities/if-match.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantRequest } from '#shared/contracts/http/merchants.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'nowMs'>

/** Gives a merchant another name, budget and caps. */
export const replaceMerchant: UseCase<Services, MerchantPath, unknown, MerchantRequest> =
  (services) => async (request) => {
    await requireMember(services, request, 'administer')
    const { path, body, signal } = request
    const updatedAt = new Date(services.nowMs()).toISOString()
    const renamed = await services.merchants.rename(
      path.merchantId,
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
