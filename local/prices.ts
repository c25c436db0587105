/**
 * Public prices in us-east-1, in USD, as of 2026-11. The one place where Beckon's tools take prices from.
 */
export const PRICES = {
  asOf: '2026-11',
  httpApiPerMillion: 1.0,
  lambdaPerMillion: 0.2,
  lambdaPerGbSecond: 0.0000133334,
  dynamodbReadPerMillion: 0.125,
  dynamodbWritePerMillion: 0.625,
  sqsPerMillion: 0.4,
  snsPushPerMillion: 0.5,
  /** CloudWatch Logs, ingestion into the standard class. */
  logsPerGb: 0.5,
} as const
