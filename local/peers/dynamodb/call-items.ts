import { isObject, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts'

/** The calls that read or write items; all others (tables, streams, TTL) go through untouched. */
const READS = ['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'] as const
const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'] as const
export type ReadOperation = (typeof READS)[number]
export type WriteOperation = (typeof WRITES)[number]
export type DataOperation = ReadOperation | WriteOperation

const DATA_OPERATIONS = new Map<string, DataOperation>([...READS, ...WRITES].map((name) => [name, name]))
const WRITE_OPERATIONS: ReadonlySet<string> = new Set(WRITES)

/**
 * The data operation that `X-Amz-Target` names; undefined for any other call.
 *
 * @example dataOperationOf('DynamoDB_20120810.GetItem') // 'GetItem'
 */
export const dataOperationOf = (target: string): DataOperation | undefined =>
  target.startsWith('DynamoDB_20120810.') ? DATA_OPERATIONS.get(target.slice(18)) : undefined

export const isWriteOperation = (operation: DataOperation): operation is WriteOperation =>
  WRITE_OPERATIONS.has(operation)

/** An item that a call names: by its key, or (a put) by all of it. */
export type NamedItem = {
  readonly table: string
  readonly key?: JsonObject
  readonly item?: JsonObject
}

const named = (table: string | undefined, fields: JsonObject): NamedItem => ({
  table: table ?? '',
  ...(isObject(fields['Key']) ? { key: fields['Key'] } : {}),
  ...(isObject(fields['Item']) ? { item: fields['Item'] } : {}),
})

/** The one action of an entry of TransactItems: `{ Put: {…} }`. */
const actionOf = (entry: JsonObject): JsonObject => Object.values(entry).find(isObject) ?? {}

const batchWrites = (request: JsonObject): NamedItem[] =>
  Object.entries(objectAt(request, 'RequestItems')).flatMap(([table, writes]) =>
    Array.isArray(writes) ? writes.filter(isObject).map((write) => named(table, actionOf(write))) : [],
  )

const batchReads = (request: JsonObject): NamedItem[] =>
  Object.entries(objectAt(request, 'RequestItems')).flatMap(([table, read]) =>
    isObject(read) ? objectsAt(read, 'Keys').map((key) => ({ table, key })) : [],
  )

/**
 * The items that a call names, in its order (for a transaction: one for each entry). Query and Scan name none.
 */
export const namedItemsOf = (operation: DataOperation, request: JsonObject): NamedItem[] => {
  switch (operation) {
    case 'GetItem':
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return [named(textAt(request, 'TableName'), request)]
    case 'TransactGetItems':
    case 'TransactWriteItems':
      return objectsAt(request, 'TransactItems')
        .map(actionOf)
        .map((action) => named(textAt(action, 'TableName'), action))
    case 'BatchWriteItem':
      return batchWrites(request)
    case 'BatchGetItem':
      return batchReads(request)
    case 'Query':
    case 'Scan':
      return []
    default:
      return operation satisfies never
  }
}
