import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { MyOffer } from '#shared/contracts/http/me.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { showCode } from '#shared/domain/customers/offer-code.ts'
import { type GrantId, isId } from '#shared/domain/ids.ts'
import { grantStateAt } from '#shared/domain/offers/grant-state.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'grants' | 'nowMs'>

const isGrantId = (text: string): text is GrantId => isId('grt', text)

const myOffer = (grant: StoredGrant, nowMs: number): MyOffer => ({
  grantId: grant.grantId,
  merchantId: grant.merchantId,
  ...(grant.offerId !== undefined && { offerId: grant.offerId }),
  ...(grant.offerName !== undefined && { offerName: grant.offerName }),
  ...(grant.code !== undefined && { code: showCode(grant.code) }),
  state: grantStateAt(grant, nowMs),
  grantedAt: grant.grantedAt,
  ...(grant.validUntil !== undefined && { validUntil: grant.validUntil }),
  ...(grant.redeemedAt !== undefined && { redeemedAt: grant.redeemedAt }),
})

/** Answers a page of what the caller was given, the latest of the page first, with the codes to show at the till. */
export const listMyOffers: UseCase<Services, unknown, PageQuery> =
  ({ profiles, grants, nowMs }) =>
  async ({ caller, query, signal }) => {
    const after = decodeCursor(query.cursor, isGrantId)
    if ((await profiles.find(caller.user, signal)) === 'erased') throw new Problem('gone')
    const page = await grants.listOf(caller.user, { limit: query.limit, after }, signal)
    const now = nowMs()
    const items = page.items
      .toSorted((a, b) => Date.parse(b.grantedAt) - Date.parse(a.grantedAt))
      .map((grant) => myOffer(grant, now))
    return { status: 200, body: { items, ...(page.next !== undefined && { next: encodeCursor(page.next) }) } }
  }
