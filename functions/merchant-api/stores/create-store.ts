import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { locateStore } from '#functions/merchant-api/stores/locate-store.ts'
import type { StoreRequest } from '#shared/contracts/http/stores.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'stores' | 'findAddress' | 'newId' | 'nowMs'>

/** Creates a store, at coordinates or at an address. */
export const createStore: UseCase<Services, MerchantPath, unknown, StoreRequest> =
  (services) => async (request) => {
    await requireMember(services, request, 'edit')
    const { path, body, signal } = request
    const located = await locateStore(services, body, signal)
    const now = new Date(services.nowMs()).toISOString()
    const id = services.newId('sto')
    const store = { id, merchantId: path.merchantId, ...located, revision: 1, createdAt: now, updatedAt: now }
    const saved = await services.stores.create(store, signal)
    return savedReply(saved, (entity) => entity, `/v1/merchants/${path.merchantId}/stores/${id}`)
  }
