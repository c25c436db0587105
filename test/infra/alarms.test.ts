import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { functionNames } from '#infra/constructs/function-code.ts'
import { allPushApplications, functionOf, ofType, synthesize, theOne } from './synthesized.ts'

const { pipeline } = synthesize('dev', { pushApplications: allPushApplications })
const alarm = z.object({
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()),
  Namespace: z.string(),
  MetricName: z.string(),
  Threshold: z.number(),
  TreatMissingData: z.literal('notBreaching'),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
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
    const topic = theOne(pipeline, 'AWS::SNS::Topic').logicalId
    for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual([{ Ref: topic }])
    expect(JSON.stringify(theOne(pipeline, 'AWS::SNS::TopicPolicy').Properties)).toContain(
      'cloudwatch.amazonaws.com',
    )
  })

  it.each(functionNames)('ring when %s fails', (name) => {
    const { logicalId } = functionOf(pipeline, name)
    const ringing = alarms.filter(
      (a) => a.MetricName === 'Errors' && a.Dimensions.some((d) => isRef(d.Value, logicalId)),
    )
    expect(ringing).toHaveLength(1)
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
    expect(count('AWS/SNS', 'NumberOfNotificationsFailed')).toBe(4)
    expect(count('AWS/SNS', 'SMSMonthToDateSpentUSD')).toBe(1)
  })

  it('write to an address where there is one', () => {
    expect(ofType(pipeline, 'AWS::SNS::Subscription')).toEqual([])
    const { pipeline: mailed } = synthesize('dev', { alarms: { ...limits, email: 'on-call@example.com' } })
    expect(theOne(mailed, 'AWS::SNS::Subscription').Properties).toMatchObject({
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

const isRef = (value: unknown, logicalId: string) =>
  JSON.stringify(value) === JSON.stringify({ Ref: logicalId })
