import type { EntityType } from '#functions/merchant-api/entities/entity-type.ts'
import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { Entity } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** Deletes one of the merchant's things, unless another one of them still names it. */
export const deleteEntity =
  <Id extends string, E extends Entity<Id>, Path extends MerchantPath>({
    recordsOf,
    idOf,
  }: EntityType<Id, E, Path>): MemberUseCase<MerchantServices, Path> =>
  (services) =>
  async (request) => {
    const { path, author, signal } = request
    const check = onlyIfMatch(request)
    const removed = await recordsOf(services).remove(path.merchantId, idOf(path), author, check, signal)
    if (removed === 'absent') throw new Problem('notFound')
    if (removed === 'inUse') {
      throw new Problem('inUse', {
        detail:
          'a store, region, geofence, offer or scene that is not archived names it, or units of it are reserved',
      })
    }
    return { status: 204 }
  }
