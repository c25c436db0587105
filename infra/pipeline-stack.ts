import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import type { CustomerApiEnv } from '#functions/customer-api/env.ts'
import type { DecideOffersEnv } from '#functions/decide-offers/env.ts'
import type { MatchPingsEnv } from '#functions/match-pings/env.ts'
import type { MerchantApiEnv } from '#functions/merchant-api/env.ts'
import type { RemindRevisitsEnv } from '#functions/remind-revisits/env.ts'
import type { RunJobsEnv } from '#functions/run-jobs/env.ts'
import type { SendMessagesEnv } from '#functions/send-messages/env.ts'
import { ChangeStream } from '#infra/constructs/change-stream.ts'
import type { FunctionCode } from '#infra/constructs/function-code.ts'
import { HttpEntrance, type OpenRoutes, type Routes } from '#infra/constructs/http-entrance.ts'
import { grantForget, grantSend, pushPlatforms } from '#infra/constructs/message-channels.ts'
import { MinuteSchedule } from '#infra/constructs/minute-schedule.ts'
import { addDashboard } from '#infra/constructs/pipeline-dashboard.ts'
import {
  PipelineFunction,
  type PipelineFunctionProps,
  type Variables,
} from '#infra/constructs/pipeline-function.ts'
import { PlaceIndex } from '#infra/constructs/place-index.ts'
import { SmsAnswers } from '#infra/constructs/sms-answers.ts'
import {
  denySigningKeys,
  grantDelete,
  grantGet,
  grantPut,
  grantRead,
  grantReadWrite,
  grantRotateKeys,
} from '#infra/constructs/table-access.ts'
import { watch } from '#infra/constructs/watch.ts'
import { MAX_RECEIVES, WorkQueue } from '#infra/constructs/work-queue.ts'
import type { DataStack } from '#infra/data-stack.ts'
import type { StageConfig } from '#infra/stage-config.ts'

const pingRoutes: Routes = {
  'POST /v1/pings': ['customer'],
}

const customerRoutes: Routes = {
  'POST /v1/events': ['customer'],
  'GET /v1/me': ['customer'],
  'DELETE /v1/me': ['customer'],
  'GET /v1/me/erasure': ['customer'],
  'POST /v1/me/exports': ['customer'],
  'GET /v1/me/exports/{exportId}': ['customer'],
  'PUT /v1/me/devices/{deviceId}': ['customer'],
  'DELETE /v1/me/devices/{deviceId}': ['customer'],
  'PUT /v1/me/phone-number': ['customer'],
  'DELETE /v1/me/phone-number': ['customer'],
  'GET /v1/me/preferences': ['customer'],
  'PUT /v1/me/preferences': ['customer'],
  'GET /v1/me/consents': ['customer'],
  'PUT /v1/me/consents/location': ['customer'],
  'PUT /v1/me/consents/push': ['customer'],
  'PUT /v1/me/consents/sms/{merchantId}': ['customer'],
  'GET /v1/me/offers': ['customer'],
  'POST /v1/me/offers/{grantId}/claim': ['customer'],
  'POST /v1/me/offers/{grantId}/share': ['customer'],
  'POST /v1/me/offers/{grantId}/redemption-tokens': ['customer'],
  'POST /v1/me/scans': ['customer'],
  'GET /v1/me/visits': ['customer'],
  'GET /v1/me/waiting-list': ['customer'],
  'PUT /v1/me/waiting-list/{offerId}': ['customer'],
  'DELETE /v1/me/waiting-list/{offerId}': ['customer'],
  'GET /v1/me/decisions': ['customer'],
  'GET /v1/me/blocks': ['customer'],
  'PUT /v1/me/blocks/{merchantId}/appeal': ['customer'],
}

const openRoutes: OpenRoutes = {
  'GET /openapi.json': 'The description of the API: it holds nothing of anybody.',
  'GET /docs': 'The same as a page.',
  'GET /docs/{file}': 'The code and style of that page.',
  'GET /q/{code}': 'What a QR code says, for people without the app; it only shows a button.',
  'POST /q/{code}/scans': 'The button there: it counts a scan, which nobody needs a name for.',
  'POST /v1/sms-answers': 'Amazon SNS posts here; the function checks its signature.',
  'GET /v1/stop/{code}': 'A link in an SMS, for people without the app; it only shows a button.',
  'POST /v1/stop/{code}':
    'The button behind that link; the code, which only the recipient has, is the proof.',
}

