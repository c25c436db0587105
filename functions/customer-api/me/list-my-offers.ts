import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { GrantPlace, StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { FatesOf } from '#shared/adapters/dynamodb/ledger/trace-records.ts'
import type { MyOffer, OffersQuery } from '#shared/contracts/http/me.ts'
import { isInstant } from '#shared/contracts/http/primitives.ts'
import { showCode } from '#shared/domain/customers/offer-code.ts'
import { isId } from '#shared/domain/ids.ts'
import { grantStateAt } from '#shared/domain/offers/grant-state.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'grants' | 'traces' | 'nowMs'>

const isGrantPlace = (text: string): text is GrantPlace => {
  const [at = '', grantId = '', ...rest] = text.split('#')
  return isInstant(at) && isId('grt', grantId) && rest.length === 0
}

/** A merchant's own code that went back is another customer's by now. */
const shownCode = (grant: StoredGrant, nowMs: number): Pick<MyOffer, 'code'> => {
  const { code, listedCode } = grant
  if (listedCode === undefined) return code === undefined ? {} : { code: showCode(code) }
  const state = grantStateAt(grant, nowMs)
  return state === 'released' || state === 'expired' ? {} : { code: listedCode }
}

const myOffer = (grant: StoredGrant, fates: FatesOf, nowMs: number): MyOffer => {
  const { grantId, merchantId, offerId, offerName, grantedAt, messageId } = grant
  const { validUntil, redeemedAt, storeId, redeemAt, shareCode } = grant
  const message = messageId && fates.get(messageId)
  return {
    grantId,
    merchantId,
    ...(offerId !== undefined && { offerId }),
    ...(offerName !== undefined && { offerName }),
    ...shownCode(grant, nowMs),
    state: grantStateAt(grant, nowMs),
    grantedAt,
    ...(validUntil !== undefined && { validUntil }),
    ...(redeemedAt !== undefined && { redeemedAt }),
    ...(storeId !== undefined && { storeId }),
    ...(redeemAt !== undefined && { redeemAt }),
    ...(shareCode !== undefined && { shareCode: showCode(shareCode) }),
    ...(message && { message }),
  }
}

/**
 * Answers a page of what the caller was given, the latest first, with the codes to show at the till. Of one state only,
 * a page may be short, or empty, while there are more.
 */
export const listMyOffers: UseCase<Services, unknown, OffersQuery> =
  ({ profiles, grants, traces, nowMs }) =>
  async ({ caller, query, signal }) => {
    const after = decodeCursor(query.cursor, isGrantPlace)
    if ((await profiles.find(caller.user, signal)) === 'erased') throw new Problem('gone')
    const page = await grants.listOf(caller.user, { limit: query.limit, after }, signal)
    const now = nowMs()
    const wanted = page.items.filter(
      (grant) => query.state === undefined || grantStateAt(grant, now) === query.state,
    )
    const messageIds = wanted.flatMap(({ messageId }) => messageId ?? [])
    const fates = await traces.fatesOfMessages(caller.user, messageIds, signal)
    const items = wanted.map((grant) => myOffer(grant, fates, now))
    return { status: 200, body: { items, ...(page.next !== undefined && { next: encodeCursor(page.next) }) } }
  }
