// First of all: what is loaded after it reads the environment.
import '#test/simulation/world/environment.ts'

import type { DynamoDBRecord } from 'aws-lambda'
import { fireTimer } from '#functions/decide-offers/fire-timer.ts'
import { handleRecord, handleRemoval } from '#functions/decide-offers/handle-record.ts'
import { runMinute } from '#functions/remind-revisits/run-minute.ts'
import { runJob } from '#functions/run-jobs/run-job.ts'
import { receiveRecord } from '#functions/send-messages/receive-record.ts'
import { newImageOf, ttlRemovedImageOf } from '#shared/adapters/dynamodb/stream-image.ts'
import { jobSchema } from '#shared/contracts/jobs.ts'
import { timer } from '#shared/contracts/timers.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { type BatchResponse, eachAlone, inOrder } from '#shared/runtime/records.ts'
import { createMemoryTables, type MemoryTables, type Write } from '#test/simulation/store/memory-tables.ts'
import { type Answer, type Call, type Host, readBody, type SmsAnswer } from '#test/simulation/town/host.ts'
import { createCalls } from '#test/simulation/world/calls.ts'
import type { Faults } from '#test/simulation/world/faults.ts'
import {
  ANSWERS_TOPIC_ARN,
  COLD_STARTS,
  functionOf,
  type HttpFunction,
} from '#test/simulation/world/functions.ts'
import { createHost, type FunctionHost, type Outcome } from '#test/simulation/world/invocations.ts'
import { isComputing, takeOver } from '#test/simulation/world/outside.ts'
import { createPhones, type Phones } from '#test/simulation/world/phones.ts'
import { bugsOf, type PlantedBug } from '#test/simulation/world/planted.ts'
import { createQueues, type Entry, type QueueMessage, type Queues } from '#test/simulation/world/queues.ts'
import { randomFor } from '#test/simulation/world/random.ts'
import { createStreams, type Streams } from '#test/simulation/world/streams.ts'
import { createTimeline, type Timeline } from '#test/simulation/world/timeline.ts'
import { httpEvent, lambdaContext } from '#test/support/http-event.ts'

const TABLES = [
  { name: 'catalog', hasSortKey: true, indexes: {} },
  { name: 'presence', hasSortKey: false, indexes: {} },
  {
    name: 'ledger',
    hasSortKey: true,
    indexes: {
      byMerchant: { pk: 'merchantPk', sk: 'merchantSk' },
      due: { pk: 'duePk', sk: 'dueSk' },
    },
  },
] as const

export type World = {
  readonly timeline: Timeline
  readonly host: Host
  readonly tables: MemoryTables
  readonly phones: Phones
  readonly queues: Queues
  readonly streams: Streams
  readonly logs: readonly string[]
  readonly faultsMade: ReadonlyMap<string, number>
  /** From now on nothing goes wrong. */
  readonly calm: () => void
  /** Runs the clock of the platform: the minute schedule, TTL. */
  readonly tick: () => void
  readonly runUntil: (untilMs: number) => Promise<void>
  /** Is nothing under way but what waits for its time? */
  readonly close: () => void
}

export type WorldOptions = {
  readonly seed: number
  readonly startMs: number
  readonly faults: Faults
  readonly bug?: PlantedBug | undefined
}

const MINUTE_MS = 60_000
/** How long a quiet platform is not looked at: the sweep has nothing to find in the minutes between. */
const QUIET_MS = 60 * MINUTE_MS

type Failed = ReadonlySet<string> | 'all'

const failedOf = (outcome: Outcome<BatchResponse>): Failed =>
  outcome.kind === 'done'
    ? new Set(outcome.value.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
    : 'all'

const identify = ({ id }: QueueMessage): string => id

/** Works off queue messages one by one, as the handlers do. */
const workerOf =
  <Services>(
    host: FunctionHost<Services>,
    name: string,
    onFailure: (error: unknown) => void,
    handle: (services: Services, message: QueueMessage, signal: AbortSignal) => Promise<unknown>,
  ) =>
  (batch: readonly QueueMessage[], onEnd: (failed: Failed) => void): void => {
    const key = `${name} ${batch.map(({ id, receives }) => `${id}*${receives}`).join(' ')}`
    host.invoke<BatchResponse>(
      key,
      (services, { signal }) =>
        eachAlone(
          batch,
          identify,
          async (message) => {
            await handle(services, message, signal)
          },
          onFailure,
        ),
      (outcome) => onEnd(failedOf(outcome)),
    )
  }

/** What SNS posts when somebody has answered an SMS. */
const notificationOf = ({ phoneNumber, word, at }: SmsAnswer): string =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: `${phoneNumber} ${at}`,
    TopicArn: ANSWERS_TOPIC_ARN,
    Message: JSON.stringify({ originationNumber: phoneNumber, messageBody: word }),
    Timestamp: at,
    SignatureVersion: '2',
    Signature: 'dG93bg==',
    SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-town.pem',
  })

