import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { FESTIVAL_TABLE } from '#shared/domain/schedule/festival-table.ts'
import {
  FESTIVAL_IDS,
  festivalDate,
  festivalOccasion,
  festivalWindow,
  isFestival,
  MAX_FESTIVAL_DAYS,
} from '#shared/domain/schedule/festivals.ts'
import { localDateOf } from '#shared/domain/schedule/local-time.ts'
import { HOUR } from '#test/support/builders.ts'

const at = (text: string): number => Date.parse(text)
const YEARS = Array.from({ length: 17 }, (_, index) => 2024 + index)

describe('the table of festivals', () => {
  it('is what its generator writes', () => {
    const printed = execFileSync(process.execPath, ['scripts/generate-festivals.mjs', '--print'], {
      encoding: 'utf8',
    })
    expect(readFileSync('shared/domain/schedule/festival-table.ts', 'utf8')).toBe(printed)
  })

  it('lists every festival that has a name', () => {
    expect(Object.keys(FESTIVAL_TABLE).toSorted()).toEqual([...FESTIVAL_IDS].toSorted())
  })

  it.each([
    ['lunarNewYear', 2024, '2024-02-10'],
    ['lunarNewYear', 2027, '2027-02-06'],
    ['lunarNewYear', 2030, '2030-02-03'],
    ['lunarNewYear', 2033, '2033-01-31'],
    ['lunarNewYear', 2034, '2034-02-19'],
    ['midAutumn', 2025, '2025-10-06'], // after the leap sixth month
    ['dragonBoat', 2028, '2028-05-28'], // in the fifth month, not in the leap fifth
    ['midAutumn', 2033, '2033-09-08'], // before the leap eleventh month
    ['qingming', 2026, '2026-04-05'],
    ['easter', 2024, '2024-03-31'],
    ['easter', 2038, '2038-04-25'],
    ['thanksgivingUs', 2026, '2026-11-26'],
    ['blackFriday', 2024, '2024-11-29'],
    ['mothersDay', 2026, '2026-05-10'],
    ['fathersDay', 2026, '2026-06-21'],
    ['singlesDay', 2026, '2026-11-11'],
  ] as const)('has %s of %i on %s', (id, year, date) => {
    expect(festivalDate(id, year)).toBe(date)
  })

  it('agrees with the Chinese calendar of Node, but for the two years in which that one errs', () => {
    const chinese = new Intl.DateTimeFormat('en-u-ca-chinese', {
      timeZone: 'Asia/Shanghai',
      month: 'numeric',
      day: 'numeric',
    })
    const differing = YEARS.filter((year) => {
      const noonMs = at(`${festivalDate('lunarNewYear', year)}T12:00:00+08:00`)
      return chinese.format(noonMs) !== '1/1'
    })
    expect([2027, 2030]).toEqual(expect.arrayContaining(differing))
  })

  it('ends where the table ends', () => {
    expect(festivalDate('christmas', 2023)).toBeUndefined()
    expect(festivalDate('christmas', 2041)).toBeUndefined()
    expect(festivalDate('christmas', 2026.5)).toBeUndefined()
    expect(
      festivalOccasion({ id: 'christmas', daysBefore: 0, daysAfter: 0 }, at('2041-12-25T12:00:00Z'), 'UTC'),
    ).toBe(undefined)
  })
})

describe('festivalOccasion', () => {
  it('counts the days before and after on the calendar of the place', () => {
    const festival = { id: 'lunarNewYear', daysBefore: 2, daysAfter: 1 } as const
    const shanghai = 'Asia/Shanghai'
    expect(festivalWindow('lunarNewYear', 2027, 2, 1)).toEqual({ from: '2027-02-04', to: '2027-02-07' })
    expect(isFestival(festival, at('2027-02-03T15:59:59Z'), shanghai)).toBe(false)
    expect(festivalOccasion(festival, at('2027-02-03T16:00:00Z'), shanghai)).toBe(
      'festival:lunarNewYear:2027',
    )
    expect(isFestival(festival, at('2027-02-07T15:59:59Z'), shanghai)).toBe(true)
    expect(isFestival(festival, at('2027-02-07T16:00:00Z'), shanghai)).toBe(false)
    expect(isFestival(festival, at('2027-02-07T16:00:00Z'), 'America/Los_Angeles')).toBe(true)
  })

  it('belongs to the festival’s year on both sides of midnight on New Year’s Eve', () => {
    const festival = { id: 'newYear', daysBefore: 3, daysAfter: 3 } as const
    expect(festivalOccasion(festival, at('2026-12-30T12:00:00Z'), 'UTC')).toBe('festival:newYear:2027')
    expect(festivalOccasion(festival, at('2027-01-03T12:00:00Z'), 'UTC')).toBe('festival:newYear:2027')
    const christmas = { id: 'christmas', daysBefore: 0, daysAfter: 20 } as const
    expect(festivalOccasion(christmas, at('2027-01-05T12:00:00Z'), 'UTC')).toBe('festival:christmas:2026')
  })

  test.prop(
    [
      fc.constantFrom(...FESTIVAL_IDS),
      fc.integer({ min: 0, max: MAX_FESTIVAL_DAYS }),
      fc.integer({ min: 0, max: MAX_FESTIVAL_DAYS }),
      fc.constantFrom('UTC', 'America/New_York', 'Asia/Shanghai', 'Pacific/Auckland'),
    ],
    { numRuns: 30 },
  )('is one occasion a year, for as many days as were asked for', (id, daysBefore, daysAfter, timeZone) => {
    const days = new Map<string, Set<string>>()
    for (let ms = at('2025-06-01T00:00:00Z'); ms < at('2029-06-01T00:00:00Z'); ms += 6 * HOUR) {
      const occasion = festivalOccasion({ id, daysBefore, daysAfter }, ms, timeZone)
      if (occasion !== undefined)
        days.set(occasion, (days.get(occasion) ?? new Set()).add(localDateOf(ms, timeZone)))
    }
    for (const year of [2026, 2027, 2028])
      expect(days.get(`festival:${id}:${year}`)?.size).toBe(daysBefore + 1 + daysAfter)
  })
})
