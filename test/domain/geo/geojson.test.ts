import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { fromWgs84 } from '#shared/domain/geo/datum.ts'
import { contains, distanceM, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'
import { MAX_VERTICES } from '#shared/domain/geo/polygon.ts'
import { placed, starRings } from './stars.ts'
import {
  aPolygon,
  HAS_DATA,
  type PolygonJson,
  polygonFrom,
  type Ring,
  readFeatures,
  readSuite,
} from './suites.ts'

const box = (west: number, south: number, east: number, north: number): Ring => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
]

const many = (...polygons: Ring[][]): PolygonJson => ({ type: 'MultiPolygon', coordinates: polygons })

const verdictOf = (geometry: unknown, radiusM?: number): string => {
  const parsed = parseGeometry(geometry, radiusM === undefined ? {} : { radiusM })
  return parsed.kind === 'shape' ? 'shape' : `${parsed.pointer}: ${parsed.reason}`
}

describe('a Point', () => {
  const point = { type: 'Point', coordinates: [-122.4075, 37.788] }

  it('with a radius is a circle', () => {
    expect(parseGeometry(point, { radiusM: 100 })).toEqual({
      kind: 'shape',
      shape: { kind: 'circle', lat: 37.788, lon: -122.4075, radiusM: 100 },
    })
  })

  it.each([undefined, 9.9, 100_001, Number.NaN, Number.POSITIVE_INFINITY, -50])(
    'is refused with a radius of %s',
    (radiusM) => {
      expect(verdictOf(point, radiusM)).toMatch(/^\/radiusM: /)
    },
  )

  it.each([10, 100_000])('is accepted with a radius of %i m', (radiusM) => {
    expect(verdictOf(point, radiusM)).toBe('shape')
  })

  it('is given in the datum that was declared', () => {
    const beijing = { lat: 39.9077858, lon: 116.3912108 }
    const { lat, lon } = fromWgs84(beijing, 'bd09')
    const parsed = parseGeometry({ type: 'Point', coordinates: [lon, lat] }, { radiusM: 50, datum: 'bd09' })
    expect(parsed.kind === 'shape' && distanceM(parsed.shape, beijing)).toBeLessThan(0.5)
  })
})

