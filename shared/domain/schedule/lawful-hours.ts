import type { WeeklyHours } from '#shared/domain/scenes/scene.ts'
import {
  DEFAULT_LAWFUL_HOURS,
  LAWFUL_HOURS_TABLE,
  type LawfulRule,
  US_ZONE_STATES,
} from '#shared/domain/schedule/lawful-hours-table.ts'
import { PUBLIC_HOLIDAYS } from '#shared/domain/schedule/public-holidays.ts'
import {
  hoursInAll,
  hoursOutside,
  isOpenInAll,
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

/**
 * The rules that the operator adds to the table. They narrow and never widen: a rule of the table, or the careful hours
 * where it has none, must be open as well. `unreadable`: nobody can tell what they say, and nothing may be sent.
 */
export type AddedRules = readonly LawfulRule[] | 'unreadable'

const zonesOfCountry = (country: string): readonly string[] => COUNTRY_ZONES[country]?.split(' ') ?? []

const countryOfZone: ReadonlyMap<string, string> = new Map(
  Object.keys(COUNTRY_ZONES).flatMap((country) =>
    zonesOfCountry(country).map((timeZone): [string, string] => [timeZone, country]),
  ),
)

/**
 * The jurisdiction that an ISO 3166-1 or 3166-2 code names.
 *
 * @example jurisdictionNamed('US-CA') // { country: 'US', subdivision: 'CA' }
 */
export const jurisdictionNamed = (code: string): Jurisdiction => {
  const [country = '', subdivision] = code.split('-')
  return { country, ...(subdivision !== undefined && { subdivision }) }
}

/**
 * The ISO 3166 code of a jurisdiction.
 *
 * @example placeCode({ country: 'US', subdivision: 'CA' }) // 'US-CA'
 */
export const placeCode = ({ country, subdivision }: Jurisdiction): string =>
  subdivision === undefined ? country : `${country}-${subdivision}`

const US_STATES: ReadonlySet<string> = new Set(
  Object.values(US_ZONE_STATES).flatMap((states) => states.split(' ')),
)

/**
 * Can somebody be at a place, so that a rule for it would hold for anybody? Of countries whose states nobody has
 * listed only the country is known.
 *
 * @example isKnownJurisdiction({ country: 'US', subdivision: 'ZZ' }) // false
 */
export const isKnownJurisdiction = ({ country, subdivision }: Jurisdiction): boolean =>
  zonesOfCountry(country).length > 0 &&
  (country !== 'US' || subdivision === undefined || US_STATES.has(subdivision))

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

const readable = (added: AddedRules): readonly LawfulRule[] => (added === 'unreadable' ? [] : added)

const subdivisionsWithRules = (country: string, added: AddedRules): string[] => {
  const rules = [...LAWFUL_HOURS_TABLE, ...readable(added)].filter((rule) => rule.country === country)
  return [...new Set(rules.flatMap(({ subdivision }) => subdivision ?? []))]
}

const jurisdictionsIn = (
  country: string,
  { timeZone, subdivision }: KnownPlace,
  added: AddedRules,
): Jurisdiction[] => {
  if (subdivision !== undefined) return [{ country, subdivision }]
  const ofZone = timeZone === undefined ? undefined : US_ZONE_STATES[timeZone]?.split(' ')
  const possible = ofZone ?? subdivisionsWithRules(country, added)
  return possible.length === 0 ? [{ country }] : possible.map((one) => ({ country, subdivision: one }))
}

/**
 * The place that counts, of those that are known, best first: the first that says anything.
 *
 * @example firstKnown([{}, { timeZone: 'Europe/Paris' }, { country: 'DE' }]) // { timeZone: 'Europe/Paris' }
 */
export const firstKnown = (known: readonly KnownPlace[]): KnownPlace | undefined =>
  known.find(({ timeZone, country }) => timeZone !== undefined || country !== undefined)

/**
 * The place whose hours hold, from what is known, best first: the place of the ping, else the last known city, else the
 * phone number's country. Only the first that says anything counts. A country alone means all of its zones; a zone
 * alone means all states that use it, and where no state's zones are listed all that have a rule. Undefined when nothing
 * is known: then nothing may be sent.
 *
 * @example lawfulPlaceOf([{ timeZone: 'Europe/Paris' }], []) // { jurisdictions: [{ country: 'FR' }], timeZones: ['Europe/Paris'] }
 */
export const lawfulPlaceOf = (known: readonly KnownPlace[], added: AddedRules): LawfulPlace | undefined => {
  const place = firstKnown(known)
  if (place === undefined) return undefined
  const { timeZone } = place
  const country = place.country ?? (timeZone === undefined ? undefined : countryOfZone.get(timeZone))
  const timeZones = timeZone === undefined ? zonesOfCountry(country ?? '') : [timeZone]
  // A country that no zone is known for: nothing can be said of its clock.
  if (timeZones.length === 0) return undefined
  return { jurisdictions: country === undefined ? [] : jurisdictionsIn(country, place, added), timeZones }
}

const rulesOf = (rules: readonly LawfulRule[], { country, subdivision }: Jurisdiction): LawfulRule[] =>
  rules.filter(
    (rule) =>
      rule.country === country && (rule.subdivision === undefined || rule.subdivision === subdivision),
  )

const NEVER: OpeningHours = { weekly: [] }

const computeLawfulHours = (
  jurisdictions: readonly Jurisdiction[],
  added: readonly LawfulRule[],
): OpeningHours => {
  const written = jurisdictions.map((one) => rulesOf(LAWFUL_HOURS_TABLE, one))
  const isUnwritten = written.length === 0 || written.some((found) => found.length === 0)
  // The same rule counts once, however many states it holds in.
  const rules = new Set([...written.flat(), ...jurisdictions.flatMap((one) => rulesOf(added, one))])
  const weekly = hoursInAll([
    ...(isUnwritten ? [DEFAULT_LAWFUL_HOURS] : []),
    ...new Set([...rules].map(({ hours }) => hours)),
  ])
  const calendars = new Set([...rules].flatMap(({ holidays }) => holidays ?? []))
  const closedDates = [...calendars].flatMap((calendar) => PUBLIC_HOLIDAYS[calendar])
  return { weekly, ...(closedDates.length === 0 ? {} : { closedDates }) }
}

/** By the list of added rules itself, which who reads them keeps for as long as it holds. */
const computed = new WeakMap<readonly LawfulRule[], Map<string, OpeningHours>>()
const MAX_COMPUTED = 1_000

/**
 * The hours that are lawful in all jurisdictions at once, with the public holidays on which none are; 09:00 to 20:00
 * where no law is in the table. Every decision asks for them, and they take a millisecond where many states are
 * possible: they are computed once.
 *
 * @example lawfulHours([{ country: 'US', subdivision: 'TX' }], []).weekly?.at(-1) // { days: ['sun'], from: '12:00', to: '21:00' }
 */
export const lawfulHours = (jurisdictions: readonly Jurisdiction[], added: AddedRules): OpeningHours => {
  if (added === 'unreadable') return NEVER
  const key = jurisdictions.map(placeCode).join(' ')
  const all = computed.get(added) ?? new Map<string, OpeningHours>()
  computed.set(added, all)
  const known = all.get(key)
  if (known !== undefined) return known
  const hours = computeLawfulHours(jurisdictions, added)
  if (all.size >= MAX_COMPUTED) all.clear()
  all.set(key, hours)
  return hours
}

/**
 * When promotion may reach a customer: the lawful hours of the place, less the customer's own quiet hours, on every
 * clock that may be the customer's. Ask it with `isOpenInAll`, `nextOpeningInAllMs` and `nextClosingInAllMs`.
 *
 * @param added what the operator adds to the table
 * @param quiet weekly ranges in which the customer wants no message
 * @example isOpenInAll(sendingHours(place, [], [{ days: WEEKDAYS, from: '21:00', to: '09:00' }]), nowMs)
 */
export const sendingHours = (
  place: LawfulPlace,
  added: AddedRules,
  quiet: readonly WeeklyHours[] = [],
): ZonedHours[] => {
  const lawful = lawfulHours(place.jurisdictions, added)
  const hours =
    quiet.length === 0
      ? lawful
      : { ...lawful, weekly: hoursInAll([lawful.weekly ?? [], hoursOutside(quiet)]) }
  return place.timeZones.map((timeZone) => ({ hours, timeZone }))
}

/**
 * May promotion reach a phone now, as far as the law goes? The place is what was known when it was decided.
 *
 * @param atMs ms since the epoch
 * @example isLawfulAt({ timeZone: 'Europe/Paris' }, [], Date.parse('2026-05-05T02:00:00Z')) // false: 04:00
 */
export const isLawfulAt = (known: KnownPlace, added: AddedRules, atMs: number): boolean => {
  const place = lawfulPlaceOf([known], added)
  return place !== undefined && isOpenInAll(sendingHours(place, added), atMs)
}
