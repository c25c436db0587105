import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json, JsonObject } from '#local/cloud/json.ts'

/** 2026-01-05T00:00:00Z, a Monday. */
export const START_MS = Date.UTC(2026, 0, 5)

type Resources = Record<string, { Type: string; Properties?: JsonObject }>

export type FixtureParts = {
  resources: Resources
  /** The code of each function: the body of `async (event, context) => { … }`, in which `record(x)` writes to a file. */
  handlers?: Record<string, string>
}

const asset = (name: string) => `asset-${name}`

/**
 * Writes a cloud assembly with one stack, as `cdk synth` would.
 *
 * @returns its folder, and where the handlers' `record(…)` goes
 */
export const writeAssembly = ({
  resources,
  handlers = {},
}: FixtureParts): { folder: string; log: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'beckon-fixture-'))
  const log = join(folder, 'records.jsonl')
  const files: JsonObject = {}
  const functions: Resources = {}
  for (const [name, body] of Object.entries(handlers)) {
    mkdirSync(join(folder, asset(name)))
    writeFileSync(join(folder, asset(name), 'index.mjs'), handlerSource(body))
    files[name] = {
      source: { path: asset(name), packaging: 'zip' },
      destinations: { here: { bucketName: 'assets', objectKey: `${name}.zip` } },
    }
    const given = resources[name]?.Properties ?? {}
    const environment = given['Environment'] ?? { Variables: {} }
    functions[name] = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Code: { S3Bucket: 'assets', S3Key: `${name}.zip` },
        Timeout: 20,
        ...given,
        Environment: withLog(environment, log),
      },
    }
  }
  const write = (file: string, content: JsonObject) =>
    writeFileSync(join(folder, file), JSON.stringify(content))
  write('manifest.json', {
    version: '1',
    artifacts: {
      fixture: { type: 'aws:cloudformation:stack', properties: { templateFile: 'fixture.template.json' } },
    },
  })
  write('fixture.assets.json', { version: '1', files })
  write('fixture.template.json', { Resources: { ...resources, ...functions } })
  return { folder, log }
}

const withLog = (environment: Json, log: string): Json => {
  const { Variables } = environment as { Variables: JsonObject }
  return { Variables: { ...Variables, LOG: log } }
}

const handlerSource = (body: string): string => `
import { appendFileSync } from 'node:fs'
const clock = () => globalThis[Symbol.for('beckon.clock')]()
const record = (value) => appendFileSync(process.env.LOG, JSON.stringify(value) + '\\n')
const dynamodb = async (operation, input) => {
  const response = await fetch(process.env.AWS_ENDPOINT_URL_DYNAMODB, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.' + operation,
      'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
    },
    body: JSON.stringify(input),
  })
  return response.json()
}
const sqs = async (operation, input) => {
  const response = await fetch(process.env.AWS_ENDPOINT_URL_SQS, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.' + operation },
    body: JSON.stringify(input),
  })
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}
let calls = 0
export const handler = async (event, context) => {
  calls += 1
  ${body}
}
`

/** What handlers recorded so far, oldest first. */
export const readRecords = (log: string): unknown[] =>
  existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line))
    : []

/** A table with the key `pk`, a stream, and a TTL by `ttl`. */
export const tableWithStream = () => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
  } satisfies JsonObject,
})

export const queue = (properties: JsonObject = {}) => ({ Type: 'AWS::SQS::Queue', Properties: properties })

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })

/** An event source mapping; `from` is a queue, or a table with its stream. */
export const eventSource = (
  from: { queue: string } | { table: string },
  to: string,
  properties: JsonObject = {},
) => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    EventSourceArn: 'queue' in from ? arnOf(from.queue) : { 'Fn::GetAtt': [from.table, 'StreamArn'] },
    FunctionName: { Ref: to },
    ...('table' in from && { StartingPosition: 'TRIM_HORIZON' }),
    ...properties,
  } satisfies JsonObject,
})

export const everyMinute = (to: string, input = '{}') => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    ScheduleExpression: 'rate(1 minute)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: arnOf(to), Input: input, RoleArn: 'arn:aws:iam::000000000000:role/schedule' },
  } satisfies JsonObject,
})

export const ISSUER = 'https://issuer.example.com/pool'
export const CLIENT_ID = 'client-1'

/** An HTTP API whose routes (`'GET /items': [scopes]`, or `undefined` for an open one) lead to one function. */
export const httpApi = (to: string, routes: Record<string, string[] | undefined>): Resources => {
  const resources: Resources = {
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP', Name: 'fixture' } },
    Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: '$default' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: arnOf(to),
        PayloadFormatVersion: '2.0',
      },
    },
    Authorizer: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId: { Ref: 'Api' },
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: ISSUER, Audience: [CLIENT_ID] },
      },
    },
  }
  for (const [index, [routeKey, scopes]] of Object.entries(routes).entries()) {
    resources[`Route${index}`] = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: routeKey,
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
        ...(scopes !== undefined && {
          AuthorizationType: 'JWT',
          AuthorizerId: { Ref: 'Authorizer' },
          AuthorizationScopes: scopes,
        }),
      },
    }
  }
  return resources
}
