import middy from '@middy/core'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { sendMessagesEnv } from '#functions/send-messages/env.ts'
import { receiveRecord } from '#functions/send-messages/receive-record.ts'
import { buildServices } from '#functions/send-messages/services.ts'
import type { MessageId } from '#shared/domain/ids.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger, errorFacts } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'
import { type BatchResponse, eachAlone } from '#shared/runtime/records.ts'

// Cold start only.
const services = lazy(() => buildServices(parseEnv(sendMessagesEnv, process.env), logFault))
const logger = createLogger('send-messages')
const countFailures = failureCounter('send-messages', 'recordsFailed')

const logFault = (messageId: MessageId, reason: string): void => {
  countFailures(1)
  logger.error('publish.refused', { messageId, reason })
}
const logFailure = (error: unknown, { messageId }: SQSRecord, isLast = false): void => {
  countFailures(1)
  logger.error(isLast ? 'record.putAside' : 'record.failed', { record: messageId, error: errorFacts(error) })
}

// Every record.
const onRecord =
  (signal: AbortSignal) =>
  async (record: SQSRecord): Promise<void> =>
    receiveRecord(await services(), record, nowMs(), logFailure, signal)

// Called by AWS: with messages of the queues for push and SMS.
export const handler = middy<SQSEvent, BatchResponse>().handler((event, _context, { signal }) =>
  eachAlone(event.Records, ({ messageId }) => messageId, onRecord(signal), logFailure),
)
