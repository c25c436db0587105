import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { compareFixes, type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import { NO_NEWS, packPresence, unpackNews, unpackPresence } from '#shared/domain/presence/packing.ts'
import {
  ANNA,
  aFix,
  aGeofence,
  DAY,
  MINUTE,
  moved,
  named,
  nearOf,
  SQUARE,
  T0,
} from '#test/support/builders.ts'

const fixes: fc.Arbitrary<Fix[]> = fc
  .array(
    fc.record({
      atMs: fc.double({ min: T0, max: T0 + 86_400_000, noNaN: true }),
      lat: fc.double({ min: -90, max: 90, noNaN: true }),
      lon: fc.double({ min: -180, max: 180, noNaN: true }),
      accuracyM: fc.option(fc.double({ min: -1, max: 100_000 }), { nil: undefined }),
      speedMps: fc.option(fc.double({ min: -1, max: 2000, noNaN: true }), { nil: undefined }),
      mocked: fc.boolean(),
    }),
    { maxLength: 100 },
  )
  .map((raw) => raw.map(toFix).toSorted(compareFixes))

const presenceOf = (list: readonly Fix[], watermarkMs = T0 + DAY): Presence => ({
  ...NO_PRESENCE,
  watermarkMs,
  fixes: list,
})
const again = (presence: Presence): Presence => unpackPresence(packPresence(presence, NO_NEWS))

describe('packed presence', () => {
  test.prop([fixes])('loses nothing of fixes made by toFix', (list) => {
    expect(again(presenceOf(list)).fixes).toEqual(list)
  })

  test.prop([fixes, fc.integer({ min: 1, max: 6 })])(
    'nor of those that an app has rounded',
    (list, places) => {
      const rounded = list.map((fix) =>
        toFix({ ...fix, lat: Number(fix.lat.toFixed(places)), lon: Number(fix.lon.toFixed(places)) }),
      )
      const [last] = rounded
      const base = last ? { open: [], last: { atMs: T0, lat: last.lat, lon: last.lon } } : { open: [] }
      const presence = { ...presenceOf(rounded), base }
      expect(again(presence)).toEqual(presence)
    },
  )

  it('takes 5 to 10 bytes for each fix of a walk', () => {
    const walk = Array.from({ length: 91 }, (_, index) =>
      aFix(index * 10, moved(SQUARE, index * 13.7, -index * 9.1)),
    )
    const [one, all] = [walk.slice(0, 1), walk].map((list) => packPresence(presenceOf(list), NO_NEWS).length)
    expect(((all ?? 0) - (one ?? 0)) / 90).toBeGreaterThan(4)
    expect(((all ?? 0) - (one ?? 0)) / 90).toBeLessThan(8)
  })

  it('names a merchant and a store once, and visits of one place by it', () => {
    const store = { storeId: named('sto', 'one') }
    const geofences = [aGeofence('door', store), aGeofence('house', { ...store, radiusM: 200 })]
    const folded = fold(ANNA, NO_PRESENCE, [aFix(0)], nearOf(...geofences), T0)
    const [first] = geofences
    const single = fold(ANNA, NO_PRESENCE, [aFix(0)], nearOf(...(first ? [first] : [])), T0)
    const [two, one] = [folded, single].map(({ presence }) => packPresence(presence, NO_NEWS).length)
    // 17 bytes of the geofence's id and what is known of the visit.
    expect((two ?? 0) - (one ?? 0)).toBeLessThan(26)
    expect(again(folded.presence)).toEqual(folded.presence)
  })

  it('gives news back with the ids that follow from who, where and when', () => {
    const square = aGeofence('square', { storeId: named('sto', 'one') })
    const OUT = moved(SQUARE, 200)
    const walk = [aFix(0), aFix(60, OUT, 12.3), aFix(120, OUT), aFix(1500)]
    const folded = fold(ANNA, NO_PRESENCE, walk, nearOf(square), T0 + DAY)
    expect(folded.transitions).toHaveLength(3)
    expect(folded.settled).toHaveLength(1)
    const { transitions, settled } = unpackNews(packPresence(folded.presence, folded), ANNA)
    expect({ transitions, settled }).toEqual({ transitions: folded.transitions, settled: folded.settled })
  })

  it('refuses bytes of another format, cut short, or with something left over', () => {
    const { presence } = fold(ANNA, NO_PRESENCE, [aFix(0)], nearOf(aGeofence('square')), T0)
    const bytes = packPresence(presence, NO_NEWS)
    expect(() => unpackPresence(new Uint8Array([9, ...bytes.subarray(1)]))).toThrow('format 9')
    expect(() => unpackPresence(new Uint8Array(0))).toThrow('cut short')
    for (let length = 0; length < bytes.length - 2; length++) {
      expect(() => unpackNews(bytes.subarray(0, length), ANNA)).toThrow('packed presence')
    }
    expect(() => unpackNews(new Uint8Array([...bytes, 0]), ANNA)).toThrow('left over')
  })

  it('refuses to write a time that is later than all it knows', () => {
    expect(() => packPresence(presenceOf([aFix(60)], T0), NO_NEWS)).toThrow('not a count')
    expect(again(presenceOf([aFix(60)], T0 + MINUTE)).fixes).toEqual([aFix(60)])
  })
})

describe('toFix', () => {
  it('rounds to 1e-7 degrees, whole ms and decimetres', () => {
    expect(toFix({ atMs: 0.6, lat: 37.123456789, lon: -1e-9, accuracyM: 5.04, speedMps: 1.26 })).toEqual({
      atMs: 1,
      lat: 37.1234568,
      lon: 0,
      accuracyM: 5,
      speedMps: 1.3,
    })
  })

  it('takes a missing accuracy for not said and caps a large one', () => {
    expect(toFix({ atMs: 0, lat: 0, lon: 0 }).accuracyM).toBe(0)
    expect(toFix({ atMs: 0, lat: 0, lon: 0, accuracyM: 99_999 }).accuracyM).toBe(6000)
  })

  it.each([-1, Number.NaN, 0.01])('keeps %s m for an accuracy that cannot be', (accuracyM) => {
    expect(toFix({ atMs: 0, lat: 0, lon: 0, accuracyM }).accuracyM).toBe(0.1)
  })

  it('leaves out a speed that the phone does not know', () => {
    expect(toFix({ atMs: 0, lat: 0, lon: 0, speedMps: -1, mocked: false })).toEqual({
      atMs: 0,
      lat: 0,
      lon: 0,
      accuracyM: 0,
    })
  })
})
