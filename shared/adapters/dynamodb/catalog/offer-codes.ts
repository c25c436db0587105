import { type CatalogTables, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { commitChange } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import { entityKey } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { wakeWaiters } from '#shared/adapters/dynamodb/ledger/wake-waiters.ts'
import { batchGetAll, type Item, type TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { MAX_LISTED_CODES } from '#shared/contracts/http/offers.ts'
import { listedCodeKey } from '#shared/contracts/items/decision.ts'
import { codesOn, stockKey } from '#shared/contracts/items/stock.ts'
import { shardOf } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'

export type AddedCodes =
  | { readonly kind: 'added'; readonly added: readonly string[]; readonly left: number }
  /** The offer, or its stock, is another one by now. */
  | { readonly kind: 'again' }
  | { readonly kind: 'full' }

/**
 * Adds codes to those that an offer has left, each once, all in one transaction with the stock, whose items hold them. A code
 * that is there, or that the merchant has given to somebody within 13 months, is not added.
 *
 * @param codes as `readListedCode` gives them, at most 500, none twice
 */
export type AddCodes = (
  offer: Offer,
  codes: readonly string[],
  author: Author,
  signal?: AbortSignal,
) => Promise<AddedCodes>

/** Refused where a code was given, given back or added since the shard was read. */
const addTo = (
  ledger: string,
  offer: Offer,
  shard: number,
  item: Item | undefined,
  codes: readonly string[],
): TransactItem => {
  const read = item?.['codeRevision']
  return {
    Update: {
      TableName: ledger,
      Key: stockKey(offer.id, shard),
      UpdateExpression: 'ADD #free :units, codeRevision :one, codes :codes',
      ConditionExpression:
        read === undefined
          ? 'attribute_exists(pk) AND attribute_not_exists(codeRevision)'
          : 'codeRevision = :read',
      ExpressionAttributeNames: { '#free': 'free' },
      ExpressionAttributeValues: {
        ':units': codes.length,
        ':one': 1,
        ':codes': new Set(codes),
        ...(read !== undefined && { ':read': read }),
      },
    },
  }
}

const raiseStock = (
  catalog: string,
  { id, merchantId, revision }: Offer,
  units: number,
  { atMs }: Author,
): TransactItem => ({
  Update: {
    TableName: catalog,
    Key: entityKey('OFFER', merchantId, id),
    UpdateExpression: 'SET updatedAt = :now ADD stock :units, revision :one',
    ConditionExpression: 'revision = :read',
    ExpressionAttributeValues: {
      ':now': new Date(atMs).toISOString(),
      ':units': units,
      ':one': 1,
      ':read': revision,
    },
  },
})

const freeOn = (shards: readonly (Item | undefined)[]): number =>
  shards.reduce((sum, item) => sum + Number(item?.['free'] ?? 0), 0)

const byShard = (codes: readonly string[], shards: number): ReadonlyMap<number, readonly string[]> => {
  const groups = new Map<number, string[]>()
  for (const code of codes) {
    const shard = shardOf(code, shards)
    groups.set(shard, [...(groups.get(shard) ?? []), code])
  }
  return groups
}

/** Codes of offers, on the items of their stock in the Ledger. */
export const createAddCodes = (tables: CatalogTables): AddCodes => {
  const { client, catalog, ledger } = tables

  const read = async (offer: Offer, codes: readonly string[], signal?: AbortSignal) => {
    const shards = Array.from({ length: offer.stockShards }, (_, shard) => stockKey(offer.id, shard))
    const given = codes.map((code) => listedCodeKey(offer.merchantId, code))
    const [items = []] = await batchGetAll(
      client,
      [{ table: ledger, keys: [...shards, ...given], consistent: true }],
      retrying(signal),
    )
    return { shards: items.slice(0, shards.length), given: items.slice(shards.length) }
  }

  return async (offer, codes, author, signal) => {
    const { shards, given } = await read(offer, codes, signal)
    const there = new Set(shards.flatMap(codesOn))
    const added = codes.filter((code, index) => given[index] === undefined && !there.has(code))
    const left = freeOn(shards) + added.length
    if (added.length === 0) return { kind: 'added', added, left }
    if (offer.stock + added.length > MAX_LISTED_CODES) return { kind: 'full' }
    const writes = [...byShard(added, offer.stockShards)].map(([shard, some]) =>
      addTo(ledger, offer, shard, shards[shard], some),
    )
    const told = {
      author,
      action: 'replace',
      object: offer.id,
      before: offer.revision,
      after: offer.revision + 1,
      detail: `${added.length} codes added`,
    } as const
    const woken = await wakeWaiters(client, ledger, offer.id, author.atMs, signal)
    const items = [raiseStock(catalog, offer, added.length, author), ...writes, ...woken]
    const committed = await commitChange(tables, offer.merchantId, items, told, { signal })
    return committed.kind === 'done' ? { kind: 'added', added, left } : { kind: 'again' }
  }
}
