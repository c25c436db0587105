import { Duration } from 'aws-cdk-lib'
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { pushPlatforms } from '#infra/constructs/message-channels.ts'
import type { StageConfig } from '#infra/stage-config.ts'

const FIVE_MINUTES = Duration.minutes(5)

/** Invocations running at once, and refused for want of concurrency: of all functions in the account. */
export const accountConcurrency = () =>
  new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'ConcurrentExecutions',
    statistic: Stats.MAXIMUM,
    period: FIVE_MINUTES,
  })
export const accountThrottles = () =>
  new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', statistic: Stats.SUM, period: FIVE_MINUTES })

/**
 * What Lambda counts as errors of a function (crashes, time-outs) together with the failures that it answered for
 * itself. Each is filled up with zeros: a sum of a number and nothing is nothing, and failures are only written when
 * there are some.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
export const crashesAndFailures = (errors: Metric, failures: Metric) =>
  new MathExpression({
    expression: 'SUM([FILL(errors, 0), FILL(failures, 0)])',
    usingMetrics: { errors, failures },
    label: 'crashes and failures',
    period: FIVE_MINUTES,
  })

/** How far behind a function is with its streams, in milliseconds. */
export const iteratorAge = (functionName: string) =>
  new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'IteratorAge',
    dimensionsMap: { FunctionName: functionName },
    statistic: Stats.MAXIMUM,
    period: FIVE_MINUTES,
  })

// https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
const sns = (metricName: string, dimensionsMap: Record<string, string>) =>
  new Metric({
    namespace: 'AWS/SNS',
    metricName,
    dimensionsMap,
    statistic: Stats.SUM,
    period: Duration.hours(1),
  })

export type DeliveryMetrics = {
  readonly platform: 'apns' | 'apns-sandbox' | 'fcm' | 'sms'
  readonly delivered: Metric
  /** What SNS gave up on. */
  readonly failed: Metric
}

/** Deliveries by SNS for every channel that is configured; SMS always is. */
export const deliveries = (config: StageConfig): DeliveryMetrics[] => {
  const channels = pushPlatforms(config).map(({ platform, arn }) => ({ platform, of: applicationOf(arn) }))
  return [...channels, { platform: 'sms' as const, of: { PhoneNumber: 'PhoneNumberDirect' } }].map(
    ({ platform, of }) => ({
      platform,
      delivered: sns('NumberOfNotificationsDelivered', of),
      failed: sns('NumberOfNotificationsFailed', of),
    }),
  )
}

/** What SMS have cost since the month began, in USD, for the whole account. */
export const smsSpent = () =>
  new Metric({
    namespace: 'AWS/SNS',
    metricName: 'SMSMonthToDateSpentUSD',
    statistic: Stats.MAXIMUM,
    period: Duration.hours(1),
  })

/** `arn:aws:sns:<region>:<account>:app/<platform>/<name>` */
const applicationOf = (arn: string): Record<string, string> => {
  const [, Platform = '', Application = ''] = arn.split('/')
  return { Application, Platform }
}