const merchantRoutes: Routes = {
  'POST /v1/merchants': ['merchant'],
  'GET /v1/merchants': ['merchant'],
  'GET /v1/merchants/{merchantId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}': ['merchant'],
  'GET /v1/merchants/{merchantId}/members': ['merchant'],
  'PUT /v1/merchants/{merchantId}/members/{userId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/members/{userId}': ['merchant'],
  'GET /v1/user': ['merchant', 'till'],
  'GET /v1/merchants/{merchantId}/suspension': ['merchant'],
  'PUT /v1/merchants/{merchantId}/suspension/appeal': ['merchant'],
  'GET /v1/merchants/{merchantId}/quotas': ['merchant'],
  'GET /v1/merchants/{merchantId}/audit-log': ['merchant'],

  'POST /v1/merchants/{merchantId}/stores': ['merchant'],
  'GET /v1/merchants/{merchantId}/stores': ['merchant'],
  'GET /v1/merchants/{merchantId}/stores/{storeId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/stores/{storeId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/stores/{storeId}': ['merchant'],

  'POST /v1/merchants/{merchantId}/geofences': ['merchant'],
  'GET /v1/merchants/{merchantId}/geofences': ['merchant'],
  'GET /v1/merchants/{merchantId}/geofences/{geofenceId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}': ['merchant'],
  'POST /v1/merchants/{merchantId}/geofences:contains': ['merchant'],
  'GET /v1/merchants/{merchantId}/geofences:geojson': ['merchant'],
  'GET /v1/merchants/{merchantId}/geofences:overlaps': ['merchant'],
  'POST /v1/merchants/{merchantId}/exports': ['merchant'],
  'GET /v1/merchants/{merchantId}/exports/{exportId}': ['merchant'],
  'GET /v1/merchants/{merchantId}/exports/{exportId}/parts/{part}': ['merchant'],
  'POST /v1/merchants/{merchantId}/imports': ['merchant'],
  'GET /v1/merchants/{merchantId}/imports/{jobId}': ['merchant'],

  'POST /v1/merchants/{merchantId}/scenes': ['merchant'],
  'GET /v1/merchants/{merchantId}/scenes': ['merchant'],
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/scenes/{sceneId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/scenes/{sceneId}': ['merchant'],
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/test-sends': ['merchant'],
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/activate': ['merchant'],
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/pause': ['merchant'],
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}/revisions': ['merchant'],
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}/decisions': ['merchant'],
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/rehearsals': ['merchant'],
  'POST /v1/merchants/{merchantId}/scenes:preview': ['merchant'],
  'POST /v1/merchants/{merchantId}/audience:estimate': ['merchant'],
  'GET /v1/merchants/{merchantId}/reports/summary': ['merchant'],
  'GET /v1/merchants/{merchantId}/reports/scenes/{sceneId}': ['merchant'],
  'GET /v1/merchants/{merchantId}/reports/stores/{storeId}': ['merchant'],
  'GET /v1/merchants/{merchantId}/customers': ['merchant'],
  'GET /v1/merchants/{merchantId}/customers/{userId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/customers/{userId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/customers/{userId}/block': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/customers/{userId}/block': ['merchant'],

  'POST /v1/merchants/{merchantId}/regions': ['merchant'],
  'GET /v1/merchants/{merchantId}/regions': ['merchant'],
  'GET /v1/merchants/{merchantId}/regions/{regionId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/regions/{regionId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/regions/{regionId}': ['merchant'],

  'POST /v1/merchants/{merchantId}/offers': ['merchant'],
  'GET /v1/merchants/{merchantId}/offers': ['merchant'],
  'GET /v1/merchants/{merchantId}/offers/{offerId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/offers/{offerId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/offers/{offerId}': ['merchant'],
  'POST /v1/merchants/{merchantId}/offers/{offerId}/stock-changes': ['merchant'],
  'POST /v1/merchants/{merchantId}/offers/{offerId}/codes': ['merchant'],

  'POST /v1/merchants/{merchantId}/qr-codes': ['merchant'],
  'GET /v1/merchants/{merchantId}/qr-codes': ['merchant'],
  'GET /v1/merchants/{merchantId}/qr-codes/{qrCodeId}': ['merchant'],
  'PUT /v1/merchants/{merchantId}/qr-codes/{qrCodeId}': ['merchant'],
  'DELETE /v1/merchants/{merchantId}/qr-codes/{qrCodeId}': ['merchant'],
  'GET /v1/merchants/{merchantId}/qr-codes/{qrCodeId}/image': ['merchant'],
  'GET /v1/merchants/{merchantId}/qr-codes/{qrCodeId}/counts': ['merchant'],

  'POST /v1/merchants/{merchantId}/redemptions': ['till', 'merchant'],
  'POST /v1/merchants/{merchantId}/redemptions:sync': ['till', 'merchant'],
  'GET /v1/merchants/{merchantId}/redemptions/double-uses': ['merchant'],
  'GET /v1/merchants/{merchantId}/signing-keys': ['till', 'merchant'],

  'GET /v1/platform/kill-switch': ['operator'],
  'PUT /v1/platform/kill-switch': ['operator'],
  'GET /v1/platform/zones': ['operator'],
  'GET /v1/platform/zones/{zoneId}': ['operator'],
  'PUT /v1/platform/zones/{zoneId}': ['operator'],
  'DELETE /v1/platform/zones/{zoneId}': ['operator'],
  'GET /v1/platform/audit-log': ['operator'],
  'GET /v1/platform/merchants/{merchantId}/audit-log': ['operator'],
  'GET /v1/platform/merchants': ['operator'],
  'GET /v1/platform/merchants/{merchantId}/suspension': ['operator'],
  'PUT /v1/platform/merchants/{merchantId}/suspension': ['operator'],
  'GET /v1/platform/merchants/{merchantId}/quotas': ['operator'],
  'PUT /v1/platform/merchants/{merchantId}/quotas': ['operator'],
  'GET /v1/platform/lawful-hours': ['operator'],
  'PUT /v1/platform/lawful-hours/{place}': ['operator'],
  'DELETE /v1/platform/lawful-hours/{place}': ['operator'],
}

