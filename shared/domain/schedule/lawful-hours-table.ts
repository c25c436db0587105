import type { Weekday, WeeklyHours } from '#shared/domain/scenes/scene.ts'
import type { LocalDate } from '#shared/domain/schedule/local-time.ts'
import type { HolidayCalendar } from '#shared/domain/schedule/public-holidays.ts'

/** In which local hours advertising may be sent to a phone somewhere. */
export type LawfulRule = {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** ISO 3166-2 without the country, for example 'FL'. Absent: the whole country. */
  readonly subdivision?: string
  readonly hours: readonly WeeklyHours[]
  /** No advertising on these days. */
  readonly holidays?: HolidayCalendar
}

/** A rule of the table, and where it is written. */
export type LawfulRow = LawfulRule & {
  /** The rule, and the page on which it was read. */
  readonly source: string
  readonly readOn: LocalDate
}

const WORKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri']
const TO_SATURDAY: readonly Weekday[] = [...WORKDAYS, 'sat']
const EVERY_DAY: readonly Weekday[] = [...TO_SATURDAY, 'sun']

const daily = (from: string, to: string): WeeklyHours[] => [{ days: EVERY_DAY, from, to }]
const toSaturday = (from: string, to: string): WeeklyHours[] => [{ days: TO_SATURDAY, from, to }]

const READ_ON = '2026-11-22'
const REFERRIZER =
  'https://support.referrizer.com/en/category/text-campaigns/article/tcpa-quiet-hours-and-state-specific-rules-for-text-campaigns'
const DROP_COWBOY = 'https://www.dropcowboy.com/state-compliance'
const TCPA =
  '47 CFR 64.1200(c)(1), local time of the called party; https://www.nwdebtresolution.com/post/telephone-consumer-protection-act-call-time-restrictions'

const federal = (country: string): LawfulRow => ({
  country,
  hours: daily('08:00', '21:00'),
  source: TCPA,
  readOn: READ_ON,
})

const state = (
  subdivision: string,
  hours: readonly WeeklyHours[],
  source: string,
  holidays?: HolidayCalendar,
): LawfulRow => ({
  country: 'US',
  subdivision,
  hours,
  source,
  readOn: READ_ON,
  ...(holidays === undefined ? {} : { holidays }),
})

const country = (
  code: string,
  hours: readonly WeeklyHours[],
  source: string,
  holidays?: HolidayCalendar,
): LawfulRow => ({
  country: code,
  hours,
  source,
  readOn: READ_ON,
  ...(holidays === undefined ? {} : { holidays }),
})

/** Where no row holds, a careful guess. */
export const DEFAULT_LAWFUL_HOURS: readonly WeeklyHours[] = daily('09:00', '20:00')

/**
 * What could be read, with its source; where sources differ, the narrower. Rules for calls are taken for messages too:
 * several states say so, the others leave it open. It is a default for operators, not legal advice; docs say so.
 * A row of a state adds to its country's row: both must be open.
 */
