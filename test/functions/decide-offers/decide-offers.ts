import { marshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord, SQSRecord } from 'aws-lambda'
import { presenceItem } from '#shared/contracts/items/presence.ts'
import { shardOf, type UserId } from '#shared/domain/ids.ts'
import { NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import type { ClosedVisit, Transition } from '#shared/domain/presence/visit.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { type Queued, recordQueues } from '#test/functions/decide-offers/queue-recorder.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aTransition, T0 } from '#test/support/builders.ts'
import { setClock, type TestClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { lambdaContext } from '#test/support/http-event.ts'
import { sqsRecord } from '#test/support/sqs-record.ts'

type Item = Record<string, unknown>

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>

/** An item as Lambda hands it on: JSON has no bytes, they come as base64. */
const onStream = (item: Item): Image => {
  const image = marshall(item, { removeUndefinedValues: true })
  return Object.fromEntries(
    Object.entries(image).map(([name, value]) =>
      value.B === undefined ? [name, value] : [name, { B: Buffer.from(value.B).toString('base64') }],
    ),
  ) as Image
}

const streamRecord = (image: Item, index = 0): DynamoDBRecord => ({
  eventID: `event-${index}`,
  eventName: 'MODIFY',
  eventSource: 'aws:dynamodb',
  dynamodb: {
    NewImage: onStream(image),
    SequenceNumber: String(1000 + index),
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
})

/** When a visit of this name began: ids follow from it, so other names are other visits. */
const beganAt = (visitId: string | undefined): number =>
  visitId === undefined ? T0 : T0 - shardOf(visitId, 3_600_000)

/**
 * The Presence item that a write with these transitions and settled visits leaves on the stream. A visit's id follows
 * from when it began: of transitions `visitId` only says which belong together.
 */
export const newsOf = (
  user: UserId,
  {
    transitions = [],
    settled = [],
  }: { transitions?: readonly Partial<Transition>[]; settled?: readonly ClosedVisit[] },
): Item => {
  const told = transitions.map((one) => aTransition({ enteredAtMs: beganAt(one.visitId), ...one }))
  const times = [...told.map(({ atMs }) => atMs), ...settled.map((visit) => visit.exitedAtMs ?? 0)]
  const presence = { ...NO_PRESENCE, watermarkMs: Math.max(T0, ...times) }
  const news = { presence, transitions: told, settled }
  return presenceItem(user, 1, { ...news, open: [], ignored: [], marks: [], changed: true }, T0)
}

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
    JOBS_QUEUE_URL: queues.urlOf('jobs'),
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
    /** Delivers the removal of an item: by TTL, or by somebody. */
    deliverRemoval: (image: Item, by: 'ttl' | 'somebody') =>
      failuresOf([
        {
          eventName: 'REMOVE',
          ...(by === 'ttl'
            ? { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }
            : {}),
          dynamodb: { SequenceNumber: '1', OldImage: onStream(image) },
        } as DynamoDBRecord,
      ]),
    fire: (...timers: unknown[]) =>
      failuresOf(timers.map((timer, index) => sqsRecord('timers', timer, `timer-${index}`))),
    queuedOn: (queue: string): Queued[] => queues.taken().filter((one) => one.queue === queue),
  }
}
