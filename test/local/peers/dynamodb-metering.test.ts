import { crc32 } from 'node:zlib'
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { fc, it as property } from '@fast-check/vitest'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { itemBytes, writeUnits } from '#local/peers/dynamodb/item-size.ts'
import { type DynamodbProxy, startDynamodbProxy, UNMETERED_HEADER } from '#local/peers/dynamodb-proxy.ts'
import { hasDynoxide, startTestEngine, type TestEngine } from './engine.ts'
import { createLedger, dynamodbAt, keyOf, n, s } from './ledger.ts'

let engine: TestEngine
let proxy: DynamodbProxy
let direct: DynamoDBClient
let metered: DynamoDBClient

beforeAll(async () => {
  if (!hasDynoxide) return
  engine = await startTestEngine()
  direct = dynamodbAt(engine.url)
  await createLedger(direct)
  proxy = await startDynamodbProxy({ target: engine.url, plan: 'meter' })
  metered = dynamodbAt(proxy.url)
})
afterAll(async () => {
  if (!hasDynoxide) return
  metered.destroy()
  direct.destroy()
  await proxy.close()
  await engine.stop()
})

const T = { TableName: 'Ledger' }
const put = (sk: string, rest: object = {}) => new PutItemCommand({ ...T, Item: { ...keyOf(sk), ...rest } })
const kb = (size: number) => ({ text: s('x'.repeat(size * 1_000)) })
const inMerchant = (at: string) => ({ merchantPk: s('M#1'), merchantSk: s(at) })

