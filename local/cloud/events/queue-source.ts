import { createHash } from 'node:crypto'
import { failedItems } from '#local/cloud/events/batch-response.ts'
import { readEventPattern } from '#local/cloud/events/event-pattern.ts'
import { type JsonObject, parseJsonObject } from '#local/cloud/json.ts'
import type { Outcome } from '#local/cloud/lambda/execution-environment.ts'
import { md5OfAttributes } from '#local/cloud/queues/message-md5.ts'
import type { Message, QueueStore } from '#local/cloud/queues/queue-store.ts'
import type { QueuePlan, QueueSourcePlan } from '#local/cloud/template/cloud-plan.ts'

export type QueueSource = {
  plan: QueueSourcePlan
  /** Runs batches while there are visible messages. Returns how many batches were sent. */
  run(): Promise<number>
  /** When a delayed message, or one in flight, becomes visible, or a batching window ends. */
  nextAtMs(): number | undefined
}

type Options = {
  plan: QueueSourcePlan
  queue: QueuePlan
  store: QueueStore
  region: string
  /** The most batches at once. */
  concurrency: number
  nowMs: () => number
  invoke: (event: string, records: number) => Promise<Outcome>
}

/**
 * An event source mapping from a queue: what the function finished is deleted, what failed becomes visible again when
 * its visibility time-out is over, and goes to the dead-letter queue when it was received too often.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const createQueueSource = ({
  plan,
  queue,
  store,
  region,
  concurrency,
  nowMs,
  invoke,
}: Options): QueueSource => {
  const wanted = messageFilter(plan.patterns)
  let windowEndsAtMs: number | undefined
  let running = 0

  const runBatch = async (messages: readonly Message[]): Promise<void> => {
    const Records = messages.map((message) => recordOf(message, queue, region))
    const outcome = await invoke(JSON.stringify({ Records }), messages.length)
    const failed = !outcome.ok ? undefined : plan.reportsItemFailures ? failedItems(outcome.payload) : []
    if (failed === undefined) return
    for (const { id, receipt } of messages) if (!failed.includes(id)) store.delete(queue, receipt)
  }
  const receive = (): Message[] => {
    const kept: Message[] = []
    for (const message of store.receive(queue, plan.batchSize)) {
      if (wanted(message)) kept.push(message)
      else store.delete(queue, message.receipt)
    }
    return kept
  }
  /** A window holds messages back until it ends or a batch is full. */
  const windowIsOpen = (): boolean => {
    if (plan.windowS === 0 || store.counts(queue).visible >= plan.batchSize) return false
    windowEndsAtMs ??= nowMs() + plan.windowS * 1000
    if (nowMs() < windowEndsAtMs) return true
    windowEndsAtMs = undefined
    return false
  }
  const runOne = async (): Promise<number> => {
    let count = 0
    while (store.hasVisible(queue) && !windowIsOpen()) {
      const messages = receive()
      if (messages.length === 0) continue
      count += 1
      await runBatch(messages)
    }
    return count
  }

  return {
    plan,
    run: async () => {
      const free = concurrency - running
      if (free <= 0 || !store.hasVisible(queue)) return 0
      const wantedRunners = Math.ceil(store.counts(queue).visible / plan.batchSize)
      const runners = Math.min(free, wantedRunners)
      running += runners
      try {
        const counts = await Promise.all(Array.from({ length: runners }, runOne))
        return counts.reduce((sum, count) => sum + count, 0)
      } finally {
        running -= runners
      }
    },
    nextAtMs: () => {
      const windowMs = store.hasVisible(queue) ? windowEndsAtMs : undefined
      const times = [store.nextVisibleAtMs(queue), windowMs].filter((atMs) => atMs !== undefined)
      return times.length === 0 ? undefined : Math.min(...times)
    },
  }
}

const recordOf = (message: Message, queue: QueuePlan, region: string): JsonObject => ({
  messageId: message.id,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: {
    ApproximateReceiveCount: String(message.receives),
    SentTimestamp: String(message.sentAtMs),
    SenderId: 'local',
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
  },
  messageAttributes: attributesOf(message),
  md5OfBody: createHash('md5').update(message.body).digest('hex'),
  ...(Object.keys(message.attributes).length > 0 && {
    md5OfMessageAttributes: md5OfAttributes(message.attributes),
  }),
  eventSource: 'aws:sqs',
  eventSourceARN: queue.arn,
  awsRegion: region,
})

/** In events the members begin with a small letter, and empty lists stand beside the value. */
const attributesOf = ({ attributes }: Message): JsonObject =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        ...(StringValue !== undefined && { stringValue: StringValue }),
        ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
        stringListValues: [],
        binaryListValues: [],
      },
    ]),
  )

/**
 * A filter for messages. A pattern for the body as an object sees the body as JSON; a body that is no JSON then fits not.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
 */
const messageFilter = (patterns: readonly string[]): ((message: Message) => boolean) => {
  const tests = patterns.map((text) => {
    const fits = readEventPattern(text)
    const wantsText = Array.isArray(parseJsonObject(text)['body'])
    return (message: Message) => {
      const body = wantsText ? message.body : bodyAsJson(message.body)
      return (
        body !== undefined && fits({ messageId: message.id, body, messageAttributes: attributesOf(message) })
      )
    }
  })
  return (message) => tests.length === 0 || tests.some((fits) => fits(message))
}

const bodyAsJson = (body: string): JsonObject | undefined => {
  try {
    return parseJsonObject(body)
  } catch {
    // A body of another form is data, not a fault: it does not fit the pattern.
    return undefined
  }
}
