import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  type Anniversary,
  anniversaryOccasion,
  firstVisitAnniversary,
  yearlyDate,
} from '#shared/domain/schedule/anniversaries.ts'
import { dayOfDate } from '#shared/domain/schedule/local-time.ts'
import { HOUR } from '#test/support/builders.ts'

const at = (text: string): number => Date.parse(text)

describe('anniversaries', () => {
  it('keep 29 February on 28 February in common years', () => {
    expect(yearlyDate('02-29', 2027)).toBe('2027-02-28')
    expect(yearlyDate('02-29', 2028)).toBe('2028-02-29')
    const leapling: Anniversary = { kind: 'birthday', day: '02-29' }
    expect(anniversaryOccasion(leapling, 0, 0, at('2027-02-28T12:00:00Z'), 'UTC')).toBe('birthday:2027')
    expect(anniversaryOccasion(leapling, 0, 0, at('2027-03-01T12:00:00Z'), 'UTC')).toBeUndefined()
    expect(anniversaryOccasion(leapling, 0, 0, at('2028-02-28T12:00:00Z'), 'UTC')).toBeUndefined()
    expect(anniversaryOccasion(leapling, 0, 0, at('2028-02-29T12:00:00Z'), 'UTC')).toBe('birthday:2028')
  })

  it('belong to the year of the day, also from the year before', () => {
    const birthday: Anniversary = { kind: 'birthday', day: '01-02' }
    expect(anniversaryOccasion(birthday, 5, 0, at('2026-12-29T12:00:00Z'), 'UTC')).toBe('birthday:2027')
  })

  it('begin a year after the first visit, on the calendar of its place', () => {
    const first = firstVisitAnniversary(at('2026-01-01T03:00:00Z'), 'America/New_York')
    expect(first).toEqual({ kind: 'anniversary', day: '12-31', sinceYear: 2025 })
    const on = (text: string) => anniversaryOccasion(first, 0, 7, at(text), 'America/New_York')
    expect(on('2026-01-01T12:00:00Z')).toBeUndefined()
    expect(on('2027-01-01T03:00:00Z')).toBe('anniversary:2026')
    expect(on('2027-01-03T12:00:00Z')).toBe('anniversary:2026')
  })

  const aDay = fc
    .integer({ min: 0, max: 365 })
    .map((days) => new Date(Date.UTC(2024, 0, 1 + days)).toISOString().slice(5, 10))

  test.prop([aDay, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 })], { numRuns: 40 })(
    'come once a year, with their days before and after',
    (day, daysBefore, daysAfter) => {
      const seen = new Map<string, Set<number>>()
      for (let ms = at('2025-06-01T00:00:00Z'); ms < at('2029-06-01T00:00:00Z'); ms += 12 * HOUR) {
        const occasion = anniversaryOccasion({ kind: 'birthday', day }, daysBefore, daysAfter, ms, 'UTC')
        const date = dayOfDate(new Date(ms).toISOString().slice(0, 10))
        if (occasion !== undefined) seen.set(occasion, (seen.get(occasion) ?? new Set()).add(date))
      }
      for (const year of [2026, 2027, 2028])
        expect(seen.get(`birthday:${year}`)?.size).toBe(daysBefore + 1 + daysAfter)
    },
  )
})
