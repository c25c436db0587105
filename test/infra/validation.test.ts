import { Queue } from 'aws-cdk-lib/aws-sqs'
import { AwsSolutionsChecks } from 'cdk-nag'
import { describe, expect, it } from 'vitest'
import { stageNames } from '#infra/config.ts'
import type { StageConfig } from '#infra/stage-config.ts'
import { allPushApplications, appOf, synthesize } from './synthesized.ts'

const variants: Readonly<Record<string, Partial<StageConfig>>> = {
  'as configured': {},
  'with a key of our own': { customerManagedKey: true },
  'with all push applications': { pushApplications: allPushApplications },
  'with another issuer': {
    tokens: { kind: 'oidc', issuer: 'https://login.example.com', audience: ['beckon'] },
    scopePrefix: '',
  },
}
const cases = stageNames.flatMap((stage) => Object.keys(variants).map((variant) => [stage, variant] as const))

describe.each(cases)('stage %s %s', (stage, variant) => {
  const change = variants[variant] ?? {}

  it('has no finding of cdk-nag that is not acknowledged', () => {
    const { app } = appOf(stage, change)
    expect(new AwsSolutionsChecks(app).validateScope(app).violations).toEqual([])
  })

  it('passes CloudFormation’s own rules and synthesizes without a warning', () => {
    const { assembly, report } = synthesize(stage, change)
    expect(JSON.parse(report)).toMatchObject({ pluginReports: [] })
    for (const stack of assembly.stacks) expect(stack.messages).toEqual([])
  })
})

it('cdk-nag does look: a finding that nobody acknowledged fails the synthesis', () => {
  const { app, data } = appOf('dev')
  new Queue(data, 'Naked')
  expect(new AwsSolutionsChecks(app).validateScope(app).violations.map((v) => v.ruleName)).toContain(
    'AwsSolutions-SQS3',
  )
  expect(() => app.synth()).toThrow(/Naked.*AwsSolutions-SQS3/s)
})
