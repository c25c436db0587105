import { PRICES } from '#local/prices.ts'
import { percentile } from '#local/replay/percentiles.ts'
import type { Played } from '#local/replay/play-pings.ts'
import type { Outcome } from '#local/replay/read-outcome.ts'

/** What the local cloud counts by itself. */
export type Stats = {
  readonly functions: Readonly<
    Record<
      string,
      { invocations: number; errors: number; duration: { meanMs: number; p50Ms: number; p99Ms: number } }
    >
  >
  readonly units?: Readonly<Record<string, { read: number; write: number }>>
}

const MEMORY_GB = 0.5
/** Called once a minute whatever comes in: not part of what pings cost. */
const BY_THE_CLOCK = 'remind-revisits'

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })

const counts = (title: string, found: ReadonlyMap<string | number, number>): string[] => {
  const rows = [...found].toSorted(([, a], [, b]) => b - a).map(([name, times]) => `${name} ${number(times)}`)
  return [`${title.padEnd(26)} ${rows.length === 0 ? 'none' : rows.join(' · ')}`]
}

const line = (title: string, value: string): string => `${title.padEnd(26)} ${value}`

const totalUnits = ({ units = {} }: Stats) =>
  Object.values(units).reduce(
    (sum, { read, write }) => ({ read: sum.read + read, write: sum.write + write }),
    {
      read: 0,
      write: 0,
    },
  )

/** USD per million pings, by part. */
const costs = (played: Played, outcome: Outcome, stats: Stats, before: Stats): [string, number][] => {
  const perMillion = 1_000_000 / Math.max(1, played.pings)
  const used = totalUnits(stats)
  const earlier = totalUnits(before)
  const runs = Object.entries(stats.functions)
    .filter(([name]) => name !== BY_THE_CLOCK)
    .map(([name, { invocations, duration }]) => {
      const known = before.functions[name]
      const more = invocations - (known?.invocations ?? 0)
      return { invocations: more, seconds: (more * duration.meanMs) / 1000 }
    })
  const invocations = runs.reduce((sum, run) => sum + run.invocations, 0)
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0)
  const pushes = [...outcome.messages]
    .filter(([name]) => name === 'push sent')
    .reduce((sum, [, times]) => sum + times, 0)
  return [
    ['HTTP API', (played.requests * perMillion * PRICES.httpApiPerMillion) / 1e6],
    ['Lambda requests', (invocations * perMillion * PRICES.lambdaPerMillion) / 1e6],
    ['Lambda time', seconds * MEMORY_GB * perMillion * PRICES.lambdaPerGbSecond],
    ['DynamoDB reads', ((used.read - earlier.read) * perMillion * PRICES.dynamodbReadPerMillion) / 1e6],
    ['DynamoDB writes', ((used.write - earlier.write) * perMillion * PRICES.dynamodbWritePerMillion) / 1e6],
    ['SNS push', (pushes * perMillion * PRICES.snsPushPerMillion) / 1e6],
  ]
}

/**
 * What a replay has shown, as text.
 *
 * @param before what the local cloud had counted when the first ping was sent
 */
export const summary = (played: Played, outcome: Outcome, stats: Stats, before: Stats): string => {
  const used = totalUnits(stats)
  const earlier = totalUnits(before)
  const per1000 = 1000 / Math.max(1, played.pings)
  const match = stats.functions['match-pings']?.duration
  const parts = costs(played, outcome, stats, before)
  const total = parts.reduce((sum, [, usd]) => sum + usd, 0)
  return [
    '',
    line(
      'pings',
      `${number(played.pings)} in ${number(played.requests)} requests, ${number(played.wallMs / 1000, 1)} s`,
    ),
    line(
      'requests/s',
      `${number(played.requests / (played.wallMs / 1000), 1)} (one after another, each with all that follows)`,
    ),
    ...counts('answers by status', played.statuses),
    line(
      'request p50 / p99',
      `${number(percentile(played.requestMs, 0.5), 1)} / ${number(percentile(played.requestMs, 0.99), 1)} ms`,
    ),
    line('match-pings p50 / p99', `${number(match?.p50Ms ?? 0, 1)} / ${number(match?.p99Ms ?? 0, 1)} ms`),
    line(
      'ping to publish p50 / p99',
      `${number(percentile(played.pingToPublishMs, 0.5), 1)} / ${number(percentile(played.pingToPublishMs, 0.99), 1)} ms (own code, without polling)`,
    ),
    ...Object.entries(stats.functions)
      .filter(([, { invocations }]) => invocations > 0)
      .map(([name, { invocations, errors, duration }]) =>
        line(
          `  ${name}`,
          `${number(invocations)} runs, ${number(errors)} failed, mean ${number(duration.meanMs, 1)} p50 ${number(duration.p50Ms, 1)} p99 ${number(duration.p99Ms, 1)} ms`,
        ),
      ),
    ...counts('transitions', played.transitions),
    line('settled visits', number(outcome.visits)),
    line('grants', number(outcome.grants)),
    ...counts('messages', outcome.messages),
    ...counts('suppressed', outcome.suppressed),
    line(
      'DynamoDB / 1,000 pings',
      `${number((used.read - earlier.read) * per1000, 0)} read units · ${number((used.write - earlier.write) * per1000, 0)} write units (the minute's sweeps included)`,
    ),
    line(
      'cost / million pings',
      `${number(total, 2)} $ = ${parts.map(([name, usd]) => `${name} ${number(usd, 2)}`).join(' + ')}`,
    ),
    line(
      '',
      `prices of ${PRICES.asOf}, us-east-1; Lambda at ${MEMORY_GB} GB with this machine's times; SQS, logs and the schedule left out`,
    ),
    '',
  ].join('\n')
}
