import { randomUUID } from 'node:crypto'
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSeededRandom } from '#local/peers/dynamodb/seeded-random.ts'
import {
  type DynamodbProxy,
  type FaultRules,
  parseFaultPlan,
  ROUGH_WEATHER,
  startDynamodbProxy,
} from '#local/peers/dynamodb-proxy.ts'
import { hasDynoxide, startTestEngine, type TestEngine } from './engine.ts'
import { type Gate, startGate } from './gate.ts'
import { createLedger, dynamodbAt, keyOf, n, s } from './ledger.ts'

const SEED = Number(process.env['BECKON_SEED'] ?? 20_261)
console.log(`faults from BECKON_SEED=${SEED}`)

let engine: TestEngine
let gate: Gate
let proxy: DynamodbProxy
let direct: DynamoDBClient
let client: DynamoDBClient

beforeAll(async () => {
  if (!hasDynoxide) return
  engine = await startTestEngine()
  gate = await startGate(engine.url)
  direct = dynamodbAt(engine.url)
  await createLedger(direct)
  proxy = await startDynamodbProxy({ target: gate.url, plan: 'meter', seed: SEED })
  client = dynamodbAt(proxy.url)
})
afterAll(async () => {
  if (!hasDynoxide) return
  client.destroy()
  direct.destroy()
  await proxy.close()
  await gate.close()
  await engine.stop()
})

const T = { TableName: 'Ledger' }
const SKS = ['1', '2', '3', '4', '5', '6', '7', '8']
const under = (rules: FaultRules) => {
  proxy.setPlan(rules)
  proxy.reset()
}

beforeEach(async () => {
  if (!hasDynoxide) return
  await direct.send(
    new BatchWriteItemCommand({
      RequestItems: { Ledger: SKS.map((sk) => ({ DeleteRequest: { Key: keyOf(sk) } })) },
    }),
  )
  under({})
})

const put = (sk: string, version = 1, rest: object = {}) =>
  new PutItemCommand({ ...T, Item: { ...keyOf(sk), version: n(version), ...rest } })
const get = (sk: string, ConsistentRead = false) =>
  new GetItemCommand({ ...T, Key: keyOf(sk), ConsistentRead })
const versionOf = async (sk: string, from = direct) => (await from.send(get(sk, true))).Item?.['version']?.N
const increment = (sk: string) => ({
  Update: {
    ...T,
    Key: keyOf(sk),
    UpdateExpression: 'ADD version :one',
    ExpressionAttributeValues: { ':one': n(1) },
  },
})
const check = (sk: string) => ({
  ConditionCheck: { ...T, Key: keyOf(sk), ConditionExpression: 'attribute_not_exists(nothing)' },
})
type Actions = ConstructorParameters<typeof TransactWriteItemsCommand>[0]['TransactItems'] & {}
const transact = (TransactItems: Actions, ClientRequestToken?: string) =>
  new TransactWriteItemsCommand({ TransactItems, ...(ClientRequestToken && { ClientRequestToken }) })
const batchGet = (sks: readonly string[], ConsistentRead = false) =>
  new BatchGetItemCommand({ RequestItems: { Ledger: { Keys: sks.map(keyOf), ConsistentRead } } })

