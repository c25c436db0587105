import { createHash } from 'node:crypto'
import type { Json } from '#local/cloud/json.ts'
import type { ResourceValues } from '#local/cloud/template/resolve-intrinsics.ts'

/** Where the made-up names and addresses of resources come from. */
export type NamingContext = {
  region: string
  accountId: string
  /** The address under which queues are reached, without a slash at the end. */
  sqsUrl: string
  /** The address of the HTTP API. */
  apiUrl: string
  /** Precedes the name of each table, where several clouds share one engine. */
  tablePrefix: string
}

/** One resource as the naming sees it: `property` answers resolved properties. */
export type NamedResource = {
  logicalId: string
  stackName: string
  property(name: string): Json | undefined
}

type Naming = (resource: NamedResource, context: NamingContext) => ResourceValues

/**
 * Resource types that need nothing done on one machine. Everything that is neither here nor in `ACTIVE` is an error: the
 * template is the only description of the infrastructure, and what the local cloud does not play would go unnoticed.
 */
const PASSIVE: Record<string, Naming> = {
  'AWS::CDK::Metadata': (resource) => plain(resource),
  'AWS::CloudWatch::Alarm': (resource, context) =>
    named(resource, context, 'cloudwatch', 'alarm:', resource.property('AlarmName')),
  'AWS::CloudWatch::CompositeAlarm': (resource, context) =>
    named(resource, context, 'cloudwatch', 'alarm:', resource.property('AlarmName')),
  'AWS::CloudWatch::Dashboard': (resource) => plain(resource),
  'AWS::Cognito::UserPoolDomain': (resource) => plain(resource),
  'AWS::Cognito::UserPoolGroup': (resource) => plain(resource),
  'AWS::IAM::ManagedPolicy': (resource, context) => arnRef(resource, context, 'iam', 'policy/'),
  'AWS::IAM::Policy': (resource) => plain(resource),
  'AWS::IAM::Role': (resource, context) =>
    named(resource, context, 'iam', 'role/', resource.property('RoleName')),
  'AWS::KMS::Alias': (resource) => plain(resource),
  'AWS::KMS::Key': (resource, context) => named(resource, context, 'kms', 'key/', undefined, 'KeyId'),
  'AWS::Lambda::Permission': (resource) => plain(resource),
  'AWS::Logs::LogGroup': (resource, context) =>
    named(resource, context, 'logs', 'log-group:', resource.property('LogGroupName')),
  'AWS::Logs::MetricFilter': (resource) => plain(resource),
  'AWS::Logs::ResourcePolicy': (resource) => plain(resource),
  'AWS::Scheduler::ScheduleGroup': (resource, context) =>
    named(resource, context, 'scheduler', 'schedule-group/', resource.property('Name')),
  // Alarms are sent to one, answers to SMS to another; offers go to phones directly.
  'AWS::SNS::Topic': (resource, context) => topic(resource, context),
  'AWS::SNS::TopicPolicy': (resource) => plain(resource),
  'AWS::SQS::QueuePolicy': (resource) => plain(resource),
}

/** Resource types that the local cloud plays. */
const ACTIVE: Record<string, Naming> = {
  'AWS::ApiGatewayV2::Api': (resource, context) => ({
    ref: physicalName(resource, undefined),
    attributes: { ApiId: physicalName(resource, undefined), ApiEndpoint: context.apiUrl },
  }),
  'AWS::ApiGatewayV2::Authorizer': (resource) => plain(resource, 'AuthorizerId'),
  'AWS::ApiGatewayV2::Integration': (resource) => plain(resource, 'IntegrationId'),
  'AWS::ApiGatewayV2::Route': (resource) => plain(resource, 'RouteId'),
  'AWS::ApiGatewayV2::Stage': (resource) => ({ ref: String(resource.property('StageName')), attributes: {} }),
  'AWS::Cognito::UserPool': (resource, context) => userPool(resource, context),
  'AWS::Cognito::UserPoolClient': (resource) => {
    const id = digest(`${resource.stackName}/${resource.logicalId}`, 26)
    return {
      ref: id,
      attributes: { ClientId: id, Name: physicalName(resource, resource.property('ClientName')) },
    }
  },
  'AWS::Cognito::UserPoolResourceServer': (resource) => ({
    ref: String(resource.property('Identifier')),
    attributes: {},
  }),
  'AWS::DynamoDB::Table': (resource, context) => table(resource, context),
  'AWS::DynamoDB::GlobalTable': (resource, context) => table(resource, context),
  'AWS::Lambda::EventSourceMapping': (resource) => plain(resource, 'Id'),
  'AWS::Lambda::Function': (resource, context) =>
    named(resource, context, 'lambda', 'function:', resource.property('FunctionName')),
  'AWS::Location::PlaceIndex': (resource, context) => {
    const name = physicalName(resource, resource.property('IndexName'))
    const arn = arnOf(context, 'geo', `place-index/${name}`)
    return { ref: name, attributes: { Arn: arn, IndexArn: arn, IndexName: name } }
  },
  'AWS::Scheduler::Schedule': (resource, context) =>
    named(resource, context, 'scheduler', 'schedule/default/', resource.property('Name')),
  'AWS::SNS::Subscription': (resource) => plain(resource),
  'AWS::SQS::Queue': (resource, context) => queue(resource, context),
}

