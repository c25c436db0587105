import type { OutgoingHttpHeaders } from 'node:http'
import { type JsonObject, objectAt, parseJsonObject, textAt } from '../json.ts'
import { CONFLICT, canceledAnswer, errorAnswer, jsonAnswer, reasonsAt } from './answers.ts'
import { type DataOperation, isWriteOperation, namedItemsOf } from './call-items.ts'
import { createConflicts } from './conflicts.ts'
import type { EngineAnswer, EngineLink } from './engine-link.ts'
import type { FaultRules } from './fault-plan.ts'
import { createItemKeys } from './item-keys.ts'
import { askForUnits, type Meter } from './metering.ts'
import { keysOf, type PreparedCall } from './prepared-call.ts'
import type { SeededRandom } from './seeded-random.ts'
import { createStaleSteps } from './stale-steps.ts'
import { type BatchOperation, chooseLeft, splitBatch, withUnprocessed } from './unprocessed.ts'

/** What a call comes to: an answer, or a connection that hangs for a time and breaks. */
export type CallOutcome =
  | { readonly kind: 'answer'; readonly answer: EngineAnswer }
  | { readonly kind: 'broken'; readonly afterMs: number }

/** The faults that were made, by name. */
export type FaultName =
  | 'transactionConflict'
  | 'staleRead'
  | 'throttle'
  | 'serverError'
  | 'breakBeforeCommit'
  | 'timeoutAfterCommit'
  | 'unprocessedKeys'

const answered = (answer: EngineAnswer): CallOutcome => ({ kind: 'answer', answer })
const isBatch = (operation: DataOperation): operation is BatchOperation =>
  operation === 'BatchGetItem' || operation === 'BatchWriteItem'
const isTransaction = (operation: DataOperation): boolean =>
  operation === 'TransactWriteItems' || operation === 'TransactGetItems'

/** Calls with faults: each fault is decided in the order of the calls by one seeded stream of numbers. */
export type FaultyCalls = {
  handle(
    operation: DataOperation,
    headers: OutgoingHttpHeaders,
    body: Buffer,
    rules: FaultRules,
  ): Promise<CallOutcome>
  counts(): Partial<Record<FaultName, number>>
  reset(): void
}

