import { type App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { FunctionCode } from '#infra/constructs/function-code.ts'
import { DataStack } from '#infra/data-stack.ts'
import { PipelineStack } from '#infra/pipeline-stack.ts'
import type { StageConfig } from '#infra/stage-config.ts'

export type BeckonProps = {
  readonly stage: string
  readonly config: StageConfig
  readonly codeOf: FunctionCode
}

/**
 * Adds one stage of Beckon to a CDK app: what must be kept (`beckon-<stage>-data`) and what may be replaced at any
 * time (`beckon-<stage>-pipeline`). Account and region are those that it is deployed with.
 */
export const buildBeckon = (app: App, { stage, config, codeOf }: BeckonProps) => {
  const data = new DataStack(app, `beckon-${stage}-data`, {
    stage,
    config,
    description: `Beckon ${stage}: tables and users`,
    terminationProtection: config.keepData,
    tags: { application: 'beckon', stage },
  })
  const pipeline = new PipelineStack(app, `beckon-${stage}-pipeline`, {
    stage,
    config,
    codeOf,
    data,
    description: `Beckon ${stage}: API, functions, queues, schedule, alarms`,
    tags: { application: 'beckon', stage },
  })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return { data, pipeline }
}