describe.skipIf(!hasDynoxide)('overlapping transactions', () => {
  /** Runs `during` while a transaction over items 1 and 2 (a check on 2) is in flight. */
  const whileInFlight = async (during: (token: string) => Promise<void>): Promise<void> => {
    const token = randomUUID()
    under({ cancelOverlappingTransactions: true })
    gate.shut('TransactWriteItems')
    const flying = client.send(transact([increment('1'), check('2')], token))
    await gate.untilWaiting(1)
    try {
      await during(token)
    } finally {
      gate.open()
    }
    await flying
  }

  it('cancels a transaction and blames the right action', async () => {
    await whileInFlight(async () => {
      await expect(
        client.send(transact([increment('3'), increment('2'), check('1'), increment('4')])),
      ).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        message:
          'Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict, TransactionConflict, None]',
        CancellationReasons: [
          { Code: 'None' },
          { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' },
          { Code: 'TransactionConflict' },
          { Code: 'None' },
        ],
      })
    })
    expect([await versionOf('1'), await versionOf('3')]).toEqual(['1', undefined])
    expect(proxy.faults()).toEqual({ transactionConflict: 1 })
    expect(proxy.units()['Ledger']).toEqual({ read: 0, write: 4 + 8 })
  })

  it.each([
    ['put', () => put('1')],
    ['update', () => new UpdateItemCommand(increment('2').Update)],
    ['delete', () => new DeleteItemCommand({ ...T, Key: keyOf('1') })],
  ])('refuses a %s', async (_, command) => {
    await whileInFlight(async () => {
      await expect(client.send(command() as never)).rejects.toMatchObject({
        name: 'TransactionConflictException',
        message: 'Transaction is ongoing for the item',
      })
    })
  })

  it('leaves such items of a batch write unprocessed', async () => {
    await whileInFlight(async () => {
      const { UnprocessedItems } = await client.send(
        new BatchWriteItemCommand({
          RequestItems: { Ledger: ['3', '1'].map((sk) => ({ PutRequest: { Item: keyOf(sk) } })) },
        }),
      )
      expect(UnprocessedItems).toEqual({ Ledger: [{ PutRequest: { Item: keyOf('1') } }] })
      const all = await client.send(
        new BatchWriteItemCommand({ RequestItems: { Ledger: [{ DeleteRequest: { Key: keyOf('2') } }] } }),
      )
      expect(all.UnprocessedItems).toEqual({ Ledger: [{ DeleteRequest: { Key: keyOf('2') } }] })
    })
  })

  it('cancels a transactional get, lets other reads and other items pass', async () => {
    await whileInFlight(async () => {
      const read = new TransactGetItemsCommand({
        TransactItems: ['4', '1'].map((sk) => ({ Get: { ...T, Key: keyOf(sk) } })),
      })
      await expect(client.send(read)).rejects.toMatchObject({
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
      })
      await client.send(get('1', true))
      await client.send(batchGet(['1', '2']))
      await client.send(put('3'))
    })
  })

  it('cancels a transactional get while a single write is in flight, and nothing else', async () => {
    under({ cancelOverlappingTransactions: true })
    gate.shut('PutItem')
    const flying = client.send(put('1'))
    await gate.untilWaiting(1)
    await expect(
      client.send(new TransactGetItemsCommand({ TransactItems: [{ Get: { ...T, Key: keyOf('1') } }] })),
    ).rejects.toMatchObject({ name: 'TransactionCanceledException' })
    await client.send(transact([check('1')]))
    gate.open()
    await flying
  })

  it('says that a transaction with the same token is in progress', async () => {
    await whileInFlight(async (token) => {
      await expect(client.send(transact([increment('1'), check('2')], token))).rejects.toMatchObject({
        name: 'TransactionInProgressException',
      })
    })
  })

  it('lets go when the transaction has ended, well or not', async () => {
    await whileInFlight(async () => {})
    await client.send(transact([increment('1')]))
    const failing = transact([
      { Put: { ...T, Item: keyOf('1'), ConditionExpression: 'attribute_not_exists(pk)' } },
    ])
    await expect(client.send(failing)).rejects.toMatchObject({
      CancellationReasons: [{ Code: 'ConditionalCheckFailed' }],
    })
    await client.send(transact([increment('1')]))
    expect(await versionOf('1')).toBe('3')
  })

  it('counts right when everybody tries again', async () => {
    under({ cancelOverlappingTransactions: true })
    const untilDone = async (): Promise<number> => {
      for (let attempt = 1; attempt <= 500; attempt += 1) {
        const done = await client.send(transact([increment('1'), increment('2')])).then(
          () => true,
          (error: unknown) => Object(error).name !== 'TransactionCanceledException' && Promise.reject(error),
        )
        if (done) return attempt
      }
      throw new Error('never got through')
    }
    const attempts = await Promise.all(Array.from({ length: 20 }, untilDone))
    expect([await versionOf('1'), await versionOf('2')]).toEqual(['20', '20'])
    expect(Math.max(...attempts)).toBeGreaterThan(1)
  })
})

