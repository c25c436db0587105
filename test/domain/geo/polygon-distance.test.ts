import { fc, test } from '@fast-check/vitest'
import pointInPolygon from 'point-in-polygon-hao'
import { describe, expect, it } from 'vitest'
import {
  boundsOf,
  confidenceInside,
  contains,
  distanceM,
  distanceToBoundaryM,
  EARTH_RADIUS_M,
  reachM,
} from '#shared/domain/geo/distance.ts'
import type { Polygon, Position } from '#shared/domain/geo/geofence.ts'
import { moved, SQUARE } from '#test/support/builders.ts'
import { placed, starRings, wrapped } from './stars.ts'
import { aPolygon, HAS_DATA, polygonFrom, polygonsOf, type Ring, readFeatures, readSuite } from './suites.ts'

const lats = fc.oneof(fc.double({ min: -80, max: 80, noNaN: true }), fc.constantFrom(0, 60, -75))
const lons = fc.oneof(fc.double({ min: -179, max: 179, noNaN: true }), fc.constantFrom(180, 179.99, -179.999))
const sizes = fc.constantFrom(0.001, 0.01, 0.1, 1)
const offsets = fc.double({ min: -3, max: 3, noNaN: true })

/** Every edge at many points: the naive answer, never less than the true one. */
const bruteDistanceM = (rings: readonly Ring[], position: Position, samples: number): number => {
  let least = Infinity
  for (const ring of rings) {
    for (const [index, [lon1 = 0, lat1 = 0]] of ring.slice(0, -1).entries()) {
      const [lon2 = 0, lat2 = 0] = ring[index + 1] ?? []
      for (let sample = 0; sample <= samples; sample++) {
        const part = sample / samples
        const at = { lat: lat1 + part * (lat2 - lat1), lon: lon1 + part * (lon2 - lon1) }
        least = Math.min(least, distanceM(at, position))
      }
    }
  }
  return least
}

const longestEdgeM = (rings: readonly Ring[]): number =>
  Math.max(
    ...rings.flatMap((ring) =>
      ring.slice(1).map(([lon = 0, lat = 0], index) => {
        const [lon1 = 0, lat1 = 0] = ring[index] ?? []
        return distanceM({ lat, lon }, { lat: lat1, lon: lon1 })
      }),
    ),
  )

const normal = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180

