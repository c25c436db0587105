import { marshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord, SQSRecord } from 'aws-lambda'
import type { UserId } from '#shared/domain/ids.ts'
import type { ClosedVisit, Transition } from '#shared/domain/presence/visit.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { type Queued, recordQueues } from '#test/functions/decide-offers/queue-recorder.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aTransition, T0 } from '#test/support/builders.ts'
import { setClock, type TestClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { lambdaContext } from '#test/support/http-event.ts'

type Item = Record<string, unknown>

const streamRecord = (image: Item, index = 0): DynamoDBRecord => ({
  eventID: `event-${index}`,
  eventName: 'MODIFY',
  eventSource: 'aws:dynamodb',
  dynamodb: {
    // lib-dynamodb's AttributeValue and Lambda's are the same on the wire.
    NewImage: marshall(image, { removeUndefinedValues: true }) as NonNullable<
      NonNullable<DynamoDBRecord['dynamodb']>['NewImage']
    >,
    SequenceNumber: String(1000 + index),
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
})

const timerRecord = (body: unknown, index: number): SQSRecord => ({
  messageId: `timer-${index}`,
  receiptHandle: 'receipt',
  body: JSON.stringify(body),
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'sender',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:timers',
  awsRegion: 'us-east-1',
})

/** The Presence item that a write with these transitions and settled visits leaves on the stream. */
export const newsOf = (
  user: UserId,
  {
    transitions = [],
    settled = [],
  }: { transitions?: readonly Partial<Transition>[]; settled?: readonly ClosedVisit[] },
): Item => ({
  pk: `U#${user}`,
  kind: 'presence',
  user,
  version: 1,
  watermarkMs: T0,
  base: [],
  fixes: new Uint8Array([1, 2, 3]),
  news: 'yes',
  transitions: transitions.map((transition) => aTransition(transition)),
  settled,
  ttl: 1,
})

/** decide-offers over tables and queues of its own, on a clock that stands at T0. */
export const startDecideOffers = async (env: Readonly<Record<string, string>> = {}) => {
  const tables = await createTables()
  const queues = await recordQueues()
  setEnvironment({
    CATALOG_TABLE: tables.catalog,
    PRESENCE_TABLE: tables.presence,
    LEDGER_TABLE: tables.ledger,
    TIMERS_QUEUE_URL: queues.urlOf('timers'),
    PUSH_QUEUE_URL: queues.urlOf('push'),
    SMS_QUEUE_URL: queues.urlOf('sms'),
    PLATFORM_CAP_PER_DAY: '4',
    MERCHANT_CAP_PER_DAY: '4',
    MAX_PRESSURE: '100',
    // Deliveries of one test stand at one moment: the slot has tests of its own.
    SLOT_S: '0',
    DUE_SHARDS: '2',
    PUSH_PLATFORMS: 'apns,fcm',
    ...env,
  })
  const clock: TestClock = setClock(T0)
  const { handler } = await import('#functions/decide-offers/handler.ts')
  const failuresOf = async (Records: (DynamoDBRecord | SQSRecord)[]): Promise<string[]> => {
    const event = { Records } as Parameters<typeof handler>[0]
    const { batchItemFailures } = await handler(event, lambdaContext())
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
  }
  return {
    tables,
    queues,
    clock,
    stored: storedIn(tables),
    /** Delivers new images as one batch of a stream; the ids of the records that failed. */
    deliver: (...images: Item[]) => failuresOf(images.map(streamRecord)),
    /** Delivers a removal, as when an item's TTL is over. */
    deliverRemoval: () =>
      failuresOf([
        { eventName: 'REMOVE', dynamodb: { SequenceNumber: '1', OldImage: { pk: { S: 'U#x' } } } },
      ]),
    fire: (...timers: unknown[]) => failuresOf(timers.map(timerRecord)),
    queuedOn: (queue: string): Queued[] => queues.taken().filter((one) => one.queue === queue),
  }
}