export const createFaultyCalls = ({
  link,
  meter,
  random,
  elapsedMs,
}: {
  link: EngineLink
  meter: Meter
  random: SeededRandom
  elapsedMs: () => number
}): FaultyCalls => {
  const itemKeys = createItemKeys(link)
  const conflicts = createConflicts()
  const counts = new Map<FaultName, number>()
  const count = (name: FaultName): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const happens = (name: FaultName, probability: number | undefined): boolean => {
    const does = random.happens(probability)
    if (does) count(name)
    return does
  }

  const stale = createStaleSteps({
    link,
    itemKeys,
    elapsedMs,
    isStale: ({ rules }) => happens('staleRead', rules.staleReads),
  })

  const throttled = ({ operation, items }: PreparedCall): EngineAnswer => {
    const message = 'Throughput exceeds the current capacity of your table or index.'
    if (operation === 'TransactWriteItems' || operation === 'TransactGetItems') {
      const blamed = Math.floor(random.next() * items.length)
      return canceledAnswer(
        reasonsAt(items.length, (index) => index === blamed, { Code: 'ThrottlingError', Message: message }),
      )
    }
    return random.next() < 0.5
      ? errorAnswer('ProvisionedThroughputExceededException', message)
      : errorAnswer('ThrottlingException', message)
  }

  /** Faults that come before the call does anything. */
  const refuse = (call: PreparedCall): CallOutcome | undefined => {
    const { rules } = call
    if (happens('throttle', rules.throttle)) return answered(throttled(call))
    if (happens('serverError', rules.serverError)) {
      return answered(errorAnswer('InternalServerError', 'Internal server error', 500))
    }
    if (happens('breakBeforeCommit', rules.breakBeforeCommit)) {
      return { kind: 'broken', afterMs: rules.hangMs ?? 0 }
    }
    return undefined
  }

  const refuseConflict = (call: PreparedCall, blamed: readonly boolean[]): CallOutcome | undefined => {
    if (!blamed.includes(true)) return undefined
    count('transactionConflict')
    const { operation, request, items } = call
    if (!isTransaction(operation)) {
      return answered(errorAnswer('TransactionConflictException', CONFLICT.Message ?? ''))
    }
    const reasons = reasonsAt(items.length, (index) => blamed[index] === true, CONFLICT)
    if (operation === 'TransactWriteItems') meter.chargeCanceled(request, { CancellationReasons: reasons })
    return answered(canceledAnswer(reasons))
  }

  const send = async (call: PreparedCall, request: JsonObject): Promise<EngineAnswer> => {
    const body = Buffer.from(JSON.stringify(request))
    const metered = askForUnits(call.operation, body)
    return meter.settle(call.operation, metered, body, await link.send(call.headers, metered.body))
  }

  /** Sends a batch without what is left out, and answers with that as unprocessed. */
  const sendBatch = async (call: PreparedCall, left: ReadonlySet<number>): Promise<EngineAnswer> => {
    const operation = isBatch(call.operation) ? call.operation : 'BatchGetItem'
    const items = objectAt(call.request, 'RequestItems')
    const split = splitBatch(operation, items, (index) => left.has(index))
    if (left.size === call.items.length) return jsonAnswer(200, withUnprocessed(operation, {}, split.left))
    const answer = await send(call, { ...call.request, RequestItems: split.done })
    if (answer.status !== 200) return answer
    const body = parseJsonObject(answer.body.toString('utf8')) ?? {}
    return { ...answer, body: Buffer.from(JSON.stringify(withUnprocessed(operation, body, split.left))) }
  }

  /** Which items of a batch stay undone: those in conflict, and some by the dice. */
  const leftOut = (call: PreparedCall, blamed: readonly boolean[]): ReadonlySet<number> => {
    if (!isBatch(call.operation)) return new Set()
    const left = new Set(blamed.flatMap((isBlamed, index) => (isBlamed ? [index] : [])))
    if (left.size > 0) count('transactionConflict')
    if (happens('unprocessedKeys', call.items.length > 1 ? call.rules.unprocessedKeys : 0)) {
      for (const index of chooseLeft(call.items.length, random)) left.add(index)
    }
    return left
  }

  const perform = async (call: PreparedCall, left: ReadonlySet<number>): Promise<CallOutcome> => {
    const { operation, rules } = call
    const isWrite = isWriteOperation(operation)
    const old = isWrite && (rules.staleReads ?? 0) > 0 ? await stale.readOld(call) : []
    const answer = await (left.size > 0 ? sendBatch(call, left) : send(call, call.request))
    if (isWrite && answer.status === 200) {
      stale.remember(
        call,
        old.map((version, index) => (left.has(index) ? undefined : version)),
      )
      if (happens('timeoutAfterCommit', rules.timeoutAfterCommit)) {
        return { kind: 'broken', afterMs: rules.hangMs ?? 0 }
      }
    }
    return answered(await stale.withStale(call, answer))
  }

  const guard = async (call: PreparedCall): Promise<CallOutcome> => {
    if (!call.rules.cancelOverlappingTransactions) return perform(call, leftOut(call, []))
    const { operation, request } = call
    const token = operation === 'TransactWriteItems' ? textAt(request, 'ClientRequestToken') : undefined
    if (token !== undefined && conflicts.isInProgress(token)) {
      return answered(
        errorAnswer(
          'TransactionInProgressException',
          'The transaction with the given request token is in progress.',
        ),
      )
    }
    const keys = keysOf(call)
    const isGuarded = isWriteOperation(operation) || operation === 'TransactGetItems'
    const blamed = isGuarded
      ? conflicts.check(
          operation,
          keys.map((key) => key ?? ''),
        )
      : []
    const refusal = isBatch(operation) ? undefined : refuseConflict(call, blamed)
    if (refusal !== undefined) return refusal
    const left = leftOut(call, blamed)
    const held = isGuarded ? keys.filter((key, index) => key !== undefined && !left.has(index)) : []
    const hold = conflicts.hold(
      operation,
      held.filter((key) => key !== undefined),
      token,
    )
    try {
      return await perform(call, left)
    } finally {
      hold.release()
    }
  }

  return {
    handle: async (operation, headers, body, rules) => {
      const request = parseJsonObject(body.toString('utf8')) ?? {}
      const items = namedItemsOf(operation, request)
      const keys = await Promise.all(items.map((item) => itemKeys.keyOf(item, headers)))
      const call = { operation, headers, request, items, keys, rules }
      return refuse(call) ?? guard(call)
    },
    counts: () => Object.fromEntries(counts),
    reset: () => {
      counts.clear()
      stale.clear()
    },
  }
}
