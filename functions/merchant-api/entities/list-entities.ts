import type { EntityType } from '#functions/merchant-api/entities/entity-type.ts'
import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { Entity } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers a page of the merchant's things, the oldest first. */
export const listEntities =
  <Id extends string, E extends Entity<Id>, Path extends MerchantPath>({
    recordsOf,
    isIdOf,
    view,
    listedView = view,
  }: EntityType<Id, E, Path>): UseCase<MerchantServices, MerchantPath, PageQuery> =>
  (services) =>
  async (request) => {
    const { path, query, signal } = request
    const after = decodeCursor(query.cursor, isIdOf)
    const page = await recordsOf(services).list(path.merchantId, { limit: query.limit, after }, signal)
    return {
      status: 200,
      body: {
        items: page.items.map(listedView),
        ...(page.next !== undefined && { next: encodeCursor(page.next) }),
      },
    }
  }