export const LAWFUL_HOURS_TABLE: readonly LawfulRow[] = [
  // The United States and their territories (the TCPA holds in them too).
  ...['US', 'PR', 'VI', 'GU', 'AS', 'MP'].map(federal),
  state('CT', daily('09:00', '20:00'), `Conn. Gen. Stat. § 42-288a; ${REFERRIZER}`),
  state(
    'FL',
    daily('08:00', '20:00'),
    'Fla. Stat. § 501.616(6)(a); http://www.lawserver.com/law/state/florida/statutes/florida_statutes_501-616',
  ),
  state('KY', daily('10:00', '21:00'), `Calls; ${DROP_COWBOY}`),
  state(
    'LA',
    toSaturday('08:00', '20:00'),
    'La. Pub. Serv. Comm. General Order R-29617 § V(A)(2), with consent too; https://dnc.com/holiday-alerts?year=2023',
    'unitedStates',
  ),
  state('MA', daily('08:00', '20:00'), `Calls; ${DROP_COWBOY}`),
  state(
    'MD',
    daily('08:00', '20:00'),
    'Stop the Spam Calls Act of 2023; https://www.compliancepoint.com/marketing-compliance/maryland-mini-tcpa-approved/',
  ),
  state('MI', daily('09:00', '21:00'), `Calls; ${DROP_COWBOY}`),
  state('MN', daily('09:00', '21:00'), `Calls; ${DROP_COWBOY}`),
  state(
    'MS',
    toSaturday('08:00', '20:00'),
    `Text messages: ${REFERRIZER}; no calls on Sundays: ${DROP_COWBOY}; holidays: https://dnc.com/holiday-alerts?year=2023`,
    'unitedStates',
  ),
  state('NJ', daily('08:00', '20:00'), `Text messages; ${REFERRIZER}`),
  state('NM', daily('09:00', '21:00'), `Calls; ${DROP_COWBOY}`),
  state('NV', daily('09:00', '20:00'), `Calls; ${DROP_COWBOY}`),
  state(
    'OK',
    daily('08:00', '20:00'),
    'Telephone Solicitation Act of 2022, 15 O.S. § 775C; https://www.dinsmore.com/publications/more-states-adding-tougher-telephone-consumer-protection-act-statutes/',
  ),
  state(
    'RI',
    [
      { days: WORKDAYS, from: '09:00', to: '18:00' },
      { days: ['sat'], from: '10:00', to: '17:00' },
    ],
    `R.I. Gen. Laws § 5-61-3.6; hours: ${REFERRIZER} (weekends 10:00 to 17:00; Sundays are left closed here to be careful); holidays: https://dnc.com/holiday-alerts?year=2023`,
    'unitedStates',
  ),
  state(
    'TX',
    [...toSaturday('09:00', '21:00'), { days: ['sun'], from: '12:00', to: '21:00' }],
    `Tex. Bus. & Com. Code ch. 301 and 302, texts since SB 140; https://appfueled.com/help/complying-with-quiet-hours, ${REFERRIZER}`,
  ),
  state(
    'UT',
    daily('08:00', '21:00'),
    'Hours of 47 CFR 64.1200; closed on holidays: https://dnc.com/holiday-alerts?year=2023',
    'unitedStates',
  ),
  state(
    'WA',
    daily('08:00', '20:00'),
    'RCW 19.158.040(2); https://app.leg.wa.gov/RCW/default.aspx?cite=19.158.040',
  ),

  country(
    'AE',
    daily('09:00', '18:00'),
    'Cabinet resolution on telemarketing of 2024, messages too; https://world-arabia.com/articles/new-uae-telemarketing-regulations-effective-mid-2024',
  ),
  country(
    'CA',
    [
      { days: WORKDAYS, from: '09:00', to: '21:30' },
      { days: ['sat', 'sun'], from: '10:00', to: '18:00' },
    ],
    'CRTC Unsolicited Telecommunications Rules (calls and faxes); https://www.northerntel.ca/eng/inside_ntl/donotcalllist/donotcalllist.htm',
  ),
  country(
    'FR',
    toSaturday('08:00', '20:00'),
    'Operators’ rule for marketing SMS, not on Sundays and public holidays; https://sendtargetsms.com/fr/horaires-legaux-sms/ (until 20:00), https://developers.brevo.com/reference/transactional-sms-1 (until 22:00)',
    'france',
  ),
  country(
    'IN',
    daily('10:00', '21:00'),
    'TRAI, promotional window since October 2025; https://crm.smsgatewayhub.com/knowledge-base/article/important-update-new-service-explicit-message-restriction-time-10-am-to-9-pm',
  ),
  country(
    'JO',
    daily('07:00', '21:00'),
    'TRC instructions on promotional SMS; https://www.ameinfo.com/tech-and-mobility/jordan-restricts-promotional-smss-at-night/',
  ),
]

/** The calendars of public holidays, by country. */
export const COUNTRY_HOLIDAYS: Readonly<Record<string, HolidayCalendar>> = {
  FR: 'france',
  US: 'unitedStates',
}

/**
 * In which states of the United States a time zone is used (tz database and 49 CFR 71): where the state itself is not
 * known, all of their rules are kept.
 */
export const US_ZONE_STATES: Readonly<Record<string, string>> = {
  'America/New_York': 'CT DC DE FL GA KY MA MD ME NC NH NJ NY OH PA RI SC TN VA VT WV',
  'America/Detroit': 'MI',
  'America/Menominee': 'MI',
  'America/Kentucky/Louisville': 'KY',
  'America/Kentucky/Monticello': 'KY',
  'America/Indiana/Indianapolis': 'IN',
  'America/Indiana/Knox': 'IN',
  'America/Indiana/Marengo': 'IN',
  'America/Indiana/Petersburg': 'IN',
  'America/Indiana/Tell_City': 'IN',
  'America/Indiana/Vevay': 'IN',
  'America/Indiana/Vincennes': 'IN',
  'America/Indiana/Winamac': 'IN',
  'America/Chicago': 'AL AR FL IA IL IN KS KY LA MN MO MS ND NE OK SD TN TX WI',
  'America/North_Dakota/Beulah': 'ND',
  'America/North_Dakota/Center': 'ND',
  'America/North_Dakota/New_Salem': 'ND',
  'America/Denver': 'AZ CO KS MT ND NE NM NV SD TX UT WY',
  'America/Boise': 'ID NV OR',
  'America/Phoenix': 'AZ',
  'America/Los_Angeles': 'CA ID NV OR WA',
  'America/Anchorage': 'AK',
  'America/Juneau': 'AK',
  'America/Metlakatla': 'AK',
  'America/Nome': 'AK',
  'America/Sitka': 'AK',
  'America/Yakutat': 'AK',
  'America/Adak': 'AK',
  'Pacific/Honolulu': 'HI',
}
