import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localDateOf, nextMidnightMs } from '#shared/domain/schedule/local-time.ts'

describe('the next midnight', () => {
  it.each([
    ['America/New_York', '2026-01-01T03:00:00Z', '2026-01-01T05:00:00Z'],
    ['on a day of 23 hours', '2026-03-08T08:30:00Z', '2026-03-09T07:00:00Z', 'America/Los_Angeles'],
    ['on a day of 25 hours', '2026-11-01T07:30:00Z', '2026-11-02T08:00:00Z', 'America/Los_Angeles'],
    ['where there is none', '2026-09-05T16:00:00Z', '2026-09-06T04:00:00Z', 'America/Santiago'],
  ])('%s', (name, from, midnight, timeZone = name) => {
    expect(new Date(nextMidnightMs(Date.parse(from), timeZone)).toISOString()).toBe(
      new Date(midnight).toISOString(),
    )
  })

  it('is the first moment of another date', () => {
    const zones = [
      'America/Los_Angeles',
      'Europe/Berlin',
      'Asia/Kolkata',
      'America/Santiago',
      'America/Havana',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) }),
        (zone, atMs) => {
          const midnight = nextMidnightMs(atMs, zone)
          expect(
            localDateOf(midnight - 1000, zone) <= localDateOf(atMs, zone) || midnight - atMs < 1000,
          ).toBe(true)
          expect(localDateOf(midnight, zone) > localDateOf(atMs, zone)).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
