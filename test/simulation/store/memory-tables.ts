import {
  ConditionalCheckFailedException,
  IdempotentParameterMismatchException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import {
  checkUse,
  type Item,
  isEqual,
  meets,
  projected,
  scopeOf,
  updated,
} from '#test/simulation/store/evaluate.ts'
import {
  type Condition,
  parseCondition,
  parseProjection,
  parseUpdate,
} from '#test/simulation/store/expressions.ts'
import { checkItem, copyOf, invalid } from '#test/simulation/store/values.ts'

export type IndexKeys = { readonly pk: string; readonly sk: string }

export type TableSpec = {
  readonly name: string
  readonly hasSortKey: boolean
  readonly indexes: Readonly<Record<string, IndexKeys>>
}

/** One item's change, in the order of the commits. */
export type Write = {
  readonly table: string
  readonly pk: string
  readonly sk: string
  readonly before: Item | undefined
  readonly after: Item | undefined
  readonly atMs: number
  /** Writes of one call or transaction share it. */
  readonly commit: number
  readonly isTtl: boolean
}

/** What a bug that is planted in the store does to it. */
export type StoreBugs = {
  /** Is this condition taken as met, whatever the item? */
  readonly ignoresCondition?: (table: string, expression: string, sk: string) => boolean
  /** Is this write acknowledged and not done? */
  readonly losesWrite?: (table: string, item: Item) => boolean
  /** Is this update applied twice? */
  readonly appliesTwice?: (table: string, key: Item) => boolean
  /** Does this query answer the items of all partitions? */
  readonly mixesPartitions?: (table: string, values: readonly unknown[]) => boolean
}

type Input = Readonly<Record<string, unknown>>
type Planned = {
  readonly spec: TableSpec
  readonly pk: string
  readonly sk: string
  readonly before: Item | undefined
  readonly after: Item | undefined
  readonly isRefused: boolean
  readonly showsItem: boolean
}

/** The three tables in memory, by the commands of the document client; a double of DynamoDB. */
export type MemoryTables = {
  /**
   * Does one command.
   *
   * @param asOfMs what reads that are not consistent see; now without it
   * @throws {Error} as the SDK does
   */
  readonly execute: (command: string, input: Input, asOfMs?: number) => Record<string, unknown>
  readonly itemsOf: (table: string) => Item[]
  /** The items of a table that have an attribute of its indexes. */
  readonly listed: (table: string, attribute: string) => Iterable<Item>
  readonly writes: readonly Write[]
  /** Removes what is past its TTL by now, as DynamoDB does some time. */
  readonly expire: (table: string) => void
}

const MAX_TRANSACT_ITEMS = 100
const MAX_BATCH_KEYS = 100
const TOKEN_MS = 10 * 60_000

const text = (value: unknown): string => {
  if (typeof value !== 'string' || value === '') throw invalid('a key attribute must be a non-empty string')
  return value
}
const record = (value: unknown): Input => {
  if (typeof value !== 'object' || value === null) throw invalid('a map is missing')
  return value as Input
}
const optionalText = (value: unknown): string | undefined => (value === undefined ? undefined : String(value))

const keyText = (pk: string, sk: string): string => `${pk}\n${sk}`
const bySortKey = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const KNOWN_INPUT = new Set([
  'TableName',
  'Key',
  'Item',
  'ConditionExpression',
  'UpdateExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ReturnValuesOnConditionCheckFailure',
  'ReturnValues',
  'ConsistentRead',
  'ProjectionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'IndexName',
  'Limit',
  'ExclusiveStartKey',
  'ScanIndexForward',
])

const checkKnown = (input: Input): void => {
  for (const name of Object.keys(input)) {
    if (!KNOWN_INPUT.has(name) && input[name] !== undefined) throw invalid(`unknown parameter ${name}`)
  }
}

const scopeIn = (input: Input) =>
  scopeOf(
    input['ExpressionAttributeNames'] as Record<string, string> | undefined,
    input['ExpressionAttributeValues'] as Record<string, unknown> | undefined,
  )

/** The value that a key condition wants an attribute to equal. */
const equalTo = (condition: Condition, attribute: string, values: Input): unknown => {
  const sides = condition.kind === 'and' ? condition.sides : [condition]
  for (const side of sides) {
    if (side.kind !== 'compare' || side.by !== '=' || side.left.kind !== 'path') continue
    if (side.left.path[0] === attribute && side.right.kind === 'value') return values[side.right.name]
  }
  throw invalid(`a query needs ${attribute} = …`)
}

const conditionFailure = (item: Item | undefined): Error =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: { httpStatusCode: 400 },
    ...(item && { Item: marshall(item, { removeUndefinedValues: true }) }),
  })

