import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { contains, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import { pointInside } from '#shared/domain/geo/point-inside.ts'
import { polygonFrom, stars } from '#test/support/polygons.ts'
import { placed, starRings, wrapped } from './stars.ts'

const squareAt = (lon: number, lat: number, size: number): number[][] => [
  [lon, lat],
  [lon + size, lat],
  [lon + size, lat + size],
  [lon, lat + size],
  [lon, lat],
]
const depthM = (polygon: ReturnType<typeof polygonFrom>): number =>
  -distanceToBoundaryM(polygon, pointInside(polygon))

describe('a point inside', () => {
  test.prop([stars])('of a star with or without a hole is inside, not on its rim', (star) => {
    expect(depthM(star)).toBeGreaterThan(0)
  })

  test.prop([
    starRings,
    fc.double({ min: -80, max: 80, noNaN: true }),
    fc.constantFrom(180, 179.99, -179.999, 0),
    fc.constantFrom(0.0001, 0.01, 1),
  ])('of an outline of many corners is inside, also across ±180', (rings, lat, lon, size) => {
    const coordinates = wrapped(placed(rings, lat, lon, size))
    const polygon = polygonFrom({ type: 'Polygon', coordinates })
    expect(contains(polygon, pointInside(polygon))).toBe(true)
  })

  it('of a square is its middle', () => {
    expect(pointInside(polygonFrom({ type: 'Polygon', coordinates: [squareAt(1, 2, 0.01)] }))).toEqual({
      lat: 2.005,
      lon: 1.005,
    })
  })

  it.each([
    [
      'a ring around its centre',
      { type: 'Polygon', coordinates: [squareAt(0, 0, 0.01), squareAt(0.001, 0.001, 0.008)] },
      50,
    ],
    [
      'two small areas far apart',
      { type: 'MultiPolygon', coordinates: [[squareAt(0, 0, 0.0001)], [squareAt(0.03, 0.03, 0.0002)]] },
      10,
    ],
    [
      'an area in two parts cut at ±180',
      { type: 'MultiPolygon', coordinates: [[squareAt(179.99, 0, 0.01)], [squareAt(-180, 0, 0.01)]] },
      500,
    ],
    [
      'an area over the north pole',
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 89.99],
            [90, 89.99],
            [180, 89.99],
            [-90, 89.99],
            [0, 89.99],
          ],
        ],
      },
      500,
    ],
  ])('of %s lies deep in it', (_, geometry, least) => {
    expect(depthM(polygonFrom(geometry))).toBeGreaterThan(least)
  })

  it('of what is thinner than its own resolution is a vertex', () => {
    const sliver = polygonFrom({
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [0.01, 1e-7],
          [0.02, 1e-7],
          [0, 0],
        ],
      ],
    })
    expect(contains(sliver, pointInside(sliver))).toBe(true)
  })
})

const DATA = path.resolve(import.meta.dirname, '../../../../shared/data/polygons')

describe.skipIf(!existsSync(DATA))('on real borders', () => {
  if (!existsSync(DATA)) console.info('skipped: no ../shared/data')

  it.each([
    'beijing_districts',
    'hard_antimeridian_polar',
    'manhattan_neighbourhoods',
    'nyc_boroughs',
    'san_francisco_neighbourhoods',
  ])('of %s it is inside each', (file) => {
    const { features } = JSON.parse(readFileSync(`${DATA}/${file}.geojson`, 'utf8'))
    expect(features.length).toBeGreaterThan(0)
    for (const { geometry } of features) expect(depthM(polygonFrom(geometry))).toBeGreaterThan(10)
  })
})
