import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { isId, type MerchantId } from '#shared/domain/ids.ts'
import { isActive } from '#shared/domain/merchants/merchant.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

const isMerchantId = (text: string): text is MerchantId => isId('mer', text)

/** Answers a page of the merchants that the caller belongs to; those whose time is over are left out. */
export const listMerchants: UseCase<Pick<MerchantServices, 'merchants' | 'nowMs'>, unknown, PageQuery> =
  ({ merchants, nowMs }) =>
  async ({ caller, query, signal }) => {
    const after = decodeCursor(query.cursor, isMerchantId)
    const page = await merchants.listOf(caller.user, { limit: query.limit, after }, signal)
    const items = page.items.filter((membership) => isActive(membership, nowMs()))
    return {
      status: 200,
      body: { items, ...(page.next !== undefined && { next: encodeCursor(page.next) }) },
    }
  }
