import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import {
  COUNTER_SHARDS,
  countsIn,
  NO_STORE,
  sceneCountsPk,
  storeCountsPk,
} from '#shared/contracts/items/counter.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { MerchantId, SceneId, StoreId } from '#shared/domain/ids.ts'
import { addCounts, type Counts } from '#shared/domain/loop/count.ts'
import { type Cell, type Days, ofArm } from '#shared/domain/loop/shown.ts'

/** There is more than one answer can be made of: fewer days are. */
export type TooMuch = 'tooMuch'

export type CounterReader = {
  readonly ofScene: (sceneId: SceneId, days: Days, signal?: AbortSignal) => Promise<Cell[] | TooMuch>
  readonly ofStore: (storeId: StoreId, days: Days, signal?: AbortSignal) => Promise<Cell[] | TooMuch>
  /** What is of no store of the merchant's: its customers' first and second deals. */
  readonly ofMerchant: (merchantId: MerchantId, days: Days, signal?: AbortSignal) => Promise<Cell[] | TooMuch>
}

const PAGE = 1000
/** A scene at many stores has many counters a day: of each shard so many pages are read. */
const MAX_PAGES = 5

const cellOf = (item: Item): Cell => {
  const [, day = '', store = NO_STORE, arm] = String(item['sk']).split('#')
  const storeId = id('sto').safeParse(store).data
  return {
    day,
    ...(storeId !== undefined && { storeId }),
    arm: arm === 'holdout' ? 'holdout' : 'treated',
    counts: countsIn(item),
  }
}

const nameOf = ({ day, storeId, arm }: Cell): string => `${day} ${storeId ?? NO_STORE} ${arm}`

/** The cells of all shards, each once. */
const mergeCells = (cells: readonly Cell[]): Cell[] => {
  const merged = new Map<string, Cell>()
  for (const cell of cells) {
    const before = merged.get(nameOf(cell))
    merged.set(nameOf(cell), { ...cell, counts: addCounts(before?.counts ?? {}, cell.counts) })
  }
  return [...merged.values()]
}

/** Reads the counters of reports, summed over their shards. */
export const createCounterReader = ({ client, ledger }: CatalogTables): CounterReader => {
  const shardOf = async (pk: string, { from, to }: Days, signal?: AbortSignal): Promise<Item[] | TooMuch> => {
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
    return 'tooMuch'
  }

  const cellsOf = async (pkOf: (shard: number) => string, days: Days, signal?: AbortSignal) => {
    const shards = Array.from({ length: COUNTER_SHARDS }, (_, shard) => pkOf(shard))
    const found = await Promise.all(shards.map((pk) => shardOf(pk, days, signal)))
    if (found.includes('tooMuch')) return 'tooMuch'
    return mergeCells(found.flatMap((items) => (items === 'tooMuch' ? [] : items)).map(cellOf))
  }

  return {
    ofScene: (sceneId, days, signal) => cellsOf((shard) => sceneCountsPk(sceneId, shard), days, signal),
    ofStore: (storeId, days, signal) => cellsOf((shard) => storeCountsPk(storeId, shard), days, signal),
    ofMerchant: (merchantId, days, signal) =>
      cellsOf((shard) => storeCountsPk(merchantId, shard), days, signal),
  }
}

/** A scene's counts over the days `from` to `to` ('yyyy-mm-dd', UTC, both included), of all stores and arms. */
export type SumCounts = (
  sceneId: SceneId,
  from: string,
  to: string,
  signal?: AbortSignal,
) => Promise<ReadonlyMap<string, number>>

/**
 * Sums what a scene's messages have brought; what customers did who were held out is not among it.
 *
 * @throws {Error} from what it makes, for a scene with more counters than can be read at once
 */
export const createSumCounts = (tables: CatalogTables): SumCounts => {
  const { ofScene } = createCounterReader(tables)
  return async (sceneId, from, to, signal) => {
    const cells = await ofScene(sceneId, { from, to }, signal)
    if (cells === 'tooMuch') throw new Error('too many counters')
    const spokenTo = ofArm(cells, 'treated')
    return new Map(Object.entries(spokenTo.reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {})))
  }
}
