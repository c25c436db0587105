import { rmSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CloudPlan } from '#local/cloud/template/cloud-plan.ts'
import { planCloud } from '#local/cloud/template/plan-cloud.ts'
import { readAssembly } from '#local/cloud/template/read-assembly.ts'
import {
  CLIENT_ID,
  eventSource,
  everyMinute,
  type FixtureParts,
  httpApi,
  ISSUER,
  queue,
  tableWithStream,
  writeAssembly,
} from '#test/local/cloud/fixture-parts.ts'

const plan = (parts: FixtureParts): CloudPlan => {
  const { folder } = writeAssembly(parts)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return planCloud(readAssembly(folder), {
    region: 'us-east-1',
    accountId: '000000000000',
    sqsUrl: 'http://127.0.0.1:1/sqs',
    apiUrl: 'http://127.0.0.1:2',
    tablePrefix: '',
  })
}
const handlers = { Work: '' }

describe('the plan of a template', () => {
  test('gives a table that has a TTL and no stream a stream of its own: expiry is learned from it', () => {
    const { Properties, ...table } = tableWithStream()
    const { StreamSpecification: _, ...properties } = Properties
    const made = plan({ handlers, resources: { Items: { ...table, Properties: properties } } })
    expect(made.tables).toMatchObject([{ hasStream: true, ttlAttribute: 'ttl' }])
    expect(made.tables[0]?.create.StreamSpecification).toEqual({
      StreamEnabled: true,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    })
  })

  test('holds tables, queues, functions, sources, schedules and routes with resolved names', () => {
    const made = plan({
      handlers,
      resources: {
        Items: tableWithStream(),
        Dead: queue(),
        Jobs: queue({
          VisibilityTimeout: '360',
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 },
        }),
        Work: {
          Type: 'AWS::Lambda::Function',
          Properties: { Environment: { Variables: { JOBS: { Ref: 'Jobs' }, ITEMS: { Ref: 'Items' } } } },
        },
        FromItems: eventSource({ table: 'Items' }, 'Work', {
          BisectBatchOnFunctionError: true,
          MaximumRecordAgeInSeconds: 82_800,
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Dead', 'Arn'] } } },
        }),
        FromJobs: eventSource({ queue: 'Jobs' }, 'Work', { ScalingConfig: { MaximumConcurrency: 2 } }),
        Tick: everyMinute('Work'),
        ...httpApi('Work', { 'GET /items/{id}': ['app/read'], 'GET /open': undefined }),
        Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AnythingGoes: { Ref: 'Jobs' } } },
      },
    })
    expect(made.tables).toMatchObject([{ name: 'fixture-Items', hasStream: true, ttlAttribute: 'ttl' }])
    expect(made.queues[1]).toMatchObject({
      name: 'fixture-Jobs',
      url: 'http://127.0.0.1:1/sqs/000000000000/fixture-Jobs',
      visibilityTimeoutS: 360,
      redrive: { targetArn: 'arn:aws:sqs:us-east-1:000000000000:fixture-Dead', maxReceiveCount: 5 },
    })
    expect(made.functions[0]).toMatchObject({
      name: 'fixture-Work',
      environment: { JOBS: 'http://127.0.0.1:1/sqs/000000000000/fixture-Jobs', ITEMS: 'fixture-Items' },
    })
    expect(made.streamSources).toMatchObject([
      { tableName: 'fixture-Items', bisects: true, maxRecordAgeS: 82_800, batchSize: 100 },
    ])
    expect(made.queueSources).toMatchObject([{ queueName: 'fixture-Jobs', maxConcurrency: 2, batchSize: 10 }])
    expect(made.schedules).toMatchObject([{ functionName: 'fixture-Work', everyMs: 60_000, input: '{}' }])
    expect(made.routes).toEqual([
      {
        routeKey: 'GET /items/{id}',
        functionName: 'fixture-Work',
        authorizer: { issuer: ISSUER, audiences: [CLIENT_ID], scopes: ['app/read'] },
      },
      { routeKey: 'GET /open', functionName: 'fixture-Work' },
    ])
  })

  test.each<[string, FixtureParts['resources'], RegExp]>([
    [
      'a resource type it does not know',
      { Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'x' } } },
      /AWS::Events::EventBus \(Bus\)/,
    ],
    [
      'a property that would change what happens',
      { Jobs: queue({ FifoQueue: true }) },
      /AWS::SQS::Queue \(Jobs\).*FifoQueue/,
    ],
    [
      'an event source option that it does not play',
      {
        Items: tableWithStream(),
        S: eventSource({ table: 'Items' }, 'Work', { TumblingWindowInSeconds: 30 }),
      },
      /EventSourceMapping \(S\).*TumblingWindowInSeconds/,
    ],
    [
      'a cron schedule',
      {
        Tick: {
          ...everyMinute('Work'),
          Properties: { ...everyMinute('Work').Properties, ScheduleExpression: 'cron(0 8 * * ? *)' },
        },
      },
      /Tick.*cron/,
    ],
    [
      'a source that is not in the templates',
      { S: eventSource({ queue: 'Tick' }, 'Work'), Tick: everyMinute('Work') },
      /S: .*no stream or queue/,
    ],
    [
      'a second stage name',
      {
        ...httpApi('Work', {}),
        Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: 'v2' } },
      },
      /\(Stage\).*StageName/,
    ],
  ])('refuses %s', (_name, resources, message) => {
    expect(() => plan({ handlers, resources })).toThrow(message)
  })

  test('leaves a resource out whose condition does not hold', () => {
    const made = plan({ handlers, resources: { Jobs: queue() } })
    expect(made.queues).toHaveLength(1)
  })
})