describe('a fault', () => {
  it.each<[string, unknown, RegExp]>([
    ['no object', null, /^: /],
    ['a list', [], /^: /],
    ['no type', {}, /^\/type: /],
    ['a type in small letters', { type: 'polygon', coordinates: [box(0, 0, 1, 1)] }, /^\/type: /],
    ['a feature', { type: 'Feature', geometry: aPolygon(box(0, 0, 1, 1)) }, /^\/type: /],
    ['no coordinates', { type: 'Polygon' }, /^\/coordinates: /],
    ['an empty polygon', { type: 'Polygon', coordinates: [] }, /^\/coordinates: .*outer ring/],
    ['an empty multipolygon', { type: 'MultiPolygon', coordinates: [] }, /^\/coordinates: .*one polygon/],
    ['an empty ring', { type: 'Polygon', coordinates: [[]] }, /^\/coordinates\/0: .*three different points/],
    [
      'rings nested too little',
      { type: 'Polygon', coordinates: [[1, 2]] },
      /^\/coordinates\/0\/0: .*a number/,
    ],
    [
      'rings nested too deeply',
      { type: 'Polygon', coordinates: [[[[0, 0]]]] },
      /^\/coordinates\/0\/0: .*longitude and a latitude/,
    ],
    [
      'text',
      aPolygon([
        ['1' as unknown as number, 0],
        [1, 1],
        [0, 1],
        [1, 0],
      ]),
      /^\/coordinates\/0\/0\/0: .*a string/,
    ],
    [
      'NaN',
      aPolygon([
        [0, 0],
        [Number.NaN, 1],
        [0, 1],
        [0, 0],
      ]),
      /^\/coordinates\/0\/1\/0: .*finite/,
    ],
    [
      'infinity',
      aPolygon([
        [0, 0],
        [1, Number.POSITIVE_INFINITY],
        [0, 1],
        [0, 0],
      ]),
      /^\/coordinates\/0\/1\/1: .*finite/,
    ],
    ['one coordinate', aPolygon([[0, 0], [1], [0, 1], [0, 0]]), /^\/coordinates\/0\/1: /],
    [
      'four coordinates',
      aPolygon([
        [0, 0],
        [1, 1, 1, 1],
        [0, 1],
        [0, 0],
      ]),
      /^\/coordinates\/0\/1: .*altitude/,
    ],
    [
      'an altitude that is none',
      aPolygon([
        [0, 0],
        [1, 1, null as unknown as number],
        [0, 1],
        [0, 0],
      ]),
      /^\/coordinates\/0\/1\/2: .*null/,
    ],
    [
      'latitude first',
      aPolygon([
        [37, -122],
        [38, -122],
        [38, -121],
        [37, -122],
      ]),
      /^\/coordinates\/0\/0\/1: .*longitude first/,
    ],
    [
      'a longitude of 181',
      aPolygon([
        [0, 0],
        [181, 0],
        [0, 1],
        [0, 0],
      ]),
      /^\/coordinates\/0\/1\/0: .*181/,
    ],
    [
      'two points',
      aPolygon([
        [0, 0],
        [1, 1],
        [0, 0],
        [0, 0],
      ]),
      /^\/coordinates\/0: .*three different points/,
    ],
    [
      'an open ring',
      aPolygon([
        [0, 0],
        [1, 0],
        [1, 1],
      ]),
      /^\/coordinates\/0\/2: .*where it began/,
    ],
    [
      'a line there and back',
      aPolygon([
        [0, 0],
        [1, 1],
        [2, 2],
        [0, 0],
      ]),
      /^\/coordinates\/0: .*no area/,
    ],
    [
      'a bow tie',
      aPolygon([
        [0, 0],
        [2, 2],
        [2, 0],
        [0, 2],
        [0, 0],
      ]),
      /^\/coordinates\/0\/0: .*crosses itself/,
    ],
    [
      'a bow tie with a vertex in its middle',
      aPolygon([
        [0, 0],
        [1, 1],
        [2, 2],
        [2, 0],
        [1, 1],
        [0, 2],
        [0, 0],
      ]),
      /^\/coordinates\/0\/[01]: .*crosses itself/,
    ],
    [
      'a bow tie whose knot is on an edge',
      aPolygon([
        [0, 0],
        [2, 2],
        [2, 0],
        [1, 1],
        [0, 2],
        [0, 0],
      ]),
      /^\/coordinates\/0\/0: .*crosses itself/,
    ],
    [
      'a spike',
      aPolygon([
        [0, 0],
        [1, 0],
        [1, -1],
        [1, 1],
        [0, 1],
        [0, 0],
      ]),
      /^\/coordinates\/0\/1: .*same line/,
    ],
    ['a hole outside', aPolygon(box(0, 0, 1, 1), box(2, 2, 3, 3)), /^\/coordinates\/1: .*outside/],
    [
      'a hole across the outer ring',
      aPolygon(box(0, 0, 2, 2), box(1, 1, 3, 1.5)),
      /^\/coordinates\/0\/1: .*crosses the hole at \/coordinates\/1/,
    ],
    [
      'a hole as large as the outer ring',
      aPolygon(box(0, 0, 2, 2), box(0, 0, 2, 2)),
      /^\/coordinates\/0\/0: .*runs along/,
    ],
    ['a hole on the outer ring', aPolygon(box(0, 0, 3, 3), box(0, 1, 1, 2)), /runs along/],
    [
      'holes that cross',
      aPolygon(box(0, 0, 9, 9), box(1, 1, 4, 4), box(3, 2, 6, 3)),
      /^\/coordinates\/1\/1: .*crosses/,
    ],
    [
      'a hole in a hole',
      aPolygon(box(0, 0, 9, 9), box(1, 1, 8, 8), box(2, 2, 7, 7)),
      /^\/coordinates\/2: .*overlaps the hole at \/coordinates\/1/,
    ],
    ['the outer ring in a hole', aPolygon(box(1, 1, 2, 2), box(0, 0, 3, 3)), /^\/coordinates\/1: .*outside/],
    [
      'areas that cross',
      many([box(0, 0, 2, 2)], [box(1, 1, 3, 3)]),
      /^\/coordinates\/0\/0\/1: .*crosses another area/,
    ],
    [
      'areas that cross in vertices only',
      many(
        [
          [
            [0, 0],
            [2, 0],
            [4, 0],
            [4, 4],
            [2, 4],
            [0, 4],
            [0, 0],
          ],
        ],
        [
          [
            [2, -1],
            [2, 0],
            [3, 2],
            [2, 4],
            [2, 5],
            [9, 2],
            [2, -1],
          ],
        ],
      ),
      /crosses the outer ring/,
    ],
    [
      'an area within another',
      many([box(0, 0, 9, 9)], [box(1, 1, 2, 2)]),
      /^\/coordinates\/1: .*overlaps another one/,
    ],
    ['the same area twice', many([box(0, 0, 1, 1)], [box(0, 0, 1, 1)]), /^\/coordinates\/1: .*number 1/],
    [
      'an area over another and its hole',
      many([box(0, 0, 9, 9), box(4, 4, 5, 5)], [box(3, 3, 6, 6)]),
      /^\/coordinates\/1: .*overlaps/,
    ],
    [
      'a crs',
      { ...aPolygon(box(0, 0, 1, 1)), crs: { type: 'name', properties: { name: 'EPSG:3857' } } },
      /^\/crs: /,
    ],
    ['a bbox of text', { ...aPolygon(box(0, 0, 1, 1)), bbox: [0, 0, 1, '1'] }, /^\/bbox\/3: /],
    [
      'too many vertices',
      aPolygon(Array.from({ length: MAX_VERTICES + 2 }, () => [0, 0])),
      /^\/coordinates\/0: .*30000/,
    ],
    [
      'a ring twice around',
      aPolygon([-100, 0, 100, -160, -60, 40, 140, -100].map((lon, index) => [lon, index % 7])),
      /more than once|where it began/,
    ],
  ])('is told of: %s', (_, geometry, verdict) => {
    expect(verdictOf(geometry)).toMatch(verdict)
  })

  it('is told of hundreds of areas that all touch in one point', () => {
    const areas = 300
    const blade = (n: number): number[][] => {
      const at = (turn: number, step: number) => {
        const angle = (Math.PI / 2) * (turn / areas)
        return [10 + (step / 1000) * Math.cos(angle), 50 + (step / 1000) * Math.sin(angle)]
      }
      const out = Array.from({ length: 40 }, (_, step) => at(n, step + 1))
      const back = Array.from({ length: 40 }, (_, step) => at(n + 0.4, 40 - step))
      return [[10, 50], ...out, ...back, [10, 50]]
    }
    const blades = Array.from({ length: areas }, (_, n) => [blade(n)])
    expect(verdictOf(many(...blades))).toMatch(/^\/coordinates: Too many lines/)
    expect(verdictOf(many(...blades.slice(0, 60)))).toBe('shape')
  })

  it('is told of a polygon with a radius', () => {
    expect(verdictOf(aPolygon(box(0, 0, 1, 1)), 100)).toMatch(/^\/radiusM: /)
  })

  it('is told of the first one', () => {
    const [open, far] = [
      [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
      box(0, 0, 200, 1),
    ]
    expect(verdictOf(many([box(0, 0, 1, 1)], [open], [far]))).toMatch(/^\/coordinates\/1\/0\/2: /)
    expect(verdictOf(many([box(0, 0, 1, 1)], [far], [open]))).toMatch(/^\/coordinates\/1\/0\/1\/0: /)
  })

  test.prop([fc.jsonValue({ maxDepth: 6 })])('never makes it throw', (value) => {
    for (const type of ['Point', 'Polygon', 'MultiPolygon']) {
      expect(['shape', 'refused']).toContain(
        parseGeometry({ type, coordinates: value }, { radiusM: 50 }).kind,
      )
    }
  })
})

type Point = readonly [number, number]

/** On which side of a line a point is: whole numbers, so exact. */
const turn = ([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): number =>
  Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))

