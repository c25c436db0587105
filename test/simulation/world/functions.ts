import { customerApiEnv } from '#functions/customer-api/env.ts'
import { routes as customerRoutes } from '#functions/customer-api/routes.ts'
import { buildServices as buildCustomerApi } from '#functions/customer-api/services.ts'
import { decideOffersEnv } from '#functions/decide-offers/env.ts'
import { buildServices as buildDecideOffers } from '#functions/decide-offers/services.ts'
import { matchPingsEnv } from '#functions/match-pings/env.ts'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { buildServices as buildMatchPings } from '#functions/match-pings/services.ts'
import { merchantApiEnv } from '#functions/merchant-api/env.ts'
import { routes as merchantRoutes } from '#functions/merchant-api/routes.ts'
import { buildServices as buildMerchantApi } from '#functions/merchant-api/services.ts'
import { remindRevisitsEnv } from '#functions/remind-revisits/env.ts'
import { buildServices as buildRemindRevisits } from '#functions/remind-revisits/services.ts'
import { runJobsEnv } from '#functions/run-jobs/env.ts'
import { buildServices as buildRunJobs } from '#functions/run-jobs/services.ts'
import { sendMessagesEnv } from '#functions/send-messages/env.ts'
import { buildServices as buildSendMessages } from '#functions/send-messages/services.ts'
import { createRotateSigningKeys } from '#shared/adapters/dynamodb/catalog/signing-keys.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { lazy } from '#shared/runtime/lazy.ts'

/** What a town's stage says; the simulation asks for little, so that caps are met. */
export const PLATFORM_CAP_PER_DAY = 3
export const MERCHANT_CAP_PER_DAY = 2

/** Where answers to SMS come from. */
export const ANSWERS_TOPIC_ARN = 'arn:aws:sns:us-east-1:000000000000:answers'

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
  REMINDERS_PER_MINUTE: '200',
  SIGNING_KEY_DAYS: '30',
  QR_URL: 'https://town.example/q/',
  SCAN_LINK: 'beckon://scan/',
  MAX_PRESSURE: '12',
  SLOT_S: '60',
  PUSH_PLATFORMS: 'apns,fcm',
  MAX_RECEIVES: '5',
  APNS_APPLICATION_ARN: 'arn:aws:sns:us-east-1:000000000000:app/APNS/town',
  FCM_APPLICATION_ARN: 'arn:aws:sns:us-east-1:000000000000:app/GCM/town',
  SMS_ANSWERS_TOPIC_ARN: ANSWERS_TOPIC_ARN,
  SMS_OPT_OUT_URL: 'https://town.example/v1/stop/',
  SMS_MAX_PRICE_USD: '0.10',
  PLACE_INDEX: 'places',
}

/** Made for the town alone: a fresh one would be another in each run, and the town is over before it is replaced. */
const SIGNING_KEY = {
  kid: 'town',
  jwk: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'hpHZlHHxgqResxtzfxmUZq_NLuKLMJYOFbSreC7HbBo',
    x: 'Z_ZvkoUOrfdscL0vPwO1f7oxQRdYsr9dhJ3bSiT6Wvs',
  },
} as const

/** Cold starts of the seven functions: the same services that their handlers build. */
export const COLD_STARTS = {
  'match-pings': () =>
    httpHandler({
      name: 'match-pings',
      routes: pingRoutes,
      services: lazy(() => buildMatchPings(parseEnv(matchPingsEnv, ENV))),
    }),
  'customer-api': () =>
    httpHandler({
      name: 'customer-api',
      routes: customerRoutes,
      services: lazy(() => ({
        ...buildCustomerApi(parseEnv(customerApiEnv, ENV)),
        // The certificate is fetched from SNS by HTTPS: its signatures have tests of their own.
        verifyNotification: () => Promise.resolve(true),
      })),
      answerOnce: ({ answerOnce }) => answerOnce,
    }),
  'merchant-api': () =>
    httpHandler({
      name: 'merchant-api',
      routes: merchantRoutes,
      services: lazy(() => buildMerchantApi(parseEnv(merchantApiEnv, ENV))),
      answerOnce: ({ answerOnce }) => answerOnce,
    }),
  'decide-offers': () => buildDecideOffers(parseEnv(decideOffersEnv, ENV)),
  'send-messages': () =>
    buildSendMessages(parseEnv(sendMessagesEnv, ENV), (messageId, reason) =>
      console.error(JSON.stringify({ message: 'publish.refused', messageId, reason })),
    ),
  'remind-revisits': () => ({
    ...buildRemindRevisits(parseEnv(remindRevisitsEnv, ENV)),
    rotateSigningKeys: createRotateSigningKeys(
      { client: createDocumentClient(), catalog: SHARED.CATALOG_TABLE },
      async () => SIGNING_KEY,
      Number(ENV.SIGNING_KEY_DAYS),
    ),
  }),
  'run-jobs': () => buildRunJobs(parseEnv(runJobsEnv, ENV)),
} as const

export type HttpFunction = 'match-pings' | 'customer-api' | 'merchant-api'
export type HttpHandler = ReturnType<(typeof COLD_STARTS)[HttpFunction]>

/** Which function answers a route. */
export const functionOf = (routeKey: string): HttpFunction => {
  if (Object.hasOwn(pingRoutes, routeKey)) return 'match-pings'
  if (Object.hasOwn(customerRoutes, routeKey)) return 'customer-api'
  if (Object.hasOwn(merchantRoutes, routeKey)) return 'merchant-api'
  throw new Error(`no function answers ${routeKey}`)
}
