import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'

/** What the templates ask for, with every value resolved: all that the rest of the local cloud looks at. */
export type CloudPlan = {
  tables: TablePlan[]
  queues: QueuePlan[]
  functions: FunctionPlan[]
  streamSources: StreamSourcePlan[]
  queueSources: QueueSourcePlan[]
  schedules: SchedulePlan[]
  routes: RoutePlan[]
  /** Which web pages may call the API; none without it. */
  cors?: CorsPlan
  clients: ClientPlan[]
  subscriptions: SubscriptionPlan[]
}

export type TablePlan = {
  logicalId: string
  name: string
  create: CreateTableCommandInput
  streamArn: string
  hasStream: boolean
  ttlAttribute?: string
}

export type QueuePlan = {
  logicalId: string
  name: string
  arn: string
  url: string
  delayS: number
  visibilityTimeoutS: number
  retentionS: number
  redrive?: { targetArn: string; maxReceiveCount: number }
}

export type FunctionPlan = {
  logicalId: string
  /** What it calls itself in its logs (POWERTOOLS_SERVICE_NAME), else its logical id: the name in reports. */
  shortName: string
  name: string
  arn: string
  /** The folder of the bundle. */
  folder: string
  /** File and export, as in the template: `index.handler`. */
  handler: string
  environment: Record<string, string>
  timeoutS: number
  memoryMb: number
  reservedConcurrency?: number
}

/** What both kinds of event sources have. */
type SourcePlan = {
  logicalId: string
  functionName: string
  batchSize: number
  windowS: number
  /** Patterns as JSON; a record that fits one of them is delivered. None: all are. */
  patterns: string[]
  reportsItemFailures: boolean
}

export type StreamSourcePlan = SourcePlan & {
  tableName: string
  bisects: boolean
  lanes: number
  maxRetries?: number
  maxRecordAgeS?: number
  /** The queue that gets a note about records that were given up. */
  onFailureQueueArn?: string
}

export type QueueSourcePlan = SourcePlan & { queueName: string; maxConcurrency?: number }

export type SchedulePlan = { logicalId: string; functionName: string; everyMs: number; input: string }

export type RoutePlan = {
  /** `POST /v1/pings`, or `$default` */
  routeKey: string
  functionName: string
  authorizer?: { issuer: string; audiences: string[]; scopes: string[] }
}

export type CorsPlan = {
  origins: string[]
  methods: string[]
  headers: string[]
  exposed: string[]
  maxAgeS?: number
}

/** What is published to a topic is posted to the endpoint. */
export type SubscriptionPlan = { topicArn: string; endpoint: string }

export type ClientPlan = { clientId: string; scopes: string[] }
