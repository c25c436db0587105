import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { pingsRequestSchema } from '#shared/contracts/http/pings.ts'
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
