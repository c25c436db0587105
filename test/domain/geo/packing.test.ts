import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { packPolygon, unpackPolygon } from '#shared/domain/geo/packing.ts'
import { placed, starRings, wrapped } from './stars.ts'
import { aPolygon, HAS_DATA, polygonFrom, readFeatures } from './suites.ts'

const square = polygonFrom(
  aPolygon([
    [0, 0],
    [0.01, 0],
    [0.01, 0.01],
    [0, 0.01],
    [0, 0],
  ]),
)

describe('packPolygon', () => {
  test.prop([
    starRings,
    fc.double({ min: -80, max: 80, noNaN: true }),
    fc.double({ min: -180, max: 180, noNaN: true }),
  ])('loses nothing', (star, lat, lon) => {
    const polygon = polygonFrom(aPolygon(...wrapped(placed(star, lat, lon, 1))))
    expect(unpackPolygon(packPolygon(polygon))).toEqual(polygon)
  })

  it.skipIf(!HAS_DATA)('loses nothing of real borders, at four bytes a vertex of the large ones', () => {
    for (const { file, name, geometry } of readFeatures()) {
      const polygon = polygonFrom(geometry)
      const packed = packPolygon(polygon)
      expect(unpackPolygon(packed), name).toEqual(polygon)
      if (file.startsWith('nyc')) expect(packed.length).toBeLessThan(2 * polygon.outline.coords.length)
    }
  })

  it('keeps a cap whose ring was closed over the pole', () => {
    const cap = polygonFrom(
      aPolygon([
        [0, 80],
        [90, 81],
        [180, 79],
        [-90, 80],
        [0, 80],
      ]),
    )
    expect(unpackPolygon(packPolygon(cap))).toEqual(cap)
  })
})

describe('unpackPolygon', () => {
  const packed = packPolygon(square)

  it('refuses bytes that are cut short, too many, of another format or none', () => {
    for (let length = 0; length < packed.length; length++) {
      expect(() => unpackPolygon(packed.subarray(0, length))).toThrow()
    }
    expect(() => unpackPolygon(Uint8Array.from([...packed, 0]))).toThrow('more bytes')
    expect(() => unpackPolygon(Uint8Array.from([9, ...packed.slice(1)]))).toThrow('format')
    expect(() => unpackPolygon(Uint8Array.from([1, 255, 255, 255, 127, 1, 3]))).toThrow('count')
  })

  test.prop([fc.uint8Array({ maxLength: 60 })])(
    'never does anything but refuse or give a polygon',
    (bytes) => {
      const attempt = (): string => {
        try {
          return unpackPolygon(Uint8Array.from([1, ...bytes])).kind
        } catch (error) {
          return error instanceof Error ? 'refused' : 'broken'
        }
      }
      expect(['polygon', 'refused']).toContain(attempt())
    },
  )
})
