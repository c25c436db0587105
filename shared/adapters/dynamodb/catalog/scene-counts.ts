import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { COUNTER_SHARDS } from '#shared/contracts/items/decision.ts'
import type { SceneId } from '#shared/domain/ids.ts'

/** A scene's counters, summed over its shards and the days `from` to `to` ('yyyy-mm-dd', UTC, both included). */
export type SumCounts = (
  sceneId: SceneId,
  from: string,
  to: string,
  signal?: AbortSignal,
) => Promise<Map<string, number>>

const MAX_DAYS = 100
const NOT_COUNTERS = new Set(['pk', 'sk', 'kind', 'ttl'])

const addAll = (sums: ReadonlyMap<string, number>, item: Item): Map<string, number> => {
  const next = new Map(sums)
  for (const [name, value] of Object.entries(item)) {
    if (NOT_COUNTERS.has(name) || typeof value !== 'number') continue
    next.set(name, (next.get(name) ?? 0) + value)
  }
  return next
}

export const createSumCounts = ({ client, ledger }: CatalogTables): SumCounts => {
  const daysOf = (sceneId: SceneId, shard: number, from: string, to: string, signal?: AbortSignal) =>
    queryPage(
      client,
      {
        TableName: ledger,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': `SCENE#${sceneId}#${shard}`,
          ':from': `COUNT#${from}`,
          ':to': `COUNT#${to}`,
        },
        Limit: MAX_DAYS,
      },
      { signal },
    )

  return async (sceneId, from, to, signal) => {
    const shards = Array.from({ length: COUNTER_SHARDS }, (_, shard) => shard)
    const pages = await Promise.all(shards.map((shard) => daysOf(sceneId, shard, from, to, signal)))
    return pages.flatMap(({ items }) => items).reduce<Map<string, number>>(addAll, new Map())
  }
}
