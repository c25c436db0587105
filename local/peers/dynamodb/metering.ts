import { isObject, type JsonObject, objectsAt, parseJsonObject, textAt } from '../json.ts'
import { type DataOperation, isWriteOperation, namedItemsOf } from './call-items.ts'
import type { EngineAnswer } from './engine-link.ts'
import { itemBytes, writeUnits } from './item-size.ts'

/** Units by table, indexes included. */
export type Units = Record<string, { read: number; write: number }>

/** A call as it goes to the engine, and what has to come off its answer again. */
export type MeteredCall = {
  readonly body: Buffer
  readonly strip: boolean
  readonly stripItem: boolean
}

const CONDITIONAL: ReadonlySet<DataOperation> = new Set(['PutItem', 'UpdateItem', 'DeleteItem'])
const TRANSACTIONAL = 2
const ASK = '"ReturnConsumedCapacity":"TOTAL",'
const ASK_ITEM = '"ReturnValuesOnConditionCheckFailure":"ALL_OLD",'

/** The rare calls that have the word in them already: parsed, not patched. */
const askParsed = (body: Buffer): MeteredCall => {
  const request = parseJsonObject(body.toString('utf8'))
  const asked = request?.['ReturnConsumedCapacity']
  if (request === undefined || asked === 'TOTAL' || asked === 'INDEXES') {
    return { body, strip: false, stripItem: false }
  }
  return {
    body: Buffer.from(JSON.stringify({ ...request, ReturnConsumedCapacity: 'TOTAL' })),
    strip: true,
    stripItem: false,
  }
}

/**
 * Asks the engine for the units of a call where the caller did not, and for the item that fails a condition, because
 * its size says what the failure costs. Patches the text instead of parsing it: this stands in the way of all traffic.
 */
export const askForUnits = (operation: DataOperation, body: Buffer): MeteredCall => {
  if (body.includes('ReturnConsumedCapacity') || body.length < 3 || body[0] !== 0x7b) return askParsed(body)
  const stripItem =
    CONDITIONAL.has(operation) &&
    body.includes('"ConditionExpression"') &&
    !body.includes('ReturnValuesOnConditionCheckFailure')
  const head = stripItem ? `{${ASK}${ASK_ITEM}` : `{${ASK}`
  return { body: Buffer.concat([Buffer.from(head), body.subarray(1)]), strip: true, stripItem }
}

const MARKER = '"ConsumedCapacity":'

/** Where the capacity stands in an answer. Table and index names have no brackets and no quotes, so counting is safe. */
const findCapacity = (text: string): { start: number; end: number } | undefined => {
  const start = text.indexOf(MARKER)
  // Twice: some item has an attribute of that name.
  if (start === -1 || text.indexOf(MARKER, start + 1) !== -1) return undefined
  let depth = 0
  for (let at = start + MARKER.length; at < text.length; at += 1) {
    const character = text[at]
    if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) return { start, end: at + 1 }
    }
  }
  return undefined
}

const cutOut = (text: string, { start, end }: { start: number; end: number }): string => {
  if (text[start - 1] === ',') return text.slice(0, start - 1) + text.slice(end)
  return text.slice(0, start) + text.slice(text[end] === ',' ? end + 1 : end)
}

/** Splits an answer into the capacity that it tells and the body without it. */
const takeCapacity = (body: Buffer): { capacity: unknown; rest: Buffer } => {
  // latin1 keeps every byte as it is, and is several times as fast as UTF-8.
  const text = body.toString('latin1')
  const place = findCapacity(text)
  if (place !== undefined) {
    const capacity: unknown = JSON.parse(text.slice(place.start + MARKER.length, place.end))
    return { capacity, rest: Buffer.from(cutOut(text, place), 'latin1') }
  }
  const { ConsumedCapacity: capacity, ...rest } = parseJsonObject(body.toString('utf8')) ?? {}
  return { capacity, rest: Buffer.from(JSON.stringify(rest)) }
}

