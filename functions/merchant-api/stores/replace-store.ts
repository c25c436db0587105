import { replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { locateStore } from '#functions/merchant-api/stores/locate-store.ts'
import type { StoreRequest } from '#shared/contracts/http/stores.ts'
import type { StoreId } from '#shared/domain/ids.ts'

type Services = Pick<MerchantServices, 'stores' | 'findAddress' | 'nowMs'>
type Path = MerchantPath & { readonly storeId: StoreId }

/** Replaces a store's name and place. Its geofences stay where they are: they are drawn by themselves. */
export const replaceStore: MemberUseCase<Services, Path, unknown, StoreRequest> =
  (services) => async (request) => {
    const { path, body, signal } = request
    const located = await locateStore(services, body, signal)
    const saved = await replaceEntity(
      services.stores,
      path.storeId,
      request,
      services.nowMs(),
      ({ id, merchantId, externalId, createdAt }, next) => ({
        id,
        merchantId,
        ...(externalId !== undefined && { externalId }),
        ...located,
        createdAt,
        ...next,
      }),
    )
    return savedReply(saved, (entity) => entity)
  }