const isBetween = ([ax, ay]: Point, [bx, by]: Point, [x, y]: Point): boolean =>
  Math.min(ax, bx) <= x && x <= Math.max(ax, bx) && Math.min(ay, by) <= y && y <= Math.max(ay, by)

/** The naive answer: every edge of a ring with every other one. */
const naiveMeetings = (vertices: readonly Point[]): ('cross' | 'touch')[] => {
  const edges = vertices.map((from, index): [Point, Point] => [
    from,
    vertices[(index + 1) % vertices.length] ?? from,
  ])
  return edges.flatMap(([a, b], one) =>
    edges.slice(one + 1).flatMap(([c, d], after): ('cross' | 'touch')[] => {
      const turns = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)] as const
      const neighbours = after === 0 || (one === 0 && after === edges.length - 2)
      if (neighbours) {
        const [p, shared, q] = after === 0 ? [a, b, d] : [b, a, c]
        const folds = (p[0] - shared[0]) * (q[0] - shared[0]) + (p[1] - shared[1]) * (q[1] - shared[1]) > 0
        return turn(p, shared, q) === 0 && folds ? ['cross'] : []
      }
      if (turns[0] * turns[1] < 0 && turns[2] * turns[3] < 0) return ['cross']
      const touches = [isBetween(a, b, c), isBetween(a, b, d), isBetween(c, d, a), isBetween(c, d, b)]
      return touches.some((touch, index) => touch && turns[index] === 0) ? ['touch'] : []
    }),
  )
}

