import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { distanceM } from '#shared/domain/geo/distance.ts'
import type { Circle } from '#shared/domain/geo/geofence.ts'
import { overlapsOf } from '#shared/domain/geo/overlaps.ts'

const circle = fc.record({
  kind: fc.constant('circle' as const),
  lat: fc.double({ min: -89, max: 89, noNaN: true }),
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
  radiusM: fc.integer({ min: 10, max: 100_000 }),
})
/** Close to each other, some of them across the antimeridian. */
const crowd = fc
  .array(
    fc.record({
      kind: fc.constant('circle' as const),
      lat: fc.double({ min: 60, max: 60.5, noNaN: true }),
      lon: fc.oneof(
        fc.double({ min: 179.5, max: 180, noNaN: true }),
        fc.double({ min: -180, max: -179.5, noNaN: true }),
      ),
      radiusM: fc.integer({ min: 10, max: 20_000 }),
    }),
    { maxLength: 40 },
  )
  .chain((close) => fc.array(circle, { maxLength: 10 }).map((far) => [...close, ...far]))

const naive = (shapes: readonly Circle[]): string[] =>
  shapes
    .flatMap((one, a) =>
      shapes
        .slice(a + 1)
        .flatMap((other, n) =>
          one.radiusM + other.radiusM > distanceM(one, other) ? [`${a} ${a + 1 + n}`] : [],
        ),
    )
    .toSorted()

describe('overlaps', () => {
  test.prop([crowd])('are those that comparing every pair finds, the deepest first', (shapes) => {
    const found = overlapsOf(shapes.map((shape, id) => ({ id, shape })))
    expect(found.map(({ ids }) => ids.toSorted((a, b) => a - b).join(' ')).toSorted()).toEqual(naive(shapes))
    const depths = found.map(({ depthM }) => depthM)
    expect(depths).toEqual(depths.toSorted((a, b) => b - a))
  })
})
