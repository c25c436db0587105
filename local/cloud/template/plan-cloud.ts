import type * as z from 'zod'
import { isJsonObject, type Json, type JsonObject } from '#local/cloud/json.ts'
import type { CloudPlan, CorsPlan, FunctionPlan, RoutePlan } from '#local/cloud/template/cloud-plan.ts'
import type { Assembly, AssemblyStack, TemplateResource } from '#local/cloud/template/read-assembly.ts'
import {
  createResolver,
  type ResourceValues,
  TemplateError,
} from '#local/cloud/template/resolve-intrinsics.ts'
import {
  apiProperties,
  authorizerProperties,
  clientProperties,
  eventSourceProperties,
  functionProperties,
  integrationProperties,
  queueProperties,
  routeProperties,
  scheduleProperties,
  stageProperties,
  subscriptionProperties,
  tableProperties,
} from '#local/cloud/template/resource-schemas.ts'
import { knowledgeOf, type NamingContext, valuesOfResource } from '#local/cloud/template/resource-values.ts'

type Planned = {
  logicalId: string
  stack: AssemblyStack
  type: string
  properties: JsonObject
  values: ResourceValues
}

/**
 * Turns the synthesized templates into what has to run.
 *
 * @throws {TemplateError} naming the resource type and logical id of anything that the local cloud does not know
 * @example planCloud(readAssembly('cdk.out'), naming).tables.map((table) => table.name)
 */
export const planCloud = (assembly: Assembly, context: NamingContext): CloudPlan => {
  const resources = resolveResources(assembly, context)
  const ofType = (...types: string[]) => resources.filter(({ type }) => types.includes(type))
  ofType('AWS::ApiGatewayV2::Stage').forEach((stage) => {
    parse(stage, stageProperties)
  })
  const [cors] = ofType('AWS::ApiGatewayV2::Api').flatMap(
    (api) => parse(api, apiProperties).CorsConfiguration ?? [],
  )
  const tables = ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map(planTable)
  const queues = ofType('AWS::SQS::Queue').map(planQueue)
  const functions = ofType('AWS::Lambda::Function').map((resource) => planFunction(resource, assembly))
  const functionNamed = (reference: string): string => {
    const found = functions.find(({ name, arn }) => reference === name || reference === arn)
    if (found === undefined) throw new TemplateError(`no function ${reference} in the templates`)
    return found.name
  }
  const sources = ofType('AWS::Lambda::EventSourceMapping').map((resource) => {
    const properties = parse(resource, eventSourceProperties)
    return { resource, properties, functionName: functionNamed(properties.FunctionName) }
  })
  const streamSources: CloudPlan['streamSources'] = []
  const queueSources: CloudPlan['queueSources'] = []
  for (const { resource, properties, functionName } of sources) {
    if (!properties.Enabled) continue
    const table = tables.find(
      ({ streamArn, hasStream }) => hasStream && streamArn === properties.EventSourceArn,
    )
    const queue = queues.find(({ arn }) => arn === properties.EventSourceArn)
    const common = {
      logicalId: resource.logicalId,
      functionName,
      windowS: properties.MaximumBatchingWindowInSeconds,
      patterns: (properties.FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern),
      reportsItemFailures: properties.FunctionResponseTypes.length > 0,
    }
    if (table !== undefined) {
      const onFailureQueueArn = properties.DestinationConfig?.OnFailure.Destination
      if (onFailureQueueArn !== undefined && !queues.some(({ arn }) => arn === onFailureQueueArn)) {
        throw new TemplateError(
          `${resource.logicalId}: the on-failure destination is no queue of the templates`,
        )
      }
      streamSources.push({
        ...common,
        tableName: table.name,
        batchSize: properties.BatchSize ?? 100,
        bisects: properties.BisectBatchOnFunctionError,
        lanes: properties.ParallelizationFactor,
        ...(properties.MaximumRetryAttempts >= 0 && { maxRetries: properties.MaximumRetryAttempts }),
        ...(properties.MaximumRecordAgeInSeconds >= 0 && {
          maxRecordAgeS: properties.MaximumRecordAgeInSeconds,
        }),
        ...(onFailureQueueArn !== undefined && { onFailureQueueArn }),
      })
    } else if (queue !== undefined) {
      const maxConcurrency = properties.ScalingConfig?.MaximumConcurrency
      queueSources.push({
        ...common,
        queueName: queue.name,
        batchSize: properties.BatchSize ?? 10,
        ...(maxConcurrency !== undefined && { maxConcurrency }),
      })
    } else {
      throw new TemplateError(
        `${resource.logicalId}: ${properties.EventSourceArn} is no stream or queue of the templates`,
      )
    }
  }
  const schedules = ofType('AWS::Scheduler::Schedule').flatMap((resource) => {
    const properties = parse(resource, scheduleProperties)
    if (properties.State === 'DISABLED') return []
    return [
      {
        logicalId: resource.logicalId,
        functionName: functionNamed(properties.Target.Arn),
        everyMs: rateMs(resource.logicalId, properties.ScheduleExpression),
        input: properties.Target.Input ?? '{}',
      },
    ]
  })
  return {
    tables,
    queues,
    functions,
    streamSources,
    queueSources,
    schedules,
    routes: planRoutes(ofType, functionNamed),
    ...(cors && { cors: planCors(cors) }),
    clients: ofType('AWS::Cognito::UserPoolClient').map((resource) => ({
      clientId: resource.values.ref,
      scopes: parse(resource, clientProperties).AllowedOAuthScopes,
    })),
    subscriptions: ofType('AWS::SNS::Subscription').flatMap((resource) => {
      const { TopicArn: topicArn, Protocol, Endpoint: endpoint } = parse(resource, subscriptionProperties)
      return Protocol === 'email' ? [] : [{ topicArn, endpoint }]
    }),
  }
}

