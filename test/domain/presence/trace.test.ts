import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { expect, test } from 'vitest'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { tilesAt, tilesOf } from '#shared/domain/geo/tiles.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'
import { ANNA, aGeofence, HOUR } from '#test/support/builders.ts'

const DATA = join(import.meta.dirname, '../../../../shared/data')
const TRACE = join(DATA, 'traces/sf_cabspotting_3cabs.csv.gz')
const STORES = join(DATA, 'stores/alltheplaces_sf_bay.csv')
const SLICE = 4000

/** The geofences of the stores, found by tile as the index finds them. */
const storesByTile = (): ((position: Position) => IndexedGeofence[]) => {
  const byTile = new Map<string, IndexedGeofence[]>()
  for (const line of readFileSync(STORES, 'utf8').trimEnd().split('\n').slice(1)) {
    const columns = line.split(',')
    const [lat, lon] = [Number(columns.at(-2)), Number(columns.at(-1))]
    const geofence = aGeofence(columns[0] ?? '', { at: { lat, lon }, radiusM: 200 })
    for (const tile of tilesOf(geofence.shape)) byTile.set(tile, [...(byTile.get(tile) ?? []), geofence])
  }
  return (position) => tilesAt(position).flatMap((tile) => byTile.get(tile) ?? [])
}

const firstFixes = async (count: number): Promise<Fix[]> => {
  const source = createReadStream(TRACE).pipe(createGunzip())
  const fixes: Fix[] = []
  let cab: string | undefined
  for await (const line of createInterface({ input: source })) {
    const [user, at = '', lat, lon] = line.split(',')
    if (user === 'user_id') continue
    cab ??= user
    if (user === cab) fixes.push(toFix({ atMs: Date.parse(at), lat: Number(lat), lon: Number(lon) }))
    if (fixes.length === count) break
  }
  source.destroy()
  return fixes
}

/** The reporter shows that a test was skipped, not why. */
const tell = (reason: string): string => {
  console.log(reason)
  return reason
}

test('a real trace gives the same settled visits in batches of 1, 7, 10 and 100', async (ctx) => {
  if (!existsSync(TRACE) || !existsSync(STORES)) ctx.skip(tell('skipped: no ../shared/data'))
  const near = storesByTile()
  const fixes = await firstFixes(SLICE)
  const lastMs = fixes.at(-1)?.atMs ?? 0
  const play = (size: number): ClosedVisit[] => {
    const settled: ClosedVisit[] = []
    let presence = NO_PRESENCE
    for (let start = 0; start < fixes.length; start += size) {
      const folded = fold(ANNA, presence, fixes.slice(start, start + size), near, lastMs)
      presence = folded.presence
      settled.push(...folded.settled)
    }
    settled.push(...fold(ANNA, presence, [], near, lastMs, lastMs + HOUR).settled)
    return settled.toSorted((a, b) => (a.visitId < b.visitId ? -1 : 1))
  }
  const whole = play(fixes.length)
  expect(fixes).toHaveLength(SLICE)
  expect(whole.length).toBeGreaterThan(1000)
  for (const size of [1, 7, 10, 100]) expect(play(size)).toEqual(whole)
})
