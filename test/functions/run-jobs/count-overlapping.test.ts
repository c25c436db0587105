import { describe, expect, test } from 'vitest'
import { countOverlapping } from '#functions/run-jobs/count-overlapping.ts'
import type { LonLat } from '#shared/contracts/declared-geometry.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import { aGeofence, CAFE, named } from '#test/support/builders.ts'

const at = (name: string, lon: number, positions = 1): DeclaredGeofence => ({
  ...aGeofence(name, { shape: { kind: 'circle', lat: 0, lon, radiusM: 100 } }),
  id: named('gf', name),
  name,
  declared: {
    datum: 'wgs84',
    geometry: { type: 'Polygon', coordinates: [Array.from({ length: positions }, (): LonLat => [lon, 0])] },
  },
  createdAt: '',
  updatedAt: '',
})

/** A merchant's geofences in pages of two. */
const listed = (all: readonly DeclaredGeofence[]) => ({
  list: async (_merchantId: unknown, { after }: { readonly after?: string | undefined }) => {
    const start = all.findIndex(({ id }) => id === after) + 1
    const items = all.slice(start, start + 2)
    const last = items.at(-1)
    return { items, ...(start + 2 < all.length && last && { next: last.id }) }
  },
})
const ids = new Set([named('gf', 'a'), named('gf', 'd')])

describe('of the geofences of an import', () => {
  test('those are counted that share ground with any of the merchant’s', async () => {
    const all = [at('a', 0), at('b', 1), at('c', 1.0001), at('d', 2), at('e', 0.0001)]
    expect(await countOverlapping(listed(all), CAFE, ids)).toBe(1)
  })

  test('none are counted where the merchant’s borders are too large to go through', async () => {
    const all = [at('a', 0, 150_000), at('e', 0, 150_000), at('b', 1)]
    expect(await countOverlapping(listed(all), CAFE, ids)).toBeUndefined()
    expect(await countOverlapping(listed(all.slice(0, 2)), CAFE, ids)).toBe(1)
  })
})
