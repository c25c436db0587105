import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { KnownCustomer } from '#shared/adapters/dynamodb/ledger/customer-records.ts'
import { blockView } from '#shared/contracts/http/customers.ts'
import type { Relationship } from '#shared/domain/customers/relationship.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Path = MerchantPath & { readonly userId: UserId }

const iso = (atMs: number): string => new Date(atMs).toISOString()

const visitsView = ({ count, firstAtMs, lastAtMs, dwellS, timedCount }: Relationship['visits']) => ({
  count,
  ...(firstAtMs !== undefined && { firstAt: iso(firstAtMs) }),
  ...(lastAtMs !== undefined && { lastAt: iso(lastAtMs) }),
  ...(timedCount > 0 && { meanS: Math.round(dwellS / timedCount) }),
})

const mapped = <V, W>(all: Readonly<Record<string, V>>, view: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, view(value)]))

/** A customer as the merchant may see it. */
export const customerView = ({ user, actedAt, relationship }: KnownCustomer) => {
  const { visits, spend, redemptions, ratings, referrals, tags, preferences, openComplaints, block } =
    relationship
  const { lastAtMs, ...redeemed } = redemptions
  return {
    userId: user,
    actedAt,
    visits: visitsView(visits),
    spend: mapped(spend, ({ lastAtMs: atMs, ...rest }) => ({ ...rest, lastAt: iso(atMs) })),
    redemptions: { ...redeemed, ...(lastAtMs !== undefined && { lastAt: iso(lastAtMs) }) },
    ratings,
    referrals,
    tags,
    preferences: mapped(preferences, ({ value, source, atMs }) => ({ value, source, at: iso(atMs) })),
    openComplaints,
    ...(block && { block: blockView(block) }),
  }
}

/**
 * Answers all that the merchant knows of a customer who has acted with it. A passer-by, another merchant's customer and
 * nobody at all are the same 404.
 */
export const getCustomer: MemberUseCase<Pick<MerchantServices, 'customers'>, Path> =
  ({ customers }) =>
  async ({ path, signal }) => {
    const customer = await customers.find(path.merchantId, path.userId, signal)
    if (customer === undefined) throw new Problem('notFound')
    return { status: 200, body: customerView(customer) }
  }
