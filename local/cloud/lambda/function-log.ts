import { isJsonObject, type Json, parseJson } from '#local/cloud/json.ts'

/** What a function wrote: the last lines, and its metrics (CloudWatch embedded metric format) added up. */
export type FunctionLog = {
  add(line: string): void
  lines(): string[]
  metrics(): Record<string, MetricSum>
  /** How many bytes were written, in UTF-8. */
  bytes(): number
}

export type MetricSum = { sum: number; count: number }

const MAX_LINES = 2_000
const MAX_METRICS = 200

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
export const createFunctionLog = (): FunctionLog => {
  const lines: string[] = []
  const sums = new Map<string, MetricSum>()
  let bytes = 0
  const addMetric = (name: string, value: Json | undefined) => {
    const values = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'number')
    const before = sums.get(name) ?? { sum: 0, count: 0 }
    if (before.count === 0 && sums.size >= MAX_METRICS) return
    sums.set(name, {
      sum: values.reduce((total, item) => total + item, before.sum),
      count: before.count + values.length,
    })
  }
  return {
    add: (line) => {
      lines.push(line)
      bytes += Buffer.byteLength(line)
      if (lines.length > 2 * MAX_LINES) lines.splice(0, MAX_LINES)
      if (!line.includes('"_aws"')) return
      const record = metricRecord(line)
      if (record === undefined) return
      for (const name of record.names) addMetric(name, record.values[name])
    },
    lines: () => lines.slice(-MAX_LINES),
    metrics: () => Object.fromEntries(sums),
    bytes: () => bytes,
  }
}

const metricRecord = (line: string): { names: string[]; values: Record<string, Json> } | undefined => {
  let values: Json
  try {
    values = parseJson(line)
  } catch {
    // A function may write anything; what is no JSON is no metric.
    return undefined
  }
  if (!isJsonObject(values) || !isJsonObject(values['_aws'])) return undefined
  const directives = values['_aws']['CloudWatchMetrics']
  if (!Array.isArray(directives)) return undefined
  const names = directives
    .flatMap((directive) =>
      isJsonObject(directive) && Array.isArray(directive['Metrics']) ? directive['Metrics'] : [],
    )
    .flatMap((metric) => (isJsonObject(metric) && typeof metric['Name'] === 'string' ? [metric['Name']] : []))
  return { names, values }
}
