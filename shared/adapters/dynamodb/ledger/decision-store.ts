import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { notErased } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import type { ReadAddedRules } from '#shared/adapters/dynamodb/ledger/added-rules.ts'
import { countWrites } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { putExposure } from '#shared/adapters/dynamodb/ledger/exposure-records.ts'
import {
  grantWrites,
  type Refusable,
  rememberHeldOut,
} from '#shared/adapters/dynamodb/ledger/grant-writes.ts'
import type { ReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import { readDevices } from '#shared/adapters/dynamodb/ledger/read-devices.ts'
import type { SceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { batchGetAll, getItem, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import {
  countedOf,
  type DecisionRef,
  exposureOf,
  type Grant,
  grantKey,
  isHeld,
  waitingItem,
} from '#shared/contracts/items/decision.ts'
import type { DecisionPart, NextPart } from '#shared/contracts/items/decision-part.ts'
import { type ProfileFacts, parseProfile, profileKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import { codesOn, hasRoom, stockKey, type Tally } from '#shared/contracts/items/stock.ts'
import { parseEarlier, type Sent, traceItems } from '#shared/contracts/items/trace.ts'
import { waitItem } from '#shared/contracts/items/waiting-list.ts'
import type { GrantId, MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { type Outcome, type Suppressed, withheldIn } from '#shared/domain/scenes/decide.ts'
import type {
  CustomerFacts,
  DecisionFacts,
  KnownRelationship,
  MerchantFacts,
} from '#shared/domain/scenes/facts.ts'
import { MAX_RAISED } from '#shared/domain/scenes/next-occasions.ts'

type Tables = { readonly catalog: string; readonly ledger: string }

/** What was stored earlier: its message, which may not be on its queue yet, and what was to follow. */
export type EarlierDecision = { readonly sent?: Sent; readonly next?: NextPart }

export type Facts = Omit<DecisionFacts, 'limits'> & {
  readonly customer: CustomerFacts & ProfileFacts
  /** Whether `hasPushDevice` was looked up; until then it is taken for granted. */
  readonly devicesRead: boolean
  /** Whether it was looked up where the customer stands. */
  readonly placeRead: boolean
  readonly zonesVersion: number
}

export type Stored =
  | { readonly kind: 'stored' }
  /** The same triggers were decided before: by an earlier delivery, or by somebody else meanwhile. */
  | { readonly kind: 'decidedAlready'; readonly earlier: EarlierDecision }
  /** The customer's profile changed since it was read. */
  | { readonly kind: 'profileChanged' }
  /** Somebody was faster: at the occasion, the stock, the code, or what is counted beside the stock. */
  | { readonly kind: Refusable }

/** What is left of an offer, and of the counts that one more grant would raise. */
export type StockRead = {
  /** How many are free on each shard. */
  readonly free: readonly number[]
  /** The merchant's own codes on each shard. */
  readonly codes: readonly (readonly string[])[]
  /** For each tally in order, whether there is room. */
  readonly room: readonly boolean[]
}

/** Has the customer a phone that a push platform of this deployment reaches, and in which language is the freshest? */
export type PhoneFacts = Pick<CustomerFacts, 'hasPushDevice' | 'phoneLocale'>

export type DecisionStore = {
  readonly loadFacts: (
    user: UserId,
    merchantIds: readonly MerchantId[],
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Facts>
  readonly readPhones: (user: UserId, signal?: AbortSignal) => Promise<PhoneFacts>
  /** Is a coupon still held: neither redeemed nor given back, and not over? */
  readonly readCoupon: (
    user: UserId,
    grantId: GrantId,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<boolean>
  readonly readStock: (
    offer: Offer | undefined,
    tallies: readonly Tally[],
    signal?: AbortSignal,
  ) => Promise<StockRead>
  /** Stores a part of a decision whole, or not at all: grant, caps, slot, stock, counts, message and trace. */
  readonly store: (
    ref: DecisionRef,
    part: DecisionPart,
    grant: Grant | undefined,
    facts: Facts,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Stored>
}

/** What the customer said of itself stands above what a merchant noted. */
const withOwnTastes = (
  relationship: KnownRelationship,
  { tastes, preferencesAtMs }: ProfileFacts,
): KnownRelationship => {
  const own = Object.entries(tastes).map(([name, value]) => [
    name,
    { value, source: 'customer' as const, atMs: preferencesAtMs },
  ])
  if (own.length === 0) return relationship
  return { ...relationship, preferences: { ...relationship.preferences, ...Object.fromEntries(own) } }
}

/** Whoever waits already keeps the place; so does who was called up and found it sold out again. */
const joinQueue = (
  table: string,
  wait: NonNullable<ReturnType<typeof waitItem>>,
  wasCalledUp: boolean,
): TransactItem => {
  const { pk, sk, merchantSk, ...rest } = wait
  const names = Object.keys(rest)
  const place = wasCalledUp ? 'if_not_exists(place, :place)' : ':place'
  return {
    Update: {
      TableName: table,
      Key: { pk, sk },
      UpdateExpression: `SET ${names.map((_, n) => `#n${n} = :v${n}`).join(', ')}, merchantSk = if_not_exists(merchantSk, ${place})`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name, n) => [`#n${n}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(Object.values(rest).map((value, n) => [`:v${n}`, value])),
        ':place': merchantSk,
      },
    },
  }
}

/** Of one decision: its triggers are of one customer, and so many reminders come together at most. */
const MAX_WAITS = MAX_RAISED

/** What deciding reads from and writes to the Ledger. */
export const createDecisionStore = (
  client: DynamoDBDocumentClient,
  tables: Tables,
  scenes: SceneCache,
  readPlatform: ReadPlatform,
  readAddedRules: ReadAddedRules,
  options: { readonly dueShards: number; readonly pushPlatforms: ReadonlySet<string> },
): DecisionStore => {
  const retry = (signal?: AbortSignal) => ({ random: Math.random, signal })
  const { ledger } = tables

  const readPhones = async (user: UserId, signal?: AbortSignal): Promise<PhoneFacts> => {
    const devices = await readDevices(client, ledger, user, signal)
    const freshest = devices.find(({ platform }) => options.pushPlatforms.has(platform))
    const phoneLocale = freshest?.locale
    return { hasPushDevice: freshest !== undefined, ...(phoneLocale !== undefined && { phoneLocale }) }
  }

  /** A customer who was held out is so on the profile that was decided on. */
  const profileWrite = (
    user: UserId,
    withheld: Suppressed | undefined,
    facts: Facts,
    nowMs: number,
  ): TransactItem =>
    withheld === undefined ? notErased(ledger, user) : rememberHeldOut(ledger, withheld, facts, nowMs)

  const exposureWrites = (
    ref: DecisionRef,
    grant: Grant | undefined,
    withheld: Suppressed | undefined,
    nowMs: number,
  ): TransactItem[] => [
    ...(grant ? [putExposure(ledger, exposureOf(grant.candidate, ref, grant.messageId, nowMs))] : []),
    ...(withheld ? [putExposure(ledger, exposureOf(withheld, ref, undefined, nowMs))] : []),
  ]

  const traceWrites = (
    ref: DecisionRef,
    part: DecisionPart,
    grant: Grant | undefined,
    nowMs: number,
  ): { readonly first: TransactItem; readonly rest: TransactItem[] } => {
    const { whole, copies } = traceItems(ref, part, grant, nowMs)
    return {
      first: {
        Put: {
          TableName: ledger,
          Item: whole,
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
      rest: copies.map((copy) => ({ Put: { TableName: ledger, Item: copy } })),
    }
  }

  /** Reminders that wait for an open hour, and customers who wait for stock. */
  const waitWrites = (outcomes: readonly Outcome[], facts: Facts, nowMs: number): TransactItem[] => {
    const writes = new Map<string, TransactItem>()
    for (const outcome of outcomes) {
      if (outcome.kind !== 'suppressed') continue
      const { againMs, trigger } = outcome
      if (againMs !== undefined) {
        const later = waitingItem({ ...outcome, againMs }, options.dueShards)
        writes.set(later.sk, { Put: { TableName: ledger, Item: later } })
      }
      const wait = waitItem(outcome, facts.merchants, nowMs)
      if (wait !== undefined) writes.set(wait.sk, joinQueue(ledger, wait, trigger.type === 'restock'))
    }
    return [...writes.values()].slice(0, MAX_WAITS)
  }

  return {
    loadFacts: async (user, merchantIds, nowMs, signal) => {
      const [[[profile, ...relationships] = [], versions = []], platform, addedRules] = await Promise.all([
        batchGetAll(
          client,
          [
            {
              table: ledger,
              keys: [profileKey(user), ...merchantIds.map((merchant) => relationshipKey(user, merchant))],
              consistent: true,
            },
            {
              table: tables.catalog,
              keys: merchantIds.map((merchantId) => ({ pk: `M#${merchantId}`, sk: 'VERSION' })),
            },
          ],
          retry(signal),
        ),
        readPlatform(nowMs, signal),
        readAddedRules(nowMs, signal),
      ])
      const merchants = await Promise.all(
        merchantIds.map(async (merchantId, index): Promise<[MerchantId, MerchantFacts]> => {
          const version = versions[index]
          const configured = await scenes.at(merchantId, Number(version?.['version'] ?? 0), signal)
          return [merchantId, { ...configured, isSuspended: version?.['suspended'] !== undefined }]
        }),
      )
      const known = parseProfile(profile)
      return {
        customer: {
          ...known,
          hasPushDevice: true,
          relationships: new Map(
            merchantIds.map((merchantId, index) => [
              merchantId,
              withOwnTastes(parseRelationship(relationships[index]).relationship, known),
            ]),
          ),
        },
        devicesRead: false,
        placeRead: false,
        merchants: new Map(merchants),
        isKilled: platform.killed,
        addedRules,
        zonesVersion: platform.zonesVersion,
      }
    },

    readPhones,

    readCoupon: async (user, grantId, nowMs, signal) => {
      const Item = await getItem(client, ledger, grantKey(user, grantId), signal)
      return Item !== undefined && isHeld(Item, nowMs)
    },

    readStock: async (offer, tallies, signal) => {
      const shards = Array.from({ length: offer?.stockShards ?? 0 }, (_, shard) => shard)
      const keys = [
        ...shards.map((shard) => (offer ? stockKey(offer.id, shard) : { pk: '', sk: '' })),
        ...tallies.map(({ pk, sk }) => ({ pk, sk })),
      ]
      if (keys.length === 0) return { free: [], codes: [], room: [] }
      const [items = []] = await batchGetAll(
        client,
        [{ table: ledger, keys, consistent: true }],
        retry(signal),
      )
      return {
        free: shards.map((shard) => Number(items[shard]?.['free'] ?? 0)),
        codes: shards.map((shard) => codesOn(items[shard])),
        room: tallies.map((tally, index) => hasRoom(tally, items[shards.length + index])),
      }
    },

    store: async (ref, part, grant, facts, nowMs, signal) => {
      const { outcomes } = part
      const trace = traceWrites(ref, part, grant, nowMs)
      const withheld = withheldIn(outcomes)
      const granted = grant && grantWrites(ledger, grant, withheld, facts, options.dueShards, nowMs)
      const items: TransactItem[] = [
        trace.first,
        ...(granted ? granted.map(({ item }) => item) : [profileWrite(ref.user, withheld, facts, nowMs)]),
        ...trace.rest,
        ...waitWrites(outcomes, facts, nowMs),
        ...exposureWrites(ref, grant, withheld, nowMs),
        ...countWrites(ledger, ref.user, countedOf(outcomes, nowMs)),
      ]
      const outcome = await transact(client, items, retry(signal))
      if (outcome.kind === 'done') return { kind: 'stored' }
      const refused = (index: number): boolean => outcome.reasons[index] === 'ConditionalCheckFailed'
      if (refused(0)) return { kind: 'decidedAlready', earlier: parseEarlier(outcome.items[0] ?? {}) }
      // The trace stands first; the grant's own writes follow it in their order.
      const first = granted?.find((_, index) => refused(index + 1))
      return { kind: first?.refusal ?? 'profileChanged' }
    },
  }
}