describe('what is accepted', () => {
  it.each<[string, unknown]>([
    [
      'a hole that touches its outer ring in a point',
      aPolygon(box(0, 0, 4, 4), [
        [0, 2],
        [2, 1],
        [2, 3],
        [0, 2],
      ]),
    ],
    ['holes that touch in a point', aPolygon(box(0, 0, 9, 9), box(1, 1, 4, 4), box(4, 4, 8, 8))],
    ['an area in the hole of another', many([box(0, 0, 9, 9), box(1, 1, 8, 8)], [box(2, 2, 7, 7)])],
    ['an area that fills the hole of another', many([box(2, 2, 7, 7)], [box(0, 0, 9, 9), box(2, 2, 7, 7)])],
    ['areas with a common border', many([box(0, 0, 1, 1)], [box(1, 0.5, 2, 3)])],
    ['areas that touch in a point', many([box(0, 0, 1, 1)], [box(1, 1, 2, 2)])],
    [
      'a ring that meets itself in a point',
      aPolygon([
        [0, 0],
        [4, 0],
        [4, 4],
        [2, 0],
        [0, 4],
        [0, 0],
      ]),
    ],
    [
      'repeated positions',
      aPolygon([
        [0, 0],
        [0, 0],
        [1, 0],
        [1, 1],
        [1, 1],
        [1, 1],
        [0, 0],
        [0, 0],
      ]),
    ],
    [
      'a spike of a metre',
      aPolygon([
        [0, 0],
        [1, 0],
        [1, -0.000_009],
        [1, 1],
        [0, 1],
        [0, 0],
      ]),
    ],
    [
      'a spike at the first position',
      aPolygon([
        [-0.000_009, 0],
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
        [0, 0],
        [-0.000_009, 0],
      ]),
    ],
    [
      'altitudes',
      aPolygon([
        [0, 0, 12],
        [1, 0, 12],
        [1, 1],
        [0, 0, 12],
      ]),
    ],
    [
      'a bbox and a name for WGS-84',
      {
        ...aPolygon(box(0, 0, 1, 1)),
        bbox: [0, 0, 1, 1],
        crs: { type: 'name', properties: { name: 'urn:ogc:def:crs:OGC:1.3:CRS84' } },
      },
    ],
    ['members of others', { ...aPolygon(box(0, 0, 1, 1)), name: 'shop' }],
    ['the whole globe', aPolygon(box(-180, -90, 180, 90))],
    [
      'a pole with a lake across the meridian where its ring begins',
      aPolygon(
        [
          [0, 60],
          [90, 61],
          [180, 60],
          [-90, 61],
          [0, 60],
        ],
        box(-5, 70, 5, 75),
      ),
    ],
  ])('%s', (_, geometry) => {
    expect(verdictOf(geometry)).toBe('shape')
  })

  it('a cap with a lake across the meridian where its ring begins, with the right inside', () => {
    const cap = polygonFrom(
      aPolygon(
        [
          [0, 60],
          [90, 61],
          [180, 60],
          [-90, 61],
          [0, 60],
        ],
        box(-5, 70, 5, 75),
      ),
    )
    for (const lon of [-4, -0.001, 0, 0.001, 4]) {
      expect(contains(cap, { lat: 72, lon })).toBe(false)
      expect(contains(cap, { lat: 69, lon })).toBe(true)
      expect(contains(cap, { lat: 76, lon })).toBe(true)
    }
    expect(contains(cap, { lat: 90, lon: 12 })).toBe(true)
    expect(distanceToBoundaryM(cap, { lat: 80, lon: 0 })).toBeCloseTo(-555_975, -1)
  })

  it('a cut ring that closes at the other end of the same meridian', () => {
    const cap = polygonFrom(
      aPolygon([
        [-180, 70],
        [-90, 70],
        [0, 70],
        [90, 70],
        [180, 70],
      ]),
    )
    expect(contains(cap, { lat: 71, lon: 180 })).toBe(true)
    expect(contains(cap, { lat: 90, lon: 0 })).toBe(true)
    expect(contains(cap, { lat: 69, lon: 180 })).toBe(false)
  })

  it('vertices of a datum, which are converted', () => {
    const beijing = { lat: 39.9077858, lon: 116.3912108 }
    const ring = [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
      [-1, -1],
    ].map(([x = 0, y = 0]) => {
      const { lat, lon } = fromWgs84({ lat: beijing.lat + y / 1000, lon: beijing.lon + x / 1000 }, 'gcj02')
      return [lon, lat]
    })
    const parsed = parseGeometry(aPolygon(ring), { datum: 'gcj02' })
    expect(parsed.kind === 'shape' && distanceM(parsed.shape, beijing)).toBeLessThan(0.5)
  })

  test.prop([starRings, fc.constantFrom(0.0001, 0.01, 1)])('stars with holes', (star, degrees) => {
    expect(verdictOf(aPolygon(...placed(star, 40, 10, degrees)))).toBe('shape')
  })

  const lattice = fc.integer({ min: -6, max: 6 })
  test.prop([fc.uniqueArray(fc.tuple(lattice, lattice), { minLength: 4, maxLength: 9, selector: String })], {
    numRuns: 3000,
  })('exactly the rings in which no two of all edges cross', (vertices) => {
    const meetings = naiveMeetings(vertices)
    fc.pre(!meetings.includes('touch'))
    const ring = [...vertices, ...vertices.slice(0, 1)].map(([x, y]) => [x / 10, y / 10])
    expect(verdictOf(aPolygon(ring)) === 'shape').toBe(!meetings.includes('cross'))
  })

  it('30,000 vertices, and the hostile case of long lines side by side comes to an end', () => {
    const star = Array.from({ length: MAX_VERTICES }, (_, index) => {
      const angle = (2 * Math.PI * index) / MAX_VERTICES
      const radius = index % 2 === 0 ? 1 : 0.99
      return [radius * Math.cos(angle), radius * Math.sin(angle)]
    })
    expect(verdictOf(aPolygon([...star, ...star.slice(0, 1)]))).toBe('shape')
    const comb = Array.from({ length: MAX_VERTICES - 1 }, (_, index) =>
      index % 2 === 0 ? [index / 1e4, 0] : [10 + index / 1e4, 10],
    )
    expect(verdictOf(aPolygon([...comb, [0, 11], ...comb.slice(0, 1)]))).toMatch(
      /crosses itself|Too many lines/,
    )
  })

  /** Angles one in another: their boxes all overlap, their lines are nowhere near each other. */
  const angles = Array.from({ length: 4900 }, (_, index) => {
    const [at, end] = [-index / 1e5, 1]
    const inner = at + 1e-6
    return [
      [at, at],
      [end, at],
      [end, inner],
      [inner, inner],
      [inner, end],
      [at, end],
      [at, at],
    ]
  })

  it.each([
    ['areas', { type: 'MultiPolygon', coordinates: angles.map((ring) => [ring]) }],
    ['holes', { type: 'Polygon', coordinates: [box(-1, -1, 2, 2), ...angles] }],
  ])('the hostile case of thousands of %s around each other is not looked at for long', (_, geometry) => {
    expect(verdictOf(geometry)).toMatch(/^\/coordinates: .*around each other/)
    const some = geometry.coordinates.slice(0, 500)
    expect(verdictOf({ ...geometry, coordinates: some })).toBe('shape')
  })

  it('combs of thousands of teeth on either side of a cut at ±180, with the right seams', () => {
    const comb = (lon: number, out: number) => {
      const teeth = Array.from({ length: 4000 }, (_, index) => [
        [lon, index * 1e-5],
        [lon, index * 1e-5 + 5e-6],
        [lon + out, index * 1e-5 + 7e-6],
      ]).flat()
      return [...teeth, [lon + 2 * out, 0.04], [lon + 2 * out, -1e-5], ...teeth.slice(0, 1)]
    }
    const parsed = parseGeometry({
      type: 'MultiPolygon',
      coordinates: [[comb(180, -1e-3)], [comb(-180, 1e-3)]],
    })
    if (parsed.kind !== 'shape') throw new Error(parsed.reason)
    expect(distanceToBoundaryM(parsed.shape, { lat: 0.02 + 2e-6, lon: 180 })).toBeLessThan(0)
    expect(contains(parsed.shape, { lat: 0.02 + 7e-6, lon: 180 })).toBe(false)
  })

  it('an area that touches one line of another thousands of times', () => {
    const teeth = Array.from({ length: 14_000 }, (_, index) => [
      [index / 1e5, 0],
      [index / 1e5 + 5e-6, 1e-5],
    ]).flat()
    const comb = [...teeth, [1, 0.1], [-1, 0.1], ...teeth.slice(0, 1)]
    expect(verdictOf({ type: 'MultiPolygon', coordinates: [[box(-1, -1, 1, 0)], [comb]] })).toBe('shape')
  })
})

