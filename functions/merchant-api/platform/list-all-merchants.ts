import { suspensionView } from '#functions/merchant-api/platform/put-suspension.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { isId, type MerchantId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

const isMerchantId = (text: string): text is MerchantId => isId('mer', text)

/** Answers a page of all merchants, the oldest first, and which of them are suspended. */
export const listAllMerchants: UseCase<Pick<MerchantServices, 'platform'>, unknown, PageQuery> =
  ({ platform }) =>
  async ({ query, signal }) => {
    const after = decodeCursor(query.cursor, isMerchantId)
    const { items, next } = await platform.listMerchants({ limit: query.limit, after }, signal)
    return {
      status: 200,
      body: {
        items: items.map(({ id, name, suspension }) => ({
          id,
          name,
          suspension: suspensionView(suspension),
        })),
        ...(next !== undefined && { next: encodeCursor(next) }),
      },
    }
  }
