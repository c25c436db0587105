import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryTables } from '#test/simulation/store/memory-tables.ts'
import { createTables } from '#test/support/engine.ts'

const SEED = Number(process.env['BECKON_SEED'] ?? 5)
const RUNS = 25

const tables = await createTables()

type Input = Record<string, unknown>
type Command = readonly [name: string, input: Input]

const MAKE: Readonly<Record<string, (client: DynamoDBDocumentClient, input: never) => Promise<unknown>>> = {
  Get: (client, input) => client.send(new GetCommand(input)),
  BatchGet: (client, input) => client.send(new BatchGetCommand(input)),
  Query: (client, input) => client.send(new QueryCommand(input)),
  Put: (client, input) => client.send(new PutCommand(input)),
  Update: (client, input) => client.send(new UpdateCommand(input)),
  Delete: (client, input) => client.send(new DeleteCommand(input)),
  TransactWrite: (client, input) => client.send(new TransactWriteCommand(input)),
}

// Few keys and values, so that commands meet.
const pk = fc.constantFrom('A', 'B')
const sk = fc.constantFrom('X#1', 'X#2', 'Y#1')
const key = fc.record({ pk, sk })
const number = fc.integer({ min: -3, max: 3 })
const value = fc.oneof(
  number,
  fc.constantFrom('a', 'b', 'ab'),
  fc.boolean(),
  fc.constant(null),
  fc.array(number, { maxLength: 2 }),
)
const attribute = fc.constantFrom('state', 'count', 'other')
const due = fc.record({ duePk: fc.constantFrom('D1', 'D2'), dueSk: fc.constantFrom('1', '2', '3') })
const item = fc
  .tuple(key, fc.dictionary(attribute, value, { maxKeys: 3 }), fc.option(due, { nil: {} }))
  .map(([keys, attributes, index]) => ({ ...keys, ...attributes, ...index }))

const condition = fc.oneof(
  fc.constantFrom<Input>(
    {},
    { ConditionExpression: 'attribute_not_exists(pk)' },
    { ConditionExpression: 'attribute_exists(pk)' },
  ),
  fc.tuple(attribute, fc.constantFrom('=', '<>', '<', '<=', '>', '>='), value).map(([name, by, to]) => ({
    ConditionExpression: `#c ${by} :c`,
    ExpressionAttributeNames: { '#c': name },
    ExpressionAttributeValues: { ':c': to },
  })),
  fc.tuple(attribute, number, number).map(([name, from, to]) => ({
    ConditionExpression: 'attribute_not_exists(#c) OR (#c BETWEEN :from AND :to AND NOT #c IN (:from, :one))',
    ExpressionAttributeNames: { '#c': name },
    ExpressionAttributeValues: { ':from': Math.min(from, to), ':to': Math.max(from, to), ':one': 1 },
  })),
  attribute.map((name) => ({
    ConditionExpression: 'begins_with(#c, :a) OR contains(#c, :a) OR size(#c) > :two',
    ExpressionAttributeNames: { '#c': name },
    ExpressionAttributeValues: { ':a': 'a', ':two': 1 },
  })),
)

const merged = (a: Input, b: Input): Input => {
  const both = { ...a, ...b }
  for (const name of ['ExpressionAttributeNames', 'ExpressionAttributeValues']) {
    if (a[name] !== undefined && b[name] !== undefined)
      both[name] = { ...(a[name] as Input), ...(b[name] as Input) }
  }
  return both
}

const change = fc.oneof(
  fc.tuple(attribute, value).map(([name, to]) => ({
    UpdateExpression: 'SET #u = :u',
    ExpressionAttributeNames: { '#u': name },
    ExpressionAttributeValues: { ':u': to },
  })),
  fc.tuple(attribute, number).map(([name, by]) => ({
    UpdateExpression: 'SET #u = if_not_exists(#u, :none) ADD sumOfAll :u',
    ExpressionAttributeNames: { '#u': name },
    ExpressionAttributeValues: { ':u': by, ':none': 0 },
  })),
  fc.tuple(attribute, number).map(([name, by]) => ({
    UpdateExpression: 'ADD #u :u, sumOfAll :u REMOVE duePk, dueSk',
    ExpressionAttributeNames: { '#u': name },
    ExpressionAttributeValues: { ':u': by },
  })),
  due.map((index) => ({
    UpdateExpression: 'SET duePk = :p, dueSk = :s',
    ExpressionAttributeValues: { ':p': index.duePk, ':s': index.dueSk },
  })),
)

