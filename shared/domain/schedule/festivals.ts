import {
  FESTIVAL_TABLE,
  FIRST_FESTIVAL_YEAR,
  LAST_FESTIVAL_YEAR,
} from '#shared/domain/schedule/festival-table.ts'
import { addDays, type LocalDate, localDateOf } from '#shared/domain/schedule/local-time.ts'

/**
 * Festivals whose dates can be computed for years ahead. Lunar ones follow the Chinese calendar at UTC+8; a festival
 * that depends on the sight of the moon or on a decision (Eid, Diwali) is not among them.
 */
export const FESTIVAL_IDS = [
  'newYear',
  'valentinesDay',
  'womensDay',
  'easter',
  'labourDay',
  'mothersDay',
  'childrensDay',
  'fathersDay',
  'chinaNationalDay',
  'halloween',
  'singlesDay',
  'thanksgivingUs',
  'blackFriday',
  'christmas',
  'lunarNewYearsEve',
  'lunarNewYear',
  'lantern',
  'qingming',
  'dragonBoat',
  'qixi',
  'midAutumn',
  'doubleNinth',
] as const satisfies readonly (keyof typeof FESTIVAL_TABLE)[]
export type FestivalId = (typeof FESTIVAL_IDS)[number]

/** The most days before and after a festival that a window may have; so the windows of two years never meet. */
export const MAX_FESTIVAL_DAYS = 60

/** A festival with the days before and after that count as part of it, whole days of 0 to `MAX_FESTIVAL_DAYS`. */
export type FestivalDays = {
  readonly id: FestivalId
  readonly daysBefore: number
  readonly daysAfter: number
}

/** Days on a calendar, the first and the last included. */
export type DateWindow = { readonly from: LocalDate; readonly to: LocalDate }

const MMDD_LENGTH = 5

/**
 * The date of a festival, or undefined outside of the table's years (2024 to 2040).
 *
 * @example festivalDate('lunarNewYear', 2027) // '2027-02-06'
 */
export const festivalDate = (id: FestivalId, year: number): LocalDate | undefined => {
  if (!Number.isInteger(year) || year < FIRST_FESTIVAL_YEAR || year > LAST_FESTIVAL_YEAR) return undefined
  const start = (year - FIRST_FESTIVAL_YEAR) * MMDD_LENGTH
  const row = FESTIVAL_TABLE[id]
  return `${year}-${row.slice(start, start + 2)}-${row.slice(start + 2, start + 4)}`
}

/**
 * The days that count as a festival of one year, or undefined outside of the table's years.
 *
 * @example festivalWindow('christmas', 2026, 24, 1) // { from: '2026-12-01', to: '2026-12-26' }
 */
export const festivalWindow = (
  id: FestivalId,
  year: number,
  daysBefore: number,
  daysAfter: number,
): DateWindow | undefined => {
  const date = festivalDate(id, year)
  return date === undefined ? undefined : { from: addDays(date, -daysBefore), to: addDays(date, daysAfter) }
}

/**
 * The occasion that a festival is, once a year for each customer: its name and the year in whose window the date of the
 * place lies. Undefined when it is not that time of the year.
 *
 * @param nowMs ms since the epoch
 * @throws {RangeError} for an unknown zone
 * @example festivalOccasion({ id: 'newYear', daysBefore: 3, daysAfter: 0 }, Date.UTC(2026, 11, 30), 'UTC') // 'festival:newYear:2027'
 */
export const festivalOccasion = (
  { id, daysBefore, daysAfter }: FestivalDays,
  nowMs: number,
  timeZone: string,
): string | undefined => {
  const today = localDateOf(nowMs, timeZone)
  const thisYear = Number(today.slice(0, 4))
  for (const year of [thisYear - 1, thisYear, thisYear + 1]) {
    const days = festivalWindow(id, year, daysBefore, daysAfter)
    if (days !== undefined && today >= days.from && today <= days.to) return `festival:${id}:${year}`
  }
  return undefined
}

/**
 * Is it a festival, or one of the days before and after it, on the calendar of the place?
 *
 * @throws {RangeError} for an unknown zone
 */
export const isFestival = (festival: FestivalDays, nowMs: number, timeZone: string): boolean =>
  festivalOccasion(festival, nowMs, timeZone) !== undefined
