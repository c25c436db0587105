import { PRICES } from '#local/prices.ts'
import type { Batch } from '#local/replay/batches.ts'
import { percentile } from '#local/replay/percentiles.ts'
import { toFix } from '#shared/domain/presence/fix.ts'
import { type Container, setNow, startContainer } from './container.ts'
import { answerInMemory, createMemoryTables, setAwsEnvironment } from './memory-network.ts'
import { type Meter, meteredAnswers, newMeter } from './metered-network.ts'
import { pingEvent } from './ping-event.ts'
import { cpuMicros } from './rounds.ts'
import { seedGeofences } from './seed-geofences.ts'
import { cents, figure, type Table } from './table.ts'
import { fleetOf, readTraces, type Trace, uploadsOf } from './traces.ts'

const RATES = [0.1, 1, 100] as const
const BATCHES = [1, 10] as const
/** The rate of the containers whose cost is compared with the target. */
const TARGET_RATE = 1
/** Dollars a million pings, one at a time and in tens. */
const TARGETS: Readonly<Record<string, readonly [number, number]>> = {
  'SF cabs': [2.3, 0.3],
  GeoLife: [1.45, 0.2],
}
const STARTS_AT_MS = Date.UTC(2026, 10, 22)
const MOST_PINGS = 15_000
const QUICK_PINGS = 3_000
const MEMORY_MB = 512
/** A function has one vCPU at this size, and the share of it that its size is below. */
const VCPU_MB = 1_769
/** What one DynamoDB call takes to answer, in ms: not measured here, but billed as time that the function waits. */
const CALL_MS = 4

/** What a fleet's pings have taken. */
type Used = Meter & { pings: number; requests: number; cpuMicros: number }

const send = async (container: Container, { user, pings, atMs }: Batch): Promise<void> => {
  setNow(atMs)
  await container(pingEvent(user, pings.map(toFix)))
}

/**
 * Plays a fleet of so many phones that a container gets `rate` pings a second, and counts; where one phone alone sends
 * more, its requests go to as many containers in turn.
 */
const play = async (trace: Trace, batch: number, rate: number, most: number): Promise<Used> => {
  const phones = Math.max(1, Math.round(rate / trace.pingsPerS))
  const containers = Math.max(1, Math.round((phones * trace.pingsPerS) / rate))
  const fleet = fleetOf(trace, phones, most, STARTS_AT_MS)
  const tables = createMemoryTables()
  seedGeofences(tables, trace.geofences)
  let meter = newMeter()
  const restore = answerInMemory(meteredAnswers(tables, () => meter))
  try {
    const all = await Promise.all(Array.from({ length: containers }, startContainer))
    const first = all[0]
    if (first === undefined) throw new Error('no container')
    for (const upload of await uploadsOf(fleet, 'before', batch)) await send(first, upload)
    meter = newMeter()
    const uploads = await uploadsOf(fleet, 'pings', batch)
    const startedAt = cpuMicros()
    for (const [turn, upload] of uploads.entries()) await send(all[turn % all.length] ?? first, upload)
    const spent = cpuMicros() - startedAt - meter.ownMicros
    const pings = uploads.reduce((sum, upload) => sum + upload.pings.length, 0)
    return { ...meter, pings, requests: uploads.length, cpuMicros: spent }
  } finally {
    restore()
  }
}

/** Dollars a million pings, by part. */
const costsOf = (used: Used): Readonly<Record<string, number>> => {
  const perPing = (total: number): number => total / used.pings
  const busyMs = (used.cpuMicros / 1000) * (VCPU_MB / MEMORY_MB)
  const seconds = (busyMs + used.calls * CALL_MS) / 1000
  return {
    'HTTP API': perPing(used.requests) * PRICES.httpApiPerMillion,
    'Lambda requests': perPing(used.requests) * PRICES.lambdaPerMillion,
    'Lambda time': perPing(seconds) * (MEMORY_MB / 1024) * PRICES.lambdaPerGbSecond * 1e6,
    reads: perPing(used.presenceReads + used.versionReads) * PRICES.dynamodbReadPerMillion,
    writes: perPing(used.writes) * PRICES.dynamodbWritePerMillion,
  }
}

const totalOf = (costs: Readonly<Record<string, number>>): number =>
  Object.values(costs).reduce((sum, usd) => sum + usd, 0)

type Played = { readonly trace: Trace; readonly batch: number; readonly rate: number; readonly used: Used }

const unitRow = ({ trace, batch, rate, used }: Played) => {
  const per1000 = (units: number): string => figure((units / used.pings) * 1000)
  return {
    trace: trace.name,
    batch,
    'pings/s a container': rate,
    pings: used.pings,
    'presence reads': per1000(used.presenceReads),
    'version reads': per1000(used.versionReads),
    writes: per1000(used.writes),
    'bytes p50': figure(percentile(used.written, 0.5)),
    'bytes p95': figure(percentile(used.written, 0.95)),
    'tile loads, once': figure(used.loadReads),
    'CPU µs/request': figure(used.cpuMicros / used.requests),
  }
}

const costRow = ({ trace, batch, rate, used }: Played) => {
  const costs = costsOf(used)
  const target = TARGETS[trace.name]?.[batch === 1 ? 0 : 1]
  return {
    trace: trace.name,
    batch,
    'pings/s a container': rate,
    ...Object.fromEntries(Object.entries(costs).map(([name, usd]) => [name, cents(usd)])),
    'total $': cents(totalOf(costs)),
    target: target === undefined || rate !== TARGET_RATE ? '' : `≤ ${cents(target)}`,
  }
}

type Options = { readonly quick: boolean }

/** Part 3: what pings of real traces take of DynamoDB, and what a million of them cost from request to stream. */
export const unitTables = async ({ quick }: Options): Promise<readonly Table[]> => {
  setAwsEnvironment()
  const played: Played[] = []
  for (const trace of await readTraces()) {
    for (const batch of BATCHES) {
      // At the highest rate a few thousand phones share the pings: too few of them say nothing.
      for (const rate of quick ? RATES.slice(0, 2) : RATES) {
        const used = await play(trace, batch, rate, quick ? QUICK_PINGS : MOST_PINGS)
        played.push({ trace, batch, rate, used })
      }
    }
  }
  const skipped = played.length === 0 ? ['skipped: no ../shared/data'] : []
  return [
    {
      title: '3a. DynamoDB units for 1,000 pings of real traces, 200 m around every shop',
      rows: played.map(unitRow),
      notes: [
        ...skipped,
        'A fleet is made of pieces of the traces, as many as send the pings that a container gets; its clock is theirs. One phone alone that sends more spreads over several containers.',
        'Presence is read consistently (1 unit a 4 KB), versions of tiles eventually (half a unit) when the container has not checked them for 30 s; tile loads are read units at its start.',
      ],
    },
    {
      title: `3b. What a million pings cost from request to stream, in dollars of ${PRICES.asOf}, us-east-1`,
      rows: played.map(costRow),
      notes: [
        ...skipped,
        `Lambda time: ${MEMORY_MB} MB has ${cents(MEMORY_MB / VCPU_MB)} of a vCPU, so this machine's processor time takes ${cents(VCPU_MB / MEMORY_MB)} times as long; ${CALL_MS} ms of waiting for each DynamoDB call are assumed.`,
        'The whole pipeline, logs included: the last lines of `npm run replay`.',
      ],
    },
  ]
}