describe.skipIf(!hasDynoxide)('stale reads', () => {
  const always: FaultRules = { staleReads: 1, staleForMs: 3_600_000 }

  it('show the version before the last write, unless consistent', async () => {
    under(always)
    await client.send(put('1', 1))
    expect((await client.send(get('1'))).Item).toBeUndefined()
    await client.send(put('1', 2))
    expect((await client.send(get('1'))).Item?.['version']).toEqual(n(1))
    expect((await client.send(get('1', true))).Item?.['version']).toEqual(n(2))
    await client.send(new UpdateItemCommand(increment('1').Update))
    expect((await client.send(get('1'))).Item?.['version']).toEqual(n(2))
    await client.send(transact([increment('1'), increment('2')]))
    expect((await client.send(get('1'))).Item?.['version']).toEqual(n(3))
    await client.send(new DeleteItemCommand({ ...T, Key: keyOf('1') }))
    expect((await client.send(get('1'))).Item?.['version']).toEqual(n(4))
    expect((await client.send(get('1', true))).Item).toBeUndefined()
  })

  it('keep to the projection', async () => {
    under(always)
    await client.send(put('1', 1, { note: s('old') }))
    await client.send(put('1', 2, { note: s('new') }))
    const projected = new GetItemCommand({
      ...T,
      Key: keyOf('1'),
      ProjectionExpression: '#n, version',
      ExpressionAttributeNames: { '#n': 'note' },
    })
    expect((await client.send(projected)).Item).toEqual({ note: s('old'), version: n(1) })
  })

  it('are in batches', async () => {
    under(always)
    for (const sk of ['1', '2']) await client.send(put(sk, 1))
    await client.send(put('2', 2))
    await client.send(
      new BatchWriteItemCommand({ RequestItems: { Ledger: [{ DeleteRequest: { Key: keyOf('2') } }] } }),
    )
    const read = async (ConsistentRead: boolean) =>
      (await client.send(batchGet(['1', '2', '3'], ConsistentRead))).Responses?.['Ledger']
    expect(await read(false)).toEqual([{ ...keyOf('2'), version: n(2) }])
    expect(await read(true)).toEqual([{ ...keyOf('1'), version: n(1) }])
  })

  it('are in queries of a table and of an index', async () => {
    under(always)
    const at = (time: string) => ({ merchantPk: s('M#1'), merchantSk: s(time) })
    for (const sk of ['1', '2']) await client.send(put(sk, 1, at(sk)))
    await client.send(put('1', 2, at('1')))
    await client.send(put('2', 2, at('9')))
    const query = async (rest: object) => {
      const { Items, Count } = await client.send(
        new QueryCommand({
          ...T,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': s('a') },
          ...rest,
        }),
      )
      expect(Count).toBe(Items?.length)
      return Items?.map((item) => [item['sk']?.S, item['version']?.N])
    }
    expect(await query({})).toEqual([
      ['1', '1'],
      ['2', '1'],
    ])
    expect(await query({ ConsistentRead: true })).toEqual([
      ['1', '2'],
      ['2', '2'],
    ])
    const index = {
      IndexName: 'byMerchant',
      KeyConditionExpression: 'merchantPk = :pk',
      ExpressionAttributeValues: { ':pk': s('M#1') },
    }
    // Item 2 has moved to another place of the index; the old place is empty already, the new one not yet filled.
    expect(await query(index)).toEqual([['1', '1']])
  })

  it('end after their time', async () => {
    under({ staleReads: 1, staleForMs: 0 })
    await client.send(put('1', 1))
    expect((await client.send(get('1'))).Item?.['version']).toEqual(n(1))
  })

  it('are not for what was never written or failed', async () => {
    under(always)
    await direct.send(put('1', 1))
    await expect(
      client.send(
        new PutItemCommand({ ...T, Item: keyOf('1'), ConditionExpression: 'attribute_not_exists(pk)' }),
      ),
    ).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
    expect((await client.send(get('1'))).Item?.['version']).toEqual(n(1))
    expect(proxy.faults()).toEqual({})
  })
})

describe.skipIf(!hasDynoxide)('refusals and broken connections', () => {
  it('throttles before the call does anything', async () => {
    under({ throttle: 1 })
    const names = new Set<string>()
    for (let attempt = 0; attempt < 20; attempt += 1) {
      names.add(
        await client.send(put('1')).then(
          () => 'none',
          (error: unknown) => Object(error).name,
        ),
      )
    }
    expect([...names].sort()).toEqual(['ProvisionedThroughputExceededException', 'ThrottlingException'])
    await expect(client.send(transact([increment('1'), increment('2')]))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: expect.arrayContaining([
        expect.objectContaining({ Code: 'ThrottlingError' }),
        { Code: 'None' },
      ]),
    })
    expect(await versionOf('1')).toBeUndefined()
    expect(proxy.faults()).toEqual({ throttle: 21 })
    expect(proxy.units()).toEqual({})
  })

  it('fails with an internal error', async () => {
    under({ serverError: 1 })
    await expect(client.send(put('1'))).rejects.toMatchObject({
      name: 'InternalServerError',
      $metadata: { httpStatusCode: 500 },
    })
    expect(await versionOf('1')).toBeUndefined()
  })

  it.each([
    ['breakBeforeCommit', undefined],
    ['timeoutAfterCommit', '1'],
  ])('breaks the connection: %s', async (rule, version) => {
    under({ [rule]: 1 })
    await expect(client.send(put('1'))).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(await versionOf('1')).toBe(version)
    expect(proxy.faults()).toEqual({ [rule]: 1 })
  })

  it('does not time out after a read or a failed condition', async () => {
    under({ timeoutAfterCommit: 1 })
    await client.send(get('1'))
    await expect(
      client.send(
        new PutItemCommand({ ...T, Item: keyOf('1'), ConditionExpression: 'attribute_exists(pk)' }),
      ),
    ).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
  })

  it('hangs after the commit until the caller gives up', async () => {
    under({ timeoutAfterCommit: 1, hangMs: 60_000 })
    const hasty = dynamodbAt(proxy.url, {
      requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
    })
    await expect(hasty.send(put('1'))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(await versionOf('1')).toBe('1')
    hasty.destroy()
  })
})

