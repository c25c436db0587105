import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
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
    const { path, body, author, signal } = request
    const updatedAt = new Date(services.nowMs()).toISOString()
    const saved = await services.regions.replace(
      path.merchantId,
      path.regionId,
      author,
      (current) => {
        onlyIfMatch(request)(current)
        const { id, merchantId, revision, createdAt } = current
        return {
          id,
          merchantId,
          ...body,
          revision: revision + 1,
          createdAt,
          updatedAt,
        }
      },
      signal,
    )
    return savedReply(saved, (entity) => entity)
  }