/** A sender id takes no answers: then a link says how to opt out. */
const optOutUrl = ({ sms }: StageConfig, apiUrl: string): string | undefined =>
  sms.senderId === undefined || sms.originationNumber !== undefined
    ? undefined
    : (sms.optOutUrl ?? `${apiUrl}/v1/stop/`)

export type PipelineStackProps = StackProps & {
  readonly stage: string
  readonly config: StageConfig
  readonly codeOf: FunctionCode
  readonly data: DataStack
}

/** A function as the stack below defines it: 512 MB unless it says more. */
type Definition<Env extends Variables> = Omit<
  PipelineFunctionProps<Env>,
  'stage' | 'config' | 'codeOf' | 'memoryMB'
> & {
  readonly memoryMB?: number
}

/** Everything that works: seven functions, five queues, two streams, the API and the clock that call them. */
export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { stage, config, codeOf, data, ...props }: PipelineStackProps) {
    super(scope, id, props)
    const { catalog, presence, ledger } = data
    const define = <Env extends Variables>(fnId: string, fn: Definition<Env>) =>
      new PipelineFunction<Env>(this, fnId, { stage, config, codeOf, memoryMB: 512, ...fn })
    const { timers, push, sms, jobs, streamBatchesPerShard } = config.concurrency
    const CATALOG_TABLE = catalog.tableName
    const PRESENCE_TABLE = presence.tableName
    const LEDGER_TABLE = ledger.tableName
    const DUE_SHARDS = String(config.dueShards)
    const { issuer: TOKEN_ISSUER, audiences } = data.tokens
    const TOKEN_AUDIENCES = audiences.join(',')
    const SCOPE_PREFIX = config.scopePrefix
    // As the stage enforces it: so many requests a second, of all callers together.
    const RATE_LIMIT_POLICY = `"all-callers";q=${config.api.requestsPerSecond};w=1`
    const CALLER_REQUESTS_PER_MINUTE = String(config.api.requestsPerMinuteOfACaller)
    const httpVariables = {
      TOKEN_ISSUER,
      TOKEN_AUDIENCES,
      SCOPE_PREFIX,
      RATE_LIMIT_POLICY,
      CALLER_REQUESTS_PER_MINUTE,
    }

    const decideS = 60
    const sendS = 60
    const jobS = 300
    const timerQueue = new WorkQueue(this, 'Timers', {
      workerTimeoutS: decideS,
      batchSize: 10,
      maxConcurrency: timers,
    })
    const pushQueue = new WorkQueue(this, 'Push', {
      workerTimeoutS: sendS,
      batchSize: 10,
      maxConcurrency: push,
    })
    // SNS answers for Apple and for Google by itself: where one is slow, the other's messages wait in no line with it.
    const pushAppleQueue = new WorkQueue(this, 'PushApple', {
      workerTimeoutS: sendS,
      batchSize: 10,
      maxConcurrency: push,
    })
    // A batch is sent side by side: one message at a time stays below the SMS that SNS takes a second.
    const smsQueue = new WorkQueue(this, 'Sms', { workerTimeoutS: sendS, batchSize: 1, maxConcurrency: sms })
    const jobQueue = new WorkQueue(this, 'Jobs', { workerTimeoutS: jobS, batchSize: 1, maxConcurrency: jobs })
    const TIMERS_QUEUE_URL = timerQueue.queue.queueUrl
    const PUSH_QUEUE_URL = pushQueue.queue.queueUrl
    const PUSH_APPLE_QUEUE_URL = pushAppleQueue.queue.queueUrl
    const SMS_QUEUE_URL = smsQueue.queue.queueUrl
    const JOBS_QUEUE_URL = jobQueue.queue.queueUrl

    // Pings in: presence and its transitions.
    const matchPings = define<MatchPingsEnv>('MatchPings', {
      name: 'match-pings',
      description: 'Pings to presence: which geofences a customer has entered and left',
      takes: 'requests',
      timeoutS: 10,
      environment: { CATALOG_TABLE, PRESENCE_TABLE, ...httpVariables },
    })
    grantRead(matchPings, catalog)
    grantReadWrite(matchPings, presence)

    const http = new HttpEntrance(this, 'Http', { stage, config, authorizer: data.tokens.authorizer() })
    const smsAnswers = new SmsAnswers(this, 'SmsAnswers')

    // What an app does for its customer.
    const customerApi = define<CustomerApiEnv>('CustomerApi', {
      name: 'customer-api',
      description: 'Devices, phone numbers, consents, app events, offers and erasure of a customer',
      takes: 'requests',
      timeoutS: 10,
      environment: {
        CATALOG_TABLE,
        LEDGER_TABLE,
        PRESENCE_TABLE,
        JOBS_QUEUE_URL,
        DUE_SHARDS,
        SMS_ANSWERS_TOPIC_ARN: smsAnswers.topic.topicArn,
        SCAN_LINK: config.scanLink,
        ...httpVariables,
      },
    })
    grantRead(customerApi, catalog)
    grantReadWrite(customerApi, ledger, ['byMerchant'])
    grantDelete(customerApi, ledger)
    // Presence is forgotten in the transaction that keeps the choice about positions.
    grantPut(customerApi, presence)
    // What is redeemed at a store only asks where the customer is.
    grantGet(customerApi, presence)
    jobQueue.filledBy(customerApi)

    // What merchants and their tills do.
    const placeIndex = new PlaceIndex(this, 'Places', { stage })
    const merchantApi = define<MerchantApiEnv>('MerchantApi', {
      name: 'merchant-api',
      description: 'Merchants, stores, geofences, scenes, offers and redemptions',
      takes: 'requests',
      // A border of 30,000 vertices is checked in a second of a whole processor.
      memoryMB: 1024,
      timeoutS: 20,
      environment: {
        CATALOG_TABLE,
        LEDGER_TABLE,
        PLACE_INDEX: placeIndex.name,
        PUSH_QUEUE_URL,
        SMS_QUEUE_URL,
        JOBS_QUEUE_URL,
        DUE_SHARDS,
        QR_URL: `${http.api.apiEndpoint}/q/`,
        SMS_OPT_OUT_URL: optOutUrl(config, http.api.apiEndpoint),
        SMS_PART_PRICE_USD: config.sms.partPriceUsd?.toFixed(6),
        ...httpVariables,
      },
    })
    grantReadWrite(merchantApi, catalog)
    grantReadWrite(merchantApi, ledger, ['byMerchant'])
    for (const table of [catalog, ledger]) grantDelete(merchantApi, table)
    placeIndex.searchedBy(merchantApi)
    for (const queue of [pushQueue, smsQueue, jobQueue]) queue.filledBy(merchantApi)

    // Triggers to grants.
    const decideOffers = define<DecideOffersEnv>('DecideOffers', {
      name: 'decide-offers',
      description: 'Transitions, app events and timers to grants and messages, or to a reason why not',
      takes: 'records',
      memoryMB: 1024,
      timeoutS: decideS,
      environment: {
        CATALOG_TABLE,
        PRESENCE_TABLE,
        LEDGER_TABLE,
        TIMERS_QUEUE_URL,
        PUSH_QUEUE_URL,
        SMS_QUEUE_URL,
        JOBS_QUEUE_URL,
        PLATFORM_CAP_PER_DAY: String(config.platformCapPerDay),
        MERCHANT_CAP_PER_DAY: String(config.merchantCapPerDay),
        KIND_CAPS_PER_DAY: Object.entries(config.kindCapsPerDay)
          .map(([kind, max]) => `${kind}=${max}`)
          .join(','),
        MAX_PRESSURE: String(config.maxPressure),
        SLOT_S: String(config.slotS),
        DUE_SHARDS,
        SMS_OPT_OUT_URL: optOutUrl(config, http.api.apiEndpoint),
        SMS_PART_PRICE_USD: config.sms.partPriceUsd?.toFixed(6),
        PUSH_PLATFORMS: pushPlatforms(config)
          .map(({ platform }) => platform)
          .join(','),
      },
      // A long timer hops through its queue in steps of 15 min; Lambda would take the 16th hop for a runaway loop.
      recursiveLoop: RecursiveLoop.ALLOW,
    })
    grantRead(decideOffers, catalog)
    grantReadWrite(decideOffers, presence)
    grantReadWrite(decideOffers, ledger)
    for (const queue of [timerQueue, pushQueue, smsQueue, jobQueue]) queue.filledBy(decideOffers)
    timerQueue.workedOffBy(decideOffers)
    const presenceStream = new ChangeStream(this, 'PresenceStream', {
      table: presence,
      where: { attribute: 'news', isOneOf: ['yes'] },
      removedWhere: { attribute: 'stays', isOneOf: ['yes'] },
      reader: decideOffers,
      batchesPerShard: streamBatchesPerShard,
    })
    const ledgerStream = new ChangeStream(this, 'LedgerStream', {
      table: ledger,
      where: { attribute: 'triggerKind', isOneOf: ['event', 'due', 'restock'] },
      reader: decideOffers,
      batchesPerShard: streamBatchesPerShard,
    })

    // Messages out.
    const { apns, apnsSandbox, fcm } = config.pushApplications
    const sendMessages = define<SendMessagesEnv>('SendMessages', {
      name: 'send-messages',
      description: 'Messages to phones: push and SMS through Amazon SNS',
      takes: 'records',
      timeoutS: sendS,
      // What SNS throttles goes back to its own queue, up to 20 times.
      recursiveLoop: RecursiveLoop.ALLOW,
      environment: {
        CATALOG_TABLE,
        LEDGER_TABLE,
        DUE_SHARDS,
        PUSH_QUEUE_URL,
        PUSH_DEAD_LETTERS_URL: pushQueue.deadLetters.queueUrl,
        PUSH_APPLE_QUEUE_URL,
        PUSH_APPLE_DEAD_LETTERS_URL: pushAppleQueue.deadLetters.queueUrl,
        SMS_QUEUE_URL,
        SMS_DEAD_LETTERS_URL: smsQueue.deadLetters.queueUrl,
        MAX_RECEIVES: String(MAX_RECEIVES),
        APNS_APPLICATION_ARN: apns,
        APNS_SANDBOX_APPLICATION_ARN: apnsSandbox,
        FCM_APPLICATION_ARN: fcm,
        SMS_SENDER_ID: config.sms.senderId,
        SMS_ORIGINATION_NUMBER: config.sms.originationNumber,
        SMS_OPT_OUT_URL: optOutUrl(config, http.api.apiEndpoint),
        SMS_MAX_PRICE_USD: config.sms.maxPriceUsd,
      },
    })
    grantRead(sendMessages, catalog)
    grantReadWrite(sendMessages, ledger)
    grantSend(sendMessages, config)
    for (const lane of [pushQueue, pushAppleQueue, smsQueue]) {
      lane.workedOffBy(sendMessages)
      lane.filledBy(sendMessages)
      lane.putAsideBy(sendMessages)
    }

    // Every minute: who is due, and what was left lying.
    const remindRevisits = define<RemindRevisitsEnv>('RemindRevisits', {
      name: 'remind-revisits',
      description: 'Every minute: due reminders, and messages that were granted but never queued',
      takes: 'records',
      timeoutS: 55,
      environment: {
        CATALOG_TABLE,
        LEDGER_TABLE,
        PUSH_QUEUE_URL,
        SMS_QUEUE_URL,
        DUE_SHARDS,
        JOBS_QUEUE_URL,
        REMINDERS_PER_MINUTE: String(config.remindersPerMinute),
        SIGNING_KEY_DAYS: String(config.signingKeyDays),
      },
    })
    grantRead(remindRevisits, catalog)
    grantRotateKeys(remindRevisits, catalog)
    grantReadWrite(remindRevisits, ledger, ['due', 'byMerchant'])
    for (const queue of [pushQueue, smsQueue, jobQueue]) queue.filledBy(remindRevisits)
    new MinuteSchedule(this, 'EveryMinute', { target: remindRevisits })

    // Long work.
    const runJobs = define<RunJobsEnv>('RunJobs', {
      name: 'run-jobs',
      description:
        'Erasure of customers and of unused push endpoints, imports of stores, exports of merchants; pauses scenes that turn customers away',
      takes: 'records',
      timeoutS: jobS,
      environment: { CATALOG_TABLE, PRESENCE_TABLE, LEDGER_TABLE, JOBS_QUEUE_URL, DUE_SHARDS },
    })
    grantReadWrite(runJobs, catalog)
    grantDelete(runJobs, catalog)
    grantReadWrite(runJobs, presence)
    grantReadWrite(runJobs, ledger, ['byMerchant'])
    grantDelete(runJobs, ledger)
    grantForget(runJobs, config)
    jobQueue.workedOffBy(runJobs)
    jobQueue.filledBy(runJobs)

    // customer-api signs redemption tokens, remind-revisits makes the keys.
    for (const fn of [matchPings, merchantApi, decideOffers, sendMessages, runJobs])
      denySigningKeys(fn, catalog)

    http.serve(matchPings, pingRoutes)
    http.serve(customerApi, customerRoutes)
    http.serve(merchantApi, merchantRoutes)
    const opened = http.serveOpenly(customerApi, openRoutes)
    http.refuseOthers(customerApi)
    smsAnswers.postTo(`${http.api.apiEndpoint}/v1/sms-answers`, customerApi, [...opened.flat(), http.stage])

    const watched = {
      config,
      api: http.stage,
      functions: [matchPings, customerApi, merchantApi, decideOffers, sendMessages, remindRevisits, runJobs],
      streamReader: decideOffers,
      answers: smsAnswers.topic,
      deadLetters: {
        'presence stream dead letters': presenceStream.deadLetters,
        'ledger stream dead letters': ledgerStream.deadLetters,
        'timer dead letters': timerQueue.deadLetters,
        'push dead letters': pushQueue.deadLetters,
        'push apple dead letters': pushAppleQueue.deadLetters,
        'sms dead letters': smsQueue.deadLetters,
        'job dead letters': jobQueue.deadLetters,
      },
    }
    watch(this, watched)
    addDashboard(this, {
      ...watched,
      stage,
      queues: {
        timers: timerQueue.queue,
        push: pushQueue.queue,
        'push apple': pushAppleQueue.queue,
        sms: smsQueue.queue,
        jobs: jobQueue.queue,
      },
      tables: { catalog, presence, ledger },
    })
    new CfnOutput(this, 'SmsAnswersTopicArn', { value: smsAnswers.topic.topicArn })
    new CfnOutput(this, 'ApiUrl', { value: http.api.apiEndpoint })
    new CfnOutput(this, 'PlaceIndexName', { value: placeIndex.name })
  }
}
