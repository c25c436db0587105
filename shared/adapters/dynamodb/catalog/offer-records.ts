import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import {
  createEntityRecords,
  type EntityRecords,
  type Refusal,
} from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { findHolders } from '#shared/adapters/dynamodb/catalog/find-holders.ts'
import { wakeWaiters } from '#shared/adapters/dynamodb/ledger/wake-waiters.ts'
import { batchGetAll, type TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { offerSchema } from '#shared/contracts/http/offers.ts'
import type { OfferId } from '#shared/domain/ids.ts'
import { stockChange } from '#shared/domain/merchants/stock-change.ts'
import { type Offer, splitStock } from '#shared/domain/offers/offer.ts'

const stockKey = (offerId: OfferId, shard: number) => ({ pk: `OFFER#${offerId}#${shard}`, sk: 'STOCK' })

type Shard = { readonly free: number; readonly reserved: number }

const newStock = (ledger: string, { id, merchantId, stock, stockShards }: Offer): TransactItem[] =>
  splitStock(stock, stockShards).map((free, shard) => ({
    Put: {
      TableName: ledger,
      Item: {
        ...stockKey(id, shard),
        kind: 'stock',
        offerId: id,
        merchantId,
        free,
        reserved: 0,
        confirmed: 0,
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  }))

const changedStock = (
  ledger: string,
  after: Offer,
  delta: number,
  shards: readonly Shard[],
): TransactItem[] | Refusal => {
  const change = stockChange(
    delta,
    shards.map(({ free }) => free),
  )
  if (change === undefined) return 'stockInUse'
  return change.flatMap((units, shard): TransactItem[] =>
    units === 0
      ? []
      : [
          {
            Update: {
              TableName: ledger,
              Key: stockKey(after.id, shard),
              UpdateExpression: 'ADD #free :units',
              // Grants may have taken units meanwhile: then the plan is made again.
              ConditionExpression: '#free >= :least',
              ExpressionAttributeNames: { '#free': 'free' },
              ExpressionAttributeValues: { ':units': units, ':least': Math.max(0, -units) },
            },
          },
        ],
  )
}

const endedStock = (ledger: string, { id }: Offer, shards: readonly Shard[]): TransactItem[] | Refusal => {
  if (shards.some(({ reserved }) => reserved > 0)) return 'inUse'
  return shards.map((_, shard) => ({
    Delete: {
      TableName: ledger,
      Key: stockKey(id, shard),
      ConditionExpression: 'attribute_not_exists(pk) OR reserved = :none',
      ExpressionAttributeValues: { ':none': 0 },
    },
  }))
}

/**
 * A merchant's offers, with their stock in the Ledger. More stock goes to the shards; less is refused when fewer units
 * are free. An offer that a scene names, or of which units are reserved, stays.
 */
export const createOfferRecords = (tables: CatalogTables): EntityRecords<OfferId, Offer> => {
  const { client, ledger } = tables

  const readShards = async ({ id, stockShards }: Offer, signal?: AbortSignal): Promise<Shard[]> => {
    const keys = Array.from({ length: stockShards }, (_, shard) => stockKey(id, shard))
    const [items = []] = await batchGetAll(
      client,
      [{ table: ledger, keys, consistent: true }],
      retrying(signal),
    )
    return items.map((item) => ({
      free: Number(item?.['free'] ?? 0),
      reserved: Number(item?.['reserved'] ?? 0),
    }))
  }

  const stockWrites = async (
    before: Offer | undefined,
    after: Offer | undefined,
    signal?: AbortSignal,
  ): Promise<TransactItem[] | Refusal> => {
    if (before === undefined) return after ? newStock(ledger, after) : []
    if (after === undefined) return endedStock(ledger, before, await readShards(before, signal))
    const delta = after.stock - before.stock
    if (delta === 0) return []
    const writes = changedStock(ledger, after, delta, await readShards(before, signal))
    if (typeof writes === 'string' || delta < 0) return writes
    const atMs = Date.parse(after.updatedAt)
    return [...writes, ...(await wakeWaiters(client, ledger, after.id, atMs, signal))]
  }

  return createEntityRecords(tables, {
    type: 'OFFER',
    parse: (item): Offer => offerSchema.parse(item),
    references: ({ id, substituteId }) =>
      substituteId === undefined || substituteId === id
        ? []
        : [{ type: 'OFFER', id: substituteId, pointer: '/substituteId' }],
    namedBy: (merchantId, id, signal) =>
      findHolders(tables, merchantId, id, ['SCENE', 'OFFER', 'QR-CODE'], signal),
    along: async (before, after, signal) => {
      const writes = await stockWrites(before, after, signal)
      return typeof writes === 'string' ? writes : writes.map((write) => ({ write }))
    },
  })
}
