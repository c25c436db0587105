import { failedItems } from '#local/cloud/events/batch-response.ts'
import { readEventPattern } from '#local/cloud/events/event-pattern.ts'
import { retryDelayMs } from '#local/cloud/events/retry-delay.ts'
import { isLater } from '#local/cloud/events/stream-feed.ts'
import type { JsonObject } from '#local/cloud/json.ts'
import type { Outcome } from '#local/cloud/lambda/execution-environment.ts'
import type { StreamSourcePlan } from '#local/cloud/template/cloud-plan.ts'

/** A change ready for a function. */
export type StreamRecord = { sequenceNumber: string; partition: string; seenAtMs: number; event: JsonObject }

/** A batch that was given up, for the on-failure destination. */
export type GivenUp = {
  records: StreamRecord[]
  reason: 'RetryAttemptsExhausted' | 'RecordAgeExceeded'
  invocations: number
  outcome?: Outcome
}

export type StreamSource = {
  plan: StreamSourcePlan
  /** The last change up to which everything is done. */
  checkpoint(): string | undefined
  /** Takes a change over; those up to the checkpoint are passed over. In order. */
  accept(record: StreamRecord): void
  /** Runs what can run now, until nothing can. Returns how many batches were sent. */
  run(): Promise<number>
  /** When something that waits (a retry, a batching window) can go on. */
  nextAtMs(): number | undefined
}

type Options = {
  plan: StreamSourcePlan
  checkpoint: string | undefined
  nowMs: () => number
  invoke: (event: string, records: number) => Promise<Outcome>
  saveCheckpoint: (sequenceNumber: string) => void
  giveUp: (batch: GivenUp) => void
}

type Batch = { records: StreamRecord[]; failures: number; notBeforeMs: number }
type Lane = { waiting: StreamRecord[]; retries: Batch[]; busy: boolean }

/**
 * An event source mapping from a table's stream, with Lambda's rules: changes of one partition key in order, one batch
 * after another; a failed batch is halved (`bisects`), repeated with growing delays, and given up by attempts or age;
 * a function that reports item failures is called again from the first failed item on.
 *
 * As many lanes as the parallelization factor run side by side; a partition key is always in the same one.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
 */
