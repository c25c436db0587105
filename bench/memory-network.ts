import { Readable } from 'node:stream'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { TOKEN_ISSUER } from './ping-event.ts'

/** An item or a key as it is on the wire: `{ pk: { S: 'a' } }`. */
export type WireItem = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What the SDK wants to send, and the bytes of the answer. */
export type Answerer = (operation: string, body: string) => Uint8Array

type WireRequest = { readonly headers: Readonly<Record<string, string>>; readonly body: unknown }

const textOf = (body: unknown): string => {
  if (typeof body === 'string') return body
  if (!(body instanceof Uint8Array)) return ''
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
}

const streamOf = (bytes: Uint8Array): Readable =>
  new Readable({
    read() {
      this.push(bytes)
      this.push(null)
    },
  })

/** What stands where an HTTP handler stood: DynamoDB's JSON protocol without a socket. */
const handlerOf =
  (answer: Answerer) =>
  async ({ headers, body }: WireRequest) => ({
    response: {
      statusCode: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'BENCH' },
      // A stream, as a socket is one: collecting it is part of a call's work.
      body: streamOf(answer((headers['x-amz-target'] ?? '').split('.')[1] ?? '', textOf(body))),
    },
  })

/**
 * Answers all of this process's DynamoDB calls in memory, whoever makes the client: the SDK's own HTTP handler is
 * changed, so that a function's handler can be measured as it is.
 *
 * @returns puts the network back
 */
export const answerInMemory = (answer: Answerer): (() => void) => {
  const prototype: unknown = Object.getPrototypeOf(new DynamoDBClient({}).config.requestHandler)
  if (typeof prototype !== 'object' || prototype === null || !('handle' in prototype)) {
    throw new TypeError('the SDK has another HTTP handler than it had')
  }
  const { handle } = prototype
  prototype.handle = handlerOf(answer)
  return () => {
    prototype.handle = handle
  }
}

/** Credentials and a region for clients that reach nobody. */
export const setAwsEnvironment = (): void => {
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIABENCH00000000000',
    AWS_SECRET_ACCESS_KEY: 'bench',
    CATALOG_TABLE: 'Catalog',
    PRESENCE_TABLE: 'Presence',
    LEDGER_TABLE: 'Ledger',
    TOKEN_ISSUER,
    TOKEN_AUDIENCES: 'app',
    SCOPE_PREFIX: 'beckon/',
    RATE_LIMIT_POLICY: '"all-callers";q=2000;w=1',
    // Counted as in a stage; one phone sends more here than any would.
    CALLER_REQUESTS_PER_MINUTE: '1000000',
    POWERTOOLS_LOG_LEVEL: 'WARN',
  })
}

const item = z.record(z.string(), z.record(z.string(), z.unknown()))
const callSchemas = {
  GetItem: z.object({ TableName: z.string(), Key: item }),
  PutItem: z.object({ TableName: z.string(), Item: item }),
  BatchGetItem: z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(item) })) }),
  Query: z.object({
    TableName: z.string(),
    ExpressionAttributeValues: item,
    Limit: z.number().default(Number.POSITIVE_INFINITY),
    ExclusiveStartKey: item.optional(),
  }),
} as const

const keyText = (key: WireItem): string => `${key['pk']?.['S']}\n${key['sk']?.['S'] ?? ''}`

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** The few things that a table in memory can do. Conditions always hold. */
export type MemoryTables = {
  readonly put: (table: string, item: WireItem) => void
  readonly get: (table: string, key: WireItem) => WireItem | undefined
  readonly answer: Answerer
}

/**
 * Tables in memory, for what match-pings asks: GetItem, BatchGetItem, PutItem, and Query of a partition by the beginning
 * of its sort keys. Anything else is an error.
 */
export const createMemoryTables = (): MemoryTables => {
  const tables = new Map<string, Map<string, WireItem>>()
  const tableOf = (name: string): Map<string, WireItem> => {
    const table = tables.get(name) ?? new Map<string, WireItem>()
    tables.set(name, table)
    return table
  }
  const put = (table: string, one: WireItem): void => void tableOf(table).set(keyText(one), one)
  const get = (table: string, key: WireItem): WireItem | undefined => tableOf(table).get(keyText(key))

  const batchGet = (body: unknown): unknown => {
    const { RequestItems } = callSchemas.BatchGetItem.parse(body)
    const found = Object.entries(RequestItems).map(([table, { Keys }]) => [
      table,
      Keys.flatMap((key) => get(table, key) ?? []),
    ])
    return { Responses: Object.fromEntries(found), UnprocessedKeys: {} }
  }
  const query = (body: unknown): unknown => {
    const { TableName, ExpressionAttributeValues, Limit, ExclusiveStartKey } = callSchemas.Query.parse(body)
    const [pk, prefix = ''] = Object.values(ExpressionAttributeValues).map((value) => String(value['S']))
    const after = ExclusiveStartKey === undefined ? '' : keyText(ExclusiveStartKey)
    const all = [...tableOf(TableName)]
      .filter(([key]) => key.startsWith(`${pk}\n${prefix}`) && key > after)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, one]) => one)
    const last = all.length > Limit ? all[Limit - 1] : undefined
    const next = last && { pk: last['pk'], sk: last['sk'] }
    return {
      Items: all.slice(0, Limit),
      Count: Math.min(all.length, Limit),
      ...(next && { LastEvaluatedKey: next }),
    }
  }
  const answers: Readonly<Record<string, (body: unknown) => unknown>> = {
    GetItem: (body) => {
      const { TableName, Key } = callSchemas.GetItem.parse(body)
      return { Item: get(TableName, Key) }
    },
    PutItem: (body) => {
      const { TableName, Item } = callSchemas.PutItem.parse(body)
      put(TableName, Item)
      return {}
    },
    BatchGetItem: batchGet,
    Query: query,
  }
  return {
    put,
    get,
    answer: (operation, body) => {
      const make = answers[operation]
      if (make === undefined) throw new Error(`the tables in memory do not know ${operation}`)
      return bytesOf(make(JSON.parse(body)))
    },
  }
}
