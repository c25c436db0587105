import middy from '@middy/core'
import type { DynamoDBRecord, DynamoDBStreamEvent, SQSEvent, SQSRecord } from 'aws-lambda'
import { decideOffersEnv } from '#functions/decide-offers/env.ts'
import { fireTimer } from '#functions/decide-offers/fire-timer.ts'
import { handleRecord, handleRemoval } from '#functions/decide-offers/handle-record.ts'
import { buildServices } from '#functions/decide-offers/services.ts'
import { newImageOf, ttlRemovedImageOf } from '#shared/adapters/dynamodb/stream-image.ts'
import { timer } from '#shared/contracts/timers.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger, errorFacts } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'
import { type BatchResponse, eachAlone, inOrder } from '#shared/runtime/records.ts'

// Cold start only.
const services = lazy(() => buildServices(parseEnv(decideOffersEnv, process.env)))
const logger = createLogger('decide-offers')
const countFailures = failureCounter('decide-offers', 'recordsFailed')

// Every record.
const onStreamRecord =
  (signal: AbortSignal) =>
  async (record: DynamoDBRecord): Promise<void> => {
    const image = newImageOf(record)
    if (image !== undefined) await handleRecord(await services(), image, nowMs(), signal)
    const removed = ttlRemovedImageOf(record)
    if (removed !== undefined) await handleRemoval(await services(), removed, nowMs(), signal)
  }

const onTimer =
  (signal: AbortSignal) =>
  async ({ body }: SQSRecord): Promise<void> =>
    fireTimer(await services(), timer.parse(JSON.parse(body)), nowMs(), signal)

const logFailure = (error: unknown, record: DynamoDBRecord | SQSRecord): void => {
  countFailures(1)
  logger.error('record.failed', {
    record: 'messageId' in record ? record.messageId : record.dynamodb?.SequenceNumber,
    error: errorFacts(error),
  })
}

const isTimers = (event: DynamoDBStreamEvent | SQSEvent): event is SQSEvent =>
  event.Records.some((record) => 'messageId' in record)

// Called by AWS: with stream records of Presence and Ledger, and with timers.
export const handler = middy<DynamoDBStreamEvent | SQSEvent, BatchResponse>().handler(
  (event, _context, { signal }) =>
    isTimers(event)
      ? eachAlone(event.Records, ({ messageId }) => messageId, onTimer(signal), logFailure)
      : inOrder(
          event.Records,
          ({ dynamodb }) => dynamodb?.SequenceNumber ?? '',
          onStreamRecord(signal),
          logFailure,
        ),
)