describe('distanceToBoundaryM of a polygon', () => {
  const block = polygonFrom(
    aPolygon([
      [0, 0],
      [0.01, 0],
      [0.01, 0.01],
      [0, 0.01],
      [0, 0],
    ]),
  )

  it('is negative inside, exactly 0 on the boundary, positive outside', () => {
    expect(distanceToBoundaryM(block, { lat: 0.005, lon: 0.005 })).toBeCloseTo(-555.97, 1)
    expect(distanceToBoundaryM(block, { lat: 0.005, lon: 0.02 })).toBeCloseTo(1111.95, 1)
    for (const [lat, lon] of [
      [0, 0],
      [0.01, 0.01],
      [0, 0.0037],
      [0.0099999, 0.01],
    ] as const) {
      expect(distanceToBoundaryM(block, { lat, lon })).toBe(0)
      expect(contains(block, { lat, lon })).toBe(true)
    }
    expect(contains(block, { lat: 0, lon: 0.0100001 })).toBe(false)
  })

  it('is exactly 0 on the lattice points of a slanted edge', () => {
    const slanted = polygonFrom(
      aPolygon([
        [0.1, 0.2],
        [0.7, 0.5],
        [0.1, 0.6],
        [0.1, 0.2],
      ]),
    )
    for (let step = 0; step <= 600; step++) {
      const position = { lat: (2_000_000 + step * 5_000) / 1e7, lon: (1_000_000 + step * 10_000) / 1e7 }
      expect(distanceToBoundaryM(slanted, position)).toBe(0)
    }
  })

  test.prop([starRings, lats, lons, sizes, offsets, offsets], { numRuns: 600 })(
    'has the sign of the naive peer and the distance of every edge walked in small steps',
    (star, lat, lon, degrees, dx, dy) => {
      const rings = placed(star, lat, lon, degrees)
      const polygon = polygonFrom(aPolygon(...wrapped(rings)))
      const position = { lat: lat + dy * degrees, lon: lon + dx * degrees }
      const signedM = distanceToBoundaryM(polygon, { lat: position.lat, lon: normal(position.lon) })
      const samples = 400
      const naiveM = bruteDistanceM(rings, position, samples)
      // The naive walk misses the nearest point by half a step, vertices are rounded to a centimetre.
      const slackM = 0.05 + naiveM * 2e-4
      expect(Math.abs(signedM)).toBeLessThanOrEqual(naiveM + slackM)
      expect(Math.abs(signedM)).toBeGreaterThanOrEqual(naiveM - longestEdgeM(rings) / samples - slackM)
      if (naiveM < 0.1) return
      const naive = pointInPolygon(
        [position.lon, position.lat],
        rings.map((ring) => ring.map(([x = 0, y = 0]): [number, number] => [x, y])),
      )
      expect(signedM < 0).toBe(naive === true)
    },
  )

  const caps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 40 })
  test.prop([caps, fc.constantFrom(1, -1), fc.double({ min: 0.01, max: 8, noNaN: true }), offsets, lons], {
    numRuns: 300,
  })('is right around a pole', (parts, sign, span, offset, lon) => {
    const ring = parts.map((part, index) => [
      normal(-170 + (360 * index) / parts.length),
      sign * (90 - span * (0.5 + part / 2)),
    ])
    const closed = [...ring, ...ring.slice(0, 1)]
    const polygon = polygonFrom(aPolygon(closed))
    const position = { lat: sign * Math.min(90, 90 - span * Math.abs(offset)), lon: normal(lon) }
    const unwrapped = closed.map(([x = 0, y = 0], index) => [index === closed.length - 1 ? x + 360 : x, y])
    for (let index = 1; index < unwrapped.length; index++) {
      const [before = 0] = unwrapped[index - 1] ?? []
      const [x = 0, y = 0] = unwrapped[index] ?? []
      unwrapped[index] = [x + 360 * Math.round((before + 360 / parts.length - x) / 360), y]
    }
    const samples = 2000
    const naiveM = bruteDistanceM([unwrapped], position, samples)
    const signedM = distanceToBoundaryM(polygon, position)
    expect(Math.abs(signedM)).toBeLessThanOrEqual(naiveM * 1.0002 + 0.05)
    expect(Math.abs(signedM)).toBeGreaterThanOrEqual(
      naiveM * 0.9998 - 0.05 - longestEdgeM([unwrapped]) * (1.2 / samples),
    )
    expect(contains(polygon, { lat: sign * 90, lon })).toBe(true)
    expect(distanceToBoundaryM(polygon, { lat: sign * 90, lon })).toBeLessThan(0)
    expect(contains(polygon, { lat: -sign * 90, lon })).toBe(false)
  })

  test.prop([starRings, lats, lons, sizes, offsets, offsets, fc.nat(), fc.boolean()], { numRuns: 300 })(
    'does not depend on where ±180 runs, in which direction rings run nor where they begin',
    (star, lat, lon, degrees, dx, dy, turn, back) => {
      // Moved by whole units, so that vertices are rounded alike.
      const there = Math.round(lon)
      const base = polygonFrom(aPolygon(...placed(star, lat, 0, degrees)))
      const rotated = wrapped(placed(star, lat, there, degrees)).map((ring) => {
        const open = ring.slice(0, -1)
        const at = turn % open.length
        const begun = [...open.slice(at), ...open.slice(0, at)]
        const closed = [...begun, ...begun.slice(0, 1)]
        return back ? closed.reverse() : closed
      })
      const other = polygonFrom(aPolygon(...rotated))
      const position = { lat: lat + dy * degrees, lon: dx * degrees }
      const here = distanceToBoundaryM(base, position)
      const thereM = distanceToBoundaryM(other, { lat: position.lat, lon: normal(position.lon + there) })
      // A vertex may be rounded to the next unit of a centimetre.
      expect(Math.abs(thereM - here)).toBeLessThan(0.05 + Math.abs(here) * 1e-4)
      expect(Math.abs(other.radiusM - base.radiusM)).toBeLessThan(0.05 + base.radiusM * 1e-4)
      expect(Math.abs(other.reachM - base.reachM)).toBeLessThan(0.1)
    },
  )

  const north = [
    [170, 60],
    [180, 60],
    [180, 50],
    [170, 50],
    [170, 60],
  ]
  const parts = [
    [
      [-180, 60],
      [-175, 60],
      [-175, 50],
      [-180, 50],
      [-180, 60],
    ],
    [
      [-180, 58],
      [-175, 60],
      [-175, 50],
      [-180, 52],
      [-180, 58],
    ],
  ]
  const whole = polygonFrom(
    aPolygon([
      [170, 60],
      [-175, 60],
      [-175, 50],
      [170, 50],
      [170, 60],
    ]),
  )

  it('knows no boundary where a shape was cut at ±180', () => {
    const cut = polygonFrom({ type: 'MultiPolygon', coordinates: [[north], [parts[0]]] })
    for (const lat of [49, 50, 52, 55, 60]) {
      for (const lon of [169, 170, 175, 179.99, 180, -180, -179.99, -177, -175, -170]) {
        expect(distanceToBoundaryM(cut, { lat, lon })).toBeCloseTo(
          distanceToBoundaryM(whole, { lat, lon }),
          3,
        )
      }
    }
    expect(cut.radiusM).toBeCloseTo(whole.radiusM, 3)
    expect(cut.reachM).toBeCloseTo(whole.reachM, 3)
  })

  it('knows the boundary where only one side goes on', () => {
    const cut = polygonFrom({ type: 'MultiPolygon', coordinates: [[north], [parts[1]]] })
    expect(distanceToBoundaryM(cut, { lat: 59, lon: 180 })).toBe(0)
    expect(distanceToBoundaryM(cut, { lat: 58, lon: -180 })).toBe(0)
    expect(distanceToBoundaryM(cut, { lat: 55, lon: -180 })).toBeLessThan(-250_000)
    expect(distanceToBoundaryM(cut, { lat: 58.0001, lon: 179.9999 })).toBeGreaterThan(-13)
  })

  it('knows no boundary along a pole nor around a band', () => {
    const cap = polygonFrom(
      aPolygon([
        [-180, -90],
        [180, -90],
        [180, -80],
        [-180, -80],
        [-180, -90],
      ]),
    )
    const degree = (EARTH_RADIUS_M * Math.PI) / 180
    for (const lon of [-180, -90, 0, 17, 180]) {
      expect(distanceToBoundaryM(cap, { lat: -90, lon })).toBeCloseTo(-10 * degree, 0)
      expect(distanceToBoundaryM(cap, { lat: -85, lon })).toBeCloseTo(-5 * degree, 0)
      expect(distanceToBoundaryM(cap, { lat: -79, lon })).toBeCloseTo(degree, 0)
      expect(distanceToBoundaryM(cap, { lat: 90, lon })).toBeCloseTo(170 * degree, 0)
    }
    const half = 2 * Math.PI * EARTH_RADIUS_M ** 2 * (1 - Math.sin((80 * Math.PI) / 180))
    expect(cap.radiusM).toBeCloseTo(Math.sqrt(half / Math.PI), 0)
    expect(cap.lat).toBe(-90)
    const band = polygonFrom(
      aPolygon([
        [-180, -10],
        [180, -10],
        [180, 10],
        [-180, 10],
        [-180, -10],
      ]),
    )
    for (const lon of [-180, 0, 180]) {
      expect(distanceToBoundaryM(band, { lat: 0, lon })).toBeCloseTo(-10 * degree, 0)
      expect(distanceToBoundaryM(band, { lat: 12, lon })).toBeCloseTo(2 * degree, 0)
    }
  })
})

