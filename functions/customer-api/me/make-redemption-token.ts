import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { GrantId, OfferId, StoreId, UserId } from '#shared/domain/ids.ts'
import { grantStateAt } from '#shared/domain/offers/grant-state.ts'
import { storesAt } from '#shared/domain/offers/redeem-at-store.ts'
import { type RedemptionClaims, tokenExpiryMs } from '#shared/domain/offers/redemption-token.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'grants' | 'findPresence' | 'signToken' | 'nowMs'>

/** A grant that is there to be redeemed. */
type Redeemable = StoredGrant & { readonly offerId: OfferId; readonly validUntil: string }

const alreadyRedeemed = ({ redeemedAt, redeemedAtStoreId }: StoredGrant): Problem =>
  new Problem('alreadyRedeemed', {
    members: {
      ...(redeemedAt !== undefined && { redeemedAt }),
      ...(redeemedAtStoreId !== undefined && { storeId: redeemedAtStoreId }),
    },
  })

/** @throws {Problem} for what is no offer, and for one that is used up, over or taken back */
const requireRedeemable = (grant: StoredGrant | undefined, nowMs: number): Redeemable => {
  if (grant?.offerId === undefined || grant.validUntil === undefined) throw new Problem('notFound')
  const { offerId, validUntil } = grant
  const state = grantStateAt(grant, nowMs)
  if (state === 'redeemed') throw alreadyRedeemed(grant)
  if (state === 'released') throw new Problem('grantReleased')
  if (state === 'expired') throw new Problem('grantExpired', { members: { validUntil } })
  return { ...grant, offerId, validUntil }
}

/**
 * The stores at which the offer may be redeemed, by where the customer is known to be; undefined where the offer does not ask.
 *
 * @throws {Problem} when the place is not known, whatever the reason, or is another
 */
const requirePlace = async (
  { findPresence }: Services,
  user: UserId,
  { redeemAt, merchantId, storeId }: Redeemable,
  nowMs: number,
  signal: AbortSignal,
): Promise<readonly StoreId[] | undefined> => {
  if (redeemAt === undefined) return undefined
  const stored = await findPresence(user, signal)
  if (stored.kind !== 'presence') throw new Problem('placeUnknown')
  const at = storesAt(stored.presence, { merchantId, ...(storeId !== undefined && { storeId }) }, nowMs)
  if (at.kind !== 'at') throw new Problem(at.kind)
  return at.storeIds
}

/**
 * Claims what is to be redeemed: its unit does not go back while a till that is offline has a token of it. From then on
 * the grant is found by what a token says.
 */
const claim = async (
  { grants }: Services,
  user: UserId,
  grant: Redeemable,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> => {
  const claimed = await grants.claim(user, grant.grantId, 'claimed', nowMs, signal)
  if (claimed === 'absent') throw new Problem('notFound')
  if (claimed === 'released') throw new Problem('grantReleased')
  if (claimed === 'expired') throw new Problem('grantExpired', { members: { validUntil: grant.validUntil } })
  if (claimed === 'erased') throw new Problem('gone')
  if ((await grants.openToTokens(grant, signal)) === 'erased') throw new Problem('gone')
}

/** Makes a token of an offer that the caller holds, to be shown at the till: signed, for some minutes, for one use. */
export const makeRedemptionToken: UseCase<Services, { readonly grantId: GrantId }> =
  (services) =>
  async ({ caller, path, signal }) => {
    const now = services.nowMs()
    const found = await services.grants.find(caller.user, path.grantId, signal)
    const grant = requireRedeemable(found, now)
    const storeIds = await requirePlace(services, caller.user, grant, now, signal)
    await claim(services, caller.user, grant, now, signal)
    const { merchantId, grantId, offerId, validUntil } = grant
    const expiresAtMs = tokenExpiryMs(now, Date.parse(validUntil))
    const what = { merchantId, grantId, offerId, ...(storeIds !== undefined && { storeIds }) }
    const claims: RedemptionClaims = { ...what, issuedAtMs: now, expiresAtMs }
    const token = await services.signToken(claims, signal)
    return { status: 201, body: { token, expiresAt: new Date(expiresAtMs).toISOString() } }
  }
