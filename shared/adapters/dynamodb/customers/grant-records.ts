import { createHash } from 'node:crypto'
import * as z from 'zod'
import {
  type CustomerTables,
  type Erased,
  markActed,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { creditScan } from '#shared/adapters/dynamodb/customers/scan-credits.ts'
import { confirmWrites } from '#shared/adapters/dynamodb/ledger/confirm-grants.ts'
import { countWrites } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { replaceExposure } from '#shared/adapters/dynamodb/ledger/exposure-records.ts'
import { writeRelationship } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { moveUnit } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import {
  getItem,
  type Item,
  queryPage,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import { redemptionCounts, redemptionStep } from '#shared/contracts/items/counted-facts.ts'
import { codeKey, grantsPk, listedCodeKey } from '#shared/contracts/items/decision.ts'
import { exposureKey, parseExposure } from '#shared/contracts/items/exposure.ts'
import { expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import {
  parseRelationship,
  relationshipKey,
  type StoredRelationship,
  withChain,
} from '#shared/contracts/items/relationship.ts'
import {
  isNewcomer,
  purchaseCount,
  type Relationship,
  withReaction,
  withRedemption,
} from '#shared/domain/customers/relationship.ts'
import type { GrantId, MerchantId, StoreId, UserId } from '#shared/domain/ids.ts'
import { utcDay } from '#shared/domain/loop/count.ts'
import { type Deal, dealOf, withDeal } from '#shared/domain/loop/deal.ts'
import { advance, type Exposure } from '#shared/domain/loop/exposure.ts'
import { GRANT_STATES, grantStateAt } from '#shared/domain/offers/grant-state.ts'
import { OFFER_KINDS } from '#shared/domain/offers/offer.ts'
import { type PlaceObstacle, placeObstacle } from '#shared/domain/offers/redeem-at-store.ts'
import type { RedemptionClaims } from '#shared/domain/offers/redemption-token.ts'
import { SCENE_THEMES, type SceneTheme } from '#shared/domain/scenes/scene.ts'

const grantSchema = z.object({
  user: idSchema('usr'),
  grantId: idSchema('grt'),
  merchantId: idSchema('mer'),
  sceneId: idSchema('scn'),
  messageId: idSchema('msg').exactOptional(),
  storeId: idSchema('sto').exactOptional(),
  theme: z.enum(SCENE_THEMES).exactOptional(),
  offerId: idSchema('off').exactOptional(),
  offerName: z.string().exactOptional(),
  code: z.string().exactOptional(),
  offerKind: z.enum(OFFER_KINDS).exactOptional(),
  offerCents: z.number().exactOptional(),
  state: z.enum(GRANT_STATES),
  releasedBy: z.literal('message').exactOptional(),
  grantedAt: z.string(),
  validUntil: z.string().exactOptional(),
  redeemAt: z.literal('store').exactOptional(),
  stockShard: z.int().exactOptional(),
  /** Its code, where that is one of the merchant's own. */
  listedCode: z.string().exactOptional(),
  redeemedAt: z.string().exactOptional(),
  redeemedAtStoreId: idSchema('sto').exactOptional(),
  /** Who redeemed it, and at which till. */
  redeemedBy: idSchema('usr').exactOptional(),
  redeemedTill: z.string().exactOptional(),
  redemptionKey: z.string().exactOptional(),
  shareCode: z.string().exactOptional(),
})
/** What a customer was given. Times are RFC 3339 UTC. */
export type StoredGrant = z.output<typeof grantSchema>

export const parseGrant = (item: unknown): StoredGrant => grantSchema.parse(item)

export type Claimed = 'confirmed' | 'absent' | 'released' | 'expired' | Erased

/**
 * What a customer shows: a code, as `readCode` gives it, as `readListedCode` does or both, or what a token that was checked
 * says.
 */
export type Shown =
  | { readonly kind: 'code'; readonly code?: string; readonly listedCode?: string }
  | ({ readonly kind: 'token' } & Pick<RedemptionClaims, 'grantId' | 'storeIds' | 'expiresAtMs'>)

export type ToRedeem = {
  readonly shown: Shown
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  /** The member who redeems it, and the name of the till. */
  readonly member: UserId
  readonly till?: string
  /** The till's own name for this request: sent again by the same member at the same till, it gets the same answer. */
  readonly idempotencyKey?: string
}

export type Redeemed =
  | {
      readonly kind: 'redeemed'
      readonly grant: StoredGrant & { readonly redeemedAt: string }
      /** It was redeemed by this very request before. */
      readonly isRepeated: boolean
    }
  | { readonly kind: 'unknown' | 'released' | 'tokenExpired' | PlaceObstacle }
  | { readonly kind: 'expired'; readonly validUntil: string }
  | { readonly kind: 'already'; readonly grant: StoredGrant }

/** Where a grant stands in the list of its customer: `<when>#<grantId>`. */
export type GrantPlace = `${string}#${GrantId}`

export type Shared =
  | { readonly kind: 'shared'; readonly grant: StoredGrant; readonly shareCode: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'released' }
  | { readonly kind: 'expired' }
  | { readonly kind: Erased }

export type GrantRecords = {
  /** A customer's grants, the latest first, as an index knows them: a moment late. */
  readonly listOf: (
    user: UserId,
    page: { readonly limit: number; readonly after?: GrantPlace | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly StoredGrant[]; readonly next?: GrantPlace }>
  /**
   * Keeps that the customer shares the offer, once, under a code that leads back to the grant and redeems nothing.
   *
   * @param code for the case that it was not shared before
   */
  readonly share: (
    user: UserId,
    grantId: GrantId,
    code: string,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Shared>
  /** The customer opened or claimed it: from then on its unit does not go back. Safe to repeat. */
  readonly claim: (
    user: UserId,
    grantId: GrantId,
    by: 'opened' | 'claimed',
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Claimed>
  readonly find: (user: UserId, grantId: GrantId, signal?: AbortSignal) => Promise<StoredGrant | undefined>
  /** From then on the grant is found by its id alone, as a token has it. Safe to repeat. */
  readonly openToTokens: (grant: StoredGrant, signal?: AbortSignal) => Promise<'open' | Erased>
  /** @param nowMs when it is, or was, redeemed */
  readonly redeem: (request: ToRedeem, nowMs: number, signal?: AbortSignal) => Promise<Redeemed>
}

/** Whose grant it is. Tokens say nothing of the customer, so the first one for a grant writes this. */
export const grantOwnerKey = (grantId: GrantId) => ({ pk: `GRANT#${grantId}`, sk: 'OWNER' })

/** What a shared code leads to. */
export const shareKey = (code: string) => ({ pk: `SHARE#${code.replaceAll('-', '')}`, sk: 'GRANT' })

const ownerSchema = z.object({
  user: idSchema('usr'),
  grantId: idSchema('grt'),
  merchantId: idSchema('mer'),
})

const keysOf = (shown: Shown, merchantId: MerchantId) => {
  if (shown.kind === 'token') return [grantOwnerKey(shown.grantId)]
  const { code, listedCode } = shown
  return [
    ...(code === undefined ? [] : [codeKey(code)]),
    ...(listedCode === undefined ? [] : [listedCodeKey(merchantId, listedCode)]),
  ]
}

const grantKey = (user: UserId, grantId: GrantId) => ({ pk: userKey(user), sk: `GRANT#${grantId}` })
/** Tills count: what two members call alike is not one request. */
const keyHash = ({ merchantId, member, idempotencyKey }: ToRedeem): string | undefined =>
  idempotencyKey === undefined
    ? undefined
    : createHash('sha256').update(`${merchantId}|${member}|${idempotencyKey}`).digest('hex')

/** Was it redeemed by this very request? Of one member at two tills, only where neither says that it is another till. */
const isByRequest = ({ redemptionKey, redeemedTill }: StoredGrant, request: ToRedeem): boolean =>
  redemptionKey !== undefined &&
  redemptionKey === keyHash(request) &&
  (redeemedTill === undefined || request.till === undefined || redeemedTill === request.till)

const hasReacted = (exposure: Exposure | undefined): boolean =>
  exposure !== undefined &&
  (['opened', 'claimed', 'redeemed'] as const).some((stage) => stage in exposure.stages)

const afterReaction = (
  relationship: Relationship,
  theme: SceneTheme | undefined,
  exposure: Exposure | undefined,
): Relationship =>
  theme === undefined || hasReacted(exposure) ? relationship : withReaction(relationship, theme)

/** Grants over the Ledger: what customers hold, and their redemption. */
export const createGrantRecords = ({ client, ledger }: CustomerTables, dueShards: number): GrantRecords => {
  const get = (Key: { pk: string; sk: string }, signal?: AbortSignal): Promise<Item | undefined> =>
    getItem(client, ledger, Key, signal)

  const find = async (user: UserId, grantId: GrantId, signal?: AbortSignal) => {
    const item = await get(grantKey(user, grantId), signal)
    return item && parseGrant(item)
  }

  /** A merchant finds what it gave only; others' does not exist for it. */
  const findShown = async (
    { shown, merchantId }: ToRedeem,
    signal?: AbortSignal,
  ): Promise<StoredGrant | undefined> => {
    for (const key of keysOf(shown, merchantId)) {
      // Of an erased customer's own code nothing is left but that it was given.
      const owner = ownerSchema.safeParse(await get(key, signal)).data
      if (owner?.merchantId === merchantId) return await find(owner.user, owner.grantId, signal)
    }
    return undefined
  }

  const exposureOf = async (
    { user, merchantId, grantId, grantedAt }: StoredGrant,
    signal?: AbortSignal,
  ): Promise<Exposure | undefined> => {
    const item = await get(exposureKey({ user, merchantId, grantId, atMs: Date.parse(grantedAt) }), signal)
    return item && parseExposure(item)
  }

  const redeemItems = (
    grant: StoredGrant,
    before: StoredRelationship,
    known: Exposure | undefined,
    request: ToRedeem,
    nowMs: number,
  ) => {
    const { user, grantId } = grant
    const { storeId, member, till } = request
    const isFirst = isNewcomer(before.relationship)
    const isRepeat = before.relationship.redemptions.count + purchaseCount(before.relationship) > 0
    const deal = dealOf(before.relationship, utcDay(nowMs), grant.offerKind === 'trial')
    const fact = { ...grant, isFirst, isRepeat, deal, redeemedAtMs: nowMs, redeemedAtStoreId: storeId }
    const noted = known && advance(known, redemptionStep(fact))
    const redeemedAt = new Date(nowMs).toISOString()
    const key = keyHash(request)
    const items: TransactItem[] = [
      {
        Update: {
          TableName: ledger,
          Key: grantKey(user, grantId),
          UpdateExpression: [
            'SET #state = :redeemed, redeemedAt = :now, redeemedBy = :by, isFirst = :first, isRepeat = :repeat',
            ...(deal === undefined ? [] : ['deal = :deal']),
            ...(till === undefined ? [] : ['redeemedTill = :till']),
            ...(storeId === undefined ? [] : ['redeemedAtStoreId = :store']),
            ...(key === undefined ? [] : ['redemptionKey = :key']),
          ].join(', '),
          ConditionExpression: '#state = :was AND (attribute_not_exists(validUntil) OR validUntil > :now)',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: {
            ':redeemed': 'redeemed',
            ':first': isFirst,
            ':repeat': isRepeat,
            ':was': grant.state,
            ':now': redeemedAt,
            ':by': member,
            ...(deal !== undefined && { ':deal': deal }),
            ...(till !== undefined && { ':till': till }),
            ...(storeId !== undefined && { ':store': storeId }),
            ...(key !== undefined && { ':key': key }),
          },
        },
      },
      notErased(ledger, user),
      countRedemption(grant, before, known, deal, nowMs),
      ...(noted ? [replaceExposure(ledger, noted.exposure)] : []),
      ...countWrites(ledger, user, [...redemptionCounts(fact), ...(noted?.counted ?? [])]),
      ...confirmUnit(grant),
    ]
    return { items, redeemedAt }
  }

  /** Claiming is an act with the merchant; the first reaction to a message of a theme is remembered. */
  const noteReaction = async (
    grant: StoredGrant,
    exposure: Exposure | undefined,
    by: 'opened' | 'claimed',
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<TransactItem[]> => {
    const { user, merchantId, theme } = grant
    const acted = by === 'claimed' ? nowMs : undefined
    if (theme === undefined || hasReacted(exposure))
      return acted === undefined ? [] : [markActed(ledger, user, merchantId, acted)]
    const before = await readRelationship(grant, signal)
    const after = { ...before.relationship, ...withReaction(before.relationship, theme) }
    return [writeRelationship(ledger, user, merchantId, before, after, acted)]
  }

  const noteStage = (known: Exposure, stage: 'opened' | 'claimed', nowMs: number): TransactItem[] => {
    const { exposure, counted } = advance(known, { stage, atMs: nowMs })
    return [replaceExposure(ledger, exposure), ...countWrites(ledger, known.user, counted)]
  }

  const startKey = (user: UserId, place: GrantPlace) => {
    const [grantedAt = '', grantId = ''] = place.split('#')
    const at = { merchantPk: grantsPk(user), merchantSk: `${grantedAt}#${grantId}` }
    return { pk: userKey(user), sk: `GRANT#${grantId}`, ...at }
  }

  const shareWrites = (grant: StoredGrant, code: string, nowMs: number): TransactItem[] => {
    const { user, grantId, merchantId, sceneId, offerId } = grant
    const about = { user, grantId, merchantId, sceneId, ...(offerId !== undefined && { offerId }) }
    const Item = { ...shareKey(code), kind: 'shareCode', ...about, ttl: expiryOf(nowMs) }
    return [
      notErased(ledger, user),
      { Put: { TableName: ledger, Item, ConditionExpression: 'attribute_not_exists(pk)' } },
      {
        Update: {
          TableName: ledger,
          Key: grantKey(user, grantId),
          UpdateExpression: 'SET shareCode = :code, sharedAt = :now',
          ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(shareCode)',
          ExpressionAttributeValues: { ':code': code, ':now': new Date(nowMs).toISOString() },
        },
      },
    ]
  }

  const confirmUnit = ({ state, offerId, stockShard }: StoredGrant): TransactItem[] =>
    // One that was opened or visited before holds a confirmed unit already.
    state === 'confirmed' || offerId === undefined || stockShard === undefined
      ? []
      : [moveUnit(ledger, offerId, stockShard, { from: 'reserved', to: 'confirmed' })]

  const readRelationship = async ({ user, merchantId }: StoredGrant, signal?: AbortSignal) =>
    parseRelationship(await get(relationshipKey(user, merchantId), signal))

  /** The redemption becomes part of what the merchant knows, in the same transaction. */
  const countRedemption = (
    { user, merchantId, offerKind, theme }: StoredGrant,
    before: StoredRelationship,
    exposure: Exposure | undefined,
    deal: Deal | undefined,
    nowMs: number,
  ): TransactItem => {
    const isTrial = offerKind === 'trial'
    const isDiscount = offerKind === 'coupon' || offerKind === 'points'
    const { relationship } = before
    const after = {
      ...relationship,
      ...withRedemption(afterReaction(relationship, theme, exposure), { atMs: nowMs, isTrial, isDiscount }),
      ...(isTrial && relationship.trialAtMs === undefined && { trialAtMs: nowMs }),
    }
    const chained = withDeal(withChain(after, exposure?.correlationId), deal)
    return writeRelationship(ledger, user, merchantId, before, chained, nowMs, { nowMs, dueShards })
  }

  /** What stands in the way of redeeming a grant, by what was read. */
  const obstacle = (grant: StoredGrant, request: ToRedeem, nowMs: number): Redeemed | undefined => {
    const { redeemedAt, validUntil } = grant
    const { shown, storeId } = request
    const state = grantStateAt(grant, nowMs)
    if (state === 'released') return { kind: 'released' }
    if (state === 'redeemed')
      return redeemedAt !== undefined && isByRequest(grant, request)
        ? { kind: 'redeemed', grant: { ...grant, redeemedAt }, isRepeated: true }
        : { kind: 'already', grant }
    if (state === 'expired' && validUntil !== undefined) return { kind: 'expired', validUntil }
    // Only now: a till that lost the answer asks again when the token is over, and is told that it has redeemed it.
    if (shown.kind === 'token' && shown.expiresAtMs <= nowMs) return { kind: 'tokenExpired' }
    const elsewhere = placeObstacle(grant, shown, storeId)
    return elsewhere && { kind: elsewhere }
  }

  return {
    listOf: async (user, { limit, after }, signal) => {
      const page = await queryPage(
        client,
        {
          TableName: ledger,
          IndexName: 'byMerchant',
          KeyConditionExpression: 'merchantPk = :pk',
          ExpressionAttributeValues: { ':pk': grantsPk(user) },
          ScanIndexForward: false,
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: startKey(user, after) }),
        },
        { signal },
      )
      const items = page.items.map(parseGrant)
      const last = items.at(-1)
      return { items, ...(page.next && last && { next: `${last.grantedAt}#${last.grantId}` as const }) }
    },

    share: (user, grantId, code, nowMs, signal) =>
      optimistically(async (): Promise<Shared | 'again'> => {
        const grant = await find(user, grantId, signal)
        if (grant === undefined) return { kind: 'absent' }
        const state = grantStateAt(grant, nowMs)
        if (state === 'released' || state === 'expired') return { kind: state }
        if (grant.shareCode !== undefined) return { kind: 'shared', grant, shareCode: grant.shareCode }
        const outcome = await transact(client, shareWrites(grant, code, nowMs), retrying(signal))
        if (outcome.kind === 'done') return { kind: 'shared', grant, shareCode: code }
        return outcome.reasons[0] === undefined ? 'again' : { kind: 'erased' }
      }, signal),

    claim: (user, grantId, by, nowMs, signal) =>
      optimistically(async (): Promise<Claimed | 'again'> => {
        const grant = await find(user, grantId, signal)
        if (grant === undefined) return 'absent'
        const state = grantStateAt(grant, nowMs)
        if (state === 'released') return 'released'
        // One that was opened in time may be opened again.
        if (state === 'expired' && grant.state !== 'confirmed') return 'expired'
        const exposure = await exposureOf(grant, signal)
        const writes = [
          ...(grant.state === 'reserved' ? confirmWrites(ledger, user, grant, by, nowMs) : []),
          ...(exposure && exposure.stages[by] === undefined ? noteStage(exposure, by, nowMs) : []),
        ]
        if (writes.length === 0) return 'confirmed'
        const reaction = await noteReaction(grant, exposure, by, nowMs, signal)
        const scan =
          by === 'claimed' ? await creditScan({ client, ledger }, grant, 'claims', nowMs, signal) : []
        const all = [...writes, ...reaction, ...scan, notErased(ledger, user)]
        const outcome = await transact(client, all, retrying(signal))
        if (outcome.kind === 'done') return 'confirmed'
        return outcome.reasons.at(-1) === 'ConditionalCheckFailed' ? 'erased' : 'again'
      }, signal),

    find,

    openToTokens: async ({ user, grantId, merchantId, grantedAt }, signal) => {
      const Item = {
        ...grantOwnerKey(grantId),
        kind: 'grantOwner',
        user,
        grantId,
        merchantId,
        ttl: expiryOf(Date.parse(grantedAt)),
      }
      const writes = [{ Put: { TableName: ledger, Item } }, notErased(ledger, user)]
      const outcome = await transact(client, writes, retrying(signal))
      return outcome.kind === 'done' ? 'open' : 'erased'
    },

    redeem: (request, nowMs, signal) =>
      optimistically(async (): Promise<Redeemed | 'again'> => {
        const grant = await findShown(request, signal)
        if (grant === undefined) return { kind: 'unknown' }
        const refusal = obstacle(grant, request, nowMs)
        if (refusal) return refusal
        const before = await readRelationship(grant, signal)
        const exposure = await exposureOf(grant, signal)
        const { items, redeemedAt } = redeemItems(grant, before, exposure, request, nowMs)
        const scan = await creditScan({ client, ledger }, grant, 'redemptions', nowMs, signal)
        const outcome = await transact(client, [...items, ...scan], retrying(signal))
        if (outcome.kind === 'refused') {
          // By the order of the items: an erased customer's grant is unknown; else somebody else was first, look again.
          return outcome.reasons[1] === 'ConditionalCheckFailed' ? { kind: 'unknown' } : 'again'
        }
        const at = request.storeId === undefined ? {} : { redeemedAtStoreId: request.storeId }
        const redeemed = { ...grant, ...at, state: 'redeemed', redeemedAt } as const
        return { kind: 'redeemed', grant: redeemed, isRepeated: false }
      }, signal),
  }
}
