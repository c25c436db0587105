import { randomBytes } from 'node:crypto'
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { inject } from 'vitest'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'

export type TestTables = {
  readonly url: string
  readonly catalog: string
  readonly presence: string
  readonly ledger: string
  /** The same document client that the functions use. */
  readonly client: DynamoDBDocumentClient
  /** Every item of a table, at most 10,000. */
  readonly allOf: (table: string) => Promise<Record<string, unknown>[]>
}

const MAX_PAGES = 50
const key = (pk: string, sk?: string) => [
  { AttributeName: pk, KeyType: 'HASH' as const },
  ...(sk === undefined ? [] : [{ AttributeName: sk, KeyType: 'RANGE' as const }]),
]
const strings = (...names: string[]) =>
  names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const }))
const index = (IndexName: string, pk: string, sk: string) => ({
  IndexName,
  KeySchema: key(pk, sk),
  Projection: { ProjectionType: 'ALL' as const },
})

const catalogTable = (TableName: string): CreateTableCommandInput => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: strings('pk', 'sk'),
  KeySchema: key('pk', 'sk'),
})
const presenceTable = (TableName: string): CreateTableCommandInput => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: strings('pk'),
  KeySchema: key('pk'),
})
const ledgerTable = (TableName: string): CreateTableCommandInput => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: strings('pk', 'sk', 'merchantPk', 'merchantSk', 'duePk', 'dueSk'),
  KeySchema: key('pk', 'sk'),
  GlobalSecondaryIndexes: [index('byMerchant', 'merchantPk', 'merchantSk'), index('due', 'duePk', 'dueSk')],
})

/** Points the SDK of this test file, and of the functions it calls, to the engine of the run. */
const pointToEngine = (url: string): void => {
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = url
  process.env['AWS_REGION'] = 'us-east-1'
  process.env['AWS_ACCESS_KEY_ID'] = 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test'
  // Where nothing listens, for test files that send nothing.
  process.env['PUSH_QUEUE_URL'] ??= 'http://127.0.0.1:1/000000000000/push'
  process.env['SMS_QUEUE_URL'] ??= 'http://127.0.0.1:1/000000000000/sms'
  process.env['JOBS_QUEUE_URL'] ??= 'http://127.0.0.1:1/000000000000/jobs'
  process.env['DUE_SHARDS'] ??= '1'
  process.env['QR_URL'] ??= 'https://api.example.com/q/'
  process.env['SCAN_LINK'] ??= 'beckon://scan/'
}

const scanAll = async (client: DynamoDBDocumentClient, table: string): Promise<Record<string, unknown>[]> => {
  const items: Record<string, unknown>[] = []
  let from: Record<string, unknown> | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    )
    items.push(...(answer.Items ?? []))
    from = answer.LastEvaluatedKey
    if (from === undefined) return items
  }
  throw new Error(`more than ${MAX_PAGES} pages in ${table}`)
}

/**
 * The three tables, empty, with names of their own, on the engine of this test run (see global-engine.ts). Call it in
 * `beforeAll`, or once at the top of a test file. They have no streams: tests hand records on themselves, and a transaction
 * takes DynamoDB Local six times as long with one.
 *
 * @example
 * const tables = await createTables()
 * await tables.client.send(new PutCommand({ TableName: tables.ledger, Item: { pk: 'U#1', sk: 'PROFILE' } }))
 */
export const createTables = async (): Promise<TestTables> => {
  const url = inject('dynamodbUrl')
  pointToEngine(url)
  const prefix = `t${randomBytes(6).toString('hex')}`
  const names = { catalog: `${prefix}-catalog`, presence: `${prefix}-presence`, ledger: `${prefix}-ledger` }
  const admin = new DynamoDBClient({})
  for (const input of [
    catalogTable(names.catalog),
    presenceTable(names.presence),
    ledgerTable(names.ledger),
  ]) {
    await admin.send(new CreateTableCommand(input))
    await waitUntilTableExists(
      { client: admin, maxWaitTime: 20, minDelay: 0.02 },
      { TableName: input.TableName },
    )
  }
  admin.destroy()
  const client = createDocumentClient()
  return { url, ...names, client, allOf: (table) => scanAll(client, table) }
}
