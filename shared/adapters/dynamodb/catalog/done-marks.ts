import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { getItem, type TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import type { WriteId } from '#shared/domain/ids.ts'

/** Longer than a request is known by its key, its tries included. */
const TTL_S = 2 * 86_400

const doneKey = (done: WriteId) => ({ pk: `DONE#${done}`, sk: 'MARK' })

/** Has a try of a request made its change? Read before what the change is made of, so that this shows it. */
export const isDone = async (
  { client, ledger }: CatalogTables,
  done: WriteId | undefined,
  signal?: AbortSignal,
): Promise<boolean> =>
  done !== undefined && (await getItem(client, ledger, doneKey(done), signal)) !== undefined

/** The write that says so; it goes into the transaction of the change, which it refuses the second time. */
export const markDone = (ledger: string, done: WriteId, atMs: number): TransactItem => ({
  Put: {
    TableName: ledger,
    Item: { ...doneKey(done), kind: 'done', ttl: Math.floor(atMs / 1000) + TTL_S },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
})
