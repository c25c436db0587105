import { PRICES } from '#local/prices.ts'
import { percentile } from '#local/replay/percentiles.ts'
import type { Played } from '#local/replay/play-pings.ts'
import type { Outcome } from '#local/replay/read-outcome.ts'

/** What the local cloud counts by itself. */
export type Stats = {
  readonly functions: Readonly<
    Record<
      string,
      {
        invocations: number
        errors: number
        duration: { meanMs: number; p50Ms: number; p99Ms: number }
        loggedBytes: number
      }
    >
  >
  readonly queueRequests: number
  readonly units?: Readonly<Record<string, { read: number; write: number }>>
}

const MEMORY_GB = 0.5
/** What Lambda itself logs of a run in its text format: the lines START, END and REPORT. */
const RUN_LOG_BYTES = 270
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

/** What was there before the replay and after it. */
export type State = { readonly outcome: Outcome; readonly stats: Stats }

const less = (after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Map<string, number> =>
  new Map(
    [...after]
      .map(([name, times]): [string, number] => [name, times - (before.get(name) ?? 0)])
      .filter(([, n]) => n !== 0),
  )

/** Only what this replay has added: the local cloud may have had a life before. */
const added = (before: State, after: State) => {
  const used = totalUnits(after.stats)
  const earlier = totalUnits(before.stats)
  return {
    grants: after.outcome.grants - before.outcome.grants,
    visits: after.outcome.visits - before.outcome.visits,
    messages: less(after.outcome.messages, before.outcome.messages),
    suppressed: less(after.outcome.suppressed, before.outcome.suppressed),
    units: after.stats.units && { read: used.read - earlier.read, write: used.write - earlier.write },
    queueRequests: after.stats.queueRequests - before.stats.queueRequests,
    functions: Object.entries(after.stats.functions)
      .map(([name, { invocations, errors, duration, loggedBytes }]) => ({
        name,
        loggedBytes: loggedBytes - (before.stats.functions[name]?.loggedBytes ?? 0),
        runs: invocations - (before.stats.functions[name]?.invocations ?? 0),
        failed: errors - (before.stats.functions[name]?.errors ?? 0),
        duration,
      }))
      .filter(({ runs }) => runs > 0),
  }
}

type Added = ReturnType<typeof added>

/** USD per million pings, by part. */
const costs = (played: Played, { functions, messages, units, queueRequests }: Added): [string, number][] => {
  const perMillion = 1_000_000 / Math.max(1, played.pings)
  const runs = functions.filter(({ name }) => name !== BY_THE_CLOCK)
  const invocations = runs.reduce((sum, run) => sum + run.runs, 0)
  const seconds = runs.reduce((sum, run) => sum + (run.runs * run.duration.meanMs) / 1000, 0)
  const logged = runs.reduce((sum, run) => sum + run.loggedBytes + run.runs * RUN_LOG_BYTES, 0)
  return [
    ['HTTP API', (played.requests * perMillion * PRICES.httpApiPerMillion) / 1e6],
    ['Lambda requests', (invocations * perMillion * PRICES.lambdaPerMillion) / 1e6],
    ['Lambda time', seconds * MEMORY_GB * perMillion * PRICES.lambdaPerGbSecond],
    ['DynamoDB reads', ((units?.read ?? 0) * perMillion * PRICES.dynamodbReadPerMillion) / 1e6],
    ['DynamoDB writes', ((units?.write ?? 0) * perMillion * PRICES.dynamodbWritePerMillion) / 1e6],
    ['SQS', (queueRequests * perMillion * PRICES.sqsPerMillion) / 1e6],
    ['logs', (logged / 1e9) * perMillion * PRICES.logsPerGb],
    ['SNS push', ((messages.get('push sent') ?? 0) * perMillion * PRICES.snsPushPerMillion) / 1e6],
  ]
}

const unitLines = (played: Played, news: Added): string[] => {
  const { units } = news
  if (units === undefined) {
    return [
      line('DynamoDB units, cost', 'not metered: the local cloud that ran already does not count units'),
    ]
  }
  const per1000 = 1000 / Math.max(1, played.pings)
  const parts = costs(played, news)
  const total = parts.reduce((sum, [, usd]) => sum + usd, 0)
  return [
    line(
      'DynamoDB / 1,000 pings',
      `${number(units.read * per1000)} read units · ${number(units.write * per1000)} write units (the minute's sweeps included)`,
    ),
    line(
      'cost / million pings',
      `${number(total, 2)} $ = ${parts.map(([name, usd]) => `${name} ${number(usd, 2)}`).join(' + ')}`,
    ),
    line(
      '',
      `prices of ${PRICES.asOf}, us-east-1; Lambda at ${MEMORY_GB} GB with this machine's times; reading streams is free, the schedule and empty polls are left out`,
    ),
  ]
}

const notSentLine = ({ pings, notSent }: Played): string[] =>
  notSent === 0
    ? []
    : [
        line(
          'not sent',
          `${number(notSent)} pings, ${number((100 * notSent) / (pings + notSent), 2)} %: the phone contract did not ask for them`,
        ),
      ]

/**
 * What a replay has shown, as text.
 *
 * @param before what the local cloud held and had counted when the first ping was sent
 * @param after the same when all was played
 */
export const summary = (played: Played, before: State, after: State): string => {
  const news = added(before, after)
  const match = news.functions.find(({ name }) => name === 'match-pings')?.duration
  const times = (samples: readonly number[]) =>
    `${number(percentile(samples, 0.5), 1)} / ${number(percentile(samples, 0.99), 1)} ms`
  return [
    '',
    line(
      'pings',
      `${number(played.pings)} in ${number(played.requests)} requests, ${number(played.wallMs / 1000, 1)} s`,
    ),
    ...notSentLine(played),
    line(
      'requests/s',
      `${number(played.requests / (played.wallMs / 1000), 1)} (one after another, each with all that follows)`,
    ),
    ...counts('answers by status', played.statuses),
    line('request p50 / p99', times(played.requestMs)),
    line('match-pings p50 / p99', `${number(match?.p50Ms ?? 0, 1)} / ${number(match?.p99Ms ?? 0, 1)} ms`),
    line('ping to publish p50 / p99', `${times(played.pingToPublishMs)} (own code, without polling)`),
    ...news.functions.map(({ name, runs, failed, duration: { meanMs, p50Ms, p99Ms } }) =>
      line(
        `  ${name}`,
        `${number(runs)} runs, ${number(failed)} failed, mean ${number(meanMs, 1)} p50 ${number(p50Ms, 1)} p99 ${number(p99Ms, 1)} ms`,
      ),
    ),
    ...counts('transitions', played.transitions),
    line('settled visits', number(news.visits)),
    line('grants', number(news.grants)),
    ...counts('messages', news.messages),
    ...counts('suppressed', news.suppressed),
    ...unitLines(played, news),
    '',
  ].join('\n')
}
