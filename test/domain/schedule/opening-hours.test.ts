import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { WEEKDAYS, type WeeklyHours } from '#shared/domain/scenes/scene.ts'
import { addDays, dayOfDate, localDateOf, utcOffsetMs } from '#shared/domain/schedule/local-time.ts'
import {
  hoursOutside,
  isOpen,
  isOpenInAll,
  nextClosingInAllMs,
  nextClosingMs,
  nextOpeningInAllMs,
  nextOpeningMs,
  type OpeningHours,
} from '#shared/domain/schedule/weekly-hours.ts'
import { DAY, HOUR, MINUTE, SAN_FRANCISCO } from '#test/support/builders.ts'

const every = [...WEEKDAYS]
const at = (text: string): number => Date.parse(text)
const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

// Days of 23 and 25 hours, half an hour's change, no change, and a zone that left out a whole day (Samoa, 2011).
const MOMENTS: readonly (readonly [string, number])[] = [
  [SAN_FRANCISCO, at('2026-03-08T10:00:00Z')],
  [SAN_FRANCISCO, at('2026-11-01T09:00:00Z')],
  ['Europe/Berlin', at('2026-03-29T01:00:00Z')],
  ['Europe/Berlin', at('2026-10-25T01:00:00Z')],
  ['Australia/Lord_Howe', at('2026-10-03T15:30:00Z')],
  ['Asia/Kolkata', at('2028-02-29T00:00:00Z')],
  ['Africa/Casablanca', at('2026-02-15T02:00:00Z')],
  ['Pacific/Apia', at('2011-12-30T10:00:00Z')],
  ['UTC', at('2026-12-31T23:00:00Z')],
]

const aRange = fc
  .record({
    days: fc.uniqueArray(fc.constantFrom(...every), { minLength: 1, maxLength: 7 }),
    from: fc.integer({ min: 0, max: 47 }),
    to: fc.integer({ min: 0, max: 47 }),
  })
  .map(({ days, from, to }): WeeklyHours => ({ days, from: clock(from * 30), to: clock(to * 30) }))
const aMoment = fc
  .tuple(fc.constantFrom(...MOMENTS), fc.integer({ min: -48 * 60, max: 48 * 60 }))
  .map(([[timeZone, ms], minutes]) => ({ timeZone, nowMs: ms + minutes * MINUTE }))
const someHours = fc.tuple(
  fc.array(aRange, { maxLength: 3 }),
  aMoment,
  fc.array(fc.integer({ min: -2, max: 2 })),
)

