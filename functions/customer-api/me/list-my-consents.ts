import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { isId, type ReceiptId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

const isReceiptId = (text: string): text is ReceiptId => isId('rcp', text)

/** Answers the caller's choices as they stand, and a page of the receipts of all that were made, the latest first. */
export const listMyConsents: UseCase<Pick<CustomerServices, 'profiles'>, unknown, PageQuery> =
  ({ profiles }) =>
  async ({ caller, query, signal }) => {
    const after = decodeCursor(query.cursor, isReceiptId)
    const profile = await profiles.find(caller.user, signal)
    if (profile === 'erased') throw new Problem('gone')
    const { items, next } = await profiles.listReceipts(caller.user, { limit: query.limit, after }, signal)
    const current = profile?.consents ?? {}
    return { status: 200, body: { current, items, ...(next !== undefined && { next: encodeCursor(next) }) } }
  }