describe.skipIf(!HAS_DATA)('real borders', () => {
  it('are all accepted', () => {
    const features = readFeatures()
    expect(features.length).toBeGreaterThan(100)
    for (const { file, name, geometry } of features)
      expect(verdictOf(geometry), `${file} ${name}`).toBe('shape')
  })
})

type HintFile = { file: string; text: string }

/** Files whose fault is not one of a geometry, and what it is: whoever reads the file around a geometry must see it. */
const NOT_OF_A_GEOMETRY: { readonly [file: string]: string } = {
  'bad-json.geojson': 'no JSON',
  'bad-duplicate-properties.geojson':
    'a member twice, which JSON.parse does not tell of; a FeatureCollection',
  'bad-properties-as-array.geojson': 'properties of a Feature',
  'badfeature.geojson': 'a feature that is null',
  'badfeatureid.geojson': 'id of a Feature',
  'expected_object.geojson': 'properties of a Feature',
  'feature_changed_semantics.geojson': 'members of a Feature',
  'featurecollection-obj.geojson': 'features of a FeatureCollection',
  'featurecollection.geojson': 'features of a FeatureCollection',
  'featurecollection_changed_semantics.geojson': 'members of a FeatureCollection',
  'nofeaturetype.geojson': 'type of a Feature',
  'bad-polygon-interiorring-rhr.geojson': 'style: the direction of rings, either is accepted',
  'polygon_winding_order.geojson': 'style: the direction of rings, either is accepted',
  'excessive_precision_truncated.geojson':
    'style: many digits, which are rounded; a LineString, refused as such',
}

