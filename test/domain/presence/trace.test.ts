import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { coverOf } from '#shared/domain/geo/cover.ts'
import { distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import { buildTile, type Tile, type TileRow, tileIndex, tileKey } from '#shared/domain/geo/tile-index.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import { shardOf } from '#shared/domain/ids.ts'
import { compareFixes, type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { type Folded, fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import { packPresence, unpackPresence } from '#shared/domain/presence/packing.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'
import { ANNA, aGeofence, HOUR, MINUTE } from '#test/support/builders.ts'

const DATA = join(import.meta.dirname, '../../../../shared/data')
const CABS = join(DATA, 'traces/sf_cabspotting_3cabs.csv.gz')
const WALKERS = join(DATA, 'traces/beijing_geolife_users001_005.csv.gz')
const STORES = join(DATA, 'stores/alltheplaces_sf_bay.csv')
const SLICE = 4000

const tileName = (depth: number, key: number): string => `${depth} ${key}`

/** The geofences as the product's index finds them. */
const indexOf = (geofences: readonly IndexedGeofence[]): GeofencesAt => {
  const rows = new Map<string, TileRow[]>()
  for (const geofence of geofences) {
    for (const { tile, code } of coverOf(geofence.shape)) {
      const name = tileName(tile.depth, tileKey(tile))
      rows.set(name, [...(rows.get(name) ?? []), { geofence, code }])
    }
  }
  const tiles = new Map<string, Tile>([...rows].map(([name, list]) => [name, buildTile(list)]))
  return tileIndex((depth, key) => tiles.get(tileName(depth, key))).at
}

const storesAround = (): GeofencesAt =>
  indexOf(
    readFileSync(STORES, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => {
        const columns = line.split(',')
        const at = { lat: Number(columns.at(-2)), lon: Number(columns.at(-1)) }
        return aGeofence(columns[0] ?? '', { at, radiusM: 200 })
      }),
  )

/** Places where the walk came by, for want of a city's shops. */
const placesOn = (fixes: readonly Fix[]): GeofencesAt =>
  indexOf(
    fixes
      .filter((_, index) => index % 40 === 0)
      .map((at, index) => aGeofence(`place ${index}`, { at, radiusM: 60 + (index % 5) * 50 })),
  )

const firstFixes = async (file: string, count: number): Promise<Fix[]> => {
  const source = createReadStream(file).pipe(createGunzip())
  const fixes: Fix[] = []
  let first: string | undefined
  for await (const line of createInterface({ input: source })) {
    const [user, at = '', lat, lon] = line.split(',')
    if (user === 'user_id') continue
    first ??= user
    if (user === first) fixes.push(toFix({ atMs: Date.parse(at), lat: Number(lat), lon: Number(lon) }))
    if (fixes.length === count) break
  }
  source.destroy()
  return fixes.toSorted(compareFixes)
}

/** The reporter shows that a test was skipped, not why. */
const tell = (reason: string): string => {
  console.log(reason)
  return reason
}

type Played = { readonly settled: ClosedVisit[]; readonly bytes: number[] }

const play = (fixes: readonly Fix[], near: GeofencesAt, size: number): Played => {
  const lastMs = Math.max(...fixes.map(({ atMs }) => atMs))
  const settled: ClosedVisit[] = []
  const bytes: number[] = []
  let presence = NO_PRESENCE
  const keep = (folded: Folded): void => {
    const packed = packPresence(folded.presence, folded)
    if (folded.changed) bytes.push(packed.length)
    presence = unpackPresence(packed)
    settled.push(...folded.settled)
  }
  for (let start = 0; start < fixes.length; start += size) {
    keep(fold(ANNA, presence, fixes.slice(start, start + size), near, lastMs))
  }
  for (let round = 0; round < 100; round++) keep(fold(ANNA, presence, [], near, lastMs, lastMs + 2 * HOUR))
  return { settled: settled.toSorted((a, b) => (a.visitId < b.visitId ? -1 : 1)), bytes }
}

/** I2 speaks of the fixes in or near a geofence; what the index lists may be a little farther away. */
const counts = (near: GeofencesAt, fix: Fix): boolean =>
  near(fix, fix.atMs).some(
    ({ inside, test: listed }) =>
      inside.length > 0 || listed.some(({ shape }) => distanceToBoundaryM(shape, fix) <= TILE_MARGIN_M),
  )

/** Each fix up to 14 minutes late, in the order of arrival, and every seventh twice. */
const arriving = (fixes: readonly Fix[]): Fix[] =>
  fixes
    .flatMap((fix, index) => (index % 7 === 0 ? [fix, fix] : [fix]))
    .map((fix, index) => ({ fix, atMs: fix.atMs + shardOf(`late ${index}`, 14 * MINUTE) }))
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ fix }) => fix)

const SIZES = [1, 7, 10, 100]

test('cabs in San Francisco make the same visits in batches of 1, 7, 10 and 100, late, and twice', async (ctx) => {
  if (!existsSync(CABS) || !existsSync(STORES)) ctx.skip(tell('skipped: no ../shared/data'))
  const near = storesAround()
  const fixes = await firstFixes(CABS, SLICE)
  const whole = play(fixes, near, fixes.length).settled
  expect(fixes).toHaveLength(SLICE)
  expect(whole.length).toBeGreaterThan(1000)
  for (const size of SIZES) expect(play(fixes, near, size).settled).toEqual(whole)

  const kept = fixes.filter((fix) => counts(near, fix))
  const inOrder = play(kept, near, kept.length).settled
  for (const size of SIZES) expect(play(arriving(kept), near, size).settled).toEqual(inOrder)

  const bytes = play(fixes, near, 1).bytes.toSorted((a, b) => a - b)
  expect(bytes[Math.floor(bytes.length * 0.5)]).toBeLessThan(1000)
  expect(bytes[Math.floor(bytes.length * 0.95)]).toBeLessThan(2000)
})

test('walkers in Beijing make the same visits in batches of 1, 7, 10 and 100, late, and twice', async (ctx) => {
  if (!existsSync(WALKERS)) ctx.skip(tell('skipped: no ../shared/data'))
  const fixes = await firstFixes(WALKERS, SLICE)
  const near = placesOn(fixes)
  const whole = play(fixes, near, fixes.length).settled
  expect(whole.length).toBeGreaterThan(100)
  for (const size of SIZES) expect(play(fixes, near, size).settled).toEqual(whole)
  const kept = fixes.filter((fix) => counts(near, fix))
  const inOrder = play(kept, near, kept.length).settled
  for (const size of SIZES) expect(play(arriving(kept), near, size).settled).toEqual(inOrder)
})
