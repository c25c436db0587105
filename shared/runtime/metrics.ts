import { Metrics } from '@aws-lambda-powertools/metrics'

/** The CloudWatch namespace of everything that Beckon counts. */
export const METRICS_NAMESPACE = 'Beckon'

/**
 * The metrics of one function, written as log lines in CloudWatch's embedded metric format. The function's name is the
 * only dimension: each further one multiplies what is billed.
 *
 * @example
 * const metrics = createMetrics('decide-offers')
 * metrics.addMetric('granted', MetricUnit.Count, 1)
 * metrics.publishStoredMetrics()
 */
export const createMetrics = (functionName: string): Metrics =>
  new Metrics({ namespace: METRICS_NAMESPACE, serviceName: functionName })
