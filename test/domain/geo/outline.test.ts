import { fc, test } from '@fast-check/vitest'
import pointInPolygon from 'point-in-polygon-hao'
import { describe, expect, it } from 'vitest'
import { outlineOf, sideOf, sideOnGlobe, TURN } from '#shared/domain/geo/outline.ts'
import { starRings } from './stars.ts'
import { HAS_DATA, type PolygonJson, planeOutline, polygonsOf, type Ring, readSuite } from './suites.ts'

const SIDES = { inside: 1, boundary: 0, outside: -1 } as const

type HaoCase = { name: string; point: [number, number]; polygon: Ring[]; expected: keyof typeof SIDES }
type TurfCase = {
  name: string
  point: [number, number]
  geometry: PolygonJson
  ignoreBoundary: boolean
  expected: boolean
}
/** One square lies in another of the same MultiPolygon: such a geofence is refused, so only its parts can be asked. */
const OVERLAPPING = /number 37$/

type WithinCase = {
  name: string
  polygons: Ring[][]
  points: [number, number][]
  expected_count: number
}

describe.skipIf(!HAS_DATA)('the suites of others', () => {
  it.each(readSuite<{ cases: HaoCase[] }>('hao_point_in_polygon.json')?.cases ?? [])(
    'point-in-polygon-hao: $name',
    ({ point: [x, y], polygon, expected }) => {
      expect(sideOf(planeOutline([polygon]), x, y)).toBe(SIDES[expected])
    },
  )

  it.each(readSuite<{ cases: TurfCase[] }>('turf_boolean_point_in_polygon.json')?.cases ?? [])(
    'turf boolean-point-in-polygon: $name, boundary ignored: $ignoreBoundary',
    ({ name, point: [x, y], geometry, ignoreBoundary, expected }) => {
      const polygons = polygonsOf(geometry)
      const sides = polygons.map((polygon) => sideOf(planeOutline([polygon]), x, y))
      const side = OVERLAPPING.test(name) ? Math.max(...sides) : sideOf(planeOutline(polygons), x, y)
      expect(ignoreBoundary ? side > 0 : side >= 0).toBe(expected)
    },
  )

  it.each(readSuite<{ cases: WithinCase[] }>('turf_points_within_polygon.json')?.cases ?? [])(
    'turf points-within-polygon: $name',
    ({ polygons, points, expected_count }) => {
      const outlines = polygons.map((polygon) => planeOutline([polygon]))
      const within = points.filter(([x, y]) => outlines.some((outline) => sideOf(outline, x, y) >= 0))
      expect(within).toHaveLength(expected_count)
    },
  )
})

describe('sideOf', () => {
  const square = outlineOf([[[0, 0, 4, 0, 4, 4, 0, 4, 0, 0]]])

  it('knows inside, boundary and outside', () => {
    expect([sideOf(square, 1, 1), sideOf(square, 4, 2), sideOf(square, 5, 2)]).toEqual([1, 0, -1])
  })

  const coordinate = fc.integer({ min: -40, max: 40 })
  test.prop(
    [fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 60 }), coordinate, coordinate],
    {
      numRuns: 2000,
    },
  )('agrees with the naive peer on any ring on a small lattice, crossing itself or not', (vertices, x, y) => {
    const ring = [...vertices, ...vertices.slice(0, 1)]
    const naive = pointInPolygon([x, y], [ring])
    expect(sideOf(planeOutline([[ring]]), x, y)).toBe(naive === 0 ? 0 : naive ? 1 : -1)
  })

  test.prop(
    [starRings, fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true })],
    {
      numRuns: 1000,
    },
  )('agrees with the naive peer on stars with holes', (rings, x, y) => {
    const naive = pointInPolygon(
      [x, y],
      rings.map((ring) => ring.map(([a = 0, b = 0]): [number, number] => [a, b])),
    )
    expect(sideOf(planeOutline([rings]), x, y)).toBe(naive === 0 ? 0 : naive ? 1 : -1)
  })

  it('is -1 for what is no number', () => {
    expect(sideOf(square, Number.NaN, 1)).toBe(-1)
    expect(sideOnGlobe(square, Number.NaN, 1)).toBe(-1)
    expect(sideOnGlobe(square, 1, Number.NaN)).toBe(-1)
  })
})

describe('sideOnGlobe', () => {
  it('takes any turn of longitude', () => {
    const square = outlineOf([[[0, 0, 4, 0, 4, 4, 0, 4, 0, 0]]])
    for (const turns of [-2, -1, 0, 1, 2]) {
      expect(sideOnGlobe(square, turns * TURN + 1, 1)).toBe(1)
      expect(sideOnGlobe(square, turns * TURN + 5, 1)).toBe(-1)
    }
  })
})
