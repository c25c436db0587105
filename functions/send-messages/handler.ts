import middy from '@middy/core'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import * as z from 'zod'
import { sendMessagesEnv } from '#functions/send-messages/env.ts'
import { type SendServices, sendMessage } from '#functions/send-messages/send-message.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createMessageStore } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import { createReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import { createPublisher } from '#shared/adapters/sns/publisher.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger, errorFacts } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'
import { type BatchResponse, eachAlone } from '#shared/runtime/records.ts'

const outboxEntry = z.object({ user: id('usr'), messageId: id('msg') })

// Cold start only.
const buildServices = (): SendServices => {
  const env = parseEnv(sendMessagesEnv, process.env)
  const { APNS_APPLICATION_ARN: apns, APNS_SANDBOX_APPLICATION_ARN: sandbox, FCM_APPLICATION_ARN: fcm } = env
  const client = createDocumentClient()
  const readPlatform = createReadPlatform(client, env.LEDGER_TABLE)
  return {
    isKilled: async (atMs, signal) => (await readPlatform(atMs, signal)).killed,
    messages: createMessageStore(client, env.LEDGER_TABLE, env.DUE_SHARDS),
    publisher: createPublisher({
      applications: {
        ...(apns && { apns }),
        ...(sandbox && { 'apns-sandbox': sandbox }),
        ...(fcm && { fcm }),
      },
      ...(env.SMS_SENDER_ID ? { smsSenderId: env.SMS_SENDER_ID } : {}),
      smsMaxPriceUsd: env.SMS_MAX_PRICE_USD,
    }),
  }
}
const services = lazy(buildServices)
const logger = createLogger('send-messages')
const countFailures = failureCounter('send-messages', 'recordsFailed')

// Every record.
const onRecord =
  (signal: AbortSignal) =>
  async ({ body }: SQSRecord): Promise<void> => {
    const { user, messageId } = outboxEntry.parse(JSON.parse(body))
    await sendMessage(await services(), user, messageId, nowMs(), signal)
  }

const logFailure = (error: unknown, { messageId }: SQSRecord): void => {
  countFailures(1)
  logger.error('record.failed', { record: messageId, error: errorFacts(error) })
}

// Called by AWS: with messages of the push queue or the sms queue.
export const handler = middy<SQSEvent, BatchResponse>().handler((event, _context, { signal }) =>
  eachAlone(event.Records, ({ messageId }) => messageId, onRecord(signal), logFailure),
)