/** Does the local cloud know this resource type, and does it do something with it? */
export const knowledgeOf = (type: string): 'active' | 'passive' | 'unknown' =>
  type in ACTIVE ? 'active' : type in PASSIVE ? 'passive' : 'unknown'

/**
 * What a resource answers to `Ref` and `Fn::GetAtt`: its given name or one made of stack and logical id, which stays
 * the same from run to run (CloudFormation adds random letters).
 *
 * @example
 * valuesOfResource('AWS::SQS::Queue', resource, context).attributes.Arn
 * // 'arn:aws:sqs:us-east-1:000000000000:beckon-local-Timers'
 */
export const valuesOfResource = (
  type: string,
  resource: NamedResource,
  context: NamingContext,
): ResourceValues | undefined => (ACTIVE[type] ?? PASSIVE[type])?.(resource, context)

const MAX_NAME = 80

const physicalName = (resource: NamedResource, given: Json | undefined): string =>
  typeof given === 'string' && given !== ''
    ? given
    : `${resource.stackName}-${resource.logicalId}`.slice(-MAX_NAME)

const arnOf = (context: NamingContext, service: string, rest: string): string =>
  `arn:aws:${service}:${service === 'iam' ? '' : context.region}:${context.accountId}:${rest}`

const plain = (resource: NamedResource, idAttribute?: string): ResourceValues => {
  const ref = physicalName(resource, undefined)
  return { ref, attributes: idAttribute === undefined ? {} : { [idAttribute]: ref } }
}

const named = (
  resource: NamedResource,
  context: NamingContext,
  service: string,
  kind: string,
  given: Json | undefined,
  nameAttribute?: string,
): ResourceValues => {
  const name = physicalName(resource, given)
  const attributes = { Arn: arnOf(context, service, `${kind}${name}`) }
  return {
    ref: name,
    attributes: nameAttribute === undefined ? attributes : { ...attributes, [nameAttribute]: name },
  }
}

const arnRef = (
  resource: NamedResource,
  context: NamingContext,
  service: string,
  kind: string,
): ResourceValues => ({
  ref: arnOf(context, service, `${kind}${physicalName(resource, undefined)}`),
  attributes: {},
})

const topic = (resource: NamedResource, context: NamingContext): ResourceValues => {
  const name = physicalName(resource, resource.property('TopicName'))
  const arn = arnOf(context, 'sns', name)
  return { ref: arn, attributes: { TopicArn: arn, TopicName: name } }
}

const table = (resource: NamedResource, context: NamingContext): ResourceValues => {
  const name = `${context.tablePrefix}${physicalName(resource, resource.property('TableName'))}`
  const arn = arnOf(context, 'dynamodb', `table/${name}`)
  return { ref: name, attributes: { Arn: arn, StreamArn: `${arn}/stream/local`, TableId: name } }
}

const queue = (resource: NamedResource, context: NamingContext): ResourceValues => {
  const name = physicalName(resource, resource.property('QueueName'))
  const url = `${context.sqsUrl}/${context.accountId}/${name}`
  return { ref: url, attributes: { Arn: arnOf(context, 'sqs', name), QueueName: name, QueueUrl: url } }
}

const userPool = (resource: NamedResource, context: NamingContext): ResourceValues => {
  const id = `${context.region}_${digest(`${resource.stackName}/${resource.logicalId}`, 9)}`
  const provider = `cognito-idp.${context.region}.amazonaws.com/${id}`
  return {
    ref: id,
    attributes: {
      Arn: arnOf(context, 'cognito-idp', `userpool/${id}`),
      ProviderName: provider,
      ProviderURL: `https://${provider}`,
      UserPoolId: id,
    },
  }
}

/** Letters and digits that are the same for the same text. */
const digest = (text: string, length: number): string =>
  BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)
    .toString(36)
    .slice(0, length)
