import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { isBusy } from '#shared/adapters/aws-errors.ts'
import { BusyError } from '#shared/domain/busy-error.ts'

export type Item = Record<string, unknown>
export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

export type TransactOutcome =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'refused'
      /** For each item in order: why it was refused ('ConditionalCheckFailed'), or undefined. */
      readonly reasons: readonly (string | undefined)[]
      /** For each item in order: what is stored, where it asked for it with `ReturnValuesOnConditionCheckFailure: 'ALL_OLD'`. */
      readonly items: readonly (Item | undefined)[]
    }

export type RetryOptions = {
  /** From 0 inclusive to 1 exclusive; spreads the retries. */
  readonly random: () => number
  readonly signal?: AbortSignal | undefined
  /** How often something that was only busy is tried again; 7 by default. */
  readonly retries?: number
}

const DEFAULT_RETRIES = 7
const BASE_DELAY_MS = 20
const MAX_DELAY_MS = 640
/** The most items of one transaction (quotas of DynamoDB). */
export const MAX_TRANSACT_ITEMS = 100
const MAX_BATCH_KEYS = 100

/** The item under a key, read consistently; undefined where there is none. */
export const getItem = async (
  client: DynamoDBDocumentClient,
  table: string,
  Key: Item,
  signal?: AbortSignal,
): Promise<Item | undefined> => {
  const { Item: found } = await client.send(
    new GetCommand({ TableName: table, Key, ConsistentRead: true }),
    signal ? { abortSignal: signal } : {},
  )
  return found
}

/** Reasons that say nothing about our conditions: another transaction was there, or too much was asked. */
const PASSING_REASONS = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])

/**
 * How long to wait before the retry `attempt` (from 0): "full jitter".
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
const delayMs = (attempt: number, random: () => number): number =>
  random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** attempt)

const pause = async (attempt: number, { random, signal }: RetryOptions): Promise<void> => {
  try {
    await wait(delayMs(attempt, random), undefined, signal ? { signal } : {})
  } catch (cause) {
    throw new BusyError('out of time while waiting to try again', { cause })
  }
}

const refusal = (error: unknown): TransactOutcome | undefined => {
  if (!(error instanceof TransactionCanceledException)) return undefined
  const all = error.CancellationReasons ?? []
  if (!all.some((reason) => reason.Code === 'ConditionalCheckFailed')) return undefined
  return {
    kind: 'refused',
    reasons: all.map((reason) => (reason.Code === 'None' ? undefined : reason.Code)),
    items: all.map((reason) => (reason.Item ? unmarshall(reason.Item) : undefined)),
  }
}

const isPassing = (error: unknown): boolean =>
  isBusy(error) ||
  (error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some((reason) => PASSING_REASONS.has(reason.Code ?? '')))

/**
 * Writes all items or none. A failed condition is an answer (`refused`); a conflict with another transaction and
 * throttling are tried again with full jitter, up to a bound.
 *
 * All tries of one call carry the same `ClientRequestToken`, so a try whose answer was lost after it was committed is
 * not done twice (DynamoDB remembers the token for 10 minutes).
 *
 * @param items at most 100
 * @throws {BusyError} when the tries are used up, or `signal` aborts
 * @example
 * const outcome = await transact(client, [{ Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } }], { random: Math.random })
 * if (outcome.kind === 'refused') return outcome.reasons[0] // 'ConditionalCheckFailed'
 */
export const transact = async (
  client: DynamoDBDocumentClient,
  items: readonly TransactItem[],
  options: RetryOptions,
): Promise<TransactOutcome> => {
  if (items.length === 0 || items.length > MAX_TRANSACT_ITEMS) {
    throw new Error(`a transaction of ${items.length} items`)
  }
  const input = { TransactItems: [...items], ClientRequestToken: randomUUID() }
  const retries = options.retries ?? DEFAULT_RETRIES
  for (let attempt = 0; ; attempt += 1) {
    try {
      await client.send(new TransactWriteCommand(input), sendOptions(options))
      return { kind: 'done' }
    } catch (error) {
      const refused = refusal(error)
      if (refused) return refused
      if (!isPassing(error) || options.signal?.aborted) throw error
      if (attempt >= retries) throw new BusyError('a transaction was cancelled too often', { cause: error })
    }
    await pause(attempt, options)
  }
}

const sendOptions = ({ signal }: { readonly signal?: AbortSignal | undefined }) =>
  signal ? { abortSignal: signal } : {}

export type TableRead = {
  readonly table: string
  readonly keys: readonly Readonly<Record<string, string>>[]
  /** Strongly consistent; applies to all keys of the table. */
  readonly consistent?: boolean
}

type RequestItems = NonNullable<BatchGetCommandInput['RequestItems']>
type Wanted = {
  readonly table: string
  readonly key: Readonly<Record<string, string>>
  readonly consistent: boolean
}

