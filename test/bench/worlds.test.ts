import { describe, expect, it } from 'vitest'
import { flatbushLookup, type Lookup, loopLookup, tilesLookup } from '../../bench/lookups.ts'
import { median } from '../../bench/rounds.ts'
import { citiesOf, lotsOf, townOf } from '../../bench/worlds.ts'

const size = { walks: 5, seed: 7 }

describe.each([
  ['a town', townOf(500, size)],
  ['cities', citiesOf(600, size)],
  ['lots', lotsOf(60, size)],
])('the contestants in %s', (_, world) => {
  const lookups: Lookup[] = [tilesLookup, flatbushLookup, loopLookup].map((make) => make(world.geofences))

  it('find the same geofences at every fix', () => {
    for (const fix of world.walks.flatMap(({ fixes }) => fixes)) {
      const [first, ...others] = lookups.map((lookup) => lookup.holding(fix, fix.atMs).toSorted())
      for (const other of others) expect(other).toEqual(first)
      for (const lookup of lookups) expect(lookup.countAt(fix, fix.atMs)).toBe(first?.length)
    }
  })
})

describe('the worlds', () => {
  it('are the same for the same seed', () => {
    expect(townOf(20, size)).toEqual(townOf(20, size))
  })

  it('put a place of a town into 1.3 circles', () => {
    const { geofences, walks } = townOf(20_000, { walks: 40, seed: 7 })
    const { countAt } = tilesLookup(geofences)
    const counts = walks.map(
      ({ fixes }) => fixes.reduce((sum, fix) => sum + countAt(fix, fix.atMs), 0) / fixes.length,
    )
    expect(median(counts)).toBeGreaterThan(1)
    expect(median(counts)).toBeLessThan(1.6)
  })
})