describe('a wedge that ends at a pole', () => {
  const wedge = polygonFrom(
    aPolygon([
      [0, 80],
      [90, 80],
      [90, 90],
      [0, 90],
      [0, 80],
    ]),
  )

  it('has the pole on its boundary, whatever longitude it is given', () => {
    for (const lon of [-180, -45, 0, 45, 90, 180]) {
      expect(distanceToBoundaryM(wedge, { lat: 90, lon })).toBe(0)
    }
  })

  it('is bounded by its meridians and its parallel', () => {
    const position = { lat: 89, lon: 45 }
    const toMeridian = Math.asin(Math.sin(Math.PI / 180) * Math.sin(Math.PI / 4)) * EARTH_RADIUS_M
    expect(distanceToBoundaryM(wedge, position)).toBeCloseTo(-toMeridian, 1)
    expect(distanceToBoundaryM(wedge, { lat: 89, lon: -135 })).toBeCloseTo(
      (EARTH_RADIUS_M * Math.PI) / 180,
      1,
    )
    expect(contains(wedge, { lat: 85, lon: -1 })).toBe(false)
  })
})

const outlineRings = ({ outline: { coords, ringEnds, cuts } }: Polygon): [number, number][] => {
  const seen: [number, number][] = []
  for (const [index, end] of ringEnds.entries()) {
    for (let vertex = ringEnds[index - 1] ?? 0; vertex < end - 1; vertex++) {
      if (cuts?.[vertex] === 1) continue
      for (const part of [0, 0.25, 0.5, 0.75]) {
        const between = (at: number) => (coords[at] ?? 0) + part * ((coords[at + 2] ?? 0) - (coords[at] ?? 0))
        seen.push([between(2 * vertex) / 1e7, between(2 * vertex + 1) / 1e7])
      }
    }
  }
  return seen
}

