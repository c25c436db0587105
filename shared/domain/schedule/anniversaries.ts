import type { DateWindow } from '#shared/domain/schedule/festivals.ts'
import { addDays, isLeapYear, type LocalDate, localDateOf } from '#shared/domain/schedule/local-time.ts'

/** A day of the year, 'MM-DD'; '02-29' exists. */
export type YearlyDay = string

/** The most days before and after that may count. */
export const MAX_ANNIVERSARY_DAYS = 30

export type AnniversaryKind = 'birthday' | 'anniversary'

/** What recurs every year: a birthday, or the day on which the customer first came to this merchant. */
export type Anniversary = {
  readonly kind: AnniversaryKind
  readonly day: YearlyDay
  /** The year in which it began, where it is known: that year itself has no anniversary, nor has an earlier one. */
  readonly sinceYear?: number
}

/**
 * The date of a yearly day. Who was born on 29 February is congratulated on 28 February in common years: in the month
 * of birth, and not a day late.
 *
 * @param day 'MM-DD'
 * @example yearlyDate('02-29', 2027) // '2027-02-28'
 */
export const yearlyDate = (day: YearlyDay, year: number): LocalDate =>
  `${String(year).padStart(4, '0')}-${day === '02-29' && !isLeapYear(year) ? '02-28' : day}`

/**
 * The anniversary of a first visit, on the calendar of its place.
 *
 * @example firstVisitAnniversary(Date.UTC(2024, 1, 29, 12), 'UTC') // { kind: 'anniversary', day: '02-29', sinceYear: 2024 }
 */
export const firstVisitAnniversary = (firstVisitMs: number, timeZone: string): Anniversary => {
  const date = localDateOf(firstVisitMs, timeZone)
  return { kind: 'anniversary', day: date.slice(5), sinceYear: Number(date.slice(0, 4)) }
}

/** The days that count as the anniversary of one year, the first and the last included. */
export const anniversaryWindow = (
  { day }: Anniversary,
  year: number,
  daysBefore: number,
  daysAfter: number,
): DateWindow => {
  const date = yearlyDate(day, year)
  return { from: addDays(date, -daysBefore), to: addDays(date, daysAfter) }
}

/**
 * The occasion that an anniversary is, once a year for each customer. Undefined when it is not that time of the year,
 * or when it began in that very year.
 *
 * @param daysBefore, daysAfter whole days, 0 to `MAX_ANNIVERSARY_DAYS`
 * @throws {RangeError} for an unknown zone
 * @example anniversaryOccasion({ kind: 'birthday', day: '01-01' }, 3, 0, Date.UTC(2026, 11, 30), 'UTC') // 'birthday:2027'
 */
export const anniversaryOccasion = (
  anniversary: Anniversary,
  daysBefore: number,
  daysAfter: number,
  nowMs: number,
  timeZone: string,
): string | undefined => {
  const today = localDateOf(nowMs, timeZone)
  const thisYear = Number(today.slice(0, 4))
  for (const year of [thisYear - 1, thisYear, thisYear + 1]) {
    if (anniversary.sinceYear !== undefined && year <= anniversary.sinceYear) continue
    const days = anniversaryWindow(anniversary, year, daysBefore, daysAfter)
    if (today >= days.from && today <= days.to) return `${anniversary.kind}:${year}`
  }
  return undefined
}
