import { cpus } from 'node:os'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { tilesAt, tilesOf } from '#shared/domain/geo/tiles.ts'
import { hashId } from '#shared/domain/ids.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'

const RUNS = 5
const PINGS = 2_000
const BATCH = 10
const SEED = 1

/** mulberry32 */
const randomFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Circles of 200 m, ten to a square kilometre as in a town, in tiles. */
const indexOf = (count: number, random: () => number) => {
  const side = Math.sqrt(count / 10) * 0.009
  const tiles = new Map<string, IndexedGeofence[]>()
  for (let index = 0; index < count; index++) {
    const shape = { kind: 'circle', lat: random() * side, lon: random() * side, radiusM: 200 } as const
    const geofence: IndexedGeofence = {
      id: hashId('gf', String(index)),
      merchantId: hashId('mer', String(index % 100)),
      shape,
      timeZone: 'UTC',
      revision: 1,
      effectiveAtMs: 0,
    }
    for (const tile of tilesOf(shape)) tiles.set(tile, [...(tiles.get(tile) ?? []), geofence])
  }
  return { side, near: (position: Position) => tilesAt(position).flatMap((tile) => tiles.get(tile) ?? []) }
}

const walk = (side: number, random: () => number): Fix[] => {
  let lat = (random() * side) / 2
  let lon = (random() * side) / 2
  return Array.from({ length: PINGS }, (_, index) => {
    lat = Math.min(side, Math.max(0, lat + (random() - 0.5) * 0.002))
    lon = Math.min(side, Math.max(0, lon + (random() - 0.5) * 0.002))
    return toFix({ atMs: index * 60_000, lat, lon, accuracyM: 10 })
  })
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const perSecond = (work: () => void): number => {
  const rates = Array.from({ length: RUNS }, () => {
    const startedMs = performance.now()
    work()
    return PINGS / ((performance.now() - startedMs) / 1000)
  })
  return Math.round(median(rates))
}

const user = hashId('usr', 'bench')

const foldAll = (
  fixes: readonly Fix[],
  near: (position: Position) => IndexedGeofence[],
  batch: number,
): void => {
  let presence: Presence = NO_PRESENCE
  for (let start = 0; start < fixes.length; start += batch) {
    const folded = fold(user, presence, fixes.slice(start, start + batch), near, Number.MAX_SAFE_INTEGER)
    presence = folded.presence
  }
}

console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}; medians of ${RUNS} runs, pings/s on one core, seed ${SEED}`,
)
const rows = [1_000, 100_000].map((count) => {
  const random = randomFrom(SEED)
  const { side, near } = indexOf(count, random)
  const fixes = walk(side, random)
  return {
    geofences: count,
    'look-up only': perSecond(() => {
      for (const fix of fixes) near(fix)
    }),
    'fold, 1 a time': perSecond(() => foldAll(fixes, near, 1)),
    'fold, 10 a time': perSecond(() => foldAll(fixes, near, BATCH)),
  }
})
console.table(rows)
