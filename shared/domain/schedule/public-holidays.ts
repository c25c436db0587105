import { WEEKDAYS, type Weekday } from '#shared/domain/scenes/scene.ts'
import { FIRST_FESTIVAL_YEAR, LAST_FESTIVAL_YEAR } from '#shared/domain/schedule/festival-table.ts'
import { festivalDate } from '#shared/domain/schedule/festivals.ts'
import { addDays, dayOfDate, type LocalDate, weekdayOfDay } from '#shared/domain/schedule/local-time.ts'

const YEARS = Array.from(
  { length: LAST_FESTIVAL_YEAR - FIRST_FESTIVAL_YEAR + 1 },
  (_, index) => FIRST_FESTIVAL_YEAR + index,
)

const nthWeekday = (year: number, month: string, weekday: Weekday, n: number): LocalDate => {
  const first = `${year}-${month}-01`
  const ahead = (WEEKDAYS.indexOf(weekday) - WEEKDAYS.indexOf(weekdayOfDay(dayOfDate(first))) + 7) % 7
  return addDays(first, ahead + (n - 1) * 7)
}

/** Code du travail, art. L3133-1: fixed days, and three that follow Easter. */
const ofFrance = (year: number): LocalDate[] => {
  const fixed = ['01-01', '05-01', '05-08', '07-14', '08-15', '11-01', '11-11', '12-25']
  const easter = festivalDate('easter', year)
  const movable = easter === undefined ? [] : [1, 39, 50].map((days) => addDays(easter, days))
  return [...fixed.map((day) => `${year}-${day}`), ...movable]
}

/** The day off for a holiday at a weekend: the Friday before a Saturday, the Monday after a Sunday. */
const observed = (date: LocalDate): LocalDate => {
  const weekday = weekdayOfDay(dayOfDate(date))
  if (weekday === 'sat') return addDays(date, -1)
  return weekday === 'sun' ? addDays(date, 1) : date
}

/** 5 U.S.C. 6103: the days themselves, and those on which they are observed. */
const ofUnitedStates = (year: number): LocalDate[] => {
  const fixed = ['01-01', '06-19', '07-04', '11-11', '12-25'].map((day) => `${year}-${day}`)
  return [
    ...new Set([...fixed, ...fixed.map(observed)]),
    nthWeekday(year, '01', 'mon', 3),
    nthWeekday(year, '02', 'mon', 3),
    addDays(nthWeekday(year, '06', 'mon', 1), -7),
    nthWeekday(year, '09', 'mon', 1),
    nthWeekday(year, '10', 'mon', 2),
    nthWeekday(year, '11', 'thu', 4),
  ]
}

/**
 * Public holidays from 2024 to 2040, for the places whose law closes them to advertising. A state's own holidays
 * (Mardi Gras in Louisiana, Victory Day in Rhode Island) are not among those of the United States.
 */
export const PUBLIC_HOLIDAYS = {
  france: YEARS.flatMap(ofFrance).toSorted(),
  unitedStates: YEARS.flatMap(ofUnitedStates).toSorted(),
} as const satisfies Record<string, readonly LocalDate[]>
export type HolidayCalendar = keyof typeof PUBLIC_HOLIDAYS
