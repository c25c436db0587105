import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { isPingsRequest, pingsRequestSchema } from '#shared/contracts/http/pings.ts'
import { problemErrorsOf } from '#shared/runtime/http/parse-input.ts'

const ping = (changes: Readonly<Record<string, unknown>> = {}) => ({
  at: '2026-11-22T10:00:00Z',
  lat: 37.788,
  lon: -122.4075,
  ...changes,
})
const pointersOf = (pings: readonly unknown[]): string[] => {
  const parsed = pingsRequestSchema.safeParse({ pings })
  return parsed.success ? [] : problemErrorsOf(parsed.error).map(({ pointer }) => pointer)
}

describe('a batch of pings', () => {
  test('may say accuracy, speed and whether it is made up', () => {
    const full = ping({ accuracyM: 12.5, speedMps: 1.4, mocked: false, at: '2026-11-22T10:00:00.123+09:00' })
    expect(pingsRequestSchema.parse({ pings: [full] })).toEqual({ pings: [full] })
  })

  test('with a fault in one names its index', () => {
    const pings = Array.from({ length: 20 }, () => ping())
    pings[17] = ping({ lat: 91 })
    expect(pointersOf(pings)).toEqual(['/pings/17/lat'])
  })

  test.each([
    ['lat', 90.000_001],
    ['lat', '37.788'],
    ['lat', null],
    ['lat', Number.POSITIVE_INFINITY],
    ['lon', -180.000_001],
    ['lon', Number.NaN],
    ['accuracyM', -1],
    ['accuracyM', 100_001],
    ['speedMps', -0.1],
    ['mocked', 'no'],
    ['at', '2026-11-22'],
    ['at', '0000-01-01T00:00:00+23:59'],
    ['at', '9999-12-31T23:59:59-23:59'],
    ['at', '2026-11-22T10:00:00'],
    ['at', '2026-02-30T10:00:00Z'],
    ['at', 1_795_341_600_000],
    ['at', `2026-11-22T10:00:00.${'0'.repeat(50)}Z`],
    ['altitude', 12],
  ])('refuses %s: %j', (name, value) => {
    expect(pointersOf([ping({ [name]: value })])).toEqual([`/pings/0/${name}`])
  })

  test('holds 1 to 100', () => {
    expect(pointersOf([])).toEqual(['/pings'])
    expect(pointersOf(Array.from({ length: 100 }, () => ping()))).toEqual([])
    expect(pointersOf(Array.from({ length: 101 }, () => ping()))).toEqual(['/pings'])
  })

  property.prop([
    fc.double({ noNaN: true, min: -90, max: 90 }),
    fc.double({ noNaN: true, min: -180, max: 180 }),
  ])('takes every position on Earth', (lat, lon) => {
    expect(pointersOf([ping({ lat, lon })])).toEqual([])
  })
})

describe('the quick check of a request', () => {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom(0, -0, 90, -90, 90.000_001, 180, -180.000_001, 1000, 1000.1, 100_000, 100_000.1),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, [], [1], {}, undefined),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.constantFrom(
      '2026-11-22T10:00:00Z',
      '2026-11-22T10:00:00.123456789+09:00',
      '2026-11-22T10:00:00-24:00',
      '2026-11-22T10:00Z',
      '2026-11-22T10:00:00',
      '2026-11-22t10:00:00z',
      '2026-11-22 10:00:00Z',
      '2028-02-29T23:59:59Z',
      '2026-02-29T23:59:59Z',
      '2026-11-22T24:00:00Z',
      '2026-11-22T10:00:60Z',
      '2026-11-22T10:00:00Z\n',
      `2026-11-22T10:00:00.${'0'.repeat(19)}Z`,
      `2026-11-22T10:00:00.${'0'.repeat(20)}Z`,
    ),
  )
  const name = fc.constantFrom('at', 'lat', 'lon', 'accuracyM', 'speedMps', 'mocked', '__proto__', 'more', '')
  const members = fc.array(fc.tuple(name, odd), { maxLength: 2 })
  const changed = (
    whole: object,
    changes: readonly (readonly [string, unknown])[],
    left: string,
  ): unknown => {
    const copy = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== left))
    for (const [key, value] of changes) {
      Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true })
    }
    return copy
  }
  const anyPing = fc
    .tuple(members, fc.constantFrom('', '', '', 'at', 'lat', 'lon'))
    .map(([changes, left]) => changed(ping({ accuracyM: 5, speedMps: 1, mocked: true }), changes, left))
  const anyRequest = fc.oneof(
    odd,
    fc
      .tuple(
        fc.oneof(fc.array(fc.oneof({ weight: 5, arbitrary: anyPing }, odd), { maxLength: 3 }), odd),
        fc.array(
          fc.tuple(fc.constantFrom('datum', 'more', '__proto__'), fc.oneof(odd, fc.constant('gcj02'))),
        ),
      )
      .map(([pings, changes]) => changed({}, [['pings', pings], ...changes.slice(0, 2)], '')),
  )

  property.prop([anyRequest], { numRuns: 5_000 })('says what the schema says', (request) => {
    expect(isPingsRequest(request)).toBe(pingsRequestSchema.safeParse(request).success)
  })

  property.prop([fc.array(anyPing, { minLength: 1, maxLength: 3 })], { numRuns: 2_000 })(
    'takes nothing that the schema would change',
    (pings) => {
      const request = { pings }
      fc.pre(isPingsRequest(request))
      expect(pingsRequestSchema.parse(request)).toEqual(request)
    },
  )

  test.each([0, 1, 100, 101])('counts %i pings', (count) => {
    const request = { pings: Array.from({ length: count }, () => ping()) }
    expect(isPingsRequest(request)).toBe(pingsRequestSchema.safeParse(request).success)
  })
})
