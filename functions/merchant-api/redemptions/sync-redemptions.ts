import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { redemptionOf } from '#functions/merchant-api/redemptions/redemption-of.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { DoubleUse, Synced, SyncRequest } from '#shared/contracts/http/redemptions.ts'
import type { MerchantId, StoreId, UserId } from '#shared/domain/ids.ts'
import { type RedemptionClaims, usedAt } from '#shared/domain/offers/redemption-token.ts'

type Services = Pick<MerchantServices, 'stores' | 'redeem' | 'verifyToken' | 'doubleUses' | 'nowMs'>
type Use = DoubleUse['first']
type Reported = SyncRequest['redemptions'][number]
type Refusal = Extract<Synced, { result: 'refused' }>['reason']

/** Who reports, and of which till. */
type Report = {
  readonly merchantId: MerchantId
  readonly member: UserId
  readonly till: string | undefined
  readonly signal: AbortSignal
}
/** What one token redeems, and when its till says that it did. */
type Checked = { readonly reported: Reported; readonly claims: RedemptionClaims; readonly atMs: number }

/** How many grants are worked on side by side. */
const AT_ONCE = 10

const refused = (requestId: string, reason: Refusal): Synced => ({ requestId, result: 'refused', reason })

const knownStores = async (
  { stores }: Services,
  merchantId: MerchantId,
  reported: readonly Reported[],
  signal: AbortSignal,
): Promise<ReadonlySet<StoreId>> => {
  const named = [...new Set(reported.flatMap(({ storeId }) => (storeId === undefined ? [] : [storeId])))]
  const found = await Promise.all(named.map((storeId) => stores.find(merchantId, storeId, signal)))
  return new Set(named.filter((_, index) => found[index] !== undefined))
}

/** Looks at what can be told of a report without the Ledger. */
const check = async (
  { verifyToken, nowMs }: Services,
  { merchantId, signal }: Report,
  stores: ReadonlySet<StoreId>,
  reported: Reported,
): Promise<Checked | Refusal> => {
  const claims = await verifyToken(reported.token, signal)
  if (claims?.merchantId !== merchantId) return 'unknownToken'
  if (reported.storeId !== undefined && !stores.has(reported.storeId)) return 'unknownStore'
  const used = usedAt(claims, Date.parse(reported.redeemedAt), nowMs())
  if (used.kind === 'at') return { reported, claims, atMs: used.atMs }
  return used.kind === 'tooLate' ? 'reportedTooLate' : 'outsideTokenLife'
}

const firstUse = (
  { redeemedAt, redeemedAtStoreId, redeemedTill, redeemedBy }: StoredGrant,
  atMs: number,
): Use => ({
  redeemedAt: redeemedAt ?? new Date(atMs).toISOString(),
  ...(redeemedAtStoreId !== undefined && { storeId: redeemedAtStoreId }),
  ...(redeemedTill !== undefined && { till: redeemedTill }),
  ...(redeemedBy !== undefined && { memberId: redeemedBy }),
})

/** What was handed out twice is kept, with who did and when, and told. */
const reportDoubleUse = async (
  { doubleUses, nowMs }: Services,
  { member, till, signal }: Report,
  { reported: { requestId, storeId }, atMs }: Checked,
  grant: StoredGrant,
): Promise<Synced> => {
  const first = firstUse(grant, atMs)
  const second: Use = {
    redeemedAt: new Date(atMs).toISOString(),
    ...(storeId !== undefined && { storeId }),
    ...(till !== undefined && { till }),
    memberId: member,
  }
  await doubleUses.note(grant, { first, second }, requestId, nowMs(), signal)
  return { requestId, result: 'doubleUse', first }
}

const redeemOne = async (services: Services, report: Report, checked: Checked): Promise<Synced> => {
  const { merchantId, member, till, signal } = report
  const { reported, claims, atMs } = checked
  const { requestId, storeId } = reported
  const wanted = {
    shown: { kind: 'token', ...claims },
    merchantId,
    member,
    idempotencyKey: requestId,
    ...(storeId !== undefined && { storeId }),
    ...(till !== undefined && { till }),
  } as const
  const redeemed = await services.redeem(wanted, atMs, signal)
  switch (redeemed.kind) {
    case 'redeemed':
      return {
        requestId,
        result: redeemed.isRepeated ? 'repeated' : 'redeemed',
        redemption: redemptionOf(redeemed.grant),
      }
    case 'already':
      return await reportDoubleUse(services, report, checked, redeemed.grant)
    case 'unknown':
      return refused(requestId, 'unknownToken')
    case 'expired':
      return refused(requestId, 'grantExpired')
    case 'released':
      return refused(requestId, 'grantReleased')
    case 'tokenExpired':
      return refused(requestId, 'outsideTokenLife')
    case 'notAtStore':
    case 'tokenRequired':
      return refused(requestId, 'notAtStore')
    default:
      return redeemed satisfies never
  }
}

/** Reports of one grant go one after the other, the earlier first. */
const redeemInOrder = async (
  services: Services,
  report: Report,
  ofOneGrant: readonly Checked[],
): Promise<(readonly [Reported, Synced])[]> => {
  const results: (readonly [Reported, Synced])[] = []
  for (const checked of ofOneGrant.toSorted((a, b) => a.atMs - b.atMs))
    results.push([checked.reported, await redeemOne(services, report, checked)])
  return results
}

const redeemAll = async (
  services: Services,
  report: Report,
  checked: readonly Checked[],
): Promise<Map<Reported, Synced>> => {
  const groups = [...Map.groupBy(checked, ({ claims }) => claims.grantId).values()]
  const results = new Map<Reported, Synced>()
  for (let start = 0; start < groups.length; start += AT_ONCE) {
    const some = groups.slice(start, start + AT_ONCE)
    const done = await Promise.all(some.map((group) => redeemInOrder(services, report, group)))
    for (const [reported, synced] of done.flat()) results.set(reported, synced)
  }
  return results
}

/** Takes what a till redeemed while it was offline. What was committed first counts; the others are double uses. */
export const syncRedemptions: MemberUseCase<Services, MerchantPath, unknown, SyncRequest> =
  (services) =>
  async ({ path, body, caller, signal }) => {
    const report: Report = { merchantId: path.merchantId, member: caller.user, till: body.till, signal }
    const stores = await knownStores(services, path.merchantId, body.redemptions, signal)
    const looked = await Promise.all(body.redemptions.map((one) => check(services, report, stores, one)))
    const good = looked.filter((one) => typeof one !== 'string')
    const redeemed = await redeemAll(services, report, good)
    const results = looked.flatMap((one, index): Synced[] => {
      const reported = body.redemptions[index]
      if (reported === undefined) return []
      const synced = typeof one === 'string' ? refused(reported.requestId, one) : redeemed.get(reported)
      return synced === undefined ? [] : [synced]
    })
    return { status: 200, body: { results } }
  }
