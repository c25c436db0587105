import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createRehearsal, type Rehearsed } from '#local/rehearse/rehearse-pings.ts'
import { readPings, type TracePing } from '#local/replay/read-pings.ts'
import { readStores } from '#local/replay/read-stores.ts'
import { distanceM } from '#shared/domain/geo/distance.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { aGeofence, named, SQUARE, T0 } from '#test/support/builders.ts'

const DATA = path.join(import.meta.dirname, '../../../../shared/data')
const TRACE = path.join(DATA, 'traces/sf_cabspotting_3cabs.csv.gz')
const STORES = path.join(DATA, 'stores/alltheplaces_sf_bay.csv')
const RADIUS_M = 200
const SLICE = 3000

const firstPings = async (count: number): Promise<TracePing[]> => {
  const pings: TracePing[] = []
  for await (const ping of readPings(TRACE)) if (pings.push(ping) === count) break
  return pings
}

/** The reporter shows that a test was skipped, not why. */
const tell = (reason: string): string => {
  console.log(reason)
  return reason
}

test('on a real trace `inside` is what measuring every shop says, and `open` what the transitions add up to', async (ctx) => {
  if (!existsSync(TRACE) || !existsSync(STORES)) ctx.skip(tell('skipped: no ../shared/data'))
  const stores = await readStores(STORES)
  const geofences = stores.map(({ id, lat, lon }) => aGeofence(id, { at: { lat, lon }, radiusM: RADIUS_M }))
  const nameOf = new Map(stores.map(({ id }) => [named('gf', id), id]))
  const rehearsal = createRehearsal(indexOf(geofences), nameOf, 'wgs84')
  const open = new Set<Rehearsed['open'][number]>()
  let found = 0
  for (const ping of await firstPings(SLICE)) {
    const { inside, open: after, transitions } = rehearsal.take(ping)
    const naive = stores.filter((store) => distanceM(store, ping) <= RADIUS_M).map(({ id }) => id)
    expect(inside).toEqual(naive.toSorted())
    for (const { type, geofence } of transitions) open[type === 'enter' ? 'add' : 'delete'](geofence)
    // A long silence ends visits without a transition.
    for (const name of open) if (!after.includes(name)) open.delete(name)
    expect(after).toEqual([...open].toSorted())
    found += transitions.length
  }
  expect(found).toBeGreaterThan(1000)
})

test('no more users are held than may be: the one who has been silent for the longest is forgotten', () => {
  const square = aGeofence('square')
  const rehearsal = createRehearsal(indexOf([square]), new Map([[square.id, 'square']]), 'wgs84', 2)
  const types = (user: string, atS: number): string[] =>
    rehearsal.take({ user, atMs: T0 + atS * 1000, ...SQUARE }).transitions.map(({ type }) => type)
  expect([types('a', 0), types('b', 0), types('a', 20)]).toEqual([['enter'], ['enter'], []])
  expect(types('c', 20)).toEqual(['enter'])
  expect([types('a', 40), types('b', 40)]).toEqual([[], ['enter']])
  expect(rehearsal.forgotten()).toBe(2)
})
