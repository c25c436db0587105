import type { Weekday, WeeklyHours } from '#shared/domain/scenes/scene.ts'
import { WEEKDAYS } from '#shared/domain/scenes/scene.ts'
import {
  DAY_MS,
  dateOfDay,
  dayOfWall,
  type LocalDate,
  MINUTE_MS,
  MINUTES_PER_DAY,
  offsetSpans,
  wallMs,
  weekdayOfDay,
} from '#shared/domain/schedule/local-time.ts'

export const MAX_RANGES = 28
export const MAX_DATES = 400
/** How far ahead openings and closings are looked for. */
export const SEARCH_DAYS = 366

/**
 * When something is open on the wall clock of its place: weekly ranges, less the days that are closed, within a range
 * of dates. A range past midnight belongs to the day on which it begins, also where that day is closed.
 */
export type OpeningHours = {
  /** Absent: the whole of every day. Empty: never. At most `MAX_RANGES`. */
  readonly weekly?: readonly WeeklyHours[]
  /** Days without opening, at most `MAX_DATES`. */
  readonly closedDates?: readonly LocalDate[]
  /** The first and the last day, both included. */
  readonly from?: LocalDate
  readonly to?: LocalDate
}

/** Weekly ranges alone, or with dates. */
export type Hours = readonly WeeklyHours[] | OpeningHours

/** Hours and the place whose clock they are read on. */
export type ZonedHours = { readonly hours: Hours; readonly timeZone: string }

const WHOLE_DAYS: readonly WeeklyHours[] = [{ days: WEEKDAYS, from: '00:00', to: '00:00' }]

const isRanges = (hours: Hours): hours is readonly WeeklyHours[] => Array.isArray(hours)

const openingHours = (hours: Hours): OpeningHours => (isRanges(hours) ? { weekly: hours } : hours)

/** The weekly ranges of hours; undefined where every day is open whole. */
export const weeklyRangesOf = (hours: Hours): readonly WeeklyHours[] | undefined => openingHours(hours).weekly

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

/** The minutes of a range, counted from the midnight at which its day begins; `to` may lie in the next day. */
const minutesOf = (range: WeeklyHours): { from: number; to: number } => {
  const from = minuteOf(range.from)
  const to = minuteOf(range.to)
  return { from, to: from < to ? to : to + MINUTES_PER_DAY }
}

const isOpenDay = ({ closedDates, from, to }: OpeningHours, day: number): boolean => {
  if (closedDates === undefined && from === undefined && to === undefined) return true
  const date = dateOfDay(day)
  return (
    (from === undefined || date >= from) &&
    (to === undefined || date <= to) &&
    !(closedDates?.includes(date) ?? false)
  )
}

type Interval = { readonly from: number; readonly to: number }

/** The ranges that begin on one day, as wall times in ms. */
const rangesOfDay = (hours: OpeningHours, day: number): Interval[] => {
  if (!isOpenDay(hours, day)) return []
  const weekday = weekdayOfDay(day)
  return (hours.weekly ?? WHOLE_DAYS)
    .filter(({ days }) => days.includes(weekday))
    .map((range) => {
      const { from, to } = minutesOf(range)
      return { from: day * DAY_MS + from * MINUTE_MS, to: day * DAY_MS + to * MINUTE_MS }
    })
}

/** Open stretches that touch two wall times; those that began the day before are among them. Sorted, joined. */
const openWallIntervals = (hours: OpeningHours, from: number, to: number): Interval[] => {
  const found: Interval[] = []
  for (let day = dayOfWall(from) - 1; day <= dayOfWall(to); day += 1) found.push(...rangesOfDay(hours, day))
  const joined: Interval[] = []
  for (const one of found.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (last === undefined || one.from > last.to) joined.push(one)
    else joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, one.to) }
  }
  return joined
}

/**
 * Is it open at a moment, on the wall clock of the place? `from` belongs to a range, `to` does not; a range whose `to`
 * is not after its `from` runs past midnight ('00:00' to '00:00' is the whole day).
 *
 * @param atMs ms since the epoch
 * @param timeZone IANA zone
 * @throws {RangeError} for an unknown zone
 * @example isOpen([{ days: ['fri'], from: '18:00', to: '02:00' }], Date.UTC(2026, 0, 3, 0, 30), 'UTC') // true: Saturday 00:30
 */
export const isOpen = (hours: Hours, atMs: number, timeZone: string): boolean => {
  const wall = wallMs(atMs, timeZone)
  return openWallIntervals(openingHours(hours), wall, wall).some(({ from, to }) => wall >= from && wall < to)
}

/** The open stretches from a moment on, in order, day after day, each cut at the day's end. */
function* openIntervals({ hours, timeZone }: ZonedHours, nowMs: number): Generator<Interval> {
  const opening = openingHours(hours)
  if (opening.weekly?.length === 0) return
  for (let step = 0; step < SEARCH_DAYS; step += 1) {
    const startMs = nowMs + step * DAY_MS
    for (const { fromMs, toMs, offsetMs } of offsetSpans(startMs, startMs + DAY_MS, timeZone)) {
      for (const { from, to } of openWallIntervals(opening, fromMs + offsetMs, toMs + offsetMs)) {
        const interval = { from: Math.max(from - offsetMs, fromMs), to: Math.min(to - offsetMs, toMs) }
        if (interval.from < interval.to) yield interval
      }
    }
  }
}

