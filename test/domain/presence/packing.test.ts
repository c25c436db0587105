import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { compareFixes, toFix } from '#shared/domain/presence/fix.ts'
import { packFixes, unpackFixes } from '#shared/domain/presence/packing.ts'
import { T0 } from '#test/support/builders.ts'

const fixes = fc
  .array(
    fc.record({
      atMs: fc.double({ min: T0, max: T0 + 86_400_000, noNaN: true }),
      lat: fc.double({ min: -90, max: 90, noNaN: true }),
      lon: fc.double({ min: -180, max: 180, noNaN: true }),
      accuracyM: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true }), { nil: undefined }),
    }),
    { maxLength: 100 },
  )
  .map((raw) => raw.map(toFix).toSorted(compareFixes))

describe('packFixes', () => {
  test.prop([fixes])('loses nothing of fixes made by toFix', (list) => {
    expect(unpackFixes(packFixes(list))).toEqual(list)
  })

  it('takes 8 bytes and 14 for each fix', () => {
    expect(packFixes([toFix({ atMs: T0, lat: 1, lon: 2 })])).toHaveLength(22)
    expect(packFixes([])).toHaveLength(0)
  })

  it('refuses to read bytes of another length', () => {
    expect(() => unpackFixes(new Uint8Array(21))).toThrow('not packed fixes: 21 bytes')
  })
})

describe('toFix', () => {
  it('rounds to 1e-7 degrees, whole ms and decimetres', () => {
    expect(toFix({ atMs: 0.6, lat: 37.123456789, lon: -1e-9, accuracyM: 5.04 })).toEqual({
      atMs: 1,
      lat: 37.1234568,
      lon: 0,
      accuracyM: 5,
    })
  })

  it('takes a missing accuracy for perfect and caps a large one', () => {
    expect(toFix({ atMs: 0, lat: 0, lon: 0 }).accuracyM).toBe(0)
    expect(toFix({ atMs: 0, lat: 0, lon: 0, accuracyM: 99_999 }).accuracyM).toBe(6000)
  })
})