describe('reachM and boundsOf', () => {
  test.prop([starRings, lats, lons, fc.constantFrom(0.001, 1, 4)], { numRuns: 200 })(
    'hold all of a polygon',
    (star, lat, lon, degrees) => {
      const polygon = polygonFrom(aPolygon(...wrapped(placed(star, lat, lon, degrees))))
      const { south, north, west, east } = boundsOf(polygon, 250)
      let farthest = 0
      for (const [x, y] of outlineRings(polygon)) {
        farthest = Math.max(farthest, distanceM(polygon, { lat: y, lon: x }))
        for (const [eastM, northM] of [
          [249, 0],
          [-249, 0],
          [0, 249],
          [0, -249],
        ] as const) {
          const beside = moved({ lat: y, lon: x }, eastM, northM)
          expect(beside.lat >= south && beside.lat <= north).toBe(true)
          expect([-360, 0, 360].some((turn) => beside.lon + turn >= west && beside.lon + turn <= east)).toBe(
            true,
          )
        }
      }
      expect(farthest).toBeLessThanOrEqual(reachM(polygon))
      expect(reachM(polygon)).toBeLessThan(farthest * 1.01 + 5)
    },
  )

  it.skipIf(!HAS_DATA)('hold the real ones, and the middle is not on the other side of the globe', () => {
    for (const { name, geometry } of readFeatures()) {
      const polygon = polygonFrom(geometry)
      const farthest = Math.max(
        ...outlineRings(polygon).map(([x, y]) => distanceM(polygon, { lat: y, lon: x })),
      )
      expect(farthest, name).toBeLessThanOrEqual(reachM(polygon))
      expect(reachM(polygon), name).toBeLessThan(farthest * 1.01 + 5)
    }
  })
})

