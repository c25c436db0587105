import { customerApiEnv } from '#functions/customer-api/env.ts'
import { routes as customerRoutes } from '#functions/customer-api/routes.ts'
import { buildServices as buildCustomerApi } from '#functions/customer-api/services.ts'
import { decideOffersEnv } from '#functions/decide-offers/env.ts'
import { buildServices as buildDecideOffers } from '#functions/decide-offers/services.ts'
import type { MatchPingsServices } from '#functions/match-pings/match-pings.ts'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { merchantApiEnv } from '#functions/merchant-api/env.ts'
import { routes as merchantRoutes } from '#functions/merchant-api/routes.ts'
import { buildServices as buildMerchantApi } from '#functions/merchant-api/services.ts'
import type { SweepServices } from '#functions/remind-revisits/sweep-due.ts'
import type { JobServices } from '#functions/run-jobs/run-job.ts'
import { sendMessagesEnv } from '#functions/send-messages/env.ts'
import { buildServices as buildSendMessages } from '#functions/send-messages/services.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createDueStore } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import { createPresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { createDeleteEndpoint } from '#shared/adapters/sns/endpoints.ts'
import { createMessageQueue } from '#shared/adapters/sqs/message-queue.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { lazy } from '#shared/runtime/lazy.ts'

/** What a town's stage says; the simulation asks for little, so that caps are met. */
export const PLATFORM_CAP_PER_DAY = 3
export const MERCHANT_CAP_PER_DAY = 2

const queueUrl = (name: string): string => `https://queues.example/${name}`

const SHARED = {
  CATALOG_TABLE: 'catalog',
  PRESENCE_TABLE: 'presence',
  LEDGER_TABLE: 'ledger',
  DUE_SHARDS: '1',
}
const QUEUES = {
  TIMERS_QUEUE_URL: queueUrl('timers'),
  PUSH_QUEUE_URL: queueUrl('push'),
  PUSH_DEAD_LETTERS_URL: queueUrl('push-dead'),
  PUSH_APPLE_QUEUE_URL: queueUrl('pushApple'),
  PUSH_APPLE_DEAD_LETTERS_URL: queueUrl('pushApple-dead'),
  SMS_QUEUE_URL: queueUrl('sms'),
  SMS_DEAD_LETTERS_URL: queueUrl('sms-dead'),
  JOBS_QUEUE_URL: queueUrl('jobs'),
}
const ENV = {
  ...SHARED,
  ...QUEUES,
  PLATFORM_CAP_PER_DAY: String(PLATFORM_CAP_PER_DAY),
  MERCHANT_CAP_PER_DAY: String(MERCHANT_CAP_PER_DAY),
  MAX_PRESSURE: '12',
  SLOT_S: '60',
  PUSH_PLATFORMS: 'apns,fcm',
  MAX_RECEIVES: '5',
  APNS_APPLICATION_ARN: 'arn:aws:sns:us-east-1:000000000000:app/APNS/town',
  FCM_APPLICATION_ARN: 'arn:aws:sns:us-east-1:000000000000:app/GCM/town',
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:answers',
  SMS_OPT_OUT_URL: 'https://town.example/v1/stop/',
  SMS_MAX_PRICE_USD: '0.10',
  PLACE_INDEX: 'places',
}

/** Whoever makes a client reads these. */
export const PROCESS_ENV = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'simulated',
  AWS_SECRET_ACCESS_KEY: 'simulated',
  POWERTOOLS_DEV: 'true',
  POWERTOOLS_METRICS_DISABLED: 'true',
} as const

const matchPings = (): MatchPingsServices => {
  const client = createDocumentClient()
  const tiles = createTileCache(client, SHARED.CATALOG_TABLE)
  const tables = { catalog: SHARED.CATALOG_TABLE, presence: SHARED.PRESENCE_TABLE }
  const presence = createPresenceStore(client, tables, tiles)
  return {
    readPresence: presence.read,
    writePresence: presence.write,
    geofencesAt: tiles.geofencesAt,
    listedAt: tiles.listedAt,
  }
}

const remindRevisits = (): SweepServices => ({
  due: createDueStore(createDocumentClient(), SHARED.LEDGER_TABLE, 1),
  queueMessage: createMessageQueue(createQueueSender(), {
    push: QUEUES.PUSH_QUEUE_URL,
    sms: QUEUES.SMS_QUEUE_URL,
  }),
  dueShards: 1,
  memory: {},
})

const runJobs = (): JobServices => {
  const tables = {
    client: createDocumentClient(),
    ledger: SHARED.LEDGER_TABLE,
    presence: SHARED.PRESENCE_TABLE,
  }
  const deleteEndpoint = createDeleteEndpoint()
  return { nowMs, deleteEndpoint, eraseCustomer: createEraseCustomer(tables, deleteEndpoint) }
}

/** Cold starts of the seven functions: the same services that their handlers build. */
export const COLD_STARTS = {
  'match-pings': () => httpHandler({ name: 'match-pings', routes: pingRoutes, services: lazy(matchPings) }),
  'customer-api': () =>
    httpHandler({
      name: 'customer-api',
      routes: customerRoutes,
      services: lazy(() => buildCustomerApi(customerApiEnv.parse(ENV))),
    }),
  'merchant-api': () =>
    httpHandler({
      name: 'merchant-api',
      routes: merchantRoutes,
      services: lazy(() => buildMerchantApi(merchantApiEnv.parse(ENV))),
    }),
  'decide-offers': () => buildDecideOffers(decideOffersEnv.parse(ENV)),
  'send-messages': () =>
    buildSendMessages(sendMessagesEnv.parse(ENV), (messageId, reason) =>
      console.error(JSON.stringify({ message: 'publish.refused', messageId, reason })),
    ),
  'remind-revisits': remindRevisits,
  'run-jobs': runJobs,
} as const

export type HttpFunction = 'match-pings' | 'customer-api' | 'merchant-api'
export type HttpHandler = ReturnType<(typeof COLD_STARTS)[HttpFunction]>

/** Which function answers a route. */
export const functionOf = (routeKey: string): HttpFunction => {
  if (Object.hasOwn(pingRoutes, routeKey)) return 'match-pings'
  return Object.hasOwn(customerRoutes, routeKey) ? 'customer-api' : 'merchant-api'
}