describe.skipIf(!hasDynoxide)('unprocessed keys', () => {
  it('leaves some of a batch, never all, and tells which', async () => {
    under({ unprocessedKeys: 1 })
    let left = SKS
    const sizes: number[] = []
    while (left.length > 1) {
      const { UnprocessedItems } = await client.send(
        new BatchWriteItemCommand({
          RequestItems: { Ledger: left.map((sk) => ({ PutRequest: { Item: keyOf(sk) } })) },
        }),
      )
      const rest = (UnprocessedItems?.['Ledger'] ?? []).map(
        ({ PutRequest }) => PutRequest?.Item?.['sk']?.S ?? '',
      )
      const done = left.filter((sk) => !rest.includes(sk))
      const found = (await direct.send(batchGet(left, true))).Responses?.['Ledger']?.map(
        (item) => item['sk']?.S,
      )
      expect(found?.sort()).toEqual(done)
      expect(done.length).toBeGreaterThan(0)
      sizes.push(rest.length)
      left = rest
    }
    expect(sizes[0]).toBeGreaterThan(0)
  })

  it('does the same to reads and keeps their options', async () => {
    for (const sk of SKS) await direct.send(put(sk))
    under({ unprocessedKeys: 1 })
    const { Responses, UnprocessedKeys } = await client.send(batchGet(SKS, true))
    const done = Responses?.['Ledger']?.map((item) => item['sk']?.S) ?? []
    const left = UnprocessedKeys?.['Ledger']?.Keys?.map((key) => key['sk']?.S) ?? []
    expect([...done, ...left].sort()).toEqual(SKS)
    expect(left.length).toBeGreaterThan(0)
    expect(UnprocessedKeys?.['Ledger']?.ConsistentRead).toBe(true)
    const alone = await client.send(batchGet(['1']))
    expect(alone.UnprocessedKeys).toEqual({})
  })
})

describe.skipIf(!hasDynoxide)('the dice', () => {
  it('fall the same for the same seed', async () => {
    const play = async (seed: number): Promise<string> => {
      const other = await startDynamodbProxy({ target: engine.url, plan: { throttle: 0.5 }, seed })
      const caller = dynamodbAt(other.url)
      let fallen = ''
      for (let call = 0; call < 40; call += 1) {
        fallen += await caller.send(get('1')).then(
          () => '.',
          (error: unknown) => Object(error).name[0],
        )
      }
      caller.destroy()
      await other.close()
      return fallen
    }
    expect(await play(7)).toBe(await play(7))
    expect(await play(7)).not.toBe(await play(8))
  })

  it('let a patient SDK through in rough weather', async () => {
    const patient = dynamodbAt(proxy.url, { maxAttempts: 10 })
    under({ ...ROUGH_WEATHER, serverError: 0.15, breakBeforeCommit: 0.15, timeoutAfterCommit: 0.15 })
    for (let version = 1; version <= 30; version += 1) await patient.send(put('1', version))
    expect(await versionOf('1', patient)).toBe('30')
    expect(Object.keys(proxy.faults()).length).toBeGreaterThan(0)
    patient.destroy()
  })

  it('are even', () => {
    const random = createSeededRandom(SEED)
    const hits = Array.from({ length: 10_000 }, () => random.happens(0.3)).filter(Boolean).length
    expect(hits).toBeGreaterThan(2_800)
    expect(hits).toBeLessThan(3_200)
    expect([random.happens(0), random.happens(undefined), random.happens(1)]).toEqual([false, false, true])
  })
})

describe('parseFaultPlan', () => {
  it('takes what is a plan and names what is not', () => {
    expect(parseFaultPlan('meter')).toBe('meter')
    expect(parseFaultPlan({ throttle: 0.1 })).toEqual({ throttle: 0.1 })
    expect(() => parseFaultPlan({ trottle: 0.1 })).toThrow(/trottle/)
    expect(() => parseFaultPlan({ throttle: 2 })).toThrow(/throttle/)
  })
})