describe.skipIf(!hasDynoxide)('units', () => {
  beforeEach(async () => {
    await direct.send(put('small'))
    await direct.send(put('1.5 kB', kb(1.5)))
    await direct.send(put('9 kB', kb(9)))
    await direct.send(put('indexed', inMerchant('1')))
    await direct.send(put('due', { ...inMerchant('2'), duePk: s('D'), dueSk: s('1') }))
    proxy.reset()
  })
  afterEach(async () => {
    for (const sk of ['new', 'other']) await direct.send(new DeleteItemCommand({ ...T, Key: keyOf(sk) }))
  })

  const keys = (...sks: string[]) => sks.map(keyOf)
  const batchGet = (Keys: ReturnType<typeof keys>, ConsistentRead = false) =>
    new BatchGetItemCommand({ RequestItems: { Ledger: { Keys, ConsistentRead } } })
  const query = (rest: object) =>
    new QueryCommand({
      ...T,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': s('a') },
      ...rest,
    })
  const update = (sk: string) => ({
    ...T,
    Key: keyOf(sk),
    UpdateExpression: 'SET note = :note',
    ExpressionAttributeValues: { ':note': s('changed') },
  })
  const transact = (
    ...TransactItems: NonNullable<ConstructorParameters<typeof TransactWriteItemsCommand>[0]['TransactItems']>
  ) => new TransactWriteItemsCommand({ TransactItems })

  // The figures of "DynamoDB read and write operations" and of captures of the service itself.
  it.each([
    ['a get of 9 kB, eventual', () => new GetItemCommand({ ...T, Key: keyOf('9 kB') }), 1.5, 0],
    [
      'a get of 9 kB, consistent',
      () => new GetItemCommand({ ...T, Key: keyOf('9 kB'), ConsistentRead: true }),
      3,
      0,
    ],
    ['a get of nothing', () => new GetItemCommand({ ...T, Key: keyOf('none') }), 0.5, 0],
    [
      'a batch get, each item rounded by itself',
      () => batchGet(keys('9 kB', '1.5 kB', 'small', 'none')),
      3,
      0,
    ],
    ['a consistent batch get', () => batchGet(keys('9 kB', '1.5 kB', 'small', 'none'), true), 6, 0],
    ['a query, rounded as a whole', () => query({ ConsistentRead: true }), 3, 0],
    [
      'a query of an index',
      () =>
        query({
          IndexName: 'byMerchant',
          KeyConditionExpression: 'merchantPk = :pk',
          ExpressionAttributeValues: { ':pk': s('M#1') },
        }),
      0.5,
      0,
    ],
    ['a scan', () => new ScanCommand(T), 1.5, 0],
    ['a put of 1.5 kB', () => put('new', kb(1.5)), 0, 2],
    ['a put in an index', () => put('new', inMerchant('3')), 0, 2],
    ['a put that changes nothing in an index', () => put('indexed', inMerchant('1')), 0, 1],
    ['a put that moves in an index', () => put('indexed', inMerchant('9')), 0, 3],
    ['an update of 9 kB', () => new UpdateItemCommand(update('9 kB')), 0, 9],
    ['an update of an item in two indexes', () => new UpdateItemCommand(update('due')), 0, 3],
    ['a delete of 9 kB', () => new DeleteItemCommand({ ...T, Key: keyOf('9 kB') }), 0, 9],
    ['a delete of nothing', () => new DeleteItemCommand({ ...T, Key: keyOf('none') }), 0, 1],
    [
      'a batch write',
      () =>
        new BatchWriteItemCommand({
          RequestItems: {
            Ledger: [
              { PutRequest: { Item: { ...keyOf('new'), ...kb(1.5) } } },
              { PutRequest: { Item: { ...keyOf('other'), ...inMerchant('3') } } },
            ],
          },
        }),
      0,
      4,
    ],
    ['a transactional put', () => transact({ Put: { ...T, Item: keyOf('new') } }), 0, 2],
    [
      'a transactional put in an index, which is not doubled',
      () => transact({ Put: { ...T, Item: { ...keyOf('new'), ...inMerchant('3') } } }),
      0,
      3,
    ],
    [
      'a transaction with a check of 9 kB',
      () =>
        transact(
          { Put: { ...T, Item: keyOf('new') } },
          { ConditionCheck: { ...T, Key: keyOf('9 kB'), ConditionExpression: 'attribute_exists(pk)' } },
        ),
      0,
      20,
    ],
    [
      'a transactional get',
      () =>
        new TransactGetItemsCommand({
          TransactItems: keys('9 kB', 'none').map((Key) => ({ Get: { ...T, Key } })),
        }),
      8,
      0,
    ],
  ])('of %s', async (_, command, read, write) => {
    await metered.send(command() as never)
    expect(proxy.units()).toEqual({ Ledger: { read, write } })
  })

  it('of a transaction sent again with its token: reads', async () => {
    const again = { TransactItems: [{ Put: { ...T, Item: keyOf('new') } }], ClientRequestToken: 'once' }
    await metered.send(new TransactWriteItemsCommand(again))
    await metered.send(new TransactWriteItemsCommand(again))
    expect(proxy.units()).toEqual({ Ledger: { read: 2, write: 2 } })
  })

  it.each([
    ['nothing there', 'none', {}, 1],
    ['9 kB there', '9 kB', {}, 9],
    ['9 kB there, 12 kB wanted', '9 kB', kb(12), 12],
  ])('of a put whose condition fails, %s: the larger of both items', async (_, sk, rest, write) => {
    const refused = new PutItemCommand({
      ...T,
      Item: { ...keyOf(sk), ...rest },
      ConditionExpression: 'attribute_exists(nothing)',
    })
    const error = await metered.send(refused).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'ConditionalCheckFailedException' })
    expect(Object(error).Item).toBeUndefined()
    expect(proxy.units()).toEqual({ Ledger: { read: 0, write } })
  })

  it('leaves the failed item to a caller that asked for it', async () => {
    const refused = new UpdateItemCommand({
      ...update('1.5 kB'),
      ConditionExpression: 'attribute_exists(nothing)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    await expect(metered.send(refused)).rejects.toMatchObject({ Item: { ...keyOf('1.5 kB'), ...kb(1.5) } })
    expect(proxy.units()).toEqual({ Ledger: { read: 0, write: 2 } })
  })

  it('of a transaction that is cancelled: as much as if it were done', async () => {
    const cancelled = transact(
      { Put: { ...T, Item: { ...keyOf('new'), ...kb(1.5) } } },
      { Put: { ...T, Item: keyOf('small'), ConditionExpression: 'attribute_not_exists(pk)' } },
    )
    await expect(metered.send(cancelled)).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
    })
    expect(proxy.units()).toEqual({ Ledger: { read: 0, write: 6 } })
  })

  it('does not count what is refused, calls about tables, and calls with the header', async () => {
    await expect(metered.send(new GetItemCommand({ ...T, Key: { pk: s('a') } }))).rejects.toMatchObject({
      name: 'ValidationException',
    })
    await metered.send(new DescribeTableCommand(T))
    const unmetered = dynamodbAt(proxy.url)
    unmetered.middlewareStack.add(
      (next) => (args) => {
        Object(args.request).headers[UNMETERED_HEADER] = '1'
        return next(args)
      },
      { step: 'build' },
    )
    await unmetered.send(put('new'))
    expect(proxy.units()).toEqual({})
    unmetered.destroy()
  })

  it('is counted by table', async () => {
    await createLedger(direct, 'Presence')
    await metered.send(new PutItemCommand({ TableName: 'Presence', Item: keyOf('1') }))
    await metered.send(
      new BatchGetItemCommand({
        RequestItems: {
          Ledger: { Keys: keys('small') },
          Presence: { Keys: keys('1'), ConsistentRead: true },
        },
      }),
    )
    expect(proxy.units()).toEqual({ Ledger: { read: 0.5, write: 0 }, Presence: { read: 1, write: 1 } })
  })
})

