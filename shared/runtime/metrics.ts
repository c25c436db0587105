import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'

/** What a function could not do and answered for itself; Lambda's own Errors counts only crashes and time-outs. */
export type FailureMetric = 'recordsFailed' | 'requestsFailed'

/**
 * The metrics of one function, written as log lines in CloudWatch's embedded metric format. The function's name is the
 * only dimension: each further one multiplies what is billed. The namespace is the stage's, from the environment.
 *
 * @example
 * const metrics = createMetrics('decide-offers')
 * metrics.addMetric('granted', MetricUnit.Count, 1)
 * metrics.publishStoredMetrics()
 */
export const createMetrics = (functionName: string): Metrics =>
  new Metrics({
    namespace: process.env['POWERTOOLS_METRICS_NAMESPACE'] ?? 'Beckon',
    serviceName: functionName,
  })

/**
 * Counts failures of one function, on which its alarm rings. Nothing is written, nor billed, while nothing fails.
 *
 * @example
 * const countFailures = failureCounter('send-messages', 'recordsFailed')
 * countFailures(1)
 */
export const failureCounter = (functionName: string, metric: FailureMetric): ((count: number) => void) => {
  const metrics = createMetrics(functionName)
  return (count) => {
    if (count > 0) metrics.addMetric(metric, MetricUnit.Count, count).publishStoredMetrics()
  }
}
