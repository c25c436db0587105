import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { isCustomerPlace, type KnownCustomer } from '#shared/adapters/dynamodb/ledger/customer-records.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { isBlocked } from '#shared/domain/customers/relationship.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'

const rowOf = ({ user, actedAt, relationship }: KnownCustomer, nowMs: number) => {
  const { visits, tags } = relationship
  return {
    userId: user,
    actedAt,
    visits: visits.count,
    ...(visits.lastAtMs !== undefined && { lastVisitAt: new Date(visits.lastAtMs).toISOString() }),
    tags,
    isBlocked: isBlocked(relationship, nowMs),
  }
}

/** Answers a page of the customers who have acted with the merchant, in no order that means anything. */
export const listCustomers: MemberUseCase<
  Pick<MerchantServices, 'customers' | 'nowMs'>,
  MerchantPath,
  PageQuery
> =
  ({ customers, nowMs }) =>
  async ({ path, query, signal }) => {
    const after = decodeCursor(query.cursor, isCustomerPlace)
    const { items, next } = await customers.list(path.merchantId, { limit: query.limit, after }, signal)
    return {
      status: 200,
      body: {
        items: items.map((customer) => rowOf(customer, nowMs())),
        ...(next !== undefined && { next: encodeCursor(next) }),
      },
    }
  }
