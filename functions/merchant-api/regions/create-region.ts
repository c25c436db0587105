import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { RegionRequest } from '#shared/contracts/http/regions.ts'

type Services = Pick<MerchantServices, 'regions' | 'nowMs'>

/** Creates a node of the merchant's region tree, under its parent or as a root. */
export const createRegion: MemberUseCase<Services, MerchantPath, unknown, RegionRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const now = new Date(services.nowMs()).toISOString()
    const id = request.newId('reg')
    const region = { id, merchantId: path.merchantId, ...body, revision: 1, createdAt: now, updatedAt: now }
    const saved = await services.regions.create(region, author, signal)
    return savedReply(saved, (entity) => entity, `/v1/merchants/${path.merchantId}/regions/${id}`)
  }
