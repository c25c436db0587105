import { describe, expect, it } from 'vitest'
import { fromWgs84, toWgs84 } from '#shared/domain/geo/datum.ts'
import {
  boundsOf,
  confidenceInside,
  contains,
  distanceM,
  distanceToBoundaryM,
  reachM,
} from '#shared/domain/geo/distance.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'
import { angleToBoundary } from '#shared/domain/geo/nearest-boundary.ts'
import { outlineOf, sideOf, sideOnGlobe, TURN } from '#shared/domain/geo/outline.ts'
import { packPolygon, unpackPolygon } from '#shared/domain/geo/packing.ts'
import { parsePosition } from '#shared/domain/geo/parse-rings.ts'
import { polygonOf } from '#shared/domain/geo/polygon.ts'
import { unwrapRing } from '#shared/domain/geo/unwrap-ring.ts'

const circle = { kind: 'circle', lat: 0, lon: 0, radiusM: 100 } as const

describe('the examples in the docstrings', () => {
  it('of circles', () => {
    expect(distanceM({ lat: 37.788, lon: -122.4075 }, { lat: 37.789, lon: -122.4075 })).toBeCloseTo(111.2, 1)
    expect(distanceToBoundaryM(circle, { lat: 0, lon: 0 })).toBe(-100)
    expect(contains(circle, { lat: 0, lon: 0.001 })).toBe(false)
    expect(confidenceInside(circle, { lat: 0, lon: 0 }, 50)).toBe(1)
    expect(reachM(circle)).toBe(100)
    expect(boundsOf({ ...circle, radiusM: 1000 }, 0).north).toBeCloseTo(0.008993, 6)
  })

  it('of outlines', () => {
    const square = outlineOf([[[0, 0, 4, 0, 4, 4, 0, 4, 0, 0]]])
    expect(sideOf(square, 4, 2)).toBe(0)
    expect(sideOf(square, 1, 1)).toBe(1)
    expect(sideOnGlobe(square, TURN + 1, 1)).toBe(1)
    expect(angleToBoundary(outlineOf([[[0, 0, 1e7, 0, 1e7, 1e7, 0, 1e7, 0, 0]]]), 0, -1e7)).toBeCloseTo(
      0.0174533,
      7,
    )
    expect(unwrapRing([179e7, 0, -179e7, 0, -179e7, 1e7, 179e7, 0]).kind).toBe('ring')
  })

  it('of polygons', () => {
    const polygon = polygonOf([[[0, 0, 1e5, 0, 1e5, 1e5, 0, 1e5, 0, 0]]])
    expect(polygon.radiusM).toBeCloseTo(627.4, 1)
    expect(packPolygon(polygon)).toHaveLength(18)
    expect(unpackPolygon(packPolygon(polygon)).kind).toBe('polygon')
    expect(parsePosition([-122.4, 37.8], '/coordinates', 'wgs84')).toEqual({
      kind: 'position',
      lat: 37.8,
      lon: -122.4,
    })
    expect(parseGeometry({ type: 'Point', coordinates: [-122.4, 37.8] }, { radiusM: 5 }).kind).toBe('refused')
  })

  it('of datums', () => {
    const there = toWgs84({ lat: 39.909187, lon: 116.397452 }, 'gcj02')
    expect(there.lat).toBeCloseTo(39.907785, 5)
    expect(there.lon).toBeCloseTo(116.391211, 5)
    const back = fromWgs84({ lat: 39.907785, lon: 116.391211 }, 'gcj02')
    expect(back.lat).toBeCloseTo(39.909187, 5)
    expect(back.lon).toBeCloseTo(116.397452, 5)
  })
})
