import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { type StageConfig, type StageConfigInput, stageConfig } from '#infra/stage-config.ts'

/**
 * One part to a number in the United States, as of 2026-11, from memory; carriers' fees may come on top. Check it:
 * https://aws.amazon.com/end-user-messaging/pricing/
 */
const SMS_PART_PRICE_USD = 0.00883

/**
 * Every difference between the stages. What each entry means: stage-config.ts; how to fill it in: docs/deploy.md.
 */
const stages = {
  /** For trying out in an account of one's own, a new one too: nothing is reserved, `cdk destroy` leaves nothing. */
  dev: {
    tokens: {
      kind: 'cognito',
      selfSignUp: true,
      customerAppCallbackUrls: ['http://localhost:8400/callback'],
      merchantAppCallbackUrls: ['http://localhost:8400/callback'],
      operatorClient: true,
    },
    scopePrefix: 'beckon/',
    pushApplications: {},
    sms: { maxPriceUsd: '0.10', partPriceUsd: SMS_PART_PRICE_USD },
    platformCapPerDay: 4,
    merchantCapPerDay: 4,
    kindCapsPerDay: {},
    maxPressure: 12,
    slotS: 60,
    dueShards: 1,
    remindersPerMinute: 1_000,
    signingKeyDays: 30,
    scanLink: 'beckon://scan/',
    concurrency: { reserved: {}, timers: 2, push: 2, sms: 2, jobs: 2, streamBatchesPerShard: 1 },
    api: { requestsPerSecond: 100, burst: 200, requestsPerMinuteOfACaller: 600, corsOrigins: [] },
    logLevel: 'INFO',
    logRetention: RetentionDays.ONE_WEEK,
    keepData: false,
    customerManagedKey: false,
    alarms: {
      functionErrors: 1,
      serverErrors: 1,
      deliveryFailures: 5,
      concurrentExecutions: 8,
      smsSpentUsd: 0.8,
    },
  },

  /** For customers. Replace the callback addresses and the e-mail before the first deployment. */
  prod: {
    tokens: {
      kind: 'cognito',
      selfSignUp: true,
      customerAppCallbackUrls: ['beckon://signed-in'],
      merchantAppCallbackUrls: ['https://merchants.example.com/signed-in'],
      operatorClient: true,
    },
    scopePrefix: 'beckon/',
    pushApplications: {},
    sms: { maxPriceUsd: '0.10', partPriceUsd: SMS_PART_PRICE_USD },
    platformCapPerDay: 4,
    merchantCapPerDay: 4,
    kindCapsPerDay: {},
    maxPressure: 12,
    slotS: 60,
    dueShards: 8,
    remindersPerMinute: 1_000,
    signingKeyDays: 30,
    scanLink: 'beckon://scan/',
    concurrency: {
      reserved: { 'match-pings': 400, 'decide-offers': 200, 'remind-revisits': 1 },
      timers: 20,
      push: 20,
      sms: 2,
      jobs: 2,
      streamBatchesPerShard: 10,
    },
    api: {
      requestsPerSecond: 2_000,
      burst: 4_000,
      requestsPerMinuteOfACaller: 600,
      corsOrigins: ['https://merchants.example.com'],
    },
    logLevel: 'INFO',
    logRetention: RetentionDays.THREE_MONTHS,
    keepData: true,
    customerManagedKey: false,
    alarms: {
      functionErrors: 5,
      serverErrors: 5,
      deliveryFailures: 50,
      concurrentExecutions: 800,
      smsSpentUsd: 80,
    },
  },
} satisfies Record<string, StageConfigInput>

/**
 * The local cloud runs what `dev` would deploy, with push applications that exist only in its own SNS. There one test or
 * script is one caller, whose virtual clock may stand still meanwhile.
 */
const local: StageConfigInput = {
  ...stages.dev,
  api: { ...stages.dev.api, requestsPerMinuteOfACaller: 60_000 },
  pushApplications: {
    apns: 'arn:aws:sns:us-east-1:000000000000:app/APNS/beckon-local',
    fcm: 'arn:aws:sns:us-east-1:000000000000:app/GCM/beckon-local',
  },
}

const inputs: Readonly<Record<string, StageConfigInput>> = { ...stages, local }

/** The names that BECKON_STAGE or `--context stage=…` may have. */
export const stageNames: readonly string[] = Object.keys(inputs)

/**
 * What is configured for a stage.
 *
 * @throws {Error} when there is no such stage, or its entry in the literal above is malformed
 * @example configOf('dev').platformCapPerDay // 4
 */
export const configOf = (stage: string): StageConfig => {
  const input = inputs[stage]
  if (input === undefined)
    throw new Error(`no stage '${stage}' in infra/config.ts; there is ${stageNames.join(', ')}`)
  return stageConfig.parse(input)
}