describe('openings and closings', () => {
  test.prop([someHours], { numRuns: 150 })(
    'agree with asking every five minutes',
    ([weekly, { timeZone, nowMs: moment }, closed]) => {
      const nowMs = moment - (moment % (5 * MINUTE))
      const today = localDateOf(nowMs, timeZone)
      const hours: OpeningHours = { weekly, closedDates: closed.map((days) => addDays(today, days)) }
      const steps = Array.from({ length: (3 * DAY) / (5 * MINUTE) }, (_, step) => nowMs + step * 5 * MINUTE)
      const naive = (wanted: boolean) => steps.find((ms) => isOpen(hours, ms, timeZone) === wanted)
      const opening = nextOpeningMs(hours, nowMs, timeZone)
      const closing = nextClosingMs(hours, nowMs, timeZone)
      const expectedOpening = naive(true)
      const lastMs = nowMs + 3 * DAY
      expect(opening !== undefined && opening < lastMs ? opening : undefined).toBe(expectedOpening)
      const expectedClosing = isOpen(hours, nowMs, timeZone) ? naive(false) : undefined
      expect(closing !== undefined && closing < lastMs ? closing : undefined).toBe(expectedClosing)
    },
  )

  test.prop([fc.array(aRange, { maxLength: 4 }), aMoment], { numRuns: 200 })(
    'the hours outside of ranges are open exactly when the ranges are not',
    (ranges, { timeZone, nowMs }) => {
      expect(isOpen(hoursOutside(ranges), nowMs, timeZone)).toBe(!isOpen(ranges, nowMs, timeZone))
    },
  )

  test.prop([fc.array(aRange, { maxLength: 2 }), fc.array(aRange, { maxLength: 2 }), aMoment], {
    numRuns: 60,
  })(
    'the next opening of two is open in both, and no earlier half hour is',
    (first, second, { timeZone, nowMs }) => {
      const both = [
        { hours: first, timeZone },
        { hours: second, timeZone: 'Asia/Tokyo' },
      ]
      const opening = nextOpeningInAllMs(both, nowMs)
      const lastMs = Math.min(opening ?? Infinity, nowMs + 3 * DAY)
      for (let ms = nowMs; ms < lastMs; ms += 30 * MINUTE) expect(isOpenInAll(both, ms)).toBe(false)
      if (opening === undefined) return
      expect(isOpenInAll(both, opening)).toBe(true)
      const closing = nextClosingInAllMs(both, opening)
      if (closing !== undefined) expect(isOpenInAll(both, closing)).toBe(false)
    },
  )

  const shop: OpeningHours = {
    weekly: [
      { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'], from: '09:00', to: '13:00' },
      { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '15:00', to: '19:00' },
    ],
    closedDates: ['2026-12-25'],
  }

  it('knows the break at noon, the closed day and the next opening after it', () => {
    const berlin = 'Europe/Berlin'
    expect(nextClosingMs(shop, at('2026-12-24T11:00:00Z'), berlin)).toBe(at('2026-12-24T12:00:00Z'))
    expect(nextOpeningMs(shop, at('2026-12-24T12:00:00Z'), berlin)).toBe(at('2026-12-24T14:00:00Z'))
    expect(nextOpeningMs(shop, at('2026-12-24T19:00:00Z'), berlin)).toBe(at('2026-12-26T08:00:00Z'))
    expect(nextClosingMs(shop, at('2026-12-25T11:00:00Z'), berlin)).toBeUndefined()
  })

  it('keeps the night of a closed day closed, and the night before it open', () => {
    const bar: OpeningHours = {
      weekly: [{ days: every, from: '18:00', to: '02:00' }],
      closedDates: ['2026-05-01'],
    }
    expect(isOpen(bar, at('2026-05-01T01:00:00Z'), 'UTC')).toBe(true)
    expect(isOpen(bar, at('2026-05-01T20:00:00Z'), 'UTC')).toBe(false)
    expect(isOpen(bar, at('2026-05-02T01:00:00Z'), 'UTC')).toBe(false)
    expect(isOpen(bar, at('2026-05-02T18:00:00Z'), 'UTC')).toBe(true)
  })

  it('keeps to its first and last day', () => {
    const fair: OpeningHours = { from: '2028-02-28', to: '2028-02-29' }
    expect(nextOpeningMs(fair, at('2028-01-01T00:00:00Z'), 'UTC')).toBe(at('2028-02-28T00:00:00Z'))
    expect(nextClosingMs(fair, at('2028-02-28T05:00:00Z'), 'UTC')).toBe(at('2028-03-01T00:00:00Z'))
    expect(nextOpeningMs(fair, at('2028-03-01T00:00:00Z'), 'UTC')).toBeUndefined()
  })

  it('ends its search after a year', () => {
    expect(nextOpeningMs([], 0, 'UTC')).toBeUndefined()
    expect(nextClosingMs({}, 0, 'UTC')).toBeUndefined()
    expect(nextOpeningMs({ from: '1971-06-01' }, 0, 'UTC')).toBeUndefined()
    expect(nextOpeningMs({ from: '1970-12-01' }, 0, 'UTC')).toBe(at('1970-12-01T00:00:00Z'))
    expect(nextOpeningInAllMs([], 7)).toBe(7)
    expect(nextClosingInAllMs([], 7)).toBeUndefined()
  })

  it('finds no moment for mornings and evenings together', () => {
    const mornings = { hours: [{ days: every, from: '08:00', to: '10:00' }], timeZone: SAN_FRANCISCO }
    const evenings = { hours: [{ days: every, from: '18:00', to: '20:00' }], timeZone: SAN_FRANCISCO }
    expect(nextOpeningInAllMs([mornings, evenings], at('2026-05-01T00:00:00Z'))).toBeUndefined()
  })

  it('opens when the clock has jumped over the opening', () => {
    const night: WeeklyHours[] = [{ days: ['sun'], from: '02:30', to: '05:00' }]
    expect(nextOpeningMs(night, at('2026-03-08T08:00:00Z'), SAN_FRANCISCO)).toBe(at('2026-03-08T10:00:00Z'))
  })
})

describe('local time', () => {
  it('reads offsets of half hours, before the epoch too', () => {
    expect(utcOffsetMs(at('2026-01-01T00:00:00Z'), 'Asia/Kolkata')).toBe(5.5 * HOUR)
    expect(utcOffsetMs(at('1960-01-01T00:00:00.500Z'), 'UTC')).toBe(0)
    expect(localDateOf(at('2026-01-01T03:00:00Z'), 'America/New_York')).toBe('2025-12-31')
    expect(() => dayOfDate('2026-13-01')).toThrow(RangeError)
    expect(() => utcOffsetMs(0, 'Mars/Olympus')).toThrow(RangeError)
  })
})