/** Resolves every resource's properties; a resource that nothing is known about is an error. */
const resolveResources = (assembly: Assembly, context: NamingContext): Planned[] => {
  const known = new Map<string, ResourceValues>()
  const valuesOf = (stack: AssemblyStack, logicalId: string): ResourceValues => {
    const key = `${stack.name}/${logicalId}`
    const before = known.get(key)
    if (before !== undefined) return before
    const resource = stack.template.Resources[logicalId]
    if (resource === undefined) throw new TemplateError(`${stack.name}: no resource ${logicalId}`)
    const values = valuesOfResource(
      resource.Type,
      {
        logicalId,
        stackName: stack.name,
        property: (name) => {
          const value = resource.Properties[name]
          return value === undefined ? undefined : resolver.resolve(stack, value)
        },
      },
      context,
    )
    if (values === undefined) throw unknownResource(resource, logicalId)
    known.set(key, values)
    return values
  }
  const resolver = createResolver(assembly, context, valuesOf)
  const planned: Planned[] = []
  for (const stack of assembly.stacks) {
    for (const [logicalId, resource] of Object.entries(stack.template.Resources)) {
      if (!resolver.holds(stack, resource.Condition)) continue
      const knowledge = knowledgeOf(resource.Type)
      if (knowledge === 'unknown') throw unknownResource(resource, logicalId)
      if (knowledge === 'passive') continue
      const properties = resolver.resolve(stack, resource.Properties)
      planned.push({
        logicalId,
        stack,
        type: resource.Type,
        properties: isJsonObject(properties) ? properties : {},
        values: valuesOf(stack, logicalId),
      })
    }
  }
  return planned
}

const unknownResource = (resource: TemplateResource, logicalId: string): TemplateError =>
  new TemplateError(`the local cloud does not know the resource type ${resource.Type} (${logicalId})`)

const parse = <S extends z.ZodType>(resource: Planned, schema: S): z.output<S> => {
  const parsed = schema.safeParse(resource.properties)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  throw new TemplateError(`${resource.type} (${resource.logicalId}): ${faults}`, { cause: parsed.error })
}

const planTable = (resource: Planned): CloudPlan['tables'][number] => {
  const properties = parse(resource, tableProperties)
  const { AttributeName: ttlAttribute, Enabled: ttlEnabled } = properties.TimeToLiveSpecification ?? {}
  // TTL is played by the table's changes: a table without a stream gets one that only the local cloud reads.
  const stream =
    properties.StreamSpecification ??
    (ttlEnabled === true ? ({ StreamViewType: 'NEW_AND_OLD_IMAGES' } as const) : undefined)
  return {
    logicalId: resource.logicalId,
    name: resource.values.ref,
    streamArn: resource.values.attributes['StreamArn'] ?? '',
    hasStream: stream !== undefined,
    ...(ttlEnabled === true && ttlAttribute !== undefined && { ttlAttribute }),
    create: {
      TableName: resource.values.ref,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: properties.KeySchema,
      AttributeDefinitions: properties.AttributeDefinitions,
      ...(properties.GlobalSecondaryIndexes !== undefined && {
        GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes.map(({ Projection, ...index }) => ({
          ...index,
          Projection: {
            ProjectionType: Projection.ProjectionType,
            ...(Projection.NonKeyAttributes !== undefined && {
              NonKeyAttributes: Projection.NonKeyAttributes,
            }),
          },
        })),
      }),
      ...(stream !== undefined && { StreamSpecification: { StreamEnabled: true, ...stream } }),
    },
  }
}

