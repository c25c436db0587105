import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import type { Json } from '#local/cloud/json.ts'
import { md5Of, md5OfAttributes } from '#local/cloud/queues/message-md5.ts'
import type { Message, QueueStore } from '#local/cloud/queues/queue-store.ts'
import type { QueuePlan } from '#local/cloud/template/cloud-plan.ts'
import type { PeerRequest, PeerResponse } from '#local/peers/peer-http.ts'

export type SqsEndpoint = { handle(request: PeerRequest): Promise<PeerResponse> }

type Options = {
  store: QueueStore
  /** A long poll waits on the wall clock only. */
  isVirtual: () => boolean
}

/** An error in SQS's own words. */
class SqsError extends Error {
  readonly shortName: string
  readonly queryCode: string
  constructor(shortName: string, text: string, queryCode = shortName) {
    super(text)
    this.shortName = shortName
    this.queryCode = queryCode
  }
}

const MAX_MESSAGE_BYTES = 1_048_576
const MAX_BATCH = 10
// https://www.w3.org/TR/xml/#charsets: what SQS takes in a message.
const TRANSPORTABLE = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u

const queueUrl = z.string().min(1).max(512)
const attribute = z.object({
  DataType: z
    .string()
    .regex(/^(String|Number|Binary)(\..+)?$/)
    .max(256),
  StringValue: z.string().min(1).optional(),
  BinaryValue: z.string().min(1).optional(),
})
const message = z.object({
  MessageBody: z.string().min(1),
  DelaySeconds: z.int().min(0).max(900).optional(),
  MessageAttributes: z.record(z.string().max(256), attribute).default({}),
})
const entryId = z.string().regex(/^[A-Za-z0-9_-]{1,80}$/)
const visibilityTimeout = z.int().min(0).max(43_200)
const entriesOf = <S extends z.ZodType>(entry: S) => z.array(entry).min(1).max(MAX_BATCH)

const inputs = {
  queue: z.object({ QueueUrl: queueUrl }),
  name: z.object({ QueueName: z.string().min(1).max(80) }),
  list: z.object({ QueueNamePrefix: z.string().max(80).default('') }),
  send: message.extend({ QueueUrl: queueUrl }),
  sendBatch: z.object({ QueueUrl: queueUrl, Entries: entriesOf(message.extend({ Id: entryId })) }),
  receive: z.object({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: z.int().min(1).max(MAX_BATCH).default(1),
    VisibilityTimeout: visibilityTimeout.optional(),
    WaitTimeSeconds: z.int().min(0).max(20).default(0),
  }),
  delete: z.object({ QueueUrl: queueUrl, ReceiptHandle: z.string().max(1024) }),
  deleteBatch: z.object({
    QueueUrl: queueUrl,
    Entries: entriesOf(z.object({ Id: entryId, ReceiptHandle: z.string().max(1024) })),
  }),
  changeVisibility: z.object({
    QueueUrl: queueUrl,
    ReceiptHandle: z.string().max(1024),
    VisibilityTimeout: visibilityTimeout,
  }),
}

/**
 * SQS's wire protocol (AWS JSON 1.0) over the local queues, as the SDKs and the AWS CLI speak it.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
 */
