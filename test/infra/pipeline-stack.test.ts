import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { functionNames } from '#infra/constructs/function-code.ts'
import type { StageConfig } from '#infra/stage-config.ts'
import {
  allPushApplications,
  functionOf,
  ofType,
  type Resource,
  synthesize,
  theOne,
  variablesOf,
} from './synthesized.ts'

const dev = synthesize('dev').pipeline
const prod = synthesize('prod', { pushApplications: allPushApplications }).pipeline

describe('the functions', () => {
  it.each(functionNames)('%s runs on Node 24, arm64, and logs to a group that forgets', (name) => {
    const fn = functionOf(dev, name)
    expect(fn.Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    })
    const { LogGroup } = z
      .object({ LogGroup: z.object({ Ref: z.string() }) })
      .parse(fn.Properties['LoggingConfig'])
    expect(dev[LogGroup.Ref]).toMatchObject({
      Type: 'AWS::Logs::LogGroup',
      Properties: { RetentionInDays: 7 },
    })
  })

  it('are seven', () => {
    expect(ofType(dev, 'AWS::Lambda::Function')).toHaveLength(7)
  })

  it('have concurrency set aside only where the stage says so', () => {
    for (const name of functionNames) {
      expect(functionOf(dev, name).Properties).not.toHaveProperty('ReservedConcurrentExecutions')
    }
    expect(functionOf(prod, 'match-pings').Properties).toMatchObject({ ReservedConcurrentExecutions: 400 })
    expect(functionOf(prod, 'run-jobs').Properties).not.toHaveProperty('ReservedConcurrentExecutions')
  })

  it('know which push platforms there are', () => {
    expect(variablesOf(functionOf(prod, 'decide-offers'))).toMatchObject({
      PUSH_PLATFORMS: 'apns,apns-sandbox,fcm',
    })
    expect(variablesOf(functionOf(prod, 'send-messages'))).toMatchObject({
      APNS_APPLICATION_ARN: allPushApplications.apns,
      APNS_SANDBOX_APPLICATION_ARN: allPushApplications.apnsSandbox,
      FCM_APPLICATION_ARN: allPushApplications.fcm,
    })
  })

  it('have no variable for what is not configured', () => {
    expect(variablesOf(functionOf(dev, 'decide-offers'))).toMatchObject({ PUSH_PLATFORMS: '' })
    expect(Object.keys(variablesOf(functionOf(dev, 'send-messages'))).sort()).toEqual([
      'CATALOG_TABLE',
      'DUE_SHARDS',
      'LEDGER_TABLE',
      'MAX_RECEIVES',
      'NODE_OPTIONS',
      'POWERTOOLS_LOG_LEVEL',
      'POWERTOOLS_METRICS_NAMESPACE',
      'POWERTOOLS_SERVICE_NAME',
      'PUSH_APPLE_DEAD_LETTERS_URL',
      'PUSH_APPLE_QUEUE_URL',
      'PUSH_DEAD_LETTERS_URL',
      'PUSH_QUEUE_URL',
      'SMS_DEAD_LETTERS_URL',
      'SMS_MAX_PRICE_USD',
      'SMS_QUEUE_URL',
    ])
  })

  it.each(['decide-offers', 'send-messages'])('let what waits long hop through its queue: %s', (name) => {
    expect(functionOf(dev, name).Properties).toMatchObject({ RecursiveLoop: 'Allow' })
  })
})

describe('the queues', () => {
  const redrive = z.object({
    deadLetterTargetArn: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
    maxReceiveCount: z.literal(5),
  })
  const queues = ofType(dev, 'AWS::SQS::Queue')
  const work = queues.filter((q) => 'RedrivePolicy' in q.Properties)

  it('are five, each with a queue of its own for what fails five times', () => {
    expect(work).toHaveLength(5)
    const dead = work.map(
      (q) => redrive.parse(q.Properties['RedrivePolicy']).deadLetterTargetArn['Fn::GetAtt'][0],
    )
    expect(new Set(dead).size).toBe(5)
  })

  it('keep dead letters for 14 days, those of the two streams too', () => {
    const dead = queues.filter((q) => !('RedrivePolicy' in q.Properties))
    expect(dead).toHaveLength(7)
    for (const queue of dead) expect(queue.Properties).toMatchObject({ MessageRetentionPeriod: 14 * 86_400 })
  })

  it('are encrypted and refuse plain HTTP', () => {
    for (const queue of queues) expect(queue.Properties).toMatchObject({ SqsManagedSseEnabled: true })
    expect(ofType(dev, 'AWS::SQS::QueuePolicy')).toHaveLength(queues.length)
  })
})

