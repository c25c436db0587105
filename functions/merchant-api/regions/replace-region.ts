import { replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { RegionRequest } from '#shared/contracts/http/regions.ts'
import type { RegionId } from '#shared/domain/ids.ts'

type Services = Pick<MerchantServices, 'regions' | 'nowMs'>
type Path = MerchantPath & { readonly regionId: RegionId }

/** Renames a node of the region tree, or hangs it under another. */
export const replaceRegion: MemberUseCase<Services, Path, unknown, RegionRequest> =
  (services) => async (request) => {
    const { path, body } = request
    const saved = await replaceEntity(
      services.regions,
      path.regionId,
      request,
      services.nowMs(),
      ({ id, merchantId, createdAt }, next) => ({ id, merchantId, ...body, createdAt, ...next }),
    )
    return savedReply(saved, (entity) => entity)
  }
