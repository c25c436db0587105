import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { functionNames } from '#infra/constructs/function-code.ts'
import type { FailureMetric } from '#shared/runtime/metrics.ts'
import {
  allPushApplications,
  functionOf,
  ofType,
  type Resource,
  synthesize,
  theOne,
  variablesOf,
} from './synthesized.ts'

const { pipeline } = synthesize('dev', { pushApplications: allPushApplications })
const dimensions = z.array(z.object({ Name: z.string(), Value: z.unknown() }))
/** One line of a math expression: a metric, or what is made of the others. */
const query = z.object({
  Id: z.string(),
  Expression: z.string().optional(),
  ReturnData: z.boolean().optional(),
  MetricStat: z
    .object({
      Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions }),
      Period: z.number(),
      Stat: z.string(),
    })
    .optional(),
})
const alarm = z.object({
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Metrics: z.array(query).default([]),
  Threshold: z.number(),
  TreatMissingData: z.literal('notBreaching'),
  Dimensions: dimensions.default([]),
})
const alarms = ofType(pipeline, 'AWS::CloudWatch::Alarm').map((r) => alarm.parse(r.Properties))

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')
const sections = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
  heading.toLowerCase().replaceAll(' ', '-'),
)
const sectionOf = ({ AlarmDescription }: z.infer<typeof alarm>) =>
  /Runbook: docs\/runbook\.md#([a-z0-9-]+)$/.exec(AlarmDescription)?.[1]

describe('the alarms', () => {
  it.each(alarms.map((a) => [a.AlarmDescription, a] as const))(
    '%s has its section in the runbook',
    (_, a) => {
      expect(sections).toContain(sectionOf(a))
    },
  )

  it('are what the sections of the runbook are about', () => {
    expect(new Set(sections)).toEqual(new Set(alarms.map(sectionOf)))
  })

  it('all report to the alarm topic, on which CloudWatch may publish', () => {
    const isOurs = ({ Properties }: Resource) => Properties['DisplayName'] === 'Beckon alarms'
    const topic = theOne(pipeline, 'AWS::SNS::Topic', isOurs).logicalId
    for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual([{ Ref: topic }])
    const policies = ofType(pipeline, 'AWS::SNS::TopicPolicy').map((r) => JSON.stringify(r.Properties))
    expect(policies.filter((text) => text.includes(topic)).join()).toContain('cloudwatch.amazonaws.com')
  })

  it.each(functionNames)('ring when %s crashes, and when it answers for a failure', (name) => {
    const ringing = alarms.filter((a) => a.AlarmDescription.startsWith(`${name} fails.`))
    expect(ringing).toHaveLength(1)
    const [sum, ...metrics] = ringing.flatMap((a) => a.Metrics)
    expect(sum?.Expression).toBe('SUM([FILL(errors, 0), FILL(failures, 0)])')
    expect(sum?.ReturnData ?? true).toBe(true)
    const fn = functionOf(pipeline, name)
    expect(metrics.map(({ Id, MetricStat }) => [Id, MetricStat])).toEqual([
      [
        'errors',
        {
          Metric: {
            Namespace: 'AWS/Lambda',
            MetricName: 'Errors',
            Dimensions: [{ Name: 'FunctionName', Value: { Ref: fn.logicalId } }],
          },
          Period: 300,
          Stat: 'Sum',
        },
      ],
      [
        'failures',
        {
          Metric: {
            Namespace: variablesOf(fn)['POWERTOOLS_METRICS_NAMESPACE'],
            MetricName: countedBy(name),
            Dimensions: [{ Name: 'service', Value: name }],
          },
          Period: 300,
          Stat: 'Sum',
        },
      ],
    ])
  })

  it('do not ring for the failures of another stage in the same account', () => {
    const { pipeline: prod } = synthesize('prod')
    const namespaceIn = (stage: typeof pipeline) =>
      variablesOf(functionOf(stage, 'run-jobs'))['POWERTOOLS_METRICS_NAMESPACE']
    expect(namespaceIn(pipeline)).toBe('Beckon/dev')
    expect(namespaceIn(prod)).toBe('Beckon/prod')
  })

  it('ring for each dead-letter queue', () => {
    const dead = Object.entries(pipeline).filter(
      ([id, r]) => r.Type === 'AWS::SQS::Queue' && id.includes('DeadLetters'),
    )
    const watched = alarms.filter((a) => a.MetricName === 'ApproximateNumberOfMessagesVisible')
    expect(watched).toHaveLength(dead.length)
    for (const [id] of dead) {
      expect(watched.filter((a) => JSON.stringify(a.Dimensions).includes(`"${id}"`))).toHaveLength(1)
    }
  })

  it('ring when decide-offers is five minutes behind', () => {
    expect(alarms.find((a) => a.MetricName === 'IteratorAge')).toMatchObject({ Threshold: 300_000 })
  })

  it('ring for the account’s concurrency and throttles, and for failures of each channel', () => {
    const count = (namespace: string, metric: string) =>
      alarms.filter((a) => a.Namespace === namespace && a.MetricName === metric).length
    expect(count('AWS/Lambda', 'ConcurrentExecutions')).toBe(1)
    expect(count('AWS/Lambda', 'Throttles')).toBe(1)
    expect(count('AWS/ApiGateway', '5xx')).toBe(1)
    expect(count('AWS/SNS', 'NumberOfNotificationsFailed')).toBe(5)
    expect(count('AWS/SNS', 'SMSMonthToDateSpentUSD')).toBe(1)
  })

  it('ring when answers to SMS are not handed over', () => {
    const isOurs = ({ Properties }: Resource) => Properties['DisplayName'] === 'Answers to SMS'
    const topic = theOne(pipeline, 'AWS::SNS::Topic', isOurs).logicalId
    const ofTopic = alarms.filter((a) => a.Dimensions.some(({ Name }) => Name === 'TopicName'))
    expect(ofTopic).toMatchObject([{ MetricName: 'NumberOfNotificationsFailed', Threshold: 1 }])
    expect(JSON.stringify(ofTopic[0]?.Dimensions)).toContain(topic)
  })

  it('write to an address where there is one', () => {
    const mails = ofType(pipeline, 'AWS::SNS::Subscription').filter(
      (r) => r.Properties['Protocol'] === 'email',
    )
    expect(mails).toEqual([])
    const { pipeline: mailed } = synthesize('dev', { alarms: { ...limits, email: 'on-call@example.com' } })
    const isMail = ({ Properties }: Resource) => Properties['Protocol'] === 'email'
    expect(theOne(mailed, 'AWS::SNS::Subscription', isMail).Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'on-call@example.com',
    })
  })
})

it('there is one dashboard', () => {
  expect(theOne(pipeline, 'AWS::CloudWatch::Dashboard').Properties).toMatchObject({
    DashboardName: 'beckon-dev',
  })
})

const limits = {
  functionErrors: 1,
  serverErrors: 1,
  deliveryFailures: 1,
  concurrentExecutions: 1,
  smsSpentUsd: 1,
}

/** What the function itself counts: HTTP handlers their 5xx, the others their records. */
const countedBy = (name: string): FailureMetric => {
  const handler = readFileSync(new URL(`../../functions/${name}/handler.ts`, import.meta.url), 'utf8')
  if (handler.includes('httpHandler(')) return 'requestsFailed'
  expect(handler).toContain(`failureCounter('${name}', 'recordsFailed')`)
  return 'recordsFailed'
}