describe('the event sources', () => {
  const mappings = ofType(dev, 'AWS::Lambda::EventSourceMapping')
  const source = (part: string) =>
    mappings.filter((m) => JSON.stringify(m.Properties['EventSourceArn']).includes(part))

  it.each([
    [
      'PresenceTableStreamArn',
      'PresenceStreamDeadLetters',
      [
        '{"dynamodb":{"NewImage":{"news":{"S":["yes"]}}}}',
        '{"dynamodb":{"OldImage":{"stays":{"S":["yes"]}},"NewImage":{"pk":{"S":[{"exists":false}]}}}}',
      ],
    ],
    [
      'LedgerTableStreamArn',
      'LedgerStreamDeadLetters',
      ['{"dynamodb":{"NewImage":{"triggerKind":{"S":["event","due","restock"]}}}}'],
    ],
  ])(
    '%s is read from its beginning, filtered, in halves after an error, for 23 hours',
    (stream, dead, patterns) => {
      const [mapping, ...others] = source(stream)
      expect(others).toEqual([])
      expect(mapping?.Properties).toMatchObject({
        FunctionName: { Ref: functionOf(dev, 'decide-offers').logicalId },
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 25,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRecordAgeInSeconds: 23 * 3600,
        ParallelizationFactor: 1,
        FilterCriteria: { Filters: patterns.map((Pattern) => ({ Pattern })) },
      })
      expect(mapping?.Properties).not.toHaveProperty('MaximumRetryAttempts')
      expect(JSON.stringify(mapping?.Properties['DestinationConfig'])).toContain(dead)
    },
  )

  it.each([
    ['TimersQueue', 'decide-offers', 10],
    ['PushQueue', 'send-messages', 10],
    ['PushAppleQueue', 'send-messages', 10],
    ['SmsQueue', 'send-messages', 1],
    ['JobsQueue', 'run-jobs', 1],
  ])('%s is worked off by %s, %i at a time', (queue, worker, batchSize) => {
    const [mapping, ...others] = source(queue)
    expect(others).toEqual([])
    expect(mapping?.Properties).toMatchObject({
      FunctionName: { Ref: functionOf(dev, worker).logicalId },
      BatchSize: batchSize,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    })
  })

  it.each([dev, prod])(
    'send at most two SMS side by side, of the 20 or so that SNS takes a second',
    (stage) => {
      const [mapping] = ofType(stage, 'AWS::Lambda::EventSourceMapping').filter((m) =>
        JSON.stringify(m.Properties['EventSourceArn']).includes('SmsQueue'),
      )
      expect(mapping?.Properties).toMatchObject({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } })
    },
  )

  it('are seven', () => {
    expect(mappings).toHaveLength(7)
  })

  it('hide a message for six times as long as its worker may take', () => {
    for (const [queue, worker] of [
      ['TimersQueue', 'decide-offers'],
      ['PushQueue', 'send-messages'],
      ['PushAppleQueue', 'send-messages'],
      ['SmsQueue', 'send-messages'],
      ['JobsQueue', 'run-jobs'],
    ] as const) {
      const visible = Object.entries(dev).find(([id]) => id.startsWith(queue))?.[1].Properties[
        'VisibilityTimeout'
      ]
      expect(visible).toBe(6 * Number(functionOf(dev, worker).Properties['Timeout']))
    }
  })
})

describe('text messages', () => {
  const optOutUrlOf = (sms: StageConfig['sms']) =>
    JSON.stringify(
      variablesOf(functionOf(synthesize('dev', { sms }).pipeline, 'send-messages'))['SMS_OPT_OUT_URL'],
    )
  const maxPriceUsd = '0.10'

  it('say how to opt out: by an answer where one can arrive, else by a link', () => {
    expect(optOutUrlOf({ maxPriceUsd })).toBeUndefined()
    expect(optOutUrlOf({ maxPriceUsd, senderId: 'Shop', originationNumber: '+18335550100' })).toBeUndefined()
    expect(optOutUrlOf({ maxPriceUsd, senderId: 'Shop' })).toContain('/v1/stop/')
    expect(optOutUrlOf({ maxPriceUsd, senderId: 'Shop', optOutUrl: 'https://s.example/stop/' })).toBe(
      '"https://s.example/stop/"',
    )
  })

  it('are previewed with the price of the stage, where it has one', () => {
    const priceOf = (sms: StageConfig['sms']) =>
      variablesOf(functionOf(synthesize('dev', { sms }).pipeline, 'merchant-api'))['SMS_PART_PRICE_USD']
    expect(priceOf({ maxPriceUsd, partPriceUsd: 0.00883 })).toBe('0.008830')
    expect(priceOf({ maxPriceUsd })).toBeUndefined()
  })

  it('are answered to a topic that AWS may publish to, posted to the API with a signature of SHA-256', () => {
    const isAnswers = (r: Resource) => r.Properties['DisplayName'] === 'Answers to SMS'
    const { logicalId, Properties } = theOne(dev, 'AWS::SNS::Topic', isAnswers)
    expect(Properties).toMatchObject({ SignatureVersion: '2' })
    const policies = ofType(dev, 'AWS::SNS::TopicPolicy').map((r) => JSON.stringify(r.Properties))
    expect(policies.filter((text) => text.includes(logicalId)).join()).toContain('sms-voice.amazonaws.com')
    expect(ofType(dev, 'AWS::SNS::Subscription')).toMatchObject([
      { Properties: { Protocol: 'https', TopicArn: { Ref: logicalId } } },
    ])
  })
})

describe('the rest', () => {
  it('calls remind-revisits every minute and does not repeat a failed call', () => {
    const { Properties } = theOne(dev, 'AWS::Scheduler::Schedule')
    expect(Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Target: {
        Arn: { 'Fn::GetAtt': [functionOf(dev, 'remind-revisits').logicalId, 'Arn'] },
        Input: '{}',
        RetryPolicy: { MaximumRetryAttempts: 0 },
      },
    })
  })

  it('finds addresses whose coordinates may be kept', () => {
    const places = theOne(dev, 'AWS::Location::PlaceIndex')
    expect(places.Properties).toMatchObject({ DataSourceConfiguration: { IntendedUse: 'Storage' } })
    expect(variablesOf(functionOf(dev, 'merchant-api'))['PLACE_INDEX']).toEqual({ Ref: places.logicalId })
  })
})