const TableName = tables.ledger
const put = fc.tuple(item, condition).map(([Item, when]) => ({ TableName, Item, ...when }))
const update = fc
  .tuple(key, change, condition)
  .map(([Key, what, when]) => ({ TableName, Key, ...merged(what, when) }))
const remove = fc.tuple(key, condition).map(([Key, when]) => ({ TableName, Key, ...when }))
const shows = fc.constantFrom({}, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })
const transaction = fc.uniqueArray(
  fc.oneof(
    fc.tuple(put, shows).map(([one, show]) => ({ Put: { ...one, ...show } })),
    fc.tuple(update, shows).map(([one, show]) => ({ Update: { ...one, ...show } })),
    remove.map((one) => ({ Delete: one })),
    fc
      .tuple(key, condition)
      .filter(([, when]) => 'ConditionExpression' in when)
      .map(([Key, when]) => ({ ConditionCheck: { TableName, Key, ...when } })),
  ),
  { minLength: 1, maxLength: 4, selector: (one) => JSON.stringify(keyIn(Object.values(one)[0])) },
)
const keyIn = (write: unknown): unknown => {
  const { Key, Item } = write as { Key?: Input; Item?: Input }
  return [(Key ?? Item)?.['pk'], (Key ?? Item)?.['sk']]
}

const query = fc.oneof(
  fc
    .tuple(
      pk,
      fc.constantFrom('begins_with(sk, :b)', 'sk BETWEEN :b AND :z', 'sk <= :z'),
      fc.constantFrom(1, 2, 100),
      fc.boolean(),
    )
    .map(([of, by, Limit, ScanIndexForward]) => ({
      TableName,
      KeyConditionExpression: `pk = :pk AND ${by}`,
      ExpressionAttributeValues: {
        ':pk': of,
        ...(by.includes(':b') && { ':b': 'X' }),
        ...(by.includes(':z') && { ':z': 'Y' }),
      },
      Limit,
      ScanIndexForward,
      ConsistentRead: true,
    })),
  fc.tuple(pk, number, fc.constantFrom(2, 100)).map(([of, least, Limit]) => ({
    TableName,
    KeyConditionExpression: 'pk = :pk',
    FilterExpression: '#n >= :n',
    ExpressionAttributeNames: { '#n': 'count' },
    ExpressionAttributeValues: { ':pk': of, ':n': least },
    Limit,
  })),
  fc.tuple(due, fc.constantFrom(1, 100)).map(([{ duePk, dueSk }, Limit]) => ({
    TableName,
    IndexName: 'due',
    KeyConditionExpression: 'duePk = :pk AND dueSk <= :now',
    ExpressionAttributeValues: { ':pk': duePk, ':now': dueSk },
    Limit,
  })),
)

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: put.map((input): Command => ['Put', input]) },
  { weight: 4, arbitrary: update.map((input): Command => ['Update', { ...input, ReturnValues: 'ALL_NEW' }]) },
  { weight: 1, arbitrary: remove.map((input): Command => ['Delete', { ...input, ReturnValues: 'ALL_OLD' }]) },
  { weight: 4, arbitrary: transaction.map((all): Command => ['TransactWrite', { TransactItems: all }]) },
  { weight: 1, arbitrary: key.map((Key): Command => ['Get', { TableName, Key, ConsistentRead: true }]) },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(key, { minLength: 1, selector: (one) => `${one.pk} ${one.sk}` })
      .map(
        (Keys): Command => ['BatchGet', { RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }],
      ),
  },
  { weight: 3, arbitrary: query.map((input): Command => ['Query', input]) },
)