const unitsAt = (capacity: JsonObject, name: string): number => {
  const units = capacity[name]
  return typeof units === 'number' ? units : 0
}

/** The units that calls have taken. */
export type Meter = {
  /** Counts an answer and takes off what the caller did not ask for. */
  settle(operation: DataOperation, call: MeteredCall, request: Buffer, answer: EngineAnswer): EngineAnswer
  /** Counts a transaction that was cancelled without the engine: it costs as much as one that the engine cancels. */
  chargeCanceled(request: JsonObject, answer: JsonObject): void
  units(): Units
  reset(): void
}

export const createMeter = (): Meter => {
  let totals = new Map<string, { read: number; write: number }>()
  const add = (table: string, read: number, write: number): void => {
    const total = totals.get(table)
    if (total === undefined) totals.set(table, { read, write })
    else {
      total.read += read
      total.write += write
    }
  }

  const chargeCapacity = (operation: DataOperation, capacity: unknown): void => {
    for (const one of [capacity].flat().filter(isObject)) {
      const table = textAt(one, 'TableName') ?? ''
      const [read, write] = [unitsAt(one, 'ReadCapacityUnits'), unitsAt(one, 'WriteCapacityUnits')]
      // Transactions say which; a repeated TransactWriteItems with the same token costs reads.
      if (read + write > 0) add(table, read, write)
      else if (isWriteOperation(operation)) add(table, 0, unitsAt(one, 'CapacityUnits'))
      else add(table, unitsAt(one, 'CapacityUnits'), 0)
    }
  }

  /** A failed condition costs as much as writing the larger of the old and the new item. */
  const chargeFailedCondition = (operation: DataOperation, request: JsonObject, answer: JsonObject): void => {
    const [target] = namedItemsOf(operation, request)
    const old = isObject(answer['Item']) ? itemBytes(answer['Item']) : 0
    const wanted = target?.item === undefined ? 0 : itemBytes(target.item)
    add(target?.table ?? '', 0, writeUnits(Math.max(old, wanted)))
  }

  /** DynamoDB does not say what a cancelled transaction costs; this takes it to cost what it would have cost. */
  const chargeCanceled = (request: JsonObject, answer: JsonObject): void => {
    const reasons = objectsAt(answer, 'CancellationReasons')
    if (reasons.some((reason) => reason['Code'] === 'ValidationError')) return
    for (const [index, { table, item }] of namedItemsOf('TransactWriteItems', request).entries()) {
      const old = reasons[index]?.['Item']
      const bytes = Math.max(item === undefined ? 0 : itemBytes(item), isObject(old) ? itemBytes(old) : 0)
      add(table, 0, TRANSACTIONAL * writeUnits(bytes))
    }
  }

  const settleFailure = (
    operation: DataOperation,
    call: MeteredCall,
    request: Buffer,
    answer: EngineAnswer,
  ): EngineAnswer => {
    const isCondition = CONDITIONAL.has(operation) && answer.body.includes('#ConditionalCheckFailedException')
    const isCanceled =
      operation === 'TransactWriteItems' && answer.body.includes('#TransactionCanceledException')
    if (!isCondition && !isCanceled) return answer
    const error = parseJsonObject(answer.body.toString('utf8')) ?? {}
    const asked = parseJsonObject(request.toString('utf8')) ?? {}
    if (isCanceled) chargeCanceled(asked, error)
    else chargeFailedCondition(operation, asked, error)
    if (!call.stripItem) return answer
    const { Item: _, ...rest } = error
    return { ...answer, body: Buffer.from(JSON.stringify(rest)) }
  }

  return {
    settle: (operation, call, request, answer) => {
      if (answer.status !== 200) return settleFailure(operation, call, request, answer)
      const { capacity, rest } = takeCapacity(answer.body)
      chargeCapacity(operation, capacity)
      return call.strip ? { ...answer, body: rest } : answer
    },
    chargeCanceled,
    units: () => Object.fromEntries([...totals].map(([table, units]) => [table, { ...units }])),
    reset: () => {
      totals = new Map()
    },
  }
}