export const createSqsEndpoint = ({ store, isVirtual }: Options): SqsEndpoint => {
  const named = (reference: string): QueuePlan => {
    const queue = store.find(reference)
    if (queue !== undefined) return queue
    throw new SqsError(
      'QueueDoesNotExist',
      'The specified queue does not exist.',
      'AWS.SimpleQueueService.NonExistentQueue',
    )
  }
  const send = (
    queue: QueuePlan,
    { MessageBody, DelaySeconds, MessageAttributes }: z.output<typeof message>,
  ) => {
    if (!TRANSPORTABLE.test(MessageBody)) {
      throw new SqsError('InvalidMessageContents', 'The message contains characters outside the allowed set.')
    }
    const attributes = Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          DataType,
          ...(StringValue !== undefined && { StringValue }),
          ...(BinaryValue !== undefined && { BinaryValue }),
        },
      ]),
    )
    const id = store.send(queue, {
      body: MessageBody,
      attributes,
      ...(DelaySeconds !== undefined && { delayS: DelaySeconds }),
    })
    return {
      MessageId: id,
      MD5OfMessageBody: md5Of(MessageBody),
      ...(Object.keys(attributes).length > 0 && { MD5OfMessageAttributes: md5OfAttributes(attributes) }),
    }
  }
  const requireSize = (bodies: readonly string[], code: string) => {
    const bytes = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0)
    if (bytes > MAX_MESSAGE_BYTES) throw new SqsError(code, `Longer than ${MAX_MESSAGE_BYTES} bytes.`)
  }
  const receive = async (input: z.output<typeof inputs.receive>): Promise<Message[]> => {
    const queue = named(input.QueueUrl)
    const take = () => store.receive(queue, input.MaxNumberOfMessages, input.VisibilityTimeout)
    const untilMs = Date.now() + (isVirtual() ? 0 : input.WaitTimeSeconds * 1000)
    let messages = take()
    while (messages.length === 0 && Date.now() < untilMs) {
      await nextMessage(store, Math.min(untilMs, store.nextVisibleAtMs(queue) ?? untilMs) - Date.now())
      messages = take()
    }
    return messages
  }

  const operations: Record<string, (input: Json) => Promise<object> | object> = {
    ListQueues: (input) => {
      const { QueueNamePrefix } = inputs.list.parse(input)
      return {
        QueueUrls: store.queues.filter(({ name }) => name.startsWith(QueueNamePrefix)).map(({ url }) => url),
      }
    },
    GetQueueUrl: (input) => ({ QueueUrl: named(inputs.name.parse(input).QueueName).url }),
    GetQueueAttributes: (input) => ({
      Attributes: queueAttributes(named(inputs.queue.parse(input).QueueUrl), store),
    }),
    SendMessage: (input) => {
      const parsed = inputs.send.parse(input)
      requireSize([parsed.MessageBody], 'InvalidParameterValue')
      return send(named(parsed.QueueUrl), parsed)
    },
    SendMessageBatch: (input) => {
      const { QueueUrl, Entries } = inputs.sendBatch.parse(input)
      requireDistinct(Entries)
      requireSize(
        Entries.map(({ MessageBody }) => MessageBody),
        'BatchRequestTooLong',
      )
      const queue = named(QueueUrl)
      return { Successful: Entries.map((entry) => ({ Id: entry.Id, ...send(queue, entry) })), Failed: [] }
    },
    ReceiveMessage: async (input) => {
      const messages = await receive(inputs.receive.parse(input))
      return messages.length === 0 ? {} : { Messages: messages.map(wireMessage) }
    },
    DeleteMessage: (input) => {
      const { QueueUrl, ReceiptHandle } = inputs.delete.parse(input)
      store.delete(named(QueueUrl), ReceiptHandle)
      return {}
    },
    DeleteMessageBatch: (input) => {
      const { QueueUrl, Entries } = inputs.deleteBatch.parse(input)
      requireDistinct(Entries)
      const queue = named(QueueUrl)
      for (const { ReceiptHandle } of Entries) store.delete(queue, ReceiptHandle)
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] }
    },
    ChangeMessageVisibility: (input) => {
      const { QueueUrl, ReceiptHandle, VisibilityTimeout } = inputs.changeVisibility.parse(input)
      if (store.changeVisibility(named(QueueUrl), ReceiptHandle, VisibilityTimeout)) return {}
      throw new SqsError(
        'MessageNotInflight',
        'The message is not in flight.',
        'AWS.SimpleQueueService.MessageNotInflight',
      )
    },
    PurgeQueue: (input) => {
      store.purge(named(inputs.queue.parse(input).QueueUrl))
      return {}
    },
  }

  return {
    handle: async ({ headers, body }) => {
      const operation = (headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '')
      try {
        const run = operations[operation]
        if (run === undefined)
          throw new SqsError('UnsupportedOperation', `The local cloud does not know ${operation}.`)
        const input: Json = JSON.parse(body === '' ? '{}' : body)
        return respond(200, await run(input))
      } catch (error) {
        return errorResponse(error)
      }
    },
  }
}

const respond = (status: number, body: object, headers: Record<string, string> = {}): PeerResponse => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID(), ...headers },
  body: JSON.stringify(body),
})

const errorResponse = (error: unknown): PeerResponse => {
  const known =
    error instanceof SqsError
      ? error
      : error instanceof z.ZodError
        ? new SqsError('InvalidParameterValue', z.prettifyError(error))
        : error instanceof SyntaxError
          ? new SqsError('InvalidParameterValue', 'The request is no JSON.')
          : undefined
  if (known === undefined) throw error
  return respond(
    400,
    { __type: `com.amazonaws.sqs#${known.shortName}`, message: known.message },
    { 'x-amzn-query-error': `${known.queryCode};Sender` },
  )
}

const requireDistinct = (entries: readonly { Id: string }[]): void => {
  if (new Set(entries.map(({ Id }) => Id)).size === entries.length) return
  throw new SqsError(
    'BatchEntryIdsNotDistinct',
    'Two or more batch entries have the same Id.',
    'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  )
}

const queueAttributes = (queue: QueuePlan, store: QueueStore): Record<string, string> => {
  const { visible, inFlight, delayed } = store.counts(queue)
  const { redrive } = queue
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    DelaySeconds: String(queue.delayS),
    VisibilityTimeout: String(queue.visibilityTimeoutS),
    MessageRetentionPeriod: String(queue.retentionS),
    ...(redrive !== undefined && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: redrive.targetArn,
        maxReceiveCount: redrive.maxReceiveCount,
      }),
    }),
  }
}

const wireMessage = (received: Message): object => ({
  MessageId: received.id,
  ReceiptHandle: received.receipt,
  Body: received.body,
  MD5OfBody: md5Of(received.body),
  Attributes: {
    SenderId: 'local',
    SentTimestamp: String(received.sentAtMs),
    ApproximateReceiveCount: String(received.receives),
    ApproximateFirstReceiveTimestamp: String(received.firstReceivedAtMs),
  },
  ...(Object.keys(received.attributes).length > 0 && {
    MessageAttributes: received.attributes,
    MD5OfMessageAttributes: md5OfAttributes(received.attributes),
  }),
})

/** Waits for a message to be sent, or until a delayed one is due. */
const nextMessage = async (store: QueueStore, limitMs: number): Promise<void> => {
  const stop = new AbortController()
  const unsubscribe = store.onSent(() => stop.abort())
  await wait(Math.max(1, limitMs), undefined, { signal: stop.signal }).catch(() => {})
  unsubscribe()
}
