import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { WEEKDAYS, type WeeklyHours } from '#shared/domain/scenes/scene.ts'
import { isOpen } from '#shared/domain/schedule/weekly-hours.ts'
import { HOUR, MINUTE, SAN_FRANCISCO } from '#test/support/builders.ts'

const every = [...WEEKDAYS]
const at = (text: string): number => Date.parse(text)

describe('isOpen', () => {
  const office: WeeklyHours[] = [{ days: ['mon', 'tue'], from: '09:00', to: '17:30' }]

  it.each([
    ['2026-05-04T08:59:59Z', false],
    ['2026-05-04T09:00:00Z', true],
    ['2026-05-04T17:29:59Z', true],
    ['2026-05-04T17:30:00Z', false],
    ['2026-05-05T12:00:00Z', true],
    ['2026-05-06T12:00:00Z', false],
  ])('at %s in an office that is open Monday and Tuesday: %s', (instant, expected) => {
    expect(isOpen(office, at(instant), 'UTC')).toBe(expected)
  })

  it('reads the wall clock of the place', () => {
    // Monday 20:00 UTC is Monday 13:00 in San Francisco and Tuesday 05:00 in Tokyo.
    expect(isOpen(office, at('2026-05-04T20:00:00Z'), SAN_FRANCISCO)).toBe(true)
    expect(isOpen(office, at('2026-05-04T20:00:00Z'), 'Asia/Tokyo')).toBe(false)
    // A zone with a half hour.
    expect(isOpen(office, at('2026-05-04T03:30:00Z'), 'Asia/Kolkata')).toBe(true)
    expect(isOpen(office, at('2026-05-04T03:29:00Z'), 'Asia/Kolkata')).toBe(false)
  })

  const bar: WeeklyHours[] = [{ days: ['fri', 'sun'], from: '18:00', to: '02:00' }]

  it.each([
    ['2026-05-01T17:59:00Z', false], // Friday
    ['2026-05-01T23:59:00Z', true],
    ['2026-05-02T01:59:00Z', true], // Saturday, Friday's night
    ['2026-05-02T02:00:00Z', false],
    ['2026-05-02T19:00:00Z', false],
    ['2026-05-04T01:00:00Z', true], // Monday, Sunday's night: over the week's end
    ['2026-05-01T01:00:00Z', false], // Friday, but Thursday's night
  ])('at %s in a bar that is open Friday and Sunday past midnight: %s', (instant, expected) => {
    expect(isOpen(bar, at(instant), 'UTC')).toBe(expected)
  })

  it('takes midnight to midnight for the whole day, and for no other', () => {
    const saturdays: WeeklyHours[] = [{ days: ['sat'], from: '00:00', to: '00:00' }]
    expect(isOpen(saturdays, at('2026-05-02T00:00:00Z'), 'UTC')).toBe(true)
    expect(isOpen(saturdays, at('2026-05-02T23:59:00Z'), 'UTC')).toBe(true)
    expect(isOpen(saturdays, at('2026-05-03T00:00:00Z'), 'UTC')).toBe(false)
    expect(isOpen(saturdays, at('2026-05-01T23:59:00Z'), 'UTC')).toBe(false)
  })

  it('is closed without ranges, and open when one of several holds', () => {
    expect(isOpen([], at('2026-05-04T10:00:00Z'), 'UTC')).toBe(false)
    expect(isOpen([...bar, ...office], at('2026-05-04T10:00:00Z'), 'UTC')).toBe(true)
  })

  it('refuses an unknown zone', () => {
    expect(() => isOpen(office, 0, 'Mars/Olympus')).toThrow(RangeError)
  })

  /** How many minutes of a local day the ranges are open. */
  const openMinutes = (ranges: WeeklyHours[], fromMs: number, hours: number): number =>
    Array.from({ length: hours * 60 }, (_, minute) => fromMs + minute * MINUTE).filter((ms) =>
      isOpen(ranges, ms, SAN_FRANCISCO),
    ).length

  it('skips the hour that a day of 23 h does not have', () => {
    // Sunday 8 March 2026: 02:00 PST becomes 03:00 PDT.
    const night: WeeklyHours[] = [{ days: ['sun'], from: '01:00', to: '04:00' }]
    expect(openMinutes(night, at('2026-03-08T08:00:00Z'), 23)).toBe(120)
    expect(isOpen(night, at('2026-03-08T09:59:00Z'), SAN_FRANCISCO)).toBe(true)
    expect(isOpen(night, at('2026-03-08T10:59:00Z'), SAN_FRANCISCO)).toBe(true)
    expect(isOpen(night, at('2026-03-08T11:00:00Z'), SAN_FRANCISCO)).toBe(false)
  })

  it('has the hour twice that a day of 25 h has twice', () => {
    // Sunday 1 November 2026: 02:00 PDT becomes 01:00 PST.
    const night: WeeklyHours[] = [{ days: ['sun'], from: '01:00', to: '02:00' }]
    expect(openMinutes(night, at('2026-11-01T07:00:00Z'), 25)).toBe(120)
  })

  test.prop([
    fc.integer({ min: 0, max: 24 * 60 - 1 }),
    fc.integer({ min: 0, max: 24 * 60 - 1 }),
    fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
  ])('every day from one time to another is the opposite of from the other to the one', (a, b, instant) => {
    fc.pre(a !== b)
    const clock = (minute: number) =>
      `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
    const range = (from: number, to: number) => [{ days: every, from: clock(from), to: clock(to) }]
    expect(isOpen(range(a, b), instant, SAN_FRANCISCO)).toBe(!isOpen(range(b, a), instant, SAN_FRANCISCO))
    expect(isOpen(range(a, b), instant + 24 * HOUR, 'UTC')).toBe(isOpen(range(a, b), instant, 'UTC'))
  })
})
