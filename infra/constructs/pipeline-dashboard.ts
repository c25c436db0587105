import { Duration } from 'aws-cdk-lib'
import { Dashboard, GraphWidget, type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import {
  accountConcurrency,
  accountThrottles,
  deliveries,
  iteratorAge,
  smsSpent,
} from '#infra/constructs/metrics.ts'
import type { Watched } from '#infra/constructs/watch.ts'

export type DashboardProps = Watched & {
  readonly stage: string
  readonly queues: Readonly<Record<string, IQueue>>
  readonly tables: Readonly<Record<string, Table>>
}

/** The way of the data on one page: in at the top, out at the bottom. */
export const addDashboard = (scope: Construct, props: DashboardProps) => {
  const { config, api, functions, streamReader, deadLetters, queues, tables } = props
  const each = <T, R>(named: Readonly<Record<string, T>>, metric: (value: T, label: string) => R): R[] =>
    Object.entries(named).map(([label, value]) => metric(value, label))
  const dashboard = new Dashboard(scope, 'Dashboard', {
    dashboardName: `beckon-${props.stage}`,
    defaultInterval: Duration.hours(24),
  })

  dashboard.addWidgets(
    graph('Requests', [api.metricCount({ label: 'all' }), api.metricClientError(), api.metricServerError()]),
    graph('Time of a request, ms', [
      api.metricLatency({ statistic: Stats.p(50) }),
      api.metricLatency({ statistic: Stats.p(99) }),
    ]),
    graph('Concurrency of the account', [accountConcurrency()], [accountThrottles()]),
  )
  dashboard.addWidgets(
    graph(
      'Invocations',
      functions.map((fn) => fn.metricInvocations({ label: fn.name })),
    ),
    graph(
      'Crashes (left), failed requests and records (right)',
      functions.map((fn) => fn.metricErrors({ label: fn.name })),
      functions.map((fn) => fn.failures.with({ label: fn.name })),
    ),
    graph(
      'Duration p99, ms',
      functions.map((fn) => fn.metricDuration({ statistic: Stats.p(99), label: fn.name })),
    ),
  )
  dashboard.addWidgets(
    graph('Behind the streams, ms', [iteratorAge(streamReader.functionName)]),
    graph(
      'Waiting in queues',
      each(queues, (q, label) => q.metricApproximateNumberOfMessagesVisible({ label })),
    ),
    graph(
      'Put aside',
      each(deadLetters, (q, label) => q.metricApproximateNumberOfMessagesVisible({ label })),
    ),
  )
  dashboard.addWidgets(
    graph(
      'Table reads, units',
      each(tables, (t, label) => t.metricConsumedReadCapacityUnits({ label })),
    ),
    graph(
      'Table writes, units',
      each(tables, (t, label) => t.metricConsumedWriteCapacityUnits({ label })),
    ),
    graph(
      'Deliveries by SNS',
      deliveries(config).flatMap(({ platform, delivered, failed }) => [
        delivered.with({ label: `${platform} delivered` }),
        failed.with({ label: `${platform} failed` }),
      ]),
      [smsSpent()],
    ),
  )
}

const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
  new GraphWidget({ title, left, right, width: 8, height: 6 })
