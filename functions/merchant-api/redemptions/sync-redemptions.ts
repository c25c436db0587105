import type * as z from 'zod'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { redemptionOf } from '#functions/merchant-api/redemptions/redemption-of.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import {
  type DoubleUse,
  type ReportedRedemption,
  requestIdSchema,
  type Synced,
  type SyncRequest,
} from '#shared/contracts/http/redemptions.ts'
import type { MerchantId, StoreId, UserId } from '#shared/domain/ids.ts'
import { type RedemptionClaims, usedAt } from '#shared/domain/offers/redemption-token.ts'
import { inItem, problemErrorsOf } from '#shared/runtime/http/parse-input.ts'

type Services = Pick<MerchantServices, 'stores' | 'redeem' | 'verifyToken' | 'doubleUses' | 'nowMs'>
type Use = DoubleUse['first']
type Sent = SyncRequest['redemptions'][number]
type Refused = Extract<Synced, { result: 'refused' }>
type Refusal = Exclude<Refused['reason'], 'malformed'>

/** Who reports, and of which till. */
type Report = {
  readonly merchantId: MerchantId
  readonly member: UserId
  readonly till: string | undefined
  readonly signal: AbortSignal
}
/** What one token redeems, and when its till says that it did. */
type Checked = {
  readonly reported: ReportedRedemption
  readonly claims: RedemptionClaims
  readonly atMs: number
}

/** How many grants are worked on side by side. */
const AT_ONCE = 10

const refused = (requestId: string, reason: Refusal): Synced => ({ requestId, result: 'refused', reason })

/** The name under which the till looks for the answer, where that much is as it should be. */
const requestIdOf = (sent: unknown): { requestId?: string } => {
  const { data } = requestIdSchema.safeParse(Object(sent).requestId)
  return data === undefined ? {} : { requestId: data }
}

const malformed = (index: number, sent: unknown, error: z.ZodError): Synced => ({
  index,
  ...requestIdOf(sent),
  result: 'refused',
  reason: 'malformed',
  errors: inItem('redemptions', index, problemErrorsOf(error)),
})

const knownStores = async (
  { stores }: Services,
  merchantId: MerchantId,
  reported: readonly ReportedRedemption[],
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
  reported: ReportedRedemption,
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
): Promise<(readonly [ReportedRedemption, Synced])[]> => {
  const results: (readonly [ReportedRedemption, Synced])[] = []
  for (const checked of ofOneGrant.toSorted((a, b) => a.atMs - b.atMs))
    results.push([checked.reported, await redeemOne(services, report, checked)])
  return results
}

const redeemAll = async (
  services: Services,
  report: Report,
  checked: readonly Checked[],
): Promise<Map<ReportedRedemption, Synced>> => {
  const groups = [...Map.groupBy(checked, ({ claims }) => claims.grantId).values()]
  const results = new Map<ReportedRedemption, Synced>()
  for (let start = 0; start < groups.length; start += AT_ONCE) {
    const some = groups.slice(start, start + AT_ONCE)
    const done = await Promise.all(some.map((group) => redeemInOrder(services, report, group)))
    for (const [reported, synced] of done.flat()) results.set(reported, synced)
  }
  return results
}

/** What becomes of those that have the right form. */
const syncGood = async (
  services: Services,
  report: Report,
  reported: readonly ReportedRedemption[],
): Promise<ReadonlyMap<ReportedRedemption, Synced>> => {
  const stores = await knownStores(services, report.merchantId, reported, report.signal)
  const looked = await Promise.all(
    reported.map(async (one) => ({ one, found: await check(services, report, stores, one) })),
  )
  const checked = looked.flatMap(({ found }) => (typeof found === 'string' ? [] : [found]))
  const uncounted = looked.flatMap(({ one, found }) =>
    typeof found === 'string' ? [[one, refused(one.requestId, found)] as const] : [],
  )
  return new Map([...uncounted, ...(await redeemAll(services, report, checked))])
}

/**
 * Takes what a till redeemed while it was offline, one by one: what cannot count is told, the others are taken. What was
 * committed first counts; the others are double uses.
 */
export const syncRedemptions: MemberUseCase<Services, MerchantPath, unknown, SyncRequest> =
  (services) =>
  async ({ path, body, caller, signal }) => {
    const report: Report = { merchantId: path.merchantId, member: caller.user, till: body.till, signal }
    const good = body.redemptions.flatMap(({ data }) => (data ? [data] : []))
    const synced = await syncGood(services, report, good)
    const resultOf = ({ sent, data, error }: Sent, index: number): Synced[] => {
      if (error) return [malformed(index, sent, error)]
      const result = data && synced.get(data)
      return result ? [result] : []
    }
    return { status: 200, body: { results: body.redemptions.flatMap(resultOf) } }
  }