const byKey = (a: unknown, b: unknown): number =>
  JSON.stringify(keyIn({ Item: a })) < JSON.stringify(keyIn({ Item: b })) ? -1 : 1

/** What both must say alike. Items with one index key come in any order. */
const shownOf = (name: string, input: Input, answer: unknown): unknown => {
  const { Item, Items, Attributes, Responses, LastEvaluatedKey } = answer as Record<string, unknown>
  if (name === 'BatchGet')
    return Object.values(Responses as Record<string, unknown[]>).map((items) => items.toSorted(byKey))
  if (name !== 'Query') return { Item, Attributes }
  const isIndex = input['IndexName'] !== undefined
  // Which of several items with the same index key comes first is for the engine to say.
  if (isIndex && input['Limit'] === 1) return (Items as unknown[]).length
  return {
    Items: isIndex ? (Items as unknown[]).toSorted(byKey) : Items,
    isCut: LastEvaluatedKey !== undefined,
  }
}

const failureOf = (error: unknown): unknown => {
  const { name, CancellationReasons, Item } = error as {
    name: string
    CancellationReasons?: { Code: string; Item?: never }[]
    Item?: never
  }
  // An update that fits no item is a bug: the double says so at once, also inside a transaction.
  if (CancellationReasons?.some(({ Code }) => Code === 'ValidationError'))
    return { name: 'ValidationException' }
  return {
    name,
    ...(Item !== undefined && { item: unmarshall(Item) }),
    ...(CancellationReasons && {
      reasons: CancellationReasons.map((reason) => [reason.Code, reason.Item && unmarshall(reason.Item)]),
    }),
  }
}

const outcomeOf = async (name: string, input: Input, run: () => Promise<unknown>): Promise<unknown> => {
  try {
    return shownOf(name, input, await run())
  } catch (error) {
    return failureOf(error)
  }
}

describe('the tables in memory', () => {
  it('answer every command as the engine does', async () => {
    console.log(`BECKON_SEED=${SEED}`)
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 60 }), async (commands) => {
        for (const old of await tables.allOf(TableName)) {
          await tables.client.send(new DeleteCommand({ TableName, Key: { pk: old['pk'], sk: old['sk'] } }))
        }
        const memory = createMemoryTables(
          [
            {
              name: TableName,
              hasSortKey: true,
              indexes: {
                byMerchant: { pk: 'merchantPk', sk: 'merchantSk' },
                due: { pk: 'duePk', sk: 'dueSk' },
              },
            },
          ],
          () => 0,
        )
        for (const [name, input] of commands) {
          const engine = await outcomeOf(name, input, async () =>
            MAKE[name]?.(tables.client, structuredClone(input) as never),
          )
          const double = await outcomeOf(name, input, async () => memory.execute(name, input))
          expect(double, `${name} ${JSON.stringify(input)}`).toEqual(engine)
        }
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: true },
    )
  }, 600_000)

  it('refuse what they do not know', () => {
    const memory = createMemoryTables([{ name: 't', hasSortKey: true, indexes: {} }], () => 0)
    const Key = { pk: 'A', sk: 'B' }
    const wrong: Command[] = [
      ['Get', { TableName: 't', Key, AttributesToGet: ['a'] }],
      [
        'Update',
        {
          TableName: 't',
          Key,
          UpdateExpression: 'SET a = :a',
          ExpressionAttributeValues: { ':a': 1, ':b': 2 },
        },
      ],
      ['Update', { TableName: 't', Key, UpdateExpression: 'SET a = b' }],
      [
        'Put',
        {
          TableName: 't',
          Item: Key,
          ConditionExpression: 'attribute_type(a, :t)',
          ExpressionAttributeValues: { ':t': 'S' },
        },
      ],
      [
        'TransactWrite',
        { TransactItems: [{ Put: { TableName: 't', Item: Key } }, { Delete: { TableName: 't', Key } }] },
      ],
      ['Scan', { TableName: 't' }],
    ]
    for (const [name, input] of wrong) expect(() => memory.execute(name, input), name).toThrow()
  })
})