const planQueue = (resource: Planned): CloudPlan['queues'][number] => {
  const properties = parse(resource, queueProperties)
  const redrive = properties.RedrivePolicy
  return {
    logicalId: resource.logicalId,
    name: resource.values.attributes['QueueName'] ?? '',
    arn: resource.values.attributes['Arn'] ?? '',
    url: resource.values.ref,
    delayS: properties.DelaySeconds,
    visibilityTimeoutS: properties.VisibilityTimeout,
    retentionS: properties.MessageRetentionPeriod,
    ...(redrive !== undefined && {
      redrive: { targetArn: redrive.deadLetterTargetArn, maxReceiveCount: redrive.maxReceiveCount },
    }),
  }
}

const planFunction = (resource: Planned, assembly: Assembly): FunctionPlan => {
  const properties = parse(resource, functionProperties)
  const folder = assembly.assetPaths.get(properties.Code.S3Key)
  if (folder === undefined)
    throw new TemplateError(`${resource.logicalId}: its bundle is not in the assembly`)
  const environment = properties.Environment?.Variables ?? {}
  return {
    logicalId: resource.logicalId,
    shortName: environment['POWERTOOLS_SERVICE_NAME'] ?? resource.logicalId,
    name: resource.values.ref,
    arn: resource.values.attributes['Arn'] ?? '',
    folder,
    handler: properties.Handler,
    environment,
    timeoutS: properties.Timeout,
    memoryMb: properties.MemorySize,
    ...(properties.ReservedConcurrentExecutions !== undefined && {
      reservedConcurrency: properties.ReservedConcurrentExecutions,
    }),
  }
}

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

const rateMs = (logicalId: string, expression: string): number => {
  const [, amount = '', unit = ''] = /^rate\((\d{1,6}) (minute|hour|day)s?\)$/.exec(expression) ?? []
  const everyMs = Number(amount) * (UNIT_MS[unit] ?? 0)
  if (everyMs > 0) return everyMs
  throw new TemplateError(`${logicalId}: the local cloud plays rate(…) schedules only, not ${expression}`)
}

const planRoutes = (
  ofType: (...types: string[]) => Planned[],
  functionNamed: (reference: string) => string,
): RoutePlan[] => {
  const integrations = new Map<string, string>()
  for (const resource of ofType('AWS::ApiGatewayV2::Integration')) {
    const { IntegrationUri } = parse(resource, integrationProperties)
    integrations.set(resource.values.ref, functionNamed(functionInUri(IntegrationUri)))
  }
  const authorizers = new Map<string, { issuer: string; audiences: string[] }>()
  for (const resource of ofType('AWS::ApiGatewayV2::Authorizer')) {
    const { Issuer, Audience } = parse(resource, authorizerProperties).JwtConfiguration
    authorizers.set(resource.values.ref, { issuer: Issuer, audiences: Audience })
  }
  return ofType('AWS::ApiGatewayV2::Route').map((resource) => {
    const properties = parse(resource, routeProperties)
    const functionName = integrations.get(properties.Target.replace(/^integrations\//, ''))
    if (functionName === undefined)
      throw new TemplateError(`${resource.logicalId}: no integration ${properties.Target}`)
    const route = { routeKey: properties.RouteKey, functionName }
    if (properties.AuthorizationType === 'NONE') return route
    const authorizer = authorizers.get(properties.AuthorizerId ?? '')
    if (authorizer === undefined)
      throw new TemplateError(`${resource.logicalId}: no authorizer ${properties.AuthorizerId}`)
    return { ...route, authorizer: { ...authorizer, scopes: properties.AuthorizationScopes } }
  })
}

const planCors = ({
  AllowOrigins,
  AllowMethods,
  AllowHeaders,
  ExposeHeaders,
  MaxAge,
}: NonNullable<z.output<typeof apiProperties>['CorsConfiguration']>): CorsPlan => ({
  origins: AllowOrigins,
  methods: AllowMethods,
  headers: AllowHeaders.map((name) => name.toLowerCase()),
  exposed: ExposeHeaders,
  ...(MaxAge !== undefined && { maxAgeS: MaxAge }),
})

/** An integration names its function by ARN, alone or inside an API Gateway invocation path. */
const functionInUri = (uri: Json): string =>
  /arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+/.exec(String(uri))?.[0] ?? String(uri)
