import { Duration } from 'aws-cdk-lib'
import type { HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { Alarms } from '#infra/constructs/alarms.ts'
import type { FunctionName } from '#infra/constructs/function-code.ts'
import {
  accountConcurrency,
  accountThrottles,
  crashesAndFailures,
  deliveries,
  iteratorAge,
  smsSpent,
} from '#infra/constructs/metrics.ts'
import type { StageConfig } from '#infra/stage-config.ts'

export type Watched = {
  readonly config: StageConfig
  readonly api: HttpStage
  readonly functions: readonly (LambdaFunction & { readonly name: FunctionName; readonly failures: Metric })[]
  readonly streamReader: LambdaFunction
  /** By the words of their section in the runbook, e.g. `push dead letters`. */
  readonly deadLetters: Readonly<Record<string, IQueue>>
  /** To which answers to SMS come. */
  readonly answers: ITopic
}

/** Every alarm there is. Each has its section in docs/runbook.md. */
export const watch = (
  scope: Construct,
  { config, api, functions, streamReader, deadLetters, answers }: Watched,
) => {
  const limits = config.alarms
  const alarms = new Alarms(scope, 'Alarms', { email: limits.email })
  const period = Duration.minutes(5)

  for (const fn of functions) {
    alarms.ring(`${fn.node.id}Errors`, {
      says: `${fn.name} fails.`,
      runbook: `${fn.name} errors`,
      metric: crashesAndFailures(fn.metricErrors(), fn.failures),
      atLeast: limits.functionErrors,
    })
  }
  alarms.ring('ServerErrors', {
    says: 'The API answers with 5xx.',
    runbook: 'Server errors',
    metric: api.metricServerError({ period, statistic: 'Sum' }),
    atLeast: limits.serverErrors,
  })
  alarms.ring('Throttles', {
    says: 'Lambda refuses invocations in this account and region.',
    runbook: 'Throttles',
    metric: accountThrottles(),
    atLeast: 1,
  })
  alarms.ring('Concurrency', {
    says: 'The account comes close to its Lambda concurrency.',
    runbook: 'Concurrency',
    metric: accountConcurrency(),
    atLeast: limits.concurrentExecutions,
  })
  alarms.ring('IteratorAge', {
    says: 'decide-offers is more than five minutes behind what customers do.',
    runbook: 'Iterator age',
    metric: iteratorAge(streamReader.functionName),
    atLeast: Duration.minutes(5).toMilliseconds(),
  })
  for (const [name, queue] of Object.entries(deadLetters)) {
    alarms.ring(idOf(name), {
      says: `There are ${name}.`,
      runbook: name,
      metric: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
      atLeast: 1,
    })
  }
  for (const { platform, failed } of deliveries(config)) {
    alarms.ring(idOf(`${platform} delivery failures`), {
      says: `SNS gives up on messages to ${platform}.`,
      runbook: platform === 'sms' ? 'SMS delivery failures' : 'Push delivery failures',
      metric: failed,
      atLeast: limits.deliveryFailures,
    })
  }
  alarms.ring('SmsAnswers', {
    says: 'SNS cannot hand over answers to SMS: somebody may say STOP in vain.',
    runbook: 'SMS answers',
    metric: answers.metricNumberOfNotificationsFailed({ period, statistic: 'Sum' }),
    atLeast: 1,
  })
  alarms.ring('SmsSpend', {
    says: 'SMS come close to the monthly spend limit, at which SNS silently stops sending them.',
    runbook: 'SMS spend',
    metric: smsSpent(),
    atLeast: limits.smsSpentUsd,
  })
}

/** `push dead letters` → `PushDeadLetters` */
const idOf = (words: string) =>
  words.replaceAll(/(?:^|[ -])([a-z])/g, (_, letter: string) => letter.toUpperCase())
