import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** Deletes a merchant that has nothing left: stores, geofences, scenes, offers, regions and QR codes go first, one by one. */
export const deleteMerchant: MemberUseCase<Pick<MerchantServices, 'merchants'>, MerchantPath> =
  (services) => async (request) => {
    const { path, author, signal } = request
    const removed = await services.merchants.remove(path.merchantId, author, onlyIfMatch(request), signal)
    if (removed === 'absent') throw new Problem('notFound')
    if (removed === 'removed') return { status: 204 }
    throw new Problem('inUse', { detail: 'first delete all that it has', heldBy: removed.heldBy })
  }
