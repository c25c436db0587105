import { WEEKDAYS, type Weekday, type WeeklyHours } from '#shared/domain/scenes/scene.ts'

const MINUTES_PER_DAY = 24 * 60

const formats = new Map<string, Intl.DateTimeFormat>()
const MAX_FORMATS = 600

const formatFor = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  // There are about 600 IANA zones; a bound all the same.
  if (formats.size >= MAX_FORMATS) formats.clear()
  formats.set(timeZone, format)
  return format
}

/** Weekday and minute of the day on the wall clock of a zone. */
const localTime = (atMs: number, timeZone: string): { weekday: Weekday; minute: number } => {
  const parts = new Map(
    formatFor(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  )
  const name = parts.get('weekday')?.toLowerCase()
  const weekday = WEEKDAYS.find((day) => day === name)
  if (weekday === undefined) throw new Error(`no weekday in zone ${timeZone}`)
  return { weekday, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) }
}

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

const dayBefore = (day: Weekday): Weekday => WEEKDAYS[(WEEKDAYS.indexOf(day) + 6) % 7] ?? day

const isWithin = (range: WeeklyHours, weekday: Weekday, minute: number): boolean => {
  const from = minuteOf(range.from)
  const to = minuteOf(range.to)
  const today = range.days.includes(weekday)
  if (from < to) return today && minute >= from && minute < to
  // Past midnight: the evening belongs to the day itself, the small hours to the day before.
  return (
    (today && minute >= from) || (range.days.includes(dayBefore(weekday)) && minute < to % MINUTES_PER_DAY)
  )
}

/**
 * Is it inside one of the ranges, on the wall clock of the place? `from` belongs to a range, `to` does not; a range
 * whose `to` is not after its `from` runs past midnight ('00:00' to '00:00' is the whole day).
 *
 * @param atMs ms since the epoch
 * @param timeZone IANA zone
 * @throws {RangeError} for an unknown zone
 * @example isOpen([{ days: ['fri'], from: '18:00', to: '02:00' }], Date.UTC(2026, 0, 3, 0, 30), 'UTC') // true: Saturday 00:30
 */
export const isOpen = (ranges: readonly WeeklyHours[], atMs: number, timeZone: string): boolean => {
  const { weekday, minute } = localTime(atMs, timeZone)
  return ranges.some((range) => isWithin(range, weekday, minute))
}
