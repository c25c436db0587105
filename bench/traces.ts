import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Batch, batchesOf } from '#local/replay/batches.ts'
import { readPings, type TracePing } from '#local/replay/read-pings.ts'
import { readRows } from '#local/replay/read-table.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { hashId } from '#shared/domain/ids.ts'

const DATA = join(import.meta.dirname, '../../shared/data')
const MINUTE_MS = 60_000
/** A phone that is silent for longer is not under way. */
const GAP_MS = 15 * MINUTE_MS

/** Real positions and real shops; `undefined` where the data are not there. */
export type Trace = {
  readonly name: string
  readonly geofences: readonly IndexedGeofence[]
  /** The pings of each phone in order of time. */
  readonly phones: readonly (readonly TracePing[])[]
  /** How many pings a second a phone sends while it is under way. */
  readonly pingsPerS: number
}

type Source = {
  readonly name: string
  readonly pings: string
  readonly stores: string
  readonly timeZone: string
  readonly isNear: (position: Position) => boolean
}

const RADIUS_M = 200

const SOURCES: readonly Source[] = [
  {
    name: 'SF cabs',
    pings: 'traces/sf_cabspotting_3cabs.csv.gz',
    stores: 'stores/alltheplaces_sf_bay.csv',
    timeZone: 'America/Los_Angeles',
    isNear: () => true,
  },
  {
    name: 'GeoLife',
    pings: 'traces/beijing_geolife_users001_005.csv.gz',
    stores: 'stores/starbucks_worldwide_2017.csv.gz',
    timeZone: 'Asia/Shanghai',
    // The city of Beijing: 230 Starbucks.
    isNear: ({ lat, lon }) => lat > 39.7 && lat < 40.2 && lon > 116.1 && lon < 116.7,
  },
]

/** Shops of a file near the trace; a shop whose position nobody knows is left out. */
const geofencesOf = async ({ isNear, timeZone }: Source, file: string): Promise<IndexedGeofence[]> => {
  const geofences: IndexedGeofence[] = []
  for await (const row of readRows(file)) {
    const position = { lat: Number(row['lat'] || Number.NaN), lon: Number(row['lon'] || Number.NaN) }
    if (!Number.isFinite(position.lat) || !isNear(position)) continue
    const id = row['id'] ?? row['store_number'] ?? ''
    geofences.push({
      id: hashId('gf', id),
      merchantId: hashId('mer', row['brand'] ?? ''),
      storeId: hashId('sto', id),
      shape: { kind: 'circle', ...position, radiusM: RADIUS_M },
      timeZone,
      revision: 1,
      effectiveAtMs: 0,
    })
  }
  return geofences
}

const byPhone = async (file: string): Promise<TracePing[][]> => {
  const phones = new Map<string, TracePing[]>()
  for await (const ping of readPings(file)) {
    const known = phones.get(ping.user)
    if (known) known.push(ping)
    else phones.set(ping.user, [ping])
  }
  return [...phones.values()].map((pings) => pings.toSorted((a, b) => a.atMs - b.atMs))
}

const rateOf = (phones: readonly (readonly TracePing[])[]): number => {
  let [steps, spentMs] = [0, 0]
  for (const pings of phones) {
    for (const [index, { atMs }] of pings.entries()) {
      const stepMs = atMs - (pings[index - 1]?.atMs ?? Number.NEGATIVE_INFINITY)
      if (stepMs > GAP_MS) continue
      steps += 1
      spentMs += stepMs
    }
  }
  return steps / (spentMs / 1000)
}

const readTrace = async (source: Source): Promise<Trace | undefined> => {
  const [pings, stores] = [join(DATA, source.pings), join(DATA, source.stores)]
  if (!existsSync(pings) || !existsSync(stores)) return undefined
  const phones = await byPhone(pings)
  const geofences = await geofencesOf(source, stores)
  return { name: source.name, geofences, phones, pingsPerS: rateOf(phones) }
}

/** The traces that are there. */
export const readTraces = async (): Promise<Trace[]> => {
  const traces: Trace[] = []
  for (const source of SOURCES) {
    const trace = await readTrace(source)
    if (trace !== undefined) traces.push(trace)
  }
  return traces
}

/** One phone's part of a trace, moved to a common time: what leads up to it, and what is counted. */
export type Segment = { readonly before: readonly TracePing[]; readonly pings: readonly TracePing[] }

const MOST_BEFORE = 200
/** A phone that sends fewer does not fill two batches of ten. */
const LEAST_PINGS = 20

const shifted = (pings: readonly TracePing[], user: string, byMs: number): TracePing[] =>
  pings.map((ping) => ({ ...ping, user, atMs: ping.atMs + byMs }))

const leadingTo = (pings: readonly TracePing[], start: number): TracePing[] => {
  let first = start
  while (first > 0 && start - first < MOST_BEFORE) {
    const stepMs = (pings[first]?.atMs ?? 0) - (pings[first - 1]?.atMs ?? 0)
    if (stepMs > GAP_MS || (pings[start]?.atMs ?? 0) - (pings[first - 1]?.atMs ?? 0) > GAP_MS) break
    first -= 1
  }
  return pings.slice(first, start)
}

/**
 * A fleet out of a few phones: their traces are cut into as many pieces as phones are wanted, and all pieces begin at the
 * same time. Each has the quarter of an hour before it, so that nobody begins with an empty presence.
 *
 * @param most so many pings altogether, but not fewer than 20 a phone
 */
export const fleetOf = (trace: Trace, count: number, most: number, startMs: number): Segment[] => {
  const total = trace.phones.reduce((sum, pings) => sum + pings.length, 0)
  const length = Math.floor(total / count)
  const taken = Math.min(length, Math.max(LEAST_PINGS, Math.ceil(most / count)))
  const segments: Segment[] = []
  for (const [phone, pings] of trace.phones.entries()) {
    for (let start = 0; start + taken <= pings.length && segments.length < count; start += length) {
      const user = `phone ${phone}, piece ${start}`
      const byMs = startMs - (pings[start]?.atMs ?? 0)
      segments.push({
        before: shifted(leadingTo(pings, start), user, byMs),
        pings: shifted(pings.slice(start, start + taken), user, byMs),
      })
    }
  }
  return segments
}

const each = async function* (pings: readonly TracePing[]): AsyncGenerator<TracePing> {
  yield* pings
}

/** The uploads of a fleet in order of time. */
export const uploadsOf = (
  segments: readonly Segment[],
  part: keyof Segment,
  size: number,
): Promise<Batch[]> =>
  batchesOf(each(segments.flatMap((segment) => segment[part])), size, Number.POSITIVE_INFINITY)
