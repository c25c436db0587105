import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { RegionRequest } from '#shared/contracts/http/regions.ts'
import type { MerchantId, RegionId } from '#shared/domain/ids.ts'
import { regionPath } from '#shared/domain/scenes/places.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'regions' | 'nowMs'>
type Path = MerchantPath & { readonly regionId: RegionId }

/** More than a merchant may have. */
const ALL = 100

/** A node that hung below itself would be a circle, and no tree. */
const requireTree = async (
  { regions }: Services,
  merchantId: MerchantId,
  regionId: RegionId,
  parentId: RegionId | undefined,
  signal: AbortSignal,
): Promise<void> => {
  if (parentId === undefined) return
  const { items } = await regions.list(merchantId, { limit: ALL }, signal)
  const nodes = new Map(items.map((region) => [region.id, region]))
  if (!regionPath(parentId, nodes).includes(regionId)) return
  throw new Problem('unprocessable', {
    errors: [{ pointer: '/parentId', detail: 'lies below the region itself' }],
  })
}

/** Renames a node of the region tree, or hangs it under another. */
export const replaceRegion: MemberUseCase<Services, Path, unknown, RegionRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    await requireTree(services, path.merchantId, path.regionId, body.parentId, signal)
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
