import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Deletes a merchant that has nothing left: stores, geofences, scenes and offers go first, one by one. */
export const deleteMerchant: UseCase<Pick<MerchantServices, 'merchants'>, MerchantPath> =
  (services) => async (request) => {
    await requireMember(services, request, 'administer')
    const { path, signal } = request
    const removed = await services.merchants.remove(path.merchantId, onlyIfMatch(request), signal)
    if (removed === 'absent') throw new Problem('notFound')
    if (removed === 'inUse') {
      throw new Problem('inUse', { detail: 'delete its scenes, geofences, offers and stores first' })
    }
    return { status: 204 }
  }
