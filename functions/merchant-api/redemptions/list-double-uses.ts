import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'

/** A time and what tells two of one time apart. */
const isPlace = (text: string): text is string => /^\d{4}-[\dT:.-]{18}Z#[0-9a-f]{32}$/.test(text)

/** Answers a page of what was redeemed twice. */
export const listDoubleUses: MemberUseCase<Pick<MerchantServices, 'doubleUses'>, MerchantPath, PageQuery> =
  ({ doubleUses }) =>
  async ({ path, query, signal }) => {
    const before = decodeCursor(query.cursor, isPlace)
    const { items, next } = await doubleUses.list(path.merchantId, { limit: query.limit, before }, signal)
    return { status: 200, body: { items, ...(next !== undefined && { next: encodeCursor(next) }) } }
  }
