import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { addCounts } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { readDevices } from '#shared/adapters/dynamodb/ledger/read-devices.ts'
import type { MerchantScenes, SceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { batchGetAll, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import {
  codeKey,
  countsOf,
  type DecisionRef,
  type Grant,
  grantItem,
  messageItem,
  traceItem,
  withSend,
} from '#shared/contracts/items/decision.ts'
import { id } from '#shared/contracts/items/ids.ts'
import {
  expiryOf,
  type Item,
  type ProfileFacts,
  parseProfile,
  profileKey,
} from '#shared/contracts/items/ledger.ts'
import type { MerchantId, MessageId, OfferId, UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { CustomerFacts, Outcome } from '#shared/domain/scenes/decide.ts'

type Tables = { readonly catalog: string; readonly ledger: string }

/** A message that a decision made earlier; it may not be on its queue yet. */
export type EarlierDecision = { readonly messageId: MessageId; readonly channel: Channel } | 'nothingGranted'

export type Facts = {
  readonly customer: CustomerFacts & ProfileFacts
  /** Whether `hasPushDevice` was looked up; until then it is taken for granted. */
  readonly devicesRead: boolean
  readonly merchants: ReadonlyMap<MerchantId, MerchantScenes>
}

export type Stored =
  | { readonly kind: 'stored' }
  /** The same triggers were decided before: by an earlier delivery, or by somebody else meanwhile. */
  | { readonly kind: 'decidedAlready'; readonly earlier: EarlierDecision }
  /** The customer's profile changed since it was read. */
  | { readonly kind: 'profileChanged' }
  | { readonly kind: 'occasionUsed' }
  | { readonly kind: 'shardEmpty' }
  | { readonly kind: 'codeTaken' }

export type DecisionStore = {
  readonly loadFacts: (
    user: UserId,
    merchantIds: readonly MerchantId[],
    signal?: AbortSignal,
  ) => Promise<Facts>
  /** Has the customer a phone that a push platform of this deployment reaches? */
  readonly hasPushDevice: (user: UserId, signal?: AbortSignal) => Promise<boolean>
  /** How many are free on each shard of an offer's stock. */
  readonly freeStock: (offerId: OfferId, shards: number, signal?: AbortSignal) => Promise<number[]>
  /** Stores a decision whole, or not at all: grant, caps, stock, counts, message and trace. */
  readonly store: (
    ref: DecisionRef,
    outcomes: readonly Outcome[],
    grant: Grant | undefined,
    facts: Facts,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Stored>
}

const parseEarlier = (trace: Item | undefined): EarlierDecision => {
  const messageId = id('msg').safeParse(trace?.['messageId'])
  if (!messageId.success) return 'nothingGranted'
  return { messageId: messageId.data, channel: trace?.['channel'] === 'sms' ? 'sms' : 'push' }
}

/** What deciding reads from and writes to the Ledger. */
export const createDecisionStore = (
  client: DynamoDBDocumentClient,
  tables: Tables,
  scenes: SceneCache,
  options: { readonly dueShards: number; readonly pushPlatforms: ReadonlySet<string> },
): DecisionStore => {
  const retry = (signal?: AbortSignal) => ({ random: Math.random, signal })

  const hasPushDevice = async (user: UserId, signal?: AbortSignal): Promise<boolean> => {
    const devices = await readDevices(client, tables.ledger, user, signal)
    return devices.some(({ platform }) => options.pushPlatforms.has(platform))
  }

  const grantItems = (grant: Grant, facts: Facts, nowMs: number): TransactItem[] => {
    const { candidate, messageId, offer, code, stockShard, grantId } = grant
    const { scene, trigger } = candidate
    const send = { atMs: nowMs, merchantId: scene.merchantId, sceneId: scene.id, messageId }
    const absent = { ConditionExpression: 'attribute_not_exists(pk)' }
    const items: TransactItem[] = [
      { Put: { TableName: tables.ledger, Item: grantItem(grant, nowMs, options.dueShards), ...absent } },
      { Put: { TableName: tables.ledger, Item: messageItem(grant, nowMs, options.dueShards) } },
    ]
    const profile: TransactItem = {
      Update: {
        TableName: tables.ledger,
        Key: profileKey(trigger.user),
        ConditionExpression: 'version = :read AND attribute_not_exists(tombstone)',
        UpdateExpression: 'SET recentSends = :sends ADD version :one',
        ExpressionAttributeValues: {
          ':read': facts.customer.version,
          ':sends': withSend(facts.customer.recentSends, send),
          ':one': 1,
        },
      },
    }
    if (offer === undefined || code === undefined || stockShard === undefined) return [profile, ...items]
    return [
      profile,
      ...items,
      {
        Update: {
          TableName: tables.ledger,
          Key: { pk: `OFFER#${offer.id}#${stockShard}`, sk: 'STOCK' },
          ConditionExpression: '#free > :none',
          UpdateExpression: 'ADD #free :minus, reserved :plus',
          // A reserved word of DynamoDB's expressions.
          ExpressionAttributeNames: { '#free': 'free' },
          ExpressionAttributeValues: { ':none': 0, ':minus': -1, ':plus': 1 },
        },
      },
      {
        Put: {
          TableName: tables.ledger,
          Item: {
            ...codeKey(code),
            kind: 'code',
            user: trigger.user,
            grantId,
            merchantId: scene.merchantId,
            ttl: expiryOf(nowMs),
          },
          ...absent,
        },
      },
    ]
  }

  const notErased = (user: UserId): TransactItem => ({
    ConditionCheck: {
      TableName: tables.ledger,
      Key: profileKey(user),
      ConditionExpression: 'attribute_not_exists(tombstone)',
    },
  })

  return {
    loadFacts: async (user, merchantIds, signal) => {
      const [[profile] = [], versions = []] = await batchGetAll(
        client,
        [
          { table: tables.ledger, keys: [profileKey(user)], consistent: true },
          {
            table: tables.catalog,
            keys: merchantIds.map((merchantId) => ({ pk: `M#${merchantId}`, sk: 'VERSION' })),
          },
        ],
        retry(signal),
      )
      const loaded = await Promise.all(
        merchantIds.map(
          async (merchantId, index): Promise<[MerchantId, MerchantScenes]> => [
            merchantId,
            await scenes.at(merchantId, Number(versions[index]?.['version'] ?? 0), signal),
          ],
        ),
      )
      return {
        customer: { ...parseProfile(profile), hasPushDevice: true },
        devicesRead: false,
        merchants: new Map(loaded),
      }
    },

    hasPushDevice,

    freeStock: async (offerId, shards, signal) => {
      const keys = Array.from({ length: shards }, (_, shard) => ({
        pk: `OFFER#${offerId}#${shard}`,
        sk: 'STOCK',
      }))
      const [items = []] = await batchGetAll(
        client,
        [{ table: tables.ledger, keys, consistent: true }],
        retry(signal),
      )
      return items.map((item) => Number(item?.['free'] ?? 0))
    },

    store: async (ref, outcomes, grant, facts, nowMs, signal) => {
      const items: TransactItem[] = [
        {
          Put: {
            TableName: tables.ledger,
            Item: traceItem(ref, outcomes, grant, nowMs),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
        ...(grant ? grantItems(grant, facts, nowMs) : [notErased(ref.user)]),
        ...[...countsOf(outcomes)].map(([sceneId, counts]) =>
          addCounts(tables.ledger, sceneId, ref.user, nowMs, counts),
        ),
      ]
      const outcome = await transact(client, items, retry(signal))
      if (outcome.kind === 'done') return { kind: 'stored' }
      const refused = (index: number): boolean => outcome.reasons[index] === 'ConditionalCheckFailed'
      // By the order of the items above.
      if (refused(0)) return { kind: 'decidedAlready', earlier: parseEarlier(outcome.items[0]) }
      if (refused(1)) return { kind: 'profileChanged' }
      if (refused(2)) return { kind: 'occasionUsed' }
      return { kind: refused(4) ? 'shardEmpty' : 'codeTaken' }
    },
  }
}
