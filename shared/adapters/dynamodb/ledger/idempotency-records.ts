import { randomUUID } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { IdempotencyItemAlreadyExistsError } from '@aws-lambda-powertools/idempotency'
import { BasePersistenceLayer, IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence'
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { isConditionFailure } from '#shared/adapters/dynamodb/condition-failure.ts'
import {
  type CustomerTables,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { type Item, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import type { UserId } from '#shared/domain/ids.ts'

/** For how long a request is known by its key, in seconds: 24 h. */
export const IDEMPOTENCY_TTL_S = 24 * 3600

/** An item of DynamoDB holds 400 KB; keys and attributes take a little. */
const MAX_ANSWER_BYTES = 390 * 1024

const recordSchema = z.object({
  running: z.boolean(),
  bodyHash: z.string(),
  answer: z.instanceof(Uint8Array).optional(),
  lease: z.string(),
  leaseUntilMs: z.number(),
  firstMs: z.number().optional(),
})
type Stored = z.output<typeof recordSchema>

/** A request as it is known over all its tries: its name covers its body. */
type Known = { readonly name: string; readonly firstMs: number }

type Condition = {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly ExpressionAttributeValues: Record<string, unknown>
}

/** In place of nothing, or of what is over; DynamoDB removes that only some time later. */
const inPlaceOfNothing = (nowMs: number): Condition => ({
  ConditionExpression: 'attribute_not_exists(pk) OR #ttl <= :nowS',
  ExpressionAttributeNames: { '#ttl': 'ttl' },
  ExpressionAttributeValues: { ':nowS': Math.floor(nowMs / 1000) },
})

/** In place of a try that failed, or whose function has ended without a word. */
const inPlaceOf = ({ lease }: Stored): Condition => ({
  ConditionExpression: 'running = :yes AND lease = :before',
  ExpressionAttributeValues: { ':yes': true, ':before': lease },
})

export type RequestRecordOptions = {
  /** Whose item it is; erasing the customer removes it. Undefined: nobody's. */
  readonly customer: UserId | undefined
  /** For how long nobody else answers the request, should this try die, in ms. */
  readonly leaseMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * What is kept of one request that names itself: that it is being answered, then its answer, for 24 h. An item lives
 * with its customer (`U#<user>` / `IDEMPOTENCY#<hash>`) or, for routes of merchants, by itself (`IDEMPOTENCY#<hash>` /
 * `ANSWER`); the hash hides caller, route and key.
 *
 * The store of Powertools itself reads the wall clock, writes past an erasure, and one try may overwrite what a later
 * one, which took its place, has stored.
 */
class RequestRecord extends BasePersistenceLayer {
  readonly #tables: CustomerTables
  readonly #nowMs: () => number
  readonly #options: RequestRecordOptions
  readonly #lease = randomUUID()
  #known: Known | undefined

  constructor(tables: CustomerTables, nowMs: () => number, options: RequestRecordOptions) {
    super()
    this.#tables = tables
    this.#nowMs = nowMs
    this.#options = options
  }

  get known(): Known | undefined {
    return this.#known
  }

  #keyOf({ idempotencyKey }: Pick<IdempotencyRecord, 'idempotencyKey'>) {
    const { customer } = this.#options
    return customer === undefined
      ? { pk: idempotencyKey, sk: 'ANSWER' }
      : { pk: userKey(customer), sk: idempotencyKey }
  }

  #sending() {
    const { signal } = this.#options
    return signal ? { abortSignal: signal } : {}
  }

  // Only as long as no later try has taken over, and the item was not erased.
  get #mine() {
    return { ConditionExpression: 'lease = :lease', ExpressionAttributeValues: { ':lease': this.#lease } }
  }

  #read(idempotencyKey: string, item: Item): IdempotencyRecord {
    const { running, bodyHash, answer } = recordSchema.parse(item)
    return new IdempotencyRecord({
      idempotencyKey,
      status: running ? 'INPROGRESS' : 'COMPLETED',
      payloadHash: bodyHash,
      ...(answer && { responseData: JSON.parse(gunzipSync(answer).toString('utf8')) }),
    })
  }

  async #put(record: IdempotencyRecord, firstMs: number, condition: Condition): Promise<Item | 'put'> {
    const { client, ledger } = this.#tables
    const { customer, leaseMs, signal } = this.#options
    const nowMs = this.#nowMs()
    const put: TransactItem = {
      Put: {
        TableName: ledger,
        Item: {
          ...this.#keyOf(record),
          kind: 'idempotency',
          running: true,
          lease: this.#lease,
          leaseUntilMs: nowMs + leaseMs,
          firstMs,
          bodyHash: record.payloadHash,
          ttl: Math.floor(nowMs / 1000) + IDEMPOTENCY_TTL_S,
        },
        ...condition,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    }
    const checks = customer === undefined ? [] : [notErased(ledger, customer)]
    const outcome = await transact(client, [put, ...checks], retrying(signal))
    // Of an erased customer nothing is kept; the use case says that it is gone.
    if (outcome.kind === 'done' || outcome.reasons[0] === undefined) {
      this.#known = { name: `${record.idempotencyKey}|${record.payloadHash}`, firstMs }
      return 'put'
    }
    return outcome.items[0] ?? {}
  }

  override async _putRecord(record: IdempotencyRecord): Promise<void> {
    const nowMs = this.#nowMs()
    const before = await this.#put(record, nowMs, inPlaceOfNothing(nowMs))
    if (before === 'put') return
    const stored = recordSchema.parse(before)
    const isOver = stored.running && stored.leaseUntilMs <= nowMs
    const after = isOver ? await this.#put(record, stored.firstMs ?? nowMs, inPlaceOf(stored)) : before
    if (after === 'put') return
    throw new IdempotencyItemAlreadyExistsError(
      'the request is known',
      this.#read(record.idempotencyKey, after),
    )
  }

  override async _updateRecord(record: IdempotencyRecord): Promise<void> {
    const { client, ledger } = this.#tables
    const answer = gzipSync(JSON.stringify(record.responseData))
    const isKept = answer.length <= MAX_ANSWER_BYTES
    const { ConditionExpression, ExpressionAttributeValues } = this.#mine
    const update = new UpdateCommand({
      TableName: ledger,
      Key: this.#keyOf(record),
      UpdateExpression: `SET running = :no${isKept ? ', answer = :answer' : ''}`,
      ConditionExpression,
      ExpressionAttributeValues: {
        ...ExpressionAttributeValues,
        ':no': false,
        ...(isKept && { ':answer': answer }),
      },
    })
    await this.#ifMine(client.send(update, this.#sending()))
  }

  /** The try is over; that there was one stays, so that the next one makes the same ids. */
  override async _deleteRecord(record: IdempotencyRecord): Promise<void> {
    const { client, ledger } = this.#tables
    const { ConditionExpression, ExpressionAttributeValues } = this.#mine
    const free = new UpdateCommand({
      TableName: ledger,
      Key: this.#keyOf(record),
      UpdateExpression: 'SET leaseUntilMs = :over',
      ConditionExpression,
      ExpressionAttributeValues: { ...ExpressionAttributeValues, ':over': 0 },
    })
    await this.#ifMine(client.send(free, this.#sending()))
  }

  override async _getRecord(idempotencyKey: string): Promise<IdempotencyRecord> {
    const { client, ledger } = this.#tables
    const Key = this.#keyOf({ idempotencyKey })
    const get = new GetCommand({ TableName: ledger, Key, ConsistentRead: true })
    const { Item } = await client.send(get, this.#sending())
    if (Item === undefined) throw new Error('the request is not known')
    return this.#read(idempotencyKey, Item)
  }

  async #ifMine(sent: Promise<unknown>): Promise<void> {
    try {
      await sent
    } catch (error) {
      if (!isConditionFailure(error)) throw error
    }
  }
}

export type RequestRecords = (options: RequestRecordOptions) => RequestRecord

/** The records of requests that name themselves, over the Ledger; one for each request. */
export const createRequestRecords =
  (tables: CustomerTables, nowMs: () => number): RequestRecords =>
  (options) =>
    new RequestRecord(tables, nowMs, options)