/** A good file that is no place on the globe: its latitudes go down to -134. */
const OFF_THE_GLOBE = 'issue82.geojson'

const nameOf = ({ file }: HintFile): string => file.split('/').at(-1) ?? file

const isObject = (value: unknown): value is { [name: string]: unknown } =>
  typeof value === 'object' && value !== null

/** All geometries in a file, however deep; what is neither feature nor collection is a geometry. */
const geometriesIn = (value: unknown): unknown[] => {
  if (!isObject(value)) return [value]
  const { type, features, geometry } = value
  if (Array.isArray(features) && type !== 'Point') return features.flatMap(geometriesIn)
  if (geometry !== undefined && type !== 'Point') return geometry === null ? [] : [geometry]
  return [value]
}

describe.skipIf(!HAS_DATA)('the files of geojsonhint', () => {
  const suite = readSuite<{ good: HintFile[]; bad: HintFile[] }>('geojsonhint.json')
  const verdictsOf = ({ text }: HintFile): string[] =>
    geometriesIn(JSON.parse(text)).map((geometry) =>
      verdictOf(geometry, isObject(geometry) && geometry['type'] === 'Point' ? 50 : undefined),
    )

  it.each(suite?.bad.filter((file) => !(nameOf(file) in NOT_OF_A_GEOMETRY)) ?? [])(
    '$file is refused',
    (file) => {
      expect(verdictsOf(file).some((verdict) => verdict !== 'shape')).toBe(true)
    },
  )

  it.each(suite?.good ?? [])('every polygon and point of $file is accepted', (file) => {
    for (const geometry of geometriesIn(JSON.parse(file.text))) {
      const type = isObject(geometry) ? geometry['type'] : undefined
      if (type !== 'Point' && type !== 'Polygon' && type !== 'MultiPolygon') continue
      const verdict = verdictOf(geometry, type === 'Point' ? 50 : undefined)
      if (nameOf(file) === OFF_THE_GLOBE)
        expect(verdict).toMatch(/A latitude lies between|A longitude lies between/)
      else expect(verdict).toBe('shape')
    }
  })

  it('have no faults listed here that are not in the suite', () => {
    const names = new Set(suite?.bad.map(nameOf))
    expect(Object.keys(NOT_OF_A_GEOMETRY).filter((name) => !names.has(name))).toEqual([])
  })
})

type ValidCase = { file: string; feature: { type: string; geometry?: PolygonJson }; expected_valid: boolean }

/** A hole that touches its outer ring twice cuts the area in two: no simple feature of OGC, but the inside is clear. */
const CUT_IN_TWO = /hole-2-vertices-touching|multipoly-with-2-vertices-touching/

describe.skipIf(!HAS_DATA)('turf boolean-valid', () => {
  const cases = readSuite<{ cases: ValidCase[] }>('turf_boolean_valid.json')?.cases ?? []
  const polygons = cases.filter(({ feature }) => /Polygon$/.test((feature.geometry ?? feature).type))

  it.each(polygons)('$file', ({ file, feature, expected_valid }) => {
    const accepted = expected_valid || CUT_IN_TWO.test(file)
    expect(verdictOf(feature.geometry ?? feature) === 'shape').toBe(accepted)
  })
})
