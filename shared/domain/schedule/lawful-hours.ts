import type { Weekday, WeeklyHours } from '#shared/domain/scenes/scene.ts'
import {
  DEFAULT_LAWFUL_HOURS,
  LAWFUL_HOURS_TABLE,
  type LawfulRow,
  US_ZONE_STATES,
} from '#shared/domain/schedule/lawful-hours-table.ts'
import { PUBLIC_HOLIDAYS } from '#shared/domain/schedule/public-holidays.ts'
import {
  hoursInAll,
  hoursOutside,
  type OpeningHours,
  type ZonedHours,
} from '#shared/domain/schedule/weekly-hours.ts'
import { COUNTRY_ZONES } from '#shared/domain/schedule/zone-countries.ts'

/** Whose law holds: a country (ISO 3166-1 alpha-2) and, where it is known, its state ('FL'). */
export type Jurisdiction = { readonly country: string; readonly subdivision?: string }

/** What is known of where somebody is: a zone (of the ping, or of the last known city), or a phone number's country. */
export type KnownPlace = {
  readonly timeZone?: string
  readonly country?: string
  readonly subdivision?: string
}

/**
 * Where a message would arrive. Several zones or jurisdictions mean that it is one of them, not known which: all must
 * be open. No jurisdiction: none is known, and the platform's careful hours hold.
 */
export type LawfulPlace = {
  readonly jurisdictions: readonly Jurisdiction[]
  readonly timeZones: readonly string[]
}

const zonesOfCountry = (country: string): readonly string[] => COUNTRY_ZONES[country]?.split(' ') ?? []

const countryOfZone: ReadonlyMap<string, string> = new Map(
  Object.keys(COUNTRY_ZONES).flatMap((country) =>
    zonesOfCountry(country).map((timeZone): [string, string] => [timeZone, country]),
  ),
)

/**
 * The jurisdiction that an ISO 3166-2 code names.
 *
 * @example jurisdictionNamed('US-CA') // { country: 'US', subdivision: 'CA' }
 */
export const jurisdictionNamed = (code: string): Jurisdiction => {
  const [country = '', subdivision = ''] = code.split('-')
  return { country, subdivision }
}

/**
 * May a place on this clock be in that state? Of countries whose states have no rows only the country is known. A code
 * that nobody knows would otherwise have the widest hours of all.
 *
 * @param code ISO 3166-2 with its country
 * @example isSubdivisionOnClock('US-CA', 'America/New_York') // false
 */
export const isSubdivisionOnClock = (code: string, timeZone: string): boolean => {
  const { country, subdivision = '' } = jurisdictionNamed(code)
  const states = US_ZONE_STATES[timeZone]?.split(' ')
  return country === countryOfZone.get(timeZone) && (states?.includes(subdivision) ?? true)
}

const subdivisionsWithRows = (country: string): string[] =>
  LAWFUL_HOURS_TABLE.filter((row) => row.country === country).flatMap(({ subdivision }) => subdivision ?? [])

const jurisdictionsIn = (country: string, { timeZone, subdivision }: KnownPlace): Jurisdiction[] => {
  if (subdivision !== undefined) return [{ country, subdivision }]
  const ofZone = timeZone === undefined ? undefined : US_ZONE_STATES[timeZone]?.split(' ')
  const possible = ofZone ?? subdivisionsWithRows(country)
  return possible.length === 0 ? [{ country }] : possible.map((one) => ({ country, subdivision: one }))
}

/**
 * The place whose hours hold, from what is known, best first: the place of the ping, else the last known city, else the
 * phone number's country. Only the first that says anything counts. A country alone means all of its zones; a zone
 * alone means all states that use it. Undefined when nothing is known: then nothing may be sent.
 *
 * @example lawfulPlaceOf([{ timeZone: 'Europe/Paris' }]) // { jurisdictions: [{ country: 'FR' }], timeZones: ['Europe/Paris'] }
 */
