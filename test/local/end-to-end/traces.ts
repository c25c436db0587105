import { existsSync } from 'node:fs'
import path from 'node:path'
import type { TracePing } from '#local/replay/read-pings.ts'
import type { TraceStore } from '#local/replay/read-stores.ts'

const DATA = path.resolve(import.meta.dirname, '../../../../shared/data')

/** Real traces, where they are at hand; the project never needs them. */
export const REAL = {
  pings: path.join(DATA, 'traces/sf_cabspotting_3cabs.csv.gz'),
  stores: path.join(DATA, 'stores/alltheplaces_sf_bay.csv'),
}
export const hasRealTraces = existsSync(REAL.pings) && existsSync(REAL.stores)

/** A generator of numbers from 0 to below 1 that a seed repeats (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const METRES_PER_DEGREE = 111_195

/** Shops of four brands strewn over a square of 2 km. */
export const inventStores = (random: () => number, count: number): TraceStore[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `store-${index}`,
    brand: `brand ${index % 4}`,
    lat: 37.78 + (random() * 2000) / METRES_PER_DEGREE,
    lon: -122.42 + (random() * 2000) / METRES_PER_DEGREE,
  }))

/** People who stroll over the same square, a fix a minute. */
export const inventPings = (
  random: () => number,
  users: number,
  minutes: number,
  startMs: number,
): TracePing[] =>
  Array.from({ length: users }, (_, user) => {
    let lat = 37.78 + (random() * 2000) / METRES_PER_DEGREE
    let lon = -122.42 + (random() * 2000) / METRES_PER_DEGREE
    return Array.from({ length: minutes }, (_, minute): TracePing => {
      lat += ((random() - 0.5) * 240) / METRES_PER_DEGREE
      lon += ((random() - 0.5) * 240) / METRES_PER_DEGREE
      return {
        user: `walker-${user}`,
        atMs: startMs + minute * 60_000 + user * 1000,
        lat,
        lon,
        accuracyM: 10,
      }
    })
  })
    .flat()
    .toSorted((a, b) => a.atMs - b.atMs)
