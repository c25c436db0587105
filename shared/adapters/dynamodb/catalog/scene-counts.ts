import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { COUNTER_SHARDS, countsIn, sceneCountsPk } from '#shared/contracts/items/counter.ts'
import type { SceneId } from '#shared/domain/ids.ts'

/** A scene's counters, summed over its shards and the days `from` to `to` ('yyyy-mm-dd', UTC, both included). */
export type SumCounts = (
  sceneId: SceneId,
  from: string,
  to: string,
  signal?: AbortSignal,
) => Promise<Map<string, number>>

const PAGE = 1000
/** A scene at many stores has many counters a day. */
const MAX_PAGES = 50

const addAll = (sums: ReadonlyMap<string, number>, item: Item): Map<string, number> => {
  const next = new Map(sums)
  for (const [name, value] of Object.entries(countsIn(item))) next.set(name, (next.get(name) ?? 0) + value)
  return next
}

export const createSumCounts = ({ client, ledger }: CatalogTables): SumCounts => {
  const countersOf = async (pk: string, from: string, to: string, signal?: AbortSignal): Promise<Item[]> => {
    const found: Item[] = []
    let start: Item | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const { items, next } = await queryPage(
        client,
        {
          TableName: ledger,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': pk, ':from': `COUNT#${from}`, ':to': `COUNT#${to}~` },
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      found.push(...items)
      start = next
      if (start === undefined) return found
    }
    throw new Error(`more than ${MAX_PAGES} pages of counters`)
  }

  return async (sceneId, from, to, signal) => {
    const shards = Array.from({ length: COUNTER_SHARDS }, (_, shard) => sceneCountsPk(sceneId, shard))
    const found = await Promise.all(shards.map((pk) => countersOf(pk, from, to, signal)))
    return found.flat().reduce<Map<string, number>>(addAll, new Map())
  }
}
