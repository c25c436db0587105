import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { expiryOf, type StoredTally } from '#shared/contracts/items/ledger.ts'
import { stockKey, type Tally } from '#shared/contracts/items/stock.ts'
import type { OfferId } from '#shared/domain/ids.ts'

type Move = { readonly from: 'free' | 'reserved'; readonly to: 'free' | 'reserved' | 'confirmed' }

/**
 * Moves one unit of a stock: `free` to `reserved` with a grant, to `confirmed` when it is used, back to `free` when it
 * is not. Fails where there is none to move, so that free + reserved + confirmed stays the stock.
 */
export const moveUnit = (
  table: string,
  offerId: OfferId,
  shard: number,
  { from, to }: Move,
): TransactItem => ({
  Update: {
    TableName: table,
    Key: stockKey(offerId, shard),
    ConditionExpression: '#from > :none',
    UpdateExpression: 'ADD #from :minus, #to :plus',
    // FREE is a word that DynamoDB reserves.
    ExpressionAttributeNames: { '#from': from, '#to': to },
    ExpressionAttributeValues: { ':none': 0, ':minus': -1, ':plus': 1 },
  },
})

/** A unit that a grant holds; `listedCode` is its code, where that is one of the merchant's own. */
export type HeldUnit = {
  readonly offerId: OfferId
  readonly stockShard: number
  readonly listedCode?: string | undefined
}

/**
 * Takes a merchant's own code from the items of its stock, with its unit unless that `isKept` already. Fails where somebody
 * else has taken it: so each code is given once.
 */
export const takeCode = (
  table: string,
  { offerId, stockShard, listedCode }: HeldUnit & { readonly listedCode: string },
  isKept: boolean,
): TransactItem => ({
  Update: {
    TableName: table,
    Key: stockKey(offerId, stockShard),
    ConditionExpression: isKept ? 'contains(codes, :code)' : 'contains(codes, :code) AND #free > :none',
    UpdateExpression: `ADD codeRevision :one${isKept ? '' : ', #free :minus, reserved :one'} DELETE codes :codes`,
    ...(!isKept && { ExpressionAttributeNames: { '#free': 'free' } }),
    ExpressionAttributeValues: {
      ':code': listedCode,
      ':codes': new Set([listedCode]),
      ':one': 1,
      ...(!isKept && { ':none': 0, ':minus': -1 }),
    },
  },
})

/** Gives a unit that was reserved back, with its code where that is one of the merchant's own. */
export const giveBackUnit = (table: string, { offerId, stockShard, listedCode }: HeldUnit): TransactItem =>
  listedCode === undefined
    ? moveUnit(table, offerId, stockShard, { from: 'reserved', to: 'free' })
    : {
        Update: {
          TableName: table,
          Key: stockKey(offerId, stockShard),
          ConditionExpression: 'reserved > :none',
          UpdateExpression: 'ADD reserved :minus, #free :one, codeRevision :one, codes :codes',
          ExpressionAttributeNames: { '#free': 'free' },
          ExpressionAttributeValues: { ':none': 0, ':minus': -1, ':one': 1, ':codes': new Set([listedCode]) },
        },
      }

/** Counts a grant up, if there is room; without a most there always is. */
export const addToTally = (table: string, { pk, sk, add, max }: Tally, nowMs: number): TransactItem => {
  const fields = Object.keys(add)
  // Those of a customer and of a store count for ever.
  const isOfDay = sk.startsWith('DAY#')
  const rooms = fields.flatMap((field, n) =>
    max[field] === undefined ? [] : [`(attribute_not_exists(#f${n}) OR #f${n} <= :r${n})`],
  )
  return {
    Update: {
      TableName: table,
      Key: { pk, sk },
      ...(rooms.length > 0 && { ConditionExpression: rooms.join(' AND ') }),
      UpdateExpression: `SET kind = :kind${isOfDay ? ', #ttl = :ttl' : ''} ADD ${fields.map((_, n) => `#f${n} :a${n}`).join(', ')}`,
      ExpressionAttributeNames: {
        ...(isOfDay && { '#ttl': 'ttl' }),
        ...Object.fromEntries(fields.map((field, n) => [`#f${n}`, field])),
      },
      ExpressionAttributeValues: {
        ':kind': 'tally',
        ...(isOfDay && { ':ttl': expiryOf(nowMs) }),
        ...Object.fromEntries(
          fields.flatMap((field, n) => {
            const most = max[field]
            const added: [string, number] = [`:a${n}`, add[field] ?? 0]
            return most === undefined ? [added] : [added, [`:r${n}`, most - (add[field] ?? 0)]]
          }),
        ),
      },
    },
  }
}

/** Counts a grant down again; fails where nothing is counted any more. */
export const takeFromTally = (table: string, { pk, sk, add }: StoredTally): TransactItem => {
  const fields = Object.keys(add)
  return {
    Update: {
      TableName: table,
      Key: { pk, sk },
      ConditionExpression: 'attribute_exists(pk)',
      UpdateExpression: `ADD ${fields.map((_, n) => `#f${n} :m${n}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(fields.map((field, n) => [`#f${n}`, field])),
      ExpressionAttributeValues: Object.fromEntries(fields.map((field, n) => [`:m${n}`, -(add[field] ?? 0)])),
    },
  }
}