describe.skipIf(!hasDynoxide)('what the caller sees', () => {
  it.each([
    [undefined, undefined],
    ['NONE' as const, undefined],
    ['TOTAL' as const, { TableName: 'Ledger', CapacityUnits: 0.5 }],
    ['INDEXES' as const, { TableName: 'Ledger', CapacityUnits: 0.5, Table: { CapacityUnits: 0.5 } }],
  ])('is the capacity that it asked for: %s', async (ReturnConsumedCapacity, capacity) => {
    proxy.reset()
    const answer = await metered.send(
      new GetItemCommand({
        ...T,
        Key: keyOf('none'),
        ...(ReturnConsumedCapacity && { ReturnConsumedCapacity }),
      }),
    )
    expect(answer.ConsumedCapacity).toEqual(capacity)
    expect(proxy.units()).toEqual({ Ledger: { read: 0.5, write: 0 } })
  })

  it('is every byte of the items, whatever they are called', async () => {
    const Item = {
      ...keyOf('odd'),
      ConsumedCapacity: { M: { CapacityUnits: n(7), '"ConsumedCapacity":{': s('}"ConsumedCapacity":{') } },
      ReturnConsumedCapacity: s('{"ReturnConsumedCapacity":"NONE"}'),
      ConditionExpression: s('☕ é \u{1f37b} \u2028'),
      bytes: { B: new Uint8Array([0, 128, 255]) },
    }
    proxy.reset()
    await metered.send(new PutItemCommand({ ...T, Item }))
    const { Item: read } = await metered.send(new GetItemCommand({ ...T, Key: keyOf('odd') }))
    expect(read).toEqual(Item)
    const { Items } = await metered.send(
      new QueryCommand({
        ...T,
        KeyConditionExpression: 'pk = :pk and sk = :sk',
        ExpressionAttributeValues: { ':pk': s('a'), ':sk': s('odd') },
      }),
    )
    expect(Items).toEqual([Item])
    expect(proxy.units()).toEqual({ Ledger: { read: 1, write: 1 } })
  })

  it('is an answer with the right checksum', async () => {
    const response = await fetch(proxy.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'DynamoDB_20120810.GetItem',
        'x-amz-date': '20260101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
        'content-type': 'application/x-amz-json-1.0',
      },
      body: JSON.stringify({ ...T, Key: keyOf('none') }),
    })
    const text = await response.text()
    expect(text).toBe('{}')
    expect(response.headers.get('x-amz-crc32')).toBe(String(crc32(text)))
  })

  it('is an internal error, which the SDK repeats, when the engine is gone', async () => {
    const lonely = await startDynamodbProxy({ target: 'http://127.0.0.1:9', plan: 'meter' })
    const client = dynamodbAt(lonely.url)
    await expect(client.send(new GetItemCommand({ ...T, Key: keyOf('none') }))).rejects.toMatchObject({
      name: 'InternalServerError',
    })
    client.destroy()
    await lonely.close()
  })
})

describe('itemBytes', () => {
  it.each([
    [{ pk: s('a') }, 3],
    [{ n: n(0) }, 2],
    [{ n: n(12_345) }, 5],
    [{ n: n(-100) }, 4],
    [{ b: { B: 'AAEC' } }, 4],
    [{ t: { BOOL: true }, u: { NULL: true } }, 4],
    [{ é: s('☕') }, 5],
    [{ s: { SS: ['ab', 'c'] } }, 4],
    [{ l: { L: [s('a'), s('b')] } }, 8],
    [{ m: { M: { k: s('v') } } }, 7],
  ])('of %j is %i', (item, bytes) => {
    expect(itemBytes(item)).toBe(bytes)
  })
})

describe.skipIf(!hasDynoxide)('itemBytes and the engine', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 2 },
      fc.string({ maxLength: 400, unit: 'grapheme' }).map(s),
      fc.integer().map(n),
      fc.boolean().map((BOOL) => ({ BOOL })),
      fc.array(tie('any'), { maxLength: 4 }).map((L) => ({ L })),
      fc
        .dictionary(fc.string({ minLength: 1, maxLength: 20 }), tie('any'), { maxKeys: 4 })
        .map((M) => ({ M })),
    ),
  })).any
  property.prop([fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), value, { maxKeys: 12 })], {
    numRuns: 60,
  })('agree on write units', async (fields) => {
    const { pk: _pk, sk: _sk, merchantPk: _m, duePk: _d, ...rest } = Object(fields)
    const Item = { ...rest, ...keyOf('any') }
    await direct.send(new DeleteItemCommand({ ...T, Key: keyOf('any') }))
    const { ConsumedCapacity } = await direct.send(
      new PutItemCommand({ ...T, Item, ReturnConsumedCapacity: 'TOTAL' }),
    )
    expect(ConsumedCapacity?.CapacityUnits).toBe(writeUnits(itemBytes(Item)))
  })
})