const nameOf = (table: string, key: Item): string =>
  JSON.stringify([
    table,
    ...Object.keys(key)
      .sort()
      .map((name) => [name, key[name]]),
  ])

const requestItemsOf = (wanted: readonly Wanted[]): RequestItems => {
  const items: RequestItems = {}
  for (const { table, key, consistent } of wanted) {
    const request = items[table] ?? { Keys: [], ConsistentRead: consistent }
    items[table] = { ...request, Keys: [...(request.Keys ?? []), key] }
  }
  return items
}

/** Asks for up to 100 keys until DynamoDB has processed them all. */
const getProcessed = async (
  client: DynamoDBDocumentClient,
  wanted: readonly Wanted[],
  options: RetryOptions,
): Promise<{ table: string; item: Item }[]> => {
  const found: { table: string; item: Item }[] = []
  let pending: RequestItems | undefined = requestItemsOf(wanted)
  for (let attempt = 0; ; attempt += 1) {
    const answer: BatchGetCommandOutput = await client.send(
      new BatchGetCommand({ RequestItems: pending }),
      sendOptions(options),
    )
    for (const [table, items] of Object.entries(answer.Responses ?? {})) {
      for (const item of items) found.push({ table, item })
    }
    pending = answer.UnprocessedKeys
    if (pending === undefined || Object.keys(pending).length === 0) return found
    if (attempt >= (options.retries ?? DEFAULT_RETRIES)) throw new BusyError('keys stayed unprocessed')
    await pause(attempt, options)
  }
}

/**
 * Reads items by key, from one or several tables in the same request, and follows unprocessed keys up to a bound.
 * More than 100 keys take several requests; the same key may be named twice.
 *
 * @returns for each read, an array beside its keys: the item, or undefined where there is none
 * @throws {BusyError} when keys stay unprocessed
 * @example
 * const [[profile], [version]] = await batchGetAll(client, [
 *   { table: ledger, keys: [{ pk: 'U#1', sk: 'PROFILE' }], consistent: true },
 *   { table: catalog, keys: [{ pk: 'M#1', sk: 'VERSION' }] },
 * ], { random: Math.random })
 */
export const batchGetAll = async (
  client: DynamoDBDocumentClient,
  reads: readonly TableRead[],
  options: RetryOptions,
): Promise<(Item | undefined)[][]> => {
  const wanted = new Map<string, Wanted>()
  for (const { table, keys, consistent = false } of reads) {
    for (const key of keys) wanted.set(nameOf(table, key), { table, key, consistent })
  }
  const all = [...wanted.values()]
  const stored = new Map<string, Item>()
  for (let start = 0; start < all.length; start += MAX_BATCH_KEYS) {
    const found = await getProcessed(client, all.slice(start, start + MAX_BATCH_KEYS), options)
    for (const { table, item } of found) stored.set(nameOf(table, keyOf(item)), item)
  }
  return reads.map(({ table, keys }) => keys.map((key) => stored.get(nameOf(table, key))))
}

/** The key attributes of an item in any of the three tables (Presence has no `sk`). */
const keyOf = (item: Item): Item =>
  item['sk'] === undefined ? { pk: item['pk'] } : { pk: item['pk'], sk: item['sk'] }

export type Page = {
  readonly items: Item[]
  /** Where the next page starts (`ExclusiveStartKey`); undefined on the last page. */
  readonly next: Item | undefined
}

/**
 * One page of a query. `Limit` is required, so that no caller forgets it.
 *
 * @example
 * const page = await queryPage(client, {
 *   TableName: catalog, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 'M#1' }, Limit: 100,
 * })
 */
export const queryPage = async (
  client: DynamoDBDocumentClient,
  input: QueryCommandInput & { readonly Limit: number },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Page> => {
  const answer = await client.send(new QueryCommand(input), sendOptions(options))
  return { items: answer.Items ?? [], next: answer.LastEvaluatedKey }
}

/**
 * The items of a query over as many pages as it takes, until there are `most` of them, or some more: a page is read whole.
 *
 * @example const scenes = await queryAll(client, { TableName: catalog, KeyConditionExpression: 'pk = :pk', …, Limit: 100 }, { most: 500 })
 */
export const queryAll = async (
  client: DynamoDBDocumentClient,
  input: QueryCommandInput & { readonly Limit: number },
  { most, signal }: { readonly most: number; readonly signal?: AbortSignal | undefined },
): Promise<Item[]> => {
  const items: Item[] = []
  let start: Item | undefined
  do {
    const page = await queryPage(client, { ...input, ...(start && { ExclusiveStartKey: start }) }, { signal })
    items.push(...page.items)
    start = page.next
  } while (start !== undefined && items.length < most)
  return items
}
