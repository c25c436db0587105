import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import * as z from 'zod'

const applicationArn = (platform: string) =>
  z
    .string()
    .max(512)
    .regex(new RegExp(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:\\d{12}:app/${platform}/[A-Za-z0-9_.-]{1,256}$`))

const callbackUrls = z.array(z.url().max(1024)).min(1).max(20)
const concurrency = z.int().min(1).max(10_000)
/** Lambda refuses an event source's maximum concurrency below 2. */
const sourceConcurrency = z.int().min(2).max(1_000)

/** Everything in which one stage may differ from another. */
const fields = z.strictObject({
  /** Who signs the tokens: a Cognito user pool of our own, or any OpenID Connect issuer. */
  tokens: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('cognito'),
      /** Anybody may sign up; otherwise an administrator makes every user. */
      selfSignUp: z.boolean(),
      customerAppCallbackUrls: callbackUrls,
      merchantAppCallbackUrls: callbackUrls,
      /** The operator's confidential client; Cognito may bill such a client monthly (docs/deploy.md). */
      operatorClient: z.boolean(),
    }),
    z.strictObject({
      kind: z.literal('oidc'),
      issuer: z.url({ protocol: /^https$/ }).max(512),
      audience: z.array(z.string().min(1).max(256)).min(1).max(50),
    }),
  ]),
  /** What precedes `customer`, `merchant`, `till`, `operator` in a token's scope claim. Cognito wants `name/`. */
  scopePrefix: z.string().regex(/^([a-z][a-z0-9.-]{0,60}\/)?$/),
  /** SNS platform applications; push is off for a platform without one. docs/deploy.md says how to make them. */
  pushApplications: z.strictObject({
    apns: applicationArn('APNS').optional(),
    apnsSandbox: applicationArn('APNS_SANDBOX').optional(),
    fcm: applicationArn('GCM').optional(),
  }),
  sms: z.strictObject({
    senderId: z
      .string()
      .regex(/^(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$/)
      .optional(),
    /** The number that SMS come from; with a two-way number recipients can answer STOP. SNS chooses one without it. */
    originationNumber: z
      .string()
      .regex(/^\+[1-9]\d{4,14}$/)
      .optional(),
    /** The beginning of opt-out links, ending in `/stop/`: a short name of yours for the API's. The API's own without it. */
    optOutUrl: z
      .url({ protocol: /^https$/ })
      .max(100)
      .optional(),
    maxPriceUsd: z.string().regex(/^\d{1,2}\.\d{2,5}$/),
    /** What one part of an SMS costs, carrier fees included, for previews only. They name no cost without it. */
    partPriceUsd: z.number().min(0.0001).max(10).optional(),
  }),
  /** The most messages that one customer gets from all merchants together in any 24 hours. */
  platformCapPerDay: z.int().min(1).max(100),
  /** Of these, the most from any one merchant. */
  merchantCapPerDay: z.int().min(1).max(100),
  /** The most messages of a kind that one customer gets in any 24 hours; a kind left out has no cap of its own. */
  kindCapsPerDay: z.strictObject({
    offer: z.int().min(0).max(100).optional(),
    content: z.int().min(0).max(100).optional(),
    greeting: z.int().min(0).max(100).optional(),
    service: z.int().min(0).max(100).optional(),
  }),
  /** The most pressure that promotion may put on one customer; one offer just now is 1, sinking over 7 days. */
  maxPressure: z.int().min(1).max(1000),
  /** For how long the best message of a moment keeps all later ones back, in seconds. */
  slotS: z.int().min(0).max(3600),
  /** Over how many partitions an hour of the `due` index is spread. */
  dueShards: z.int().min(1).max(64),
  /** The most reminders that are raised in a minute: what an outage has left comes no faster. */
  remindersPerMinute: z.int().min(1).max(10_000),
  /** The beginning of the link by which the page of a QR code hands a scan on to the customers' app. */
  scanLink: z.string().regex(/^[a-z][a-z0-9+.-]{1,30}:\/\/[\x21-\x7e]{1,150}\/$/),
  /** For how many days a key signs redemption tokens before the next one does. */
  signingKeyDays: z.int().min(2).max(365),
  concurrency: z.strictObject({
    /** Concurrency set aside for (and not exceeded by) a function. A new account's quota allows none. */
    reserved: z.strictObject({
      'match-pings': concurrency.optional(),
      'customer-api': concurrency.optional(),
      'merchant-api': concurrency.optional(),
      'decide-offers': concurrency.optional(),
      'send-messages': concurrency.optional(),
      'remind-revisits': concurrency.optional(),
      'run-jobs': concurrency.optional(),
    }),
    /**
     * How many invocations a queue may run at once; `push` counts for Google's and for Apple's phones each. One of `sms`
     * sends one SMS; SNS takes about 20 a second.
     */
    timers: sourceConcurrency,
    push: sourceConcurrency,
    sms: sourceConcurrency,
    jobs: sourceConcurrency,
    /** Batches of one stream shard that run at once; records of one item stay in order. */
    streamBatchesPerShard: z.int().min(1).max(10),
  }),
  api: z.strictObject({
    requestsPerSecond: z.int().min(1).max(100_000),
    burst: z.int().min(1).max(100_000),
    /** The most requests that one copy of a function takes of one caller in a minute. */
    requestsPerMinuteOfACaller: z.int().min(1).max(1_000_000),
    /** Origins of web pages that may call the API; phones need none. */
    corsOrigins: z.array(z.url().max(256)).max(20),
  }),
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  logRetention: z.enum(RetentionDays),
  /** Tables and users survive `cdk destroy`, and nothing deletes them by accident. */
  keepData: z.boolean(),
  /** Encrypt the tables with a KMS key of our own instead of DynamoDB's. */
  customerManagedKey: z.boolean(),
  alarms: z.strictObject({
    email: z.email().max(254).optional(),
    /** Crashes, failed requests and failed records of one function together, in five minutes. */
    functionErrors: z.int().min(1).max(1_000_000),
    /** 5xx answers of the API in five minutes. */
    serverErrors: z.int().min(1).max(1_000_000),
    /** Messages of one channel that SNS gave up on in an hour. */
    deliveryFailures: z.int().min(1).max(1_000_000),
    /** Lambda invocations of the whole account at once. */
    concurrentExecutions: z.int().min(1).max(1_000_000),
    /** SMS cost of the whole account since the month began. */
    smsSpentUsd: z.number().positive().max(1_000_000),
  }),
})

export const stageConfig = fields.refine(
  ({ tokens, scopePrefix }) => tokens.kind === 'oidc' || scopePrefix !== '',
  {
    message: 'a Cognito resource server needs a name before its scopes, e.g. beckon/',
    path: ['scopePrefix'],
  },
)
export type StageConfig = z.infer<typeof stageConfig>
export type StageConfigInput = z.input<typeof stageConfig>