/** The record that Lambda makes of a queue message, as far as it is looked at. */
const sqsRecord = (queue: string, { id, body, receives }: QueueMessage) => ({
  messageId: id,
  receiptHandle: id,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: '0',
    SenderId: '',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
  awsRegion: 'us-east-1',
})

const isPresenceNews = ({ before, after }: Write): boolean =>
  after === undefined ? before?.['stays'] === 'yes' : after['news'] === 'yes'
const TRIGGERS = new Set(['event', 'due', 'restock'])
const isTrigger = ({ after }: Write): boolean => TRIGGERS.has(String(after?.['triggerKind']))

/**
 * The whole platform in memory, on virtual time: the use cases of all functions, with doubles of everything outside.
 * Nothing in it waits, and the same seed gives the same run to the last byte.
 */
export const createWorld = ({ seed, startMs, faults, bug }: WorldOptions): World => {
  const timeline = createTimeline(startMs, isComputing)
  const logs: string[] = []
  const bugs = bugsOf(bug, seed)
  const tables = createMemoryTables(TABLES, timeline.nowMs, bugs.store)
  const phones = createPhones(timeline, faults)
  const hosting = { timeline, seed }

  const decide = createHost('decide-offers', 60, COLD_STARTS['decide-offers'], hosting)
  const send = createHost('send-messages', 60, COLD_STARTS['send-messages'], hosting)
  const jobs = createHost('run-jobs', 300, COLD_STARTS['run-jobs'], hosting)
  const remind = createHost('remind-revisits', 55, COLD_STARTS['remind-revisits'], hosting)
  const apis = {
    'match-pings': createHost('match-pings', 10, COLD_STARTS['match-pings'], hosting),
    'customer-api': createHost('customer-api', 10, COLD_STARTS['customer-api'], hosting),
    'merchant-api': createHost('merchant-api', 20, COLD_STARTS['merchant-api'], hosting),
  } satisfies Record<HttpFunction, unknown>

  /** What no fault explains: a function must not fail for any other reason than that something was busy. */
  const onFailure = (error: unknown): void => {
    const name = error instanceof Error ? error.name : typeof error
    logs.push(JSON.stringify({ failed: name, ...(name === 'BusyError' ? {} : { error: String(error) }) }))
  }

  const sendWorker = (queue: string) =>
    workerOf(send, queue, onFailure, (services, message, signal) =>
      receiveRecord(services, sqsRecord(queue, message), nowMs(), onFailure, signal),
    )
  const queues = createQueues(
    [
      {
        name: 'timers',
        batchSize: 10,
        visibilityS: 360,
        work: workerOf(decide, 'timers', onFailure, (services, { body }, signal) =>
          fireTimer(services, timer.parse(JSON.parse(body)), nowMs(), signal),
        ),
      },
      { name: 'push', batchSize: 10, visibilityS: 360, work: sendWorker('push') },
      { name: 'pushApple', batchSize: 10, visibilityS: 360, work: sendWorker('pushApple') },
      { name: 'sms', batchSize: 1, visibilityS: 360, work: sendWorker('sms') },
      {
        name: 'jobs',
        batchSize: 1,
        visibilityS: 1800,
        work: workerOf(jobs, 'jobs', onFailure, async (services, { body }, signal) => {
          const done = await runJob(services, jobSchema.parse(JSON.parse(body)), signal)
          logs.push(JSON.stringify({ message: 'job.done', ...done, atMs: nowMs() }))
        }),
      },
    ],
    timeline,
    faults,
    seed,
  )

  const onRecord = async (
    services: ReturnType<(typeof COLD_STARTS)['decide-offers']>,
    record: DynamoDBRecord,
    signal: AbortSignal,
  ): Promise<void> => {
    const image = newImageOf(record)
    if (image !== undefined) await handleRecord(services, image, nowMs(), signal)
    const removed = ttlRemovedImageOf(record)
    if (removed !== undefined) await handleRemoval(services, removed, nowMs(), signal)
  }
  let batches = 0
  const streamWorker =
    (table: string) =>
    (batch: readonly DynamoDBRecord[], onEnd: (failedFrom: string | 'all' | 'none') => void): void => {
      const sequenceOf = ({ dynamodb }: DynamoDBRecord): string => dynamodb?.SequenceNumber ?? ''
      batches += 1
      decide.invoke<BatchResponse>(
        `${table} ${batches}`,
        (services, { signal }) =>
          inOrder(batch, sequenceOf, (record) => onRecord(services, record, signal), onFailure),
        (outcome) => {
          if (outcome.kind !== 'done') onEnd('all')
          else onEnd(outcome.value.batchItemFailures[0]?.itemIdentifier ?? 'none')
        },
      )
    }
  const streams = createStreams(
    [
      {
        table: 'presence',
        isWanted: isPresenceNews,
        work: streamWorker('presence'),
        loses: bugs.losesRecord,
      },
      { table: 'ledger', isWanted: isTrigger, work: streamWorker('ledger'), loses: bugs.losesRecord },
    ],
    timeline,
    faults,
    seed,
  )

  const calls = createCalls(timeline, faults, (service, command, input, facts) => {
    switch (service) {
      case 'dynamodb': {
        const answer = tables.execute(command, input, facts.asOfMs)
        streams.follow(tables.writes)
        return answer
      }
      case 'sqs':
        queues.send(String(input['QueueUrl']), input['Entries'] as readonly Entry[])
        return {}
      case 'sns':
        return phones.execute(command, input, facts)
      default:
        return service satisfies never
    }
  })
  const giveBack = takeOver({ timeline, calls, log: (line) => logs.push(line) })

  const callApi = (key: string, call: Call, resolve: (answer: Answer) => void): void => {
    const { route, as, scopes, path, query, body, text, headers } = call
    const event = httpEvent(route, {
      subject: as,
      scopes,
      ...(path && { path }),
      ...(query && { query }),
      ...(body !== undefined && { body }),
      ...(text !== undefined && { rawBody: text }),
      ...(headers && { headers }),
    })
    apis[functionOf(route)].invoke(
      key,
      (handler, { endsAtMs }) =>
        handler(event, {
          ...lambdaContext(),
          getRemainingTimeInMillis: () => endsAtMs - timeline.nowMs(),
        }),
      (outcome) => {
        if (outcome.kind !== 'done') resolve({ status: outcome.kind === 'died' ? 0 : 500, body: undefined })
        else {
          const { statusCode = 0, body: answered } = outcome.value
          resolve({ status: statusCode, body: readBody(answered ?? '') })
        }
      },
    )
  }

  const host: Host = {
    nowMs: timeline.nowMs,
    sleepUntil: (atMs) => new Promise((resolve) => timeline.at(atMs, () => resolve())),
    call: (key, call) =>
      new Promise((resolve) =>
        timeline.at(timeline.nowMs(), () =>
          callApi(key, call, (answer) => {
            // An answer may be lost on the way back, after all was done.
            const isLost = !isCalm && randomFor(seed, `${key} answer`).happens(faults.lostAnswer)
            timeline.at(timeline.nowMs() + 20, () =>
              resolve(isLost ? { status: 0, body: undefined } : answer),
            )
          }),
        ),
      ),
    answerSms: (key, answer) =>
      host.call(key, {
        route: 'POST /v1/sms-answers',
        as: 'sns',
        scopes: [],
        text: notificationOf(answer),
        headers: { 'content-type': 'text/plain' },
      }),
    random: (key) => randomFor(seed, `town ${key}`).next(),
    impatience: faults.impatient,
  }

  let isCalm = false
  let sweptMs = startMs
  let expiredMs = startMs
  let minutes = 0

  /** When the next thing is due that a sweep could find. */
  const dueMs = (): number => {
    let earliest = Number.POSITIVE_INFINITY
    for (const { dueSk } of tables.listed('ledger', 'dueSk'))
      earliest = Math.min(earliest, Date.parse(String(dueSk).slice(0, 24)))
    return earliest
  }

  /** The next minute of the schedule that matters: in those between nothing happens and nothing is due. */
  const nextTickMs = (): number => {
    const now = timeline.nowMs()
    const isBusy = queues.waiting() + streams.waiting() > 0
    const happensMs = Math.min(dueMs(), timeline.nextMs() ?? Number.POSITIVE_INFINITY, now + QUIET_MS)
    const inMinutes = isBusy ? 1 : Math.max(1, Math.ceil((happensMs - now) / MINUTE_MS))
    return now + inMinutes * MINUTE_MS
  }

  const tick = (): void => {
    minutes += 1
    const now = timeline.nowMs()
    if (dueMs() <= now || now - sweptMs >= QUIET_MS || queues.waiting() > 0) {
      sweptMs = now
      remind.invoke(
        `minute ${minutes}`,
        (services, { signal }) => runMinute(services, nowMs(), signal),
        (outcome) => {
          if (outcome.kind === 'failed') onFailure(outcome.error)
        },
      )
    }
    if (now - expiredMs >= QUIET_MS) {
      expiredMs = now
      for (const { name } of TABLES) tables.expire(name)
      streams.follow(tables.writes)
    }
    timeline.at(nextTickMs(), tick)
  }

  return {
    timeline,
    host,
    tables,
    phones,
    queues,
    streams,
    logs,
    faultsMade: calls.made,
    calm: () => {
      isCalm = true
      for (const part of [calls, queues, streams, phones]) part.calm()
    },
    tick,
    runUntil: timeline.runUntil,
    close: giveBack,
  }
}
