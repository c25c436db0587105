import type { EntityType } from '#functions/merchant-api/entities/entity-type.ts'
import { tagOf } from '#functions/merchant-api/entities/if-match.ts'
import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { Entity } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers one of the merchant's things. */
export const getEntity =
  <Id extends string, E extends Entity<Id>, Path extends MerchantPath>({
    recordsOf,
    idOf,
    view,
  }: EntityType<Id, E, Path>): UseCase<MerchantServices, Path> =>
  (services) =>
  async (request) => {
    const { path, signal } = request
    const entity = await recordsOf(services).find(path.merchantId, idOf(path), signal)
    if (entity === undefined) throw new Problem('notFound')
    return { status: 200, body: view(entity), headers: tagOf(entity) }
  }
