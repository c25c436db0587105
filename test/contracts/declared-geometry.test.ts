import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  countPositions,
  type DeclaredGeometry,
  type LonLat,
  packGeometry,
  roundGeometry,
  sameDeclared,
  unpackGeometry,
} from '#shared/contracts/declared-geometry.ts'

const lonLats = fc.tuple(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: -90, max: 90, noNaN: true }),
) as fc.Arbitrary<LonLat>
const rings = fc.array(fc.array(lonLats, { maxLength: 30 }), { maxLength: 4 })
const geometries: fc.Arbitrary<DeclaredGeometry> = fc.oneof(
  lonLats.map((coordinates) => ({ type: 'Point' as const, coordinates })),
  rings.map((coordinates) => ({ type: 'Polygon' as const, coordinates })),
  fc.array(rings, { maxLength: 4 }).map((coordinates) => ({ type: 'MultiPolygon' as const, coordinates })),
)

const positionsOf = (geometry: DeclaredGeometry): number[] =>
  (geometry.coordinates as readonly unknown[]).flat(3) as number[]

describe('a declared geometry', () => {
  test.prop([geometries])('comes back as it was, to 1e-7 degrees, in order and winding', (geometry) => {
    const rounded = roundGeometry(geometry)
    expect(unpackGeometry(geometry.type, packGeometry(geometry))).toEqual(rounded)
    const [before, after] = [positionsOf(geometry), positionsOf(rounded)]
    expect(after).toHaveLength(before.length)
    for (const [index, degrees] of before.entries()) {
      expect(Math.abs(degrees - (after[index] ?? Number.NaN))).toBeLessThanOrEqual(0.500_001e-7)
    }
  })

  test.prop([geometries, fc.nat()])('that was cut short is refused', (geometry, at) => {
    const packed = packGeometry(geometry)
    expect(() => unpackGeometry(geometry.type, packed.slice(0, at % packed.length))).toThrow()
  })

  it('counts its positions', () => {
    expect(countPositions({ type: 'Point', coordinates: [1, 2] })).toBe(1)
    expect(
      countPositions({
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [0, 0],
              [1, 1],
            ],
          ],
          [[[0, 0]], []],
        ],
      }),
    ).toBe(3)
  })

  it('is the same as another by what it draws', () => {
    const one = { datum: 'wgs84', geometry: { type: 'Point', coordinates: [1, 2] }, radiusM: 50 } as const
    expect(sameDeclared(one, { ...one, geometry: { type: 'Point', coordinates: [1.000_000_01, 2] } })).toBe(
      true,
    )
    expect(sameDeclared(one, { ...one, geometry: { type: 'Point', coordinates: [1.000_001, 2] } })).toBe(
      false,
    )
    expect(sameDeclared(one, { ...one, datum: 'gcj02' })).toBe(false)
    expect(sameDeclared(one, { ...one, radiusM: 51 })).toBe(false)
  })
})