export const lawfulPlaceOf = (known: readonly KnownPlace[]): LawfulPlace | undefined => {
  const place = known.find(({ timeZone, country }) => timeZone !== undefined || country !== undefined)
  if (place === undefined) return undefined
  const { timeZone } = place
  const country = place.country ?? (timeZone === undefined ? undefined : countryOfZone.get(timeZone))
  const timeZones = timeZone === undefined ? zonesOfCountry(country ?? '') : [timeZone]
  // A country that no zone is known for: nothing can be said of its clock.
  if (timeZones.length === 0) return undefined
  return { jurisdictions: country === undefined ? [] : jurisdictionsIn(country, place), timeZones }
}

const rowsOf = ({ country, subdivision }: Jurisdiction): readonly LawfulRow[] =>
  LAWFUL_HOURS_TABLE.filter(
    (row) => row.country === country && (row.subdivision === undefined || row.subdivision === subdivision),
  )

const hoursOf = (rows: readonly LawfulRow[]): WeeklyHours[] =>
  hoursInAll(rows.length === 0 ? [DEFAULT_LAWFUL_HOURS] : rows.map(({ hours }) => hours))

/**
 * The local hours of one weekday in which a place's law lets advertising reach a phone, public holidays aside; 09:00 to
 * 20:00 where no law is in the table.
 *
 * @example lawfulHoursAt({ country: 'US', subdivision: 'TX' }, 'sun') // [{ from: '12:00', to: '21:00' }]
 */
export const lawfulHoursAt = (
  jurisdiction: Jurisdiction,
  weekday: Weekday,
): { readonly from: string; readonly to: string }[] =>
  hoursOf(rowsOf(jurisdiction))
    .filter(({ days }) => days.includes(weekday))
    .map(({ from, to }) => ({ from, to }))

const computeLawfulHours = (jurisdictions: readonly Jurisdiction[]): OpeningHours => {
  const rows = jurisdictions.map(rowsOf)
  const isUnwritten = rows.length === 0 || rows.some((found) => found.length === 0)
  // The same row counts once, however many states it holds in.
  const written = [...new Set(rows.flat())]
  const weekly = hoursInAll([
    ...(isUnwritten ? [DEFAULT_LAWFUL_HOURS] : []),
    ...new Set(written.map(({ hours }) => hours)),
  ])
  const calendars = new Set(written.flatMap(({ holidays }) => holidays ?? []))
  const closedDates = [...calendars].flatMap((calendar) => PUBLIC_HOLIDAYS[calendar])
  return { weekly, ...(closedDates.length === 0 ? {} : { closedDates }) }
}

const computed = new Map<string, OpeningHours>()
const MAX_COMPUTED = 1_000

/**
 * The hours that are lawful in all jurisdictions at once, with the public holidays on which none are. Every decision
 * asks for them, and they take a millisecond where many states are possible: they are computed once.
 */
export const lawfulHours = (jurisdictions: readonly Jurisdiction[]): OpeningHours => {
  const key = jurisdictions.map(({ country, subdivision = '' }) => `${country}-${subdivision}`).join(' ')
  const known = computed.get(key)
  if (known !== undefined) return known
  const hours = computeLawfulHours(jurisdictions)
  if (computed.size >= MAX_COMPUTED) computed.clear()
  computed.set(key, hours)
  return hours
}

/**
 * When promotion may reach a customer: the lawful hours of the place, less the customer's own quiet hours, on every
 * clock that may be the customer's. Ask it with `isOpenInAll`, `nextOpeningInAllMs` and `nextClosingInAllMs`.
 *
 * @param quiet weekly ranges in which the customer wants no message
 * @example isOpenInAll(sendingHours(place, [{ days: WEEKDAYS, from: '21:00', to: '09:00' }]), nowMs)
 */
export const sendingHours = (place: LawfulPlace, quiet: readonly WeeklyHours[] = []): ZonedHours[] => {
  const lawful = lawfulHours(place.jurisdictions)
  const hours =
    quiet.length === 0
      ? lawful
      : { ...lawful, weekly: hoursInAll([lawful.weekly ?? [], hoursOutside(quiet)]) }
  return place.timeZones.map((timeZone) => ({ hours, timeZone }))
}
