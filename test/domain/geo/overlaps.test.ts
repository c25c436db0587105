import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { distanceM, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { Circle, Shape } from '#shared/domain/geo/geofence.ts'
import { overlappingOf, overlapsOf } from '#shared/domain/geo/overlaps.ts'
import { polygonFrom, starAt, within } from '#test/support/polygons.ts'

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

const overlapOf = (one: Shape, other: Shape) =>
  overlapsOf([
    { id: 'one', shape: one },
    { id: 'other', shape: other },
  ])[0]

const parts = fc.array(fc.double({ min: 0.3, max: 1, noNaN: true }), { minLength: 4, maxLength: 30 })
const starNear = fc
  .record({
    lat: fc.double({ min: 49.99, max: 50.01, noNaN: true }),
    lon: fc.double({ min: 9.99, max: 10.01, noNaN: true }),
    parts,
    withHole: fc.boolean(),
  })
  .map(({ lat, lon, parts: radii, withHole }) =>
    starAt(
      { lat, lon },
      radii.map((radius) => radius / 100),
      withHole,
    ),
  )
const share = fc.double({ min: 0, max: 1, noNaN: true })

describe('overlaps of areas', () => {
  const grid = Array.from({ length: 1600 }, (_, at) => [(at % 40) / 39, Math.floor(at / 40) / 39] as const)
  test.prop([starNear, starNear], { numRuns: 150 })(
    'are those in which a grid of positions finds shared ground',
    (one, other) => {
      const overlap = overlapOf(one, other)
      const inBoth = grid.some(([x, y]) => {
        const position = within(one, x, y)
        return distanceToBoundaryM(one, position) < -0.1 && distanceToBoundaryM(other, position) < -0.1
      })
      if (inBoth) expect(overlap).toMatchObject({ isExact: true })
      // What is as deep has room for a position of the grid.
      if (overlap && overlap.depthM > 200) expect(inBoth).toBe(true)
    },
  )

  test.prop([starNear, fc.integer({ min: 10, max: 1000 }), share, share], { numRuns: 300 })(
    'with circles are those that the distance to the border gives',
    (star, radiusM, x, y) => {
      const circle = { kind: 'circle', ...within(star, x, y), radiusM } as const
      const depthM = radiusM - distanceToBoundaryM(star, circle)
      expect(overlapOf(star, circle)).toEqual(
        depthM > 0 ? { ids: expect.any(Array), depthM, isExact: true } : undefined,
      )
    },
  )

  const box = (west: number, south: number, east: number, north: number) => [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
  const area = (...rings: number[][][]) => polygonFrom({ type: 'Polygon', coordinates: rings })
  const square = area(box(0, 0, 0.01, 0.01))

  test.each([
    ['a neighbour along a border', area(box(0.01, 0, 0.02, 0.01))],
    ['a neighbour along a part of a border', area(box(0.01, 0.002, 0.02, 0.004))],
    ['a neighbour at a corner', area(box(0.01, 0.01, 0.02, 0.02))],
    ['what fills its surroundings', area(box(-0.01, -0.01, 0.02, 0.02), box(0, 0, 0.01, 0.01))],
  ])('are none with %s', (_, other) => {
    expect(overlapOf(square, other)).toBeUndefined()
  })

  test.each([
    ['itself', square, 556],
    ['what lies inside of it', area(box(0.004, 0.004, 0.006, 0.006)), 556],
    ['what crosses it like a bar', area(box(-0.01, 0.004, 0.02, 0.006)), 111],
    ['what reaches in by a corner', area(box(0.009, 0.009, 0.02, 0.02)), 111],
  ])('are deep with %s', (_, other, depthM) => {
    const overlap = overlapOf(square, other)
    expect(overlap?.isExact).toBe(true)
    expect(overlap?.depthM).toBeGreaterThan(depthM * 0.98)
  })

  test('count the circles around what is cut at ±180', () => {
    const east = area([...box(179.99, 0, 180, 0.01)])
    const both = polygonFrom({
      type: 'MultiPolygon',
      coordinates: [[box(179.99, 0.011, 180, 0.02)], [box(-180, 0.011, -179.99, 0.02)]],
    })
    expect(overlapOf(east, both)).toMatchObject({ isExact: false })
  })

  test('are compared by circles once there are too many vertices', () => {
    const many = Array.from({ length: 20 }, (_, n) => ({
      id: n,
      shape: starAt(
        { lat: 50, lon: 10 + n * 0.02 },
        Array.from({ length: 10_000 }, () => 0.0105),
      ),
    }))
    const found = overlapsOf(many)
    expect(new Set(found.map(({ isExact }) => isExact))).toEqual(new Set([true, false]))
    expect(found.filter(({ isExact }) => isExact).length).toBe(14)
  })

  test('are compared by circles once there are too many of them, however small', () => {
    const crowded = Array.from({ length: 70 }, (_, n) => ({
      id: n,
      shape: area(box(n / 1e5, 0, 0.01 + n / 1e5, 0.01)),
    }))
    const exact = overlapsOf(crowded).filter(({ isExact }) => isExact).length
    expect([overlapsOf(crowded).length, exact > 1000, exact < 1500]).toEqual([2415, true, true])
  })

  test.prop([crowd])('are of those which share ground with any', (circles) => {
    const shapes = [square, area(box(0.009, 0, 0.02, 0.01)), area(box(1, 1, 1.01, 1.01)), ...circles].map(
      (shape, id) => ({ id, shape }),
    )
    const ids = overlapsOf(shapes).flatMap((overlap) => overlap.ids)
    expect(overlappingOf(shapes)).toEqual(new Set(ids))
  })
})
