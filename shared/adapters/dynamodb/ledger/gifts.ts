import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { notErased } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { moveUnit } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import { wakeWaiters } from '#shared/adapters/dynamodb/ledger/wake-waiters.ts'
import { batchGetAll, getItem, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { type Gift, giftItem, giftKey, giftSchema, type StoredGift } from '#shared/contracts/items/gift.ts'
import { stockKey } from '#shared/contracts/items/stock.ts'
import { shardOf, type UserId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Occasion } from '#shared/domain/scenes/occasions.ts'

type GiftName = Pick<Occasion, 'sceneId' | 'occasion'>

export type Gifts = {
  /** Keeps a unit for an occasion, if one is free; once. Not for an erased customer. */
  readonly reserve: (
    gift: Omit<Gift, 'offerId' | 'stockShard'>,
    offer: Offer,
    dueShards: number,
    signal?: AbortSignal,
  ) => Promise<void>
  /** The unit that is kept for an occasion; undefined where none is, or no more. */
  readonly find: (user: UserId, name: GiftName, signal?: AbortSignal) => Promise<StoredGift | undefined>
  /** Gives the unit of an occasion back, once; nothing where none is kept. */
  readonly release: (user: UserId, name: GiftName, nowMs: number, signal?: AbortSignal) => Promise<void>
}

const MAX_TRIES = 4

const endGift = (table: string, user: UserId, name: GiftName, state: 'taken' | 'released'): TransactItem => ({
  Update: {
    TableName: table,
    Key: giftKey(user, name),
    ConditionExpression: '#state = :reserved',
    UpdateExpression: 'SET #state = :state REMOVE duePk, dueSk',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':reserved': 'reserved', ':state': state },
  },
})

/** The unit becomes that of a grant, in the grant's transaction; refused when it was given back meanwhile. */
export const takeGift = (table: string, user: UserId, name: GiftName): TransactItem =>
  endGift(table, user, name, 'taken')

/** Gifts that are kept for occasions. */
export const createGifts = (client: DynamoDBDocumentClient, table: string): Gifts => {
  const options = (signal?: AbortSignal) => ({ random: Math.random, signal })

  /** Shards that hold something, that of the customer first, so that many customers spread. */
  const shardsOf = async ({ id, stockShards }: Offer, user: UserId, signal?: AbortSignal) => {
    const own = shardOf(`${id}|${user}`, stockShards)
    const shards = Array.from({ length: stockShards }, (_, index) => (own + index) % stockShards)
    const keys = shards.map((shard) => stockKey(id, shard))
    const [items = []] = await batchGetAll(client, [{ table, keys, consistent: true }], options(signal))
    return shards.filter((_, index) => Number(items[index]?.['free'] ?? 0) > 0)
  }

  const find: Gifts['find'] = async (user, name, signal) => {
    const Item = await getItem(client, table, giftKey(user, name), signal)
    const gift = Item && giftSchema.parse(Item)
    return gift?.state === 'reserved' ? gift : undefined
  }

  return {
    reserve: async (gift, offer, dueShards, signal) => {
      const shards = await shardsOf(offer, gift.user, signal)
      for (const stockShard of shards.slice(0, MAX_TRIES)) {
        const item = giftItem({ ...gift, offerId: offer.id, stockShard }, dueShards)
        const outcome = await transact(
          client,
          [
            {
              Put: {
                TableName: table,
                Item: item,
                ConditionExpression: 'attribute_not_exists(pk) OR #state = :released',
                ExpressionAttributeNames: { '#state': 'state' },
                ExpressionAttributeValues: { ':released': 'released' },
              },
            },
            notErased(table, gift.user),
            moveUnit(table, offer.id, stockShard, { from: 'free', to: 'reserved' }),
          ],
          options(signal),
        )
        // Kept already, or for nobody; else somebody took the last of this shard.
        if (outcome.kind === 'done' || outcome.reasons[2] !== 'ConditionalCheckFailed') return
      }
    },

    find,

    release: async (user, name, nowMs, signal) => {
      const gift = await find(user, name, signal)
      if (gift === undefined) return
      const { offerId, stockShard } = gift
      await transact(
        client,
        [
          endGift(table, user, name, 'released'),
          moveUnit(table, offerId, stockShard, { from: 'reserved', to: 'free' }),
          ...(await wakeWaiters(client, table, offerId, nowMs, signal)),
        ],
        options(signal),
      )
    },
  }
}
