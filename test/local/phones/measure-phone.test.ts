import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, it, test } from 'vitest'
import { type Found, measurePhone, missedBy } from '#local/phones/measure-phone.ts'
import { readPings } from '#local/replay/read-pings.ts'
import { readStores } from '#local/replay/read-stores.ts'
import { readRows } from '#local/replay/read-table.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { compareFixes, type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { aGeofence, named } from '#test/support/builders.ts'

const DATA = path.join(import.meta.dirname, '../../../../shared/data')
const WORLD = path.join(DATA, 'stores/starbucks_worldwide_2017.csv.gz')
const BAY = path.join(DATA, 'stores/alltheplaces_sf_bay.csv')
const WALKS = path.join(DATA, 'traces/beijing_geolife_users001_005.csv.gz')
const CABS = path.join(DATA, 'traces/sf_cabspotting_3cabs.csv.gz')

const shopsInBeijing = async (): Promise<Position[]> => {
  const shops: Position[] = []
  for await (const { city, lat, lon } of readRows(WORLD)) {
    if (city === '北京市') shops.push({ lat: Number(lat), lon: Number(lon) })
  }
  return shops
}

const drawn = (shops: readonly Position[], radiusM: number): IndexedGeofence[] =>
  shops.map(({ lat, lon }, number) => aGeofence(`shop ${number}`, { at: { lat, lon }, radiusM }))

const fixesOf = async (trace: string): Promise<Fix[][]> => {
  const users = new Map<string, Fix[]>()
  for await (const ping of readPings(trace)) {
    const fixes = users.get(ping.user) ?? []
    fixes.push(toFix(ping))
    users.set(ping.user, fixes)
  }
  return [...users.values()].map((fixes) => fixes.toSorted(compareFixes))
}

const hasData = [WORLD, BAY, WALKS, CABS].every((file) => existsSync(file))
if (!hasData) console.log('skipped: no ../shared/data')

test.skipIf(!hasData).each([
  ['walkers in Beijing, 234 places of 200 m', WALKS, shopsInBeijing, 200, 97],
  ['cabs in San Francisco, shops of 200 m', CABS, () => readStores(BAY), 200, 25],
  ['cabs in San Francisco, shops of 50 m', CABS, () => readStores(BAY), 50, 50],
])('an obedient phone misses nothing on a real trace: %s', async (...[, trace, shops, radiusM, percent]) => {
  const index = indexOf(drawn(await shops(), radiusM))
  let [fixes, pings] = [0, 0]
  for (const [number, own] of (await fixesOf(trace)).entries()) {
    const measured = measurePhone(named('usr', `phone ${number}`), own, index)
    expect(missedBy(measured)).toEqual([])
    fixes += own.length
    pings += measured.pings
  }
  const saved = (100 * (fixes - pings)) / fixes
  console.log(`${saved.toFixed(2)} % of ${fixes} pings need not be sent`)
  expect(saved).toBeGreaterThan(percent)
})

it('counts what is found too late, or never', () => {
  const found = (what: string, index: number): Found => ({ what, index })
  const all = [found('enter a', 10), found('exit a', 20), found('enter a', 40), found('exit a', 50)]
  expect(missedBy({ all, obedient: all })).toEqual([])
  const late = [found('enter a', 11), found('exit a', 22), found('enter a', 42), found('exit a', 53)]
  expect(missedBy({ all, obedient: late })).toEqual([found('enter a', 40), found('exit a', 50)])
  expect(missedBy({ all, obedient: [] })).toEqual(all)
})
