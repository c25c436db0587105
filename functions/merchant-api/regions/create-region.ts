import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { RegionRequest } from '#shared/contracts/http/regions.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'regions' | 'newId' | 'nowMs'>

/** Creates a node of the merchant's region tree, under its parent or as a root. */
export const createRegion: UseCase<Services, MerchantPath, unknown, RegionRequest> =
  (services) => async (request) => {
    await requireMember(services, request, 'edit')
    const { path, body, signal } = request
    const now = new Date(services.nowMs()).toISOString()
    const id = services.newId('reg')
    const region = { id, merchantId: path.merchantId, ...body, revision: 1, createdAt: now, updatedAt: now }
    const saved = await services.regions.create(region, signal)
    return savedReply(saved, (entity) => entity, `/v1/merchants/${path.merchantId}/regions/${id}`)
  }
