import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { contains, distanceM, distanceToBoundaryM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import { moved, SQUARE } from '#test/support/builders.ts'

const positions = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
})

describe('distanceM', () => {
  it('is 111.2 m for a thousandth of a degree of latitude', () => {
    expect(distanceM({ lat: 37.788, lon: -122.4075 }, { lat: 37.789, lon: -122.4075 })).toBeCloseTo(
      111.195,
      3,
    )
  })

  it.each([
    // From the great-circle values of Chris Veness, https://www.movable-type.co.uk/scripts/latlong.html
    ['Cambridge to Paris', { lat: 52.205, lon: 0.119 }, { lat: 48.857, lon: 2.351 }, 404_279],
    ['across ±180°', { lat: 0, lon: 179.5 }, { lat: 0, lon: -179.5 }, 111_195],
    ['over the pole', { lat: 89.5, lon: 0 }, { lat: 89.5, lon: 180 }, 111_195],
  ])('is known for %s', (_, a, b, expected) => {
    expect(Math.abs(distanceM(a, b) - expected)).toBeLessThan(1)
  })

  it.each([
    [
      { lat: 0, lon: 0 },
      { lat: 0, lon: 180 },
    ],
    [
      { lat: 90, lon: 0 },
      { lat: -90, lon: 77 },
    ],
    [
      { lat: 37.788, lon: -122.4075 },
      { lat: -37.788, lon: 57.5925 },
    ],
  ])('is half the circumference between antipodes', (a, b) => {
    expect(distanceM(a, b)).toBeCloseTo(Math.PI * EARTH_RADIUS_M, 0)
  })

  test.prop([positions, positions])('is symmetric, finite and 0 only to itself', (a, b) => {
    expect(distanceM(a, b)).toBe(distanceM(b, a))
    expect(distanceM(a, b)).toBeLessThanOrEqual(Math.PI * EARTH_RADIUS_M)
    expect(distanceM(a, a)).toBe(0)
  })
})

describe('distanceToBoundaryM', () => {
  const circle = { kind: 'circle', ...SQUARE, radiusM: 100 } as const

  it('is negative inside and positive outside', () => {
    expect(distanceToBoundaryM(circle, SQUARE)).toBe(-100)
    expect(distanceToBoundaryM(circle, moved(SQUARE, 150))).toBeCloseTo(50, 1)
    expect(contains(circle, SQUARE)).toBe(true)
    expect(contains(circle, moved(SQUARE, 150))).toBe(false)
  })
})
