import { WEEKDAYS, type Weekday } from '#shared/domain/scenes/scene.ts'

/** A date on a wall calendar, 'YYYY-MM-DD'. Such dates compare as strings. */
export type LocalDate = string

export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000
export const MINUTES_PER_DAY = 24 * 60

const formats = new Map<string, Intl.DateTimeFormat>()
const MAX_FORMATS = 600

const formatFor = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'gregory',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  // There are about 600 IANA zones; a bound all the same.
  if (formats.size >= MAX_FORMATS) formats.clear()
  formats.set(timeZone, format)
  return format
}

/**
 * How far the wall clock of a zone is ahead of UTC at a moment, in ms.
 *
 * @param atMs ms since the epoch
 * @throws {RangeError} for an unknown zone
 * @example utcOffsetMs(Date.UTC(2026, 6, 1), 'Europe/Berlin') // 7_200_000
 */
export const utcOffsetMs = (atMs: number, timeZone: string): number => {
  const parts: Record<string, number> = {}
  for (const { type, value } of formatFor(timeZone).formatToParts(atMs)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000
}

/**
 * What the clock and calendar on the wall show, as the ms at which UTC shows the same.
 *
 * @example wallMs(Date.UTC(2026, 6, 1, 22), 'Europe/Berlin') // Date.UTC(2026, 6, 2, 0)
 */
export const wallMs = (atMs: number, timeZone: string): number => atMs + utcOffsetMs(atMs, timeZone)

/** The day number of a wall time (days since 1 January 1970), as `wallMs` gives it. */
export const dayOfWall = (wall: number): number => Math.floor(wall / DAY_MS)

// 1 January 1970 was a Thursday.
const THURSDAY = 3

/** The weekday of a day number. */
export const weekdayOfDay = (day: number): Weekday =>
  WEEKDAYS[(((day + THURSDAY) % 7) + 7) % 7] ?? WEEKDAYS[THURSDAY]

/**
 * The date of a day number.
 *
 * @example dateOfDay(0) // '1970-01-01'
 */
export const dateOfDay = (day: number): LocalDate => new Date(day * DAY_MS).toISOString().slice(0, 10)

/**
 * The day number of a date.
 *
 * @throws {RangeError} when it is no date
 * @example dayOfDate('1970-01-02') // 1
 */
export const dayOfDate = (date: LocalDate): number => {
  const ms = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(ms)) throw new RangeError(`not a date: ${date}`)
  return ms / DAY_MS
}

/**
 * The date so many days later (or earlier).
 *
 * @example addDays('2028-02-28', 1) // '2028-02-29'
 */
export const addDays = (date: LocalDate, days: number): LocalDate => dateOfDay(dayOfDate(date) + days)

/**
 * The date on the calendar of a place.
 *
 * @example localDateOf(Date.UTC(2026, 0, 1, 3), 'America/New_York') // '2025-12-31'
 */
export const localDateOf = (atMs: number, timeZone: string): LocalDate =>
  dateOfDay(dayOfWall(wallMs(atMs, timeZone)))

/**
 * The moment at which the clock of a place shows a time of a date. Where the clock shows it twice, the first; where it
 * leaves it out, the moment as far after the gap as the time is into it.
 *
 * @param minute of the day, 0 to 1439
 * @throws {RangeError} for an unknown zone
 * @example instantOf('2026-07-01', 600, 'Europe/Berlin') // Date.UTC(2026, 6, 1, 8)
 */
export const instantOf = (date: LocalDate, minute: number, timeZone: string): number => {
  const wall = dayOfDate(date) * DAY_MS + minute * MINUTE_MS
  const before = wall - utcOffsetMs(wall - DAY_MS, timeZone)
  const after = wall - utcOffsetMs(wall + DAY_MS, timeZone)
  const shown = [before, after].filter((ms) => wallMs(ms, timeZone) === wall)
  return shown.length === 0 ? before : Math.min(...shown)
}

/** Has the year a 29 February? */
export const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

/** A stretch of time in which the offset of a zone does not change: from `fromMs` up to, not including, `toMs`. */
export type OffsetSpan = { readonly fromMs: number; readonly toMs: number; readonly offsetMs: number }

/**
 * A stretch of at most a day or so, cut where the clock of the zone is put forward or back. Zones change their offset
 * at most once in such a stretch.
 */
export const offsetSpans = (fromMs: number, toMs: number, timeZone: string): readonly OffsetSpan[] => {
  const before = utcOffsetMs(fromMs, timeZone)
  const after = utcOffsetMs(toMs, timeZone)
  if (before === after) return [{ fromMs, toMs, offsetMs: before }]
  let low = fromMs
  let high = toMs
  // Halving finds the first ms with the later offset: at most 27 steps for a day.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (utcOffsetMs(middle, timeZone) === before) low = middle
    else high = middle
  }
  return [
    { fromMs, toMs: high, offsetMs: before },
    { fromMs: high, toMs, offsetMs: after },
  ]
}

/** No day is longer, where the clock is put back at its end. */
const LONGEST_DAY_MS = 26 * 3_600_000

/**
 * When the next day begins on the calendar of a place: at its midnight, or where the clock is put forward then, at the
 * first moment after.
 *
 * @param atMs ms since the epoch
 * @throws {RangeError} for an unknown zone
 * @example nextMidnightMs(Date.UTC(2026, 0, 1, 3), 'America/New_York') // Date.UTC(2026, 0, 1, 5)
 */
export const nextMidnightMs = (atMs: number, timeZone: string): number => {
  const midnight = (dayOfWall(wallMs(atMs, timeZone)) + 1) * DAY_MS
  const endMs = atMs + LONGEST_DAY_MS
  const begins = offsetSpans(atMs, endMs, timeZone)
    .map(({ fromMs, toMs, offsetMs }) => ({ ms: Math.max(fromMs, midnight - offsetMs), toMs }))
    .find(({ ms, toMs }) => ms < toMs)
  return begins?.ms ?? endMs
}
