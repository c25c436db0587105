import { randomUUID } from 'node:crypto'
import type * as z from 'zod'
import type { Lane, SendServices } from '#functions/send-messages/attempt.ts'
import type { sendMessagesEnv } from '#functions/send-messages/env.ts'
import type { ReceiveServices } from '#functions/send-messages/receive-record.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createSmsRecipients } from '#shared/adapters/dynamodb/customers/sms-recipients.ts'
import { createReadAddedRules } from '#shared/adapters/dynamodb/ledger/added-rules.ts'
import { createReadStanding } from '#shared/adapters/dynamodb/ledger/merchant-standing.ts'
import { createMessageStore } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import { createReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import { createDeleteEndpoint } from '#shared/adapters/sns/endpoints.ts'
import { createPublisher } from '#shared/adapters/sns/publisher.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import { stopCodeOf } from '#shared/domain/messages/stop-code.ts'

type Env = z.output<typeof sendMessagesEnv>

const LANES = ['push', 'pushApple', 'sms'] as const satisfies readonly Lane[]

const applicationsOf = (env: Env) => {
  const { APNS_APPLICATION_ARN: apns, APNS_SANDBOX_APPLICATION_ARN: sandbox, FCM_APPLICATION_ARN: fcm } = env
  return { ...(apns && { apns }), ...(sandbox && { 'apns-sandbox': sandbox }), ...(fcm && { fcm }) }
}

/** The name of a queue: the last part of its URL, and of its ARN. */
const nameIn = (text: string): string => text.split(/[/:]/).at(-1) ?? ''

/** What send-messages needs of the outside world. */
export const buildServices = (env: Env, onFault: SendServices['onFault']): ReceiveServices => {
  const client = createDocumentClient()
  const send = createQueueSender()
  const queues: Readonly<Record<Lane, string>> = {
    push: env.PUSH_QUEUE_URL,
    pushApple: env.PUSH_APPLE_QUEUE_URL,
    sms: env.SMS_QUEUE_URL,
  }
  const deadLetters: Readonly<Record<Lane, string>> = {
    push: env.PUSH_DEAD_LETTERS_URL,
    pushApple: env.PUSH_APPLE_DEAD_LETTERS_URL,
    sms: env.SMS_DEAD_LETTERS_URL,
  }
  const applications = applicationsOf(env)
  const readPlatform = createReadPlatform(client, env.LEDGER_TABLE)
  const messages = createMessageStore(client, env.LEDGER_TABLE, env.DUE_SHARDS)
  return {
    isKilled: async (atMs, signal) => (await readPlatform(atMs, signal)).killed,
    addedRules: createReadAddedRules(client, env.CATALOG_TABLE, readPlatform),
    standingOf: createReadStanding(client, { catalog: env.CATALOG_TABLE, ledger: env.LEDGER_TABLE }),
    messages: {
      ...messages,
      devices: async (user, signal) =>
        (await messages.devices(user, signal)).filter(({ platform }) => platform in applications),
    },
    recipients: createSmsRecipients({ client, ledger: env.LEDGER_TABLE }),
    deleteEndpoint: createDeleteEndpoint(),
    publisher: createPublisher({
      applications,
      ...(env.SMS_SENDER_ID !== undefined && { smsSenderId: env.SMS_SENDER_ID }),
      ...(env.SMS_ORIGINATION_NUMBER !== undefined && { smsOriginationNumber: env.SMS_ORIGINATION_NUMBER }),
      smsMaxPriceUsd: env.SMS_MAX_PRICE_USD,
    }),
    queue: (lane, { user, messageId }, delayS, signal) =>
      send(queues[lane], [{ body: { user, messageId }, delayS }], signal),
    random: Math.random,
    newStopCode: () => stopCodeOf(randomUUID()),
    ...(env.SMS_OPT_OUT_URL !== undefined && { optOutUrl: env.SMS_OPT_OUT_URL }),
    onFault,
    laneOf: (arn) => LANES.find((lane) => nameIn(queues[lane]) === nameIn(arn)) ?? 'push',
    putAside: (lane, body, reason, signal) =>
      send(deadLetters[lane], [{ text: body, attributes: { reason } }], signal),
    maxReceives: env.MAX_RECEIVES,
  }
}
