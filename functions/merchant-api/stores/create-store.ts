import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { locateStore } from '#functions/merchant-api/stores/locate-store.ts'
import type { StoreRequest } from '#shared/contracts/http/stores.ts'

type Services = Pick<MerchantServices, 'stores' | 'findAddress' | 'nowMs'>

/** Creates a store, at coordinates or at an address. */
export const createStore: MemberUseCase<Services, MerchantPath, unknown, StoreRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const located = await locateStore(services, body, signal)
    const now = new Date(services.nowMs()).toISOString()
    const id = request.newId('sto')
    const store = { id, merchantId: path.merchantId, ...located, revision: 1, createdAt: now, updatedAt: now }
    const saved = await services.stores.create(store, author, signal)
    return savedReply(saved, (entity) => entity, `/v1/merchants/${path.merchantId}/stores/${id}`)
  }