export const createMemoryTables = (
  specs: readonly TableSpec[],
  nowMs: () => number,
  bugs: StoreBugs = {},
): MemoryTables => {
  const tables = new Map(
    specs.map((spec) => [spec.name, { spec, items: new Map<string, Map<string, Item>>() }]),
  )
  const writes: Write[] = []
  const tokens = new Map<string, { readonly items: string; readonly atMs: number }>()
  let commits = 0

  const tableOf = (input: Input) => {
    const table = tables.get(String(input['TableName']))
    if (table === undefined) throw invalid(`no table ${String(input['TableName'])}`)
    return table
  }

  const keyOf = (spec: TableSpec, key: Input): { pk: string; sk: string } => {
    const expected = spec.hasSortKey ? 2 : 1
    if (Object.keys(key).length !== expected) throw invalid('a key has other attributes than the table')
    return { pk: text(key['pk']), sk: spec.hasSortKey ? text(key['sk']) : '' }
  }

  const find = (table: string, pk: string, sk: string): Item | undefined =>
    tables.get(table)?.items.get(pk)?.get(sk)

  /** What is stored, or what was at an earlier moment. */
  const undoneSince = (asOfMs: number | undefined): Map<string, Item | undefined> => {
    const undone = new Map<string, Item | undefined>()
    if (asOfMs === undefined) return undone
    for (let index = writes.length - 1; index >= 0; index--) {
      const write = writes[index]
      if (write === undefined || write.atMs <= asOfMs) break
      undone.set(`${write.table}\n${keyText(write.pk, write.sk)}`, write.before)
    }
    return undone
  }

  const readOne = (table: string, pk: string, sk: string, asOfMs: number | undefined): Item | undefined => {
    if (asOfMs === undefined) return find(table, pk, sk)
    const undone = undoneSince(asOfMs)
    const name = `${table}\n${keyText(pk, sk)}`
    return undone.has(name) ? undone.get(name) : find(table, pk, sk)
  }

  /** By table and index attribute: the items that have it. */
  const lists = new Map<string, Map<string, Item>>(
    specs.flatMap(({ name, indexes }) =>
      Object.values(indexes).map(({ sk }) => [`${name} ${sk}`, new Map<string, Item>()]),
    ),
  )

  const list = (table: string, pk: string, sk: string, item: Item | undefined): void => {
    for (const keys of Object.values(tables.get(table)?.spec.indexes ?? {})) {
      const listed = lists.get(`${table} ${keys.sk}`)
      if (item?.[keys.sk] === undefined) listed?.delete(keyText(pk, sk))
      else listed?.set(keyText(pk, sk), item)
    }
  }

  const store = (table: string, pk: string, sk: string, item: Item | undefined): void => {
    const items = tables.get(table)?.items
    const partition = items?.get(pk)
    if (item === undefined) {
      partition?.delete(sk)
      if (partition?.size === 0) items?.delete(pk)
    } else if (partition) partition.set(sk, item)
    else items?.set(pk, new Map([[sk, item]]))
  }

  const commit = (planned: readonly Planned[], isTtl = false): void => {
    commits += 1
    for (const { spec, pk, sk, before, after } of planned) {
      if (isEqual(before, after)) continue
      store(spec.name, pk, sk, after)
      list(spec.name, pk, sk, after)
      writes.push({ table: spec.name, pk, sk, before, after, atMs: nowMs(), commit: commits, isTtl })
    }
  }

  const isMet = (
    spec: TableSpec,
    sk: string,
    input: Input,
    before: Item | undefined,
    scope: ReturnType<typeof scopeOf>,
  ): boolean => {
    const expression = optionalText(input['ConditionExpression'])
    if (expression === undefined) return true
    const isTrue = meets(parseCondition(expression), before ?? {}, scope)
    return isTrue || bugs.ignoresCondition?.(spec.name, expression, sk) === true
  }

  const changeOf = (
    kind: string,
    spec: TableSpec,
    key: Item,
    before: Item | undefined,
    input: Input,
    scope: ReturnType<typeof scopeOf>,
  ): Item | undefined => {
    switch (kind) {
      case 'Put':
        return copyOf(record(input['Item']))
      case 'Delete':
        return undefined
      case 'ConditionCheck':
        return before
      case 'Update': {
        const changes = parseUpdate(String(input['UpdateExpression']))
        const once = updated(changes, before ?? key, scope)
        const after = bugs.appliesTwice?.(spec.name, key) ? updated(changes, once, scope) : once
        if (after['pk'] !== key['pk'] || after['sk'] !== key['sk'])
          throw invalid('an update of a key attribute')
        return copyOf(after)
      }
      default:
        throw invalid(`unknown write ${kind}`)
    }
  }

  const plan = (kind: string, input: Input): Planned => {
    checkKnown(input)
    const { spec } = tableOf(input)
    const item = kind === 'Put' ? record(input['Item']) : undefined
    const { pk, sk } = item
      ? { pk: text(item['pk']), sk: spec.hasSortKey ? text(item['sk']) : '' }
      : keyOf(spec, record(input['Key']))
    const key: Item = spec.hasSortKey ? { pk, sk } : { pk }
    const before = find(spec.name, pk, sk)
    const scope = scopeIn(input)
    const isRefused = !isMet(spec, sk, input, before, scope)
    const after = isRefused ? before : changeOf(kind, spec, key, before, input, scope)
    if (!isRefused) checkUse(scope)
    if (after !== undefined) checkItem(after, Object.values(spec.indexes))
    const isLost = after !== undefined && after !== before && bugs.losesWrite?.(spec.name, after) === true
    const showsItem = input['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD'
    return { spec, pk, sk, before, after: isLost ? before : after, isRefused, showsItem }
  }

  const single = (kind: string, input: Input): Record<string, unknown> => {
    const planned = plan(kind, input)
    if (planned.isRefused) throw conditionFailure(planned.showsItem ? planned.before : undefined)
    commit([planned])
    const wanted = input['ReturnValues'] ?? 'NONE'
    if (wanted === 'NONE') return {}
    if (wanted === 'ALL_NEW') return { Attributes: planned.after && copyOf(planned.after) }
    if (wanted === 'ALL_OLD') return planned.before ? { Attributes: copyOf(planned.before) } : {}
    throw invalid(`ReturnValues ${String(wanted)} is not known here`)
  }

  const transactWrite = (input: Input): Record<string, unknown> => {
    const all = (input['TransactItems'] ?? []) as readonly Input[]
    if (all.length === 0 || all.length > MAX_TRANSACT_ITEMS)
      throw invalid(`${all.length} items in a transaction`)
    const token = optionalText(input['ClientRequestToken'])
    const content = JSON.stringify(all, (_, value) => (value instanceof Set ? [...value] : value))
    const known = token === undefined ? undefined : tokens.get(token)
    if (known !== undefined && nowMs() - known.atMs < TOKEN_MS) {
      if (known.items === content) return {}
      throw new IdempotentParameterMismatchException({ message: 'another request', $metadata: {} })
    }
    const planned = all.map((one) => {
      const [entry, ...others] = Object.entries(one)
      if (entry === undefined || others.length > 0)
        throw invalid('an item of a transaction has one operation')
      return plan(entry[0], record(entry[1]))
    })
    const named = planned.map(({ spec, pk, sk }) => `${spec.name}\n${keyText(pk, sk)}`)
    if (new Set(named).size < named.length) throw invalid('a transaction names an item twice')
    if (planned.some(({ isRefused }) => isRefused)) throw cancellation(planned)
    commit(planned)
    if (token !== undefined) tokens.set(token, { items: content, atMs: nowMs() })
    return {}
  }

  const answered = (item: Item, input: Input): Item => {
    const projection = optionalText(input['ProjectionExpression'])
    if (projection === undefined) return copyOf(item)
    return copyOf(projected(item, parseProjection(projection), scopeIn(input)))
  }

  const get = (input: Input, asOfMs: number | undefined): Record<string, unknown> => {
    checkKnown(input)
    const { spec } = tableOf(input)
    const { pk, sk } = keyOf(spec, record(input['Key']))
    const item = readOne(spec.name, pk, sk, input['ConsistentRead'] === true ? undefined : asOfMs)
    return item === undefined ? {} : { Item: answered(item, input) }
  }

  const batchGet = (input: Input, asOfMs: number | undefined): Record<string, unknown> => {
    const wanted = Object.entries(record(input['RequestItems']))
    const count = wanted.reduce((sum, [, request]) => sum + (record(request)['Keys'] as unknown[]).length, 0)
    if (count === 0 || count > MAX_BATCH_KEYS) throw invalid(`${count} keys in a batch`)
    const responses = wanted.map(([table, request]) => {
      const { Keys, ConsistentRead } = record(request)
      const { spec } = tableOf({ TableName: table })
      const keys = (Keys as readonly Input[]).map((key) => keyOf(spec, key))
      if (new Set(keys.map(({ pk, sk }) => keyText(pk, sk))).size < keys.length) throw invalid('a key twice')
      const found = keys.flatMap(({ pk, sk }) => {
        const item = readOne(table, pk, sk, ConsistentRead === true ? undefined : asOfMs)
        return item === undefined ? [] : [copyOf(item)]
      })
      return [table, found]
    })
    return { Responses: Object.fromEntries(responses), UnprocessedKeys: {} }
  }

  const everyItem = (table: string): Item[] =>
    [...(tables.get(table)?.items.values() ?? [])].flatMap((partition) => [...partition.values()])

  /** What a query looks through: a partition, or an index as it was at a moment; all of the table for a bug. */
  const itemsFor = (
    { name }: TableSpec,
    index: IndexKeys | undefined,
    pk: string | undefined,
    asOfMs: number | undefined,
  ): Item[] => {
    const now =
      pk === undefined
        ? index === undefined
          ? everyItem(name)
          : [...(lists.get(`${name} ${index.sk}`)?.values() ?? [])]
        : [...(tables.get(name)?.items.get(pk)?.values() ?? [])]
    const start = `${name}\n${pk === undefined ? '' : `${pk}\n`}`
    const undone = [...undoneSince(asOfMs)].filter(([key]) => key.startsWith(start))
    if (undone.length === 0) return now
    const before = new Map<string, Item | undefined>(
      now.map((item) => [`${name}\n${keyText(String(item['pk']), String(item['sk'] ?? ''))}`, item]),
    )
    for (const [key, item] of undone) before.set(key, item)
    return [...before.values()].filter((item) => item !== undefined)
  }

  const query = (input: Input, asOfMs: number | undefined): Record<string, unknown> => {
    checkKnown(input)
    const { spec } = tableOf(input)
    const index = optionalText(input['IndexName'])
    const keys = index === undefined ? { pk: 'pk', sk: 'sk' } : spec.indexes[index]
    if (keys === undefined) throw invalid(`no index ${index}`)
    if (index !== undefined && input['ConsistentRead'] === true) throw invalid('an index is never consistent')
    const scope = scopeIn(input)
    const condition = parseCondition(String(input['KeyConditionExpression']))
    const partition = text(equalTo(condition, keys.pk, scope.values))
    const isMixed =
      index === undefined && bugs.mixesPartitions?.(spec.name, Object.values(scope.values)) === true
    const asOf = input['ConsistentRead'] === true ? undefined : asOfMs
    const sides = condition.kind === 'and' ? condition.sides : [condition]
    const isInKey = (item: Item): boolean =>
      isMixed ? sides.slice(1).every((side) => meets(side, item, scope)) : meets(condition, item, scope)
    meets(condition, {}, scope)
    const all = itemsFor(
      spec,
      index === undefined ? undefined : keys,
      index === undefined && !isMixed ? partition : undefined,
      asOf,
    )
      .filter(
        (item) =>
          typeof item[keys.pk] === 'string' && (typeof item[keys.sk] === 'string' || !spec.hasSortKey),
      )
      .filter(isInKey)
      .toSorted(
        (a, b) =>
          bySortKey(String(a[keys.sk]), String(b[keys.sk])) ||
          bySortKey(keyText(String(a['pk']), String(a['sk'])), keyText(String(b['pk']), String(b['sk']))),
      )
    const ordered = input['ScanIndexForward'] === false ? all.toReversed() : all
    const start = input['ExclusiveStartKey'] === undefined ? undefined : record(input['ExclusiveStartKey'])
    const rest = start === undefined ? ordered : ordered.filter((item) => isBehind(item, start, keys, input))
    const limit = Number(input['Limit'] ?? Number.POSITIVE_INFINITY)
    if (!(limit >= 1)) throw invalid('a limit below 1')
    const page = rest.slice(0, limit)
    const filter = optionalText(input['FilterExpression'])
    const shown =
      filter === undefined ? page : page.filter((item) => meets(parseCondition(filter), item, scope))
    if (filter !== undefined) meets(parseCondition(filter), {}, scope)
    if (input['ProjectionExpression'] !== undefined)
      projected({}, parseProjection(String(input['ProjectionExpression'])), scope)
    checkUse(scope)
    const last = page.at(-1)
    const names = [...new Set(['pk', 'sk', keys.pk, keys.sk])]
    return {
      Items: shown.map((item) => answered(item, input)),
      Count: shown.length,
      ScannedCount: page.length,
      ...(last !== undefined &&
        page.length === limit && {
          LastEvaluatedKey: Object.fromEntries(
            names.flatMap((name) => (last[name] === undefined ? [] : [[name, last[name]]])),
          ),
        }),
    }
  }

  return {
    execute: (command, input, asOfMs) => {
      switch (command) {
        case 'Get':
          return get(input, asOfMs)
        case 'BatchGet':
          return batchGet(input, asOfMs)
        case 'Query':
          return query(input, asOfMs)
        case 'Put':
        case 'Update':
        case 'Delete':
          return single(command, input)
        case 'TransactWrite':
          return transactWrite(input)
        default:
          throw new Error(`the simulation knows no command ${command}`)
      }
    },
    listed: (table, attribute) => lists.get(`${table} ${attribute}`)?.values() ?? [],
    itemsOf: everyItem,
    writes,
    expire: (table) => {
      const held = tables.get(table)
      if (held === undefined) throw invalid(`no table ${table}`)
      const nowS = nowMs() / 1000
      for (const item of everyItem(table)) {
        const { pk, sk = '', ttl } = item
        if (typeof ttl !== 'number' || ttl > nowS) continue
        const gone = { spec: held.spec, pk: String(pk), sk: String(sk), before: item, after: undefined }
        commit([{ ...gone, isRefused: false, showsItem: false }], true)
      }
    },
  }
}

const cancellation = (planned: readonly Planned[]): Error =>
  new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: planned.map(({ isRefused, showsItem, before }) => ({
      Code: isRefused ? 'ConditionalCheckFailed' : 'None',
      ...(isRefused && showsItem && before && { Item: marshall(before, { removeUndefinedValues: true }) }),
    })),
  })

const isBehind = (item: Item, start: Input, keys: IndexKeys, input: Input): boolean => {
  const order =
    bySortKey(String(item[keys.sk]), String(start[keys.sk])) ||
    bySortKey(
      keyText(String(item['pk']), String(item['sk'])),
      keyText(String(start['pk']), String(start['sk'])),
    )
  return input['ScanIndexForward'] === false ? order < 0 : order > 0
}
