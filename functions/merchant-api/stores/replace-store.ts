import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { locateStore } from '#functions/merchant-api/stores/locate-store.ts'
import type { StoreRequest } from '#shared/contracts/http/stores.ts'
import type { StoreId } from '#shared/domain/ids.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'stores' | 'findAddress' | 'nowMs'>
type Path = MerchantPath & { readonly storeId: StoreId }

/** Replaces a store's name and place. Its geofences stay where they are: they are drawn by themselves. */
export const replaceStore: UseCase<Services, Path, unknown, StoreRequest> = (services) => async (request) => {
  await requireMember(services, request, 'edit')
  const { path, body, signal } = request
  const located = await locateStore(services, body, signal)
  const updatedAt = new Date(services.nowMs()).toISOString()
  const saved = await services.stores.replace(
    path.merchantId,
    path.storeId,
    (current) => {
      onlyIfMatch(request)(current)
      const { id, merchantId, revision, createdAt } = current
      return {
        id,
        merchantId,
        ...located,
        revision: revision + 1,
        createdAt,
        updatedAt,
      }
    },
    signal,
  )
  return savedReply(saved, (entity) => entity)
}