/**
 * When it is open next: now if it is open, else the next opening; `undefined` when there is none in the next
 * `SEARCH_DAYS` times 24 hours. On a day of 23 or 25 hours the wall clock counts: what opens at an hour that is left
 * out opens when the clock has jumped over it; an hour that comes twice is open twice.
 *
 * @throws {RangeError} for an unknown zone
 * @example nextOpeningMs([{ days: ['mon'], from: '09:00', to: '17:00' }], Date.UTC(2026, 4, 3), 'UTC') // Date.UTC(2026, 4, 4, 9)
 */
export const nextOpeningMs = (hours: Hours, nowMs: number, timeZone: string): number | undefined => {
  for (const { from } of openIntervals({ hours, timeZone }, nowMs)) return from
  return undefined
}

/**
 * When it closes: the first moment after now at which it is closed, if it is open now; `undefined` when it is closed
 * now, or does not close in the next `SEARCH_DAYS` times 24 hours.
 *
 * @throws {RangeError} for an unknown zone
 * @example nextClosingMs([{ days: ['mon'], from: '09:00', to: '17:00' }], Date.UTC(2026, 4, 4, 12), 'UTC') // Date.UTC(2026, 4, 4, 17)
 */
export const nextClosingMs = (hours: Hours, nowMs: number, timeZone: string): number | undefined => {
  let openUntil = nowMs
  for (const { from, to } of openIntervals({ hours, timeZone }, nowMs)) {
    if (from > openUntil) break
    openUntil = to
  }
  return openUntil === nowMs || openUntil >= nowMs + SEARCH_DAYS * DAY_MS ? undefined : openUntil
}

/**
 * Are all of them open? Without any hours: yes.
 *
 * @example isOpenInAll([{ hours: shop, timeZone }, { hours: lawful, timeZone: home }], nowMs)
 */
export const isOpenInAll = (all: readonly ZonedHours[], atMs: number): boolean =>
  all.every(({ hours, timeZone }) => isOpen(hours, atMs, timeZone))

const MAX_ROUNDS = 2_000

/**
 * The first moment from now on at which all of them are open; `undefined` when there is none in the next `SEARCH_DAYS`
 * times 24 hours.
 *
 * @example nextOpeningInAllMs([{ hours: mornings, timeZone: 'UTC' }, { hours: evenings, timeZone: 'UTC' }], nowMs) // undefined
 */
export const nextOpeningInAllMs = (all: readonly ZonedHours[], nowMs: number): number | undefined => {
  let atMs = nowMs
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const opensMs = all.map(({ hours, timeZone }) => nextOpeningMs(hours, atMs, timeZone))
    const latestMs = opensMs.reduce<number>((latest, one) => Math.max(latest, one ?? Infinity), atMs)
    if (latestMs > nowMs + SEARCH_DAYS * DAY_MS) return undefined
    if (latestMs === atMs) return atMs
    atMs = latestMs
  }
  return undefined
}

/**
 * The first moment after now at which one of them closes, if all are open now; `undefined` when one is closed now, or
 * none closes in the next `SEARCH_DAYS` times 24 hours.
 */
export const nextClosingInAllMs = (all: readonly ZonedHours[], nowMs: number): number | undefined => {
  if (!isOpenInAll(all, nowMs)) return undefined
  const closings = all.flatMap(({ hours, timeZone }) => nextClosingMs(hours, nowMs, timeZone) ?? [])
  return closings.length === 0 ? undefined : Math.min(...closings)
}

const timeOf = (minute: number): string => {
  const ofDay = minute % MINUTES_PER_DAY
  return `${String(Math.floor(ofDay / 60)).padStart(2, '0')}:${String(ofDay % 60).padStart(2, '0')}`
}

const gapsOfDay = (ranges: readonly WeeklyHours[], weekday: Weekday): WeeklyHours[] => {
  // Any week will do; day numbers of the second week of 1970, so that the day before exists.
  const day = 7 + ((WEEKDAYS.indexOf(weekday) + 4) % 7)
  const startMs = day * DAY_MS
  const gaps: WeeklyHours[] = []
  let atMs = startMs
  const closing = { from: startMs + DAY_MS, to: startMs + DAY_MS }
  for (const { from, to } of [...openWallIntervals({ weekly: ranges }, startMs, startMs), closing]) {
    if (from > atMs) {
      const end = Math.min(from, startMs + DAY_MS)
      const minutes = (ms: number) => (ms - startMs) / MINUTE_MS
      gaps.push({ days: [weekday], from: timeOf(minutes(atMs)), to: timeOf(minutes(end)) })
    }
    atMs = Math.max(atMs, to)
    if (atMs >= startMs + DAY_MS) break
  }
  return gaps
}

/**
 * The hours that lie outside of weekly ranges: what is open when somebody's quiet hours are not.
 *
 * @example hoursOutside([{ days: WEEKDAYS, from: '22:00', to: '08:00' }]) // 08:00 to 22:00 on every day
 */
export const hoursOutside = (ranges: readonly WeeklyHours[]): WeeklyHours[] =>
  WEEKDAYS.flatMap((weekday) => gapsOfDay(ranges, weekday))

/**
 * The hours that lie inside of all the weekly ranges given; without any: the whole week.
 *
 * @example hoursInAll([[{ days: ['mon'], from: '08:00', to: '21:00' }], [{ days: ['mon'], from: '09:00', to: '22:00' }]]) // Monday 09:00 to 21:00
 */
export const hoursInAll = (all: readonly (readonly WeeklyHours[])[]): WeeklyHours[] =>
  hoursOutside(all.flatMap(hoursOutside))