export const createStreamSource = ({
  plan,
  checkpoint: firstCheckpoint,
  nowMs,
  invoke,
  saveCheckpoint,
  giveUp,
}: Options): StreamSource => {
  const patterns = plan.patterns.map(readEventPattern)
  const wanted = (event: JsonObject) => patterns.length === 0 || patterns.some((fits) => fits(event))
  const lanes: Lane[] = Array.from({ length: plan.lanes }, () => ({ waiting: [], retries: [], busy: false }))
  const ledger = createDoneLedger(firstCheckpoint)

  const finish = (records: readonly StreamRecord[]) => {
    const before = ledger.checkpoint()
    for (const { sequenceNumber } of records) ledger.markDone(sequenceNumber)
    const after = ledger.checkpoint()
    if (after !== undefined && after !== before) saveCheckpoint(after)
  }
  const tooOld = ({ seenAtMs }: StreamRecord) =>
    plan.maxRecordAgeS !== undefined && nowMs() - seenAtMs > plan.maxRecordAgeS * 1000

  const takeBatch = (lane: Lane): Batch | undefined => {
    const [retry] = lane.retries
    if (retry !== undefined) {
      if (retry.notBeforeMs > nowMs()) return undefined
      lane.retries.shift()
      return retry
    }
    const [oldest] = lane.waiting
    if (oldest === undefined) return undefined
    const isFull = lane.waiting.length >= plan.batchSize
    if (!isFull && nowMs() < oldest.seenAtMs + plan.windowS * 1000) return undefined
    return { records: lane.waiting.splice(0, plan.batchSize), failures: 0, notBeforeMs: 0 }
  }
  const abandon = (batch: Batch, reason: GivenUp['reason'], outcome?: Outcome) => {
    giveUp({
      records: batch.records,
      reason,
      invocations: batch.failures,
      ...(outcome !== undefined && { outcome }),
    })
    finish(batch.records)
  }
  /** What is to be done again after a failure; the first goes first. */
  const again = (batch: Batch, outcome: Outcome): Batch[] => {
    const failures = batch.failures + 1
    const { records } = batch
    if (plan.bisects && records.length > 1) {
      const half = Math.ceil(records.length / 2)
      // Halving is not a retry: it counts no attempt and does not wait.
      return [records.slice(0, half), records.slice(half)].map((part) => ({
        records: part,
        failures: batch.failures,
        notBeforeMs: 0,
      }))
    }
    const failed: Batch = { records, failures, notBeforeMs: nowMs() + retryDelayMs(failures) }
    if (plan.maxRetries !== undefined && failures > plan.maxRetries) {
      abandon(failed, 'RetryAttemptsExhausted', outcome)
      return []
    }
    return [failed]
  }
  const runBatch = async (lane: Lane, batch: Batch): Promise<void> => {
    const old = batch.records.filter(tooOld)
    if (old.length > 0) {
      abandon({ ...batch, records: old }, 'RecordAgeExceeded')
      const young = batch.records.filter((record) => !old.includes(record))
      if (young.length > 0) lane.retries.unshift({ ...batch, records: young })
      return
    }
    const event = JSON.stringify({ Records: batch.records.map((record) => record.event) })
    const outcome = await invoke(event, batch.records.length)
    const firstFailed =
      outcome.ok && plan.reportsItemFailures ? firstFailure(batch.records, outcome.payload) : undefined
    if (outcome.ok && firstFailed === undefined) {
      finish(batch.records)
      return
    }
    const done = batch.records.slice(0, firstFailed ?? 0)
    const rest = batch.records.slice(firstFailed ?? 0)
    finish(done)
    // Progress makes the rest a batch of its own, whose attempts are counted anew.
    const failed = { ...batch, records: rest, failures: done.length > 0 ? 0 : batch.failures }
    lane.retries.unshift(...again(failed, outcome))
  }
  const runLane = async (lane: Lane): Promise<number> => {
    if (lane.busy) return 0
    lane.busy = true
    let count = 0
    try {
      for (let batch = takeBatch(lane); batch !== undefined; batch = takeBatch(lane)) {
        count += 1
        await runBatch(lane, batch)
      }
    } finally {
      lane.busy = false
    }
    return count
  }

  return {
    plan,
    checkpoint: () => ledger.checkpoint(),
    accept: (record) => {
      if (!isLater(record.sequenceNumber, ledger.checkpoint())) return
      ledger.add(record.sequenceNumber)
      if (wanted(record.event)) lanes[laneOf(record.partition, lanes.length)]?.waiting.push(record)
      else finish([record])
    },
    run: async () => {
      const counts = await Promise.all(lanes.map(runLane))
      return counts.reduce((sum, count) => sum + count, 0)
    },
    nextAtMs: () => {
      const times = lanes.flatMap(({ waiting, retries }) => {
        const [retry] = retries
        if (retry !== undefined) return [retry.notBeforeMs]
        const [oldest] = waiting
        return oldest === undefined ? [] : [oldest.seenAtMs + plan.windowS * 1000]
      })
      return times.length === 0 ? undefined : Math.min(...times)
    },
  }
}

/** Index of the first record that is to be done again; `undefined` when all are done. */
const firstFailure = (records: readonly StreamRecord[], payload: string): number | undefined => {
  const failed = failedItems(payload)
  if (failed === undefined) return 0
  if (failed.length === 0) return undefined
  const index = records.findIndex(({ sequenceNumber }) => failed.includes(sequenceNumber))
  return Math.max(0, index)
}

const laneOf = (partition: string, lanes: number): number => {
  let hash = 0
  for (let at = 0; at < partition.length; at += 1)
    hash = (Math.imul(hash, 31) + partition.charCodeAt(at)) >>> 0
  return hash % lanes
}

/** Which changes are done, when lanes finish them out of order: the checkpoint is the last one before the first gap. */
const createDoneLedger = (checkpoint: string | undefined) => {
  let upTo = checkpoint
  const open = new Map<string, boolean>()
  return {
    checkpoint: () => upTo,
    add: (sequenceNumber: string) => {
      open.set(sequenceNumber, false)
    },
    markDone: (sequenceNumber: string) => {
      open.set(sequenceNumber, true)
      for (const [first, done] of open) {
        if (!done) break
        upTo = first
        open.delete(first)
      }
    },
  }
}
