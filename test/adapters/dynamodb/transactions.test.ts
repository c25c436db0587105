import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, test } from 'vitest'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { batchGetAll, queryPage, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { createTables } from '#test/support/engine.ts'

const tables = await createTables()
const { client, ledger, catalog, presence } = tables
const random = () => 0

const cancelled = (...codes: string[]): TransactionCanceledException =>
  new TransactionCanceledException({
    message: 'cancelled',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  })

const put = (sk: string) => ({ Put: { TableName: ledger, Item: { pk: 'T#1', sk } } })

describe('transact on the engine', () => {
  test('writes all items', async () => {
    const outcome = await transact(client, [put('a'), put('b')], { random })
    expect(outcome).toEqual({ kind: 'done' })
    const page = await queryPage(client, {
      TableName: ledger,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'T#1' },
      Limit: 10,
    })
    expect(page.items.map((item) => item['sk'])).toEqual(['a', 'b'])
  })

  test('answers a failed condition with its place and what is stored there, and writes nothing', async () => {
    await client.send(new PutCommand({ TableName: ledger, Item: { pk: 'T#2', sk: 'a', n: 7 } }))
    const outcome = await transact(
      client,
      [
        { Put: { TableName: ledger, Item: { pk: 'T#2', sk: 'b' } } },
        {
          Put: {
            TableName: ledger,
            Item: { pk: 'T#2', sk: 'a' },
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ],
      { random },
    )
    expect(outcome).toEqual({
      kind: 'refused',
      reasons: [undefined, 'ConditionalCheckFailed'],
      items: [undefined, { pk: 'T#2', sk: 'a', n: 7 }],
    })
    const answer = await client.send(new GetCommand({ TableName: ledger, Key: { pk: 'T#2', sk: 'b' } }))
    expect(answer.Item).toBeUndefined()
  })

  test('the same token is not done twice', async () => {
    const input = {
      ClientRequestToken: 'a-token-of-a-logical-call',
      TransactItems: [
        {
          Update: {
            TableName: ledger,
            Key: { pk: 'T#3', sk: 'count' },
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': 1 },
          },
        },
      ],
    }
    await client.send(new TransactWriteCommand(input))
    await client.send(new TransactWriteCommand(input))
    const answer = await client.send(new GetCommand({ TableName: ledger, Key: { pk: 'T#3', sk: 'count' } }))
    expect(answer.Item?.['n']).toBe(1)
  })
})

describe('transact under faults', () => {
  const faulty = createDocumentClient()
  const mock = mockClient(faulty)
  afterEach(() => mock.reset())

  test('tries a conflict again, with the same token', async () => {
    mock.on(TransactWriteCommand).rejectsOnce(cancelled('None', 'TransactionConflict')).resolves({})
    expect(await transact(faulty, [put('a'), put('b')], { random })).toEqual({ kind: 'done' })
    const tokens = mock
      .commandCalls(TransactWriteCommand)
      .map((call) => call.args[0].input.ClientRequestToken)
    expect(tokens).toHaveLength(2)
    expect(new Set(tokens).size).toBe(1)
  })

  test('gives up after its retries with a BusyError', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled('TransactionConflict'))
    await expect(transact(faulty, [put('a')], { random, retries: 3 })).rejects.toThrow(BusyError)
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(4)
  })

  test('a failed condition beside a conflict is an answer', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled('TransactionConflict', 'ConditionalCheckFailed'))
    expect(await transact(faulty, [put('a'), put('b')], { random })).toMatchObject({
      kind: 'refused',
      reasons: ['TransactionConflict', 'ConditionalCheckFailed'],
    })
  })

  test('a fault of our own is thrown as it is, once', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled('ValidationError'))
    await expect(transact(faulty, [put('a')], { random })).rejects.toThrow(TransactionCanceledException)
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(1)
  })

  test('unprocessed keys are asked for again', async () => {
    const key = { pk: 'T#9', sk: 'a' }
    mock
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: {}, UnprocessedKeys: { [ledger]: { Keys: [key] } } })
      .resolves({ Responses: { [ledger]: [{ ...key, n: 1 }] } })
    expect(await batchGetAll(faulty, [{ table: ledger, keys: [key] }], { random })).toEqual([
      [{ ...key, n: 1 }],
    ])
  })

  test('keys that stay unprocessed end in a BusyError', async () => {
    const key = { pk: 'T#9', sk: 'a' }
    mock.on(BatchGetCommand).resolves({ Responses: {}, UnprocessedKeys: { [ledger]: { Keys: [key] } } })
    await expect(
      batchGetAll(faulty, [{ table: ledger, keys: [key] }], { random, retries: 2 }),
    ).rejects.toThrow(BusyError)
  })
})

describe('batchGetAll on the engine', () => {
  test('answers in the order of the keys, over tables, more than 100 keys and repeated ones', async () => {
    const keys = Array.from({ length: 130 }, (_, n) => ({ pk: 'B#1', sk: String(n) }))
    for (const key of keys.slice(0, 120)) await client.send(new PutCommand({ TableName: catalog, Item: key }))
    await client.send(new PutCommand({ TableName: presence, Item: { pk: 'U#1', n: 1 } }))
    const [rows, people] = await batchGetAll(
      client,
      [
        { table: catalog, keys: [...keys, { pk: 'B#1', sk: '3' }] },
        { table: presence, keys: [{ pk: 'U#2' }, { pk: 'U#1' }], consistent: true },
      ],
      { random },
    )
    expect(rows?.map((row) => row?.['sk'])).toEqual([
      ...keys.slice(0, 120).map((key) => key.sk),
      ...Array.from({ length: 10 }, () => undefined),
      '3',
    ])
    expect(people).toEqual([undefined, { pk: 'U#1', n: 1 }])
  })
})

test('what does not answer is a BusyError', async () => {
  const before = process.env['AWS_ENDPOINT_URL_DYNAMODB']
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = 'http://127.0.0.1:9'
  // The SDK reads the endpoint at its first request.
  const answer = createDocumentClient().send(new GetCommand({ TableName: ledger, Key: { pk: 'a', sk: 'b' } }))
  await expect(answer).rejects.toThrow(BusyError)
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = before
})