describe.skipIf(!HAS_DATA)('real borders', () => {
  it('give the answers of a plain test of every ring and every edge', () => {
    let seed = 42
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    for (const { file, name, geometry } of readFeatures()) {
      if (file.startsWith('hard')) continue
      const polygon = polygonFrom(geometry)
      const { outline } = polygon
      const rings = polygonsOf(geometry).flat()
      for (let round = 0; round < 25; round++) {
        const near = Math.floor((random() * outline.coords.length) / 2) * 2
        const position =
          round % 2 === 0
            ? {
                lon: (outline.west + random() * (outline.east - outline.west)) / 1e7,
                lat: (outline.south + random() * (outline.north - outline.south)) / 1e7,
              }
            : moved(
                { lon: (outline.coords[near] ?? 0) / 1e7, lat: (outline.coords[near + 1] ?? 0) / 1e7 },
                random() * 100 - 50,
                random() * 100 - 50,
              )
        const signedM = distanceToBoundaryM(polygon, position)
        const naiveM = bruteDistanceM(rings, position, 20)
        expect(Math.abs(signedM), name).toBeLessThanOrEqual(naiveM * 1.0001 + 0.02)
        expect(Math.abs(signedM), name).toBeGreaterThan(naiveM - longestEdgeM(rings) / 40 - 0.02)
        const inside = polygonsOf(geometry).some(
          (area) =>
            pointInPolygon(
              [position.lon, position.lat],
              area.map((ring) => ring.map(([x = 0, y = 0]): [number, number] => [x, y])),
            ) !== false,
        )
        expect(contains(polygon, position), name).toBe(inside)
        expect(signedM <= 0).toBe(inside)
      }
    }
  })

  it('that are cut at ±180 or run along a pole hold what a plain test of them as they stand says', () => {
    let seed = 7
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    for (const { file, name, geometry } of readFeatures()) {
      if (!file.startsWith('hard')) continue
      const polygon = polygonFrom(geometry)
      const areas = polygonsOf(geometry).map((rings) =>
        rings.map((ring) => ring.map(([x = 0, y = 0]): [number, number] => [x, y])),
      )
      const vertices = areas.flat(2)
      for (let round = 0; round < 300; round++) {
        const [x, y] = vertices[Math.floor(random() * vertices.length)] ?? [0, 0]
        const spread = round % 3 === 0 ? 10 : 0.01
        const lat = Math.max(-89.999, Math.min(90, y + (random() - 0.5) * spread))
        const lon = normal(x + (random() - 0.5) * spread)
        const inside = areas.some((area) => pointInPolygon([lon, lat], area) !== false)
        expect(contains(polygon, { lat, lon }), `${name} ${lat} ${lon}`).toBe(inside)
        expect(distanceToBoundaryM(polygon, { lat, lon }) <= 0).toBe(inside)
      }
    }
  })
})

type DistanceSuite = {
  distance: { a: [number, number]; b: [number, number]; kilometers?: number }[]
  circle: {
    input: { geometry: { coordinates: [number, number] }; properties: { radius: number } }
    output: { features: { geometry: { type: string; coordinates: Ring[] } }[] }
  }[]
}

describe.skipIf(!HAS_DATA)('turf distance and circle', () => {
  const suite = readSuite<DistanceSuite>('turf_distance_circle.json')

  it.each(suite?.distance ?? [])('distance from $a to $b', ({ a, b, kilometers = 0 }) => {
    const metres = distanceM({ lon: a[0], lat: a[1] }, { lon: b[0], lat: b[1] })
    expect(metres / 1000).toBeCloseTo(kilometers, 9)
  })

  it.each(suite?.circle ?? [])('every vertex of a circle is its radius away', ({ input, output }) => {
    const [lon, lat] = input.geometry.coordinates
    const circle = { kind: 'circle', lat, lon, radiusM: 1000 * input.properties.radius } as const
    const ring = output.features.find(({ geometry }) => geometry.type === 'Polygon')?.geometry.coordinates[0]
    for (const [x = 0, y = 0] of ring ?? []) {
      // Written with six decimals.
      expect(Math.abs(distanceToBoundaryM(circle, { lon: x, lat: y }))).toBeLessThan(0.1)
    }
    expect(ring?.length).toBeGreaterThan(3)
  })
})

