import * as z from 'zod'

/**
 * The properties of the resource types that the local cloud plays. Where a property would change what happens and the
 * local cloud does not play it, the schema is strict, so that it is an error and not a silent difference.
 */

const text = z.string().min(1)
/** CloudFormation takes `30` and `"30"`. */
const count = z.coerce.number().int().nonnegative()
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')])

const keySchema = z
  .array(z.object({ AttributeName: text, KeyType: z.enum(['HASH', 'RANGE']) }))
  .min(1)
  .max(2)
const projection = z.object({
  ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
  NonKeyAttributes: z.array(text).max(100).optional(),
})

export const tableProperties = z.object({
  KeySchema: keySchema,
  AttributeDefinitions: z.array(z.object({ AttributeName: text, AttributeType: z.enum(['S', 'N', 'B']) })),
  GlobalSecondaryIndexes: z
    .array(z.object({ IndexName: text, KeySchema: keySchema, Projection: projection }))
    .max(20)
    .optional(),
  LocalSecondaryIndexes: z.never().optional(),
  StreamSpecification: z
    .object({ StreamViewType: z.enum(['NEW_AND_OLD_IMAGES', 'NEW_IMAGE', 'OLD_IMAGE', 'KEYS_ONLY']) })
    .optional(),
  TimeToLiveSpecification: z.object({ AttributeName: text.optional(), Enabled: flag }).optional(),
})

export const queueProperties = z.strictObject({
  QueueName: z.unknown().optional(),
  Tags: z.unknown().optional(),
  SqsManagedSseEnabled: z.unknown().optional(),
  KmsMasterKeyId: z.unknown().optional(),
  KmsDataKeyReusePeriodSeconds: z.unknown().optional(),
  RedriveAllowPolicy: z.unknown().optional(),
  ReceiveMessageWaitTimeSeconds: z.unknown().optional(),
  MaximumMessageSize: z.unknown().optional(),
  DelaySeconds: count.max(900).default(0),
  VisibilityTimeout: count.max(43_200).default(30),
  MessageRetentionPeriod: count.max(1_209_600).default(345_600),
  RedrivePolicy: z.object({ deadLetterTargetArn: text, maxReceiveCount: count.min(1).max(1_000) }).optional(),
})

export const functionProperties = z.object({
  Code: z.object({ S3Key: text }),
  Handler: text,
  Runtime: z.string().regex(/^nodejs/, 'the local cloud runs Node.js functions only'),
  Timeout: count.min(1).max(900).default(3),
  MemorySize: count.default(128),
  ReservedConcurrentExecutions: count.optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
})

export const eventSourceProperties = z.strictObject({
  EventSourceArn: text,
  FunctionName: text,
  Enabled: flag.default(true),
  BatchSize: count.min(1).max(10_000).optional(),
  MaximumBatchingWindowInSeconds: count.max(300).default(0),
  FilterCriteria: z
    .object({
      Filters: z
        .array(z.object({ Pattern: text }))
        .max(10)
        .default([]),
    })
    .optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).max(1).default([]),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  BisectBatchOnFunctionError: flag.default(false),
  ParallelizationFactor: count.min(1).max(10).default(1),
  MaximumRetryAttempts: z.coerce.number().int().min(-1).max(10_000).default(-1),
  MaximumRecordAgeInSeconds: z.coerce.number().int().min(-1).max(604_800).default(-1),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: text }) }).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: count.min(2).max(1_000) }).optional(),
  Tags: z.unknown().optional(),
  MetricsConfig: z.unknown().optional(),
  // A mapping from a stream reads from its first record here, so what `LATEST` means on a new table as well.
  KmsKeyArn: z.unknown().optional(),
})

export const scheduleProperties = z.object({
  ScheduleExpression: text,
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Target: z.object({ Arn: text, Input: z.string().optional() }),
})

export const routeProperties = z.strictObject({
  ApiId: z.unknown().optional(),
  OperationName: z.unknown().optional(),
  RouteKey: text,
  Target: text,
  AuthorizationType: z.enum(['NONE', 'JWT']).default('NONE'),
  AuthorizerId: text.optional(),
  AuthorizationScopes: z.array(text).max(50).default([]),
})

export const integrationProperties = z.strictObject({
  ApiId: z.unknown().optional(),
  Description: z.unknown().optional(),
  ConnectionType: z.unknown().optional(),
  IntegrationMethod: z.unknown().optional(),
  TimeoutInMillis: z.unknown().optional(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: text,
  PayloadFormatVersion: z.literal('2.0'),
})

export const authorizerProperties = z.object({
  AuthorizerType: z.literal('JWT'),
  IdentitySource: z.array(z.literal('$request.header.Authorization')).length(1),
  JwtConfiguration: z.object({ Issuer: text, Audience: z.array(text).min(1).max(50) }),
})

export const apiProperties = z.object({
  ProtocolType: z.literal('HTTP'),
  CorsConfiguration: z
    .strictObject({
      AllowOrigins: z.array(text).max(100),
      AllowMethods: z.array(text).max(20).default([]),
      AllowHeaders: z.array(text).max(100).default([]),
      ExposeHeaders: z.array(text).max(100).default([]),
      MaxAge: count.max(86_400).optional(),
    })
    .optional(),
})

export const stageProperties = z.object({
  // Another name would put itself before each path.
  StageName: z.literal('$default'),
})

// Mails of alarms go nowhere here.
export const subscriptionProperties = z.object({
  TopicArn: text,
  Protocol: z.enum(['https', 'http', 'email']),
  Endpoint: text,
})

export const clientProperties = z.object({ AllowedOAuthScopes: z.array(text).max(50).default([]) })