const circleRing = (centre: Position, radiusM: number, vertices: number): Ring => {
  const ring = Array.from({ length: vertices }, (_, index) => {
    const angle = (2 * Math.PI * index) / vertices
    const { lat, lon } = moved(centre, radiusM * Math.cos(angle), radiusM * Math.sin(angle))
    return [lon, lat]
  })
  return [...ring, ...ring.slice(0, 1)]
}

describe('a polygon that is nearly a circle', () => {
  const circle = { kind: 'circle', ...SQUARE, radiusM: 200 } as const
  const polygon = polygonFrom(aPolygon(circleRing(SQUARE, 200, 360)))
  const metres = fc.double({ min: -600, max: 600, noNaN: true })

  test.prop([metres, metres, fc.double({ min: 1, max: 100, noNaN: true })])(
    'agrees with the circle',
    (eastM, northM, accuracyM) => {
      const position = moved(SQUARE, eastM, northM)
      const here = distanceToBoundaryM(circle, position)
      expect(Math.abs(distanceToBoundaryM(polygon, position) - here)).toBeLessThan(0.1)
      // A half-plane instead of a lens: off by the bend of the rim within the accuracy.
      const bend = accuracyM / (2 * Math.PI * 200) + 0.01
      expect(
        Math.abs(
          confidenceInside(polygon, position, accuracyM) - confidenceInside(circle, position, accuracyM),
        ),
      ).toBeLessThan(Math.abs(here) > accuracyM + 1 ? 0.01 : 2 * bend)
    },
  )

  it('has its radius, reach and centre', () => {
    expect(polygon.radiusM).toBeCloseTo(200, 1)
    expect(polygon.reachM).toBeGreaterThanOrEqual(199.9)
    expect(polygon.reachM).toBeLessThan(200.1)
    expect(distanceM(polygon, SQUARE)).toBeLessThan(0.1)
  })
})

describe('confidenceInside', () => {
  const circle = { kind: 'circle', ...SQUARE, radiusM: 100 } as const
  const half = polygonFrom(aPolygon(circleRing(SQUARE, 100_000, 4)))

  it('is 1 or 0 without an accuracy', () => {
    for (const shape of [circle, half]) {
      expect(confidenceInside(shape, SQUARE, 0)).toBe(1)
      expect(confidenceInside(shape, { lat: 0, lon: 0 }, 0)).toBe(0)
    }
  })

  it('is half on a straight boundary, and the share of areas when the circle is the smaller', () => {
    const edge = { lat: (half.outline.coords[1] ?? 0) / 1e7, lon: (half.outline.coords[0] ?? 0) / 1e7 }
    expect(confidenceInside(half, edge, 50)).toBe(0.5)
    expect(confidenceInside(circle, SQUARE, 200)).toBe(0.25)
    expect(confidenceInside(circle, SQUARE, 50)).toBe(1)
    expect(confidenceInside(circle, moved(SQUARE, 500), 100)).toBe(0)
  })

  test.prop(
    [fc.double({ min: 0, max: 300, noNaN: true }), fc.double({ min: 1, max: 200, noNaN: true }), fc.nat()],
    {
      numRuns: 40,
    },
  )('is the share of points of the accuracy circle that are inside', (awayM, accuracyM, start) => {
    const position = moved(SQUARE, awayM)
    let seed = (start % 2147483646) + 1
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    const tries = 20_000
    let inside = 0
    for (let point = 0; point < tries; point++) {
      const radius = accuracyM * Math.sqrt(random())
      const angle = 2 * Math.PI * random()
      if (contains(circle, moved(position, radius * Math.cos(angle), radius * Math.sin(angle)))) inside++
    }
    // Five standard deviations, at most.
    expect(Math.abs(inside / tries - confidenceInside(circle, position, accuracyM))).toBeLessThan(0.02)
  })
})
