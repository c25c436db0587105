import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'
import { WEEKDAYS } from '#shared/domain/scenes/scene.ts'
import {
  type AddedRules,
  isKnownJurisdiction,
  isLawfulAt,
  isSubdivisionOnClock,
  type KnownPlace,
  type LawfulPlace,
  lawfulHours,
  lawfulPlaceOf,
  sendingHours,
} from '#shared/domain/schedule/lawful-hours.ts'
import { LAWFUL_HOURS_TABLE, US_ZONE_STATES } from '#shared/domain/schedule/lawful-hours-table.ts'
import { PUBLIC_HOLIDAYS } from '#shared/domain/schedule/public-holidays.ts'
import {
  isOpen,
  isOpenInAll,
  nextClosingInAllMs,
  nextOpeningInAllMs,
} from '#shared/domain/schedule/weekly-hours.ts'
import { COUNTRY_ZONES } from '#shared/domain/schedule/zone-countries.ts'

const at = (text: string): number => Date.parse(text)
const known = (...places: Parameters<typeof lawfulPlaceOf>[0]): LawfulPlace => {
  const place = lawfulPlaceOf(places, [])
  if (place === undefined) throw new Error('nothing is known')
  return place
}

describe('the tables', () => {
  it('are what their generators write', () => {
    const printed = execFileSync(process.execPath, ['scripts/generate-zone-countries.mjs', '--print'], {
      encoding: 'utf8',
    })
    expect(readFileSync('shared/domain/schedule/zone-countries.ts', 'utf8')).toBe(printed)
  })

  it('name zones that exist, each once', () => {
    const zones = Object.values(COUNTRY_ZONES).flatMap((list) => list.split(' '))
    expect(new Set(zones).size).toBe(zones.length)
    for (const timeZone of zones) expect(() => new Intl.DateTimeFormat('en', { timeZone })).not.toThrow()
  })

  it('know the country of every place on land, wherever the zones are looked up', () => {
    const zones = new Set(Object.values(COUNTRY_ZONES).flatMap((list) => list.split(' ')))
    const found = new Set<string>()
    for (let lat = -89.5; lat < 90; lat += 1)
      for (let lon = -179.5; lon < 180; lon += 1) found.add(timeZoneOf({ lat, lon }))
    expect([...found].filter((zone) => !zones.has(zone) && !zone.startsWith('Etc/'))).toEqual([])
  })

  it('state a source and the day on which it was read for every row, and no place twice', () => {
    const places = LAWFUL_HOURS_TABLE.map(({ country, subdivision }) => `${country}-${subdivision ?? ''}`)
    expect(new Set(places).size).toBe(places.length)
    for (const { source, readOn, hours } of LAWFUL_HOURS_TABLE) {
      expect(source).toMatch(/https?:\/\//)
      expect(readOn).toMatch(/^\d{4}-\d{2}-\d{2}$/)
      // None of the rows runs past midnight.
      for (const { from, to } of hours) expect(from < to).toBe(true)
    }
  })

  it('place every state that has a row in a zone', () => {
    const placed = new Set(Object.values(US_ZONE_STATES).flatMap((list) => list.split(' ')))
    const states = LAWFUL_HOURS_TABLE.flatMap(({ country, subdivision }) =>
      country === 'US' ? (subdivision ?? []) : [],
    )
    expect(states.filter((state) => !placed.has(state))).toEqual([])
    expect(placed.size).toBe(51)
  })

  it('hold the public holidays', () => {
    for (const date of ['2026-04-06', '2026-05-14', '2026-05-25', '2026-07-14'])
      expect(PUBLIC_HOLIDAYS.france).toContain(date)
    for (const date of ['2026-01-19', '2026-02-16', '2026-05-25', '2026-07-03', '2026-07-04', '2026-11-26'])
      expect(PUBLIC_HOLIDAYS.unitedStates).toContain(date)
    expect(PUBLIC_HOLIDAYS.france.length).toBe(17 * 11)
  })
})

describe('lawfulHours', () => {
  it.each([
    [{ country: 'US' }, 'mon', [{ from: '08:00', to: '21:00' }]],
    [{ country: 'US', subdivision: 'FL' }, 'mon', [{ from: '08:00', to: '20:00' }]],
    [{ country: 'US', subdivision: 'TX' }, 'sat', [{ from: '09:00', to: '21:00' }]],
    [{ country: 'US', subdivision: 'TX' }, 'sun', [{ from: '12:00', to: '21:00' }]],
    [{ country: 'US', subdivision: 'RI' }, 'sun', []],
    [{ country: 'FR' }, 'sat', [{ from: '08:00', to: '20:00' }]],
    [{ country: 'FR' }, 'sun', []],
    [{ country: 'CN' }, 'sun', [{ from: '09:00', to: '20:00' }]],
  ] as const)('%j on %s', (jurisdiction, weekday, hours) => {
    const weekly = lawfulHours([jurisdiction], []).weekly?.filter(({ days }) => days.includes(weekday))
    expect(weekly?.map(({ from, to }) => ({ from, to }))).toEqual(hours)
  })
})

describe('isSubdivisionOnClock', () => {
  it.each([
    ['US-CA', 'America/Los_Angeles', true],
    ['US-CA', 'America/New_York', false],
    ['US-ZZ', 'America/Los_Angeles', false],
    ['FR-IDF', 'Europe/Paris', true],
    ['DE-BY', 'Europe/Paris', false],
    ['US-CA', 'Etc/GMT+8', false],
  ])('%s, %s: %s', (code, timeZone, isThere) => {
    expect(isSubdivisionOnClock(code, timeZone)).toBe(isThere)
  })
})

describe('lawfulPlaceOf', () => {
  it('takes the ping before the city before the phone number', () => {
    const [ping, city, phone] = [{ timeZone: 'Europe/Paris' }, { timeZone: 'Asia/Tokyo' }, { country: 'DE' }]
    expect(known(ping, city, phone).jurisdictions).toEqual([{ country: 'FR' }])
    expect(known({}, city, phone)).toEqual({
      jurisdictions: [{ country: 'JP' }],
      timeZones: ['Asia/Tokyo'],
    })
    expect(known({}, {}, phone).timeZones).toEqual(['Europe/Berlin', 'Europe/Busingen'])
    expect(lawfulPlaceOf([{}, {}, {}], [])).toBeUndefined()
    expect(lawfulPlaceOf([{ country: 'XX' }], [])).toBeUndefined()
  })

  it('takes the hours of all states that share the zone when the state is not known', () => {
    const unknown = known({ timeZone: 'America/Los_Angeles' })
    const california = known({ timeZone: 'America/Los_Angeles', subdivision: 'CA' })
    const at2030 = at('2026-05-05T03:30:00Z') // Monday 20:30 in Los Angeles
    expect(isOpenInAll(sendingHours(california, []), at2030)).toBe(true)
    expect(isOpenInAll(sendingHours(unknown, []), at2030)).toBe(false)
    expect(lawfulHours(unknown.jurisdictions, []).weekly?.[0]).toEqual({
      days: ['mon'],
      from: '09:00',
      to: '20:00',
    })
  })

  it('waits for all zones of a country of which nothing else is known', () => {
    const hours = sendingHours(known({ country: 'US' }), [])
    const opens = nextOpeningInAllMs(hours, at('2026-11-30T12:00:00Z'))
    // Monday 10:00 in Adak and Honolulu (Kentucky opens at ten), until 18:00 in New York (Rhode Island closes at six).
    expect(opens).toBe(at('2026-11-30T20:00:00Z'))
    expect(nextClosingInAllMs(hours, opens ?? 0)).toBe(at('2026-11-30T23:00:00Z'))
  })

  it('keeps to the careful hours where no country is known', () => {
    const atSea = known({ timeZone: 'Etc/GMT+3' })
    expect(atSea.jurisdictions).toEqual([])
    expect(lawfulHours([], []).weekly?.[6]).toEqual({ days: ['sun'], from: '09:00', to: '20:00' })
  })
})

describe('sendingHours', () => {
  it('is silent on public holidays where the law says so', () => {
    const paris = sendingHours(known({ timeZone: 'Europe/Paris' }), [])
    const bastilleDay = at('2026-07-14T10:00:00Z')
    expect(isOpenInAll(paris, bastilleDay)).toBe(false)
    expect(nextOpeningInAllMs(paris, bastilleDay)).toBe(at('2026-07-15T06:00:00Z'))
    expect(nextClosingInAllMs(paris, at('2026-07-15T06:00:00Z'))).toBe(at('2026-07-15T18:00:00Z'))
  })

  it('leaves out the customer’s quiet hours', () => {
    const quiet = [{ days: WEEKDAYS, from: '12:00', to: '14:00' }]
    const hours = sendingHours(known({ timeZone: 'Asia/Tokyo' }), [], quiet)
    expect(nextClosingInAllMs(hours, at('2026-05-04T00:30:00Z'))).toBe(at('2026-05-04T03:00:00Z'))
    expect(nextOpeningInAllMs(hours, at('2026-05-04T03:00:00Z'))).toBe(at('2026-05-04T05:00:00Z'))
  })

  it('is never open for a customer who wants silence all week', () => {
    const hours = sendingHours(
      known({ timeZone: 'Asia/Tokyo' }),
      [],
      [{ days: WEEKDAYS, from: '00:00', to: '00:00' }],
    )
    expect(nextOpeningInAllMs(hours, 0)).toBeUndefined()
  })

  const aPlace = fc.constantFrom(
    ...Object.keys(US_ZONE_STATES).flatMap((timeZone) =>
      (US_ZONE_STATES[timeZone] ?? '').split(' ').map((subdivision) => ({ timeZone, subdivision })),
    ),
  )
  const aQuiet = fc.array(
    fc.record({
      days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
      from: fc.constantFrom('00:00', '07:30', '13:00', '22:00'),
      to: fc.constantFrom('00:00', '06:00', '09:00', '14:00'),
    }),
    { maxLength: 3 },
  )
  // Around the days of 23 and 25 hours of 2026, and over the end of February 2028.
  const aMoment = fc
    .tuple(
      fc.constantFrom(at('2026-03-08T00:00:00Z'), at('2026-11-01T00:00:00Z'), at('2028-02-29T00:00:00Z')),
      fc.integer({ min: -2 * 24 * 60, max: 3 * 24 * 60 }),
    )
    .map(([ms, minutes]) => ms + minutes * 60_000)

  test.prop([aPlace, aQuiet, aMoment], { numRuns: 300 })(
    'opens only where the state, the federation and the customer are all open',
    (place, quiet, nowMs) => {
      const isNowOpen = isOpenInAll(sendingHours(known(place), [], quiet), nowMs)
      const rows = LAWFUL_HOURS_TABLE.filter(
        ({ country, subdivision }) =>
          country === 'US' && (subdivision === undefined || subdivision === place.subdivision),
      )
      const isHoliday = rows.some(
        ({ holidays }) =>
          holidays !== undefined &&
          !isOpen({ closedDates: PUBLIC_HOLIDAYS[holidays] }, nowMs, place.timeZone),
      )
      const expected =
        rows.every(({ hours }) => isOpen(hours, nowMs, place.timeZone)) &&
        !isHoliday &&
        !isOpen(quiet, nowMs, place.timeZone)
      expect(isNowOpen).toBe(expected)
      // Not knowing the state never opens what knowing it closes.
      const vaguely = known({ timeZone: place.timeZone })
      if (!isNowOpen) expect(isOpenInAll(sendingHours(vaguely, [], quiet), nowMs)).toBe(false)
    },
  )
})

describe('rules that the operator adds', () => {
  const berlin = { timeZone: 'Europe/Berlin' }
  const noon = [{ days: WEEKDAYS, from: '11:00', to: '13:00' }]
  const isOpenAt = (place: KnownPlace, added: AddedRules, time: string) =>
    isLawfulAt(place, added, at(`2026-05-04T${time}Z`))

  it('narrow the hours of the table, and those of places without a rule', () => {
    const added = [
      { country: 'FR', hours: noon },
      { country: 'DE', hours: [{ days: WEEKDAYS, from: '06:00', to: '12:00' }] },
    ]
    const paris = { timeZone: 'Europe/Paris' }
    expect(isOpenAt(paris, [], '08:00')).toBe(true)
    expect(isOpenAt(paris, added, '08:00')).toBe(false)
    expect(isOpenAt(paris, added, '10:00')).toBe(true)
    // Berlin keeps the careful 09:00, though the operator's rule begins at 06:00.
    expect([isOpenAt(berlin, added, '05:00'), isOpenAt(berlin, added, '08:00')]).toEqual([false, true])
    expect(isOpenAt(berlin, added, '10:00')).toBe(false)
  })

  it('of a state hold wherever the state may be', () => {
    const bavaria = [{ country: 'DE', subdivision: 'BY', hours: noon }]
    expect(isOpenAt(berlin, bavaria, '08:00')).toBe(false)
    expect(isOpenAt({ ...berlin, subdivision: 'BE' }, bavaria, '08:00')).toBe(true)
    expect(isOpenAt({ timeZone: 'Europe/Paris' }, bavaria, '08:00')).toBe(true)
    const california = [{ country: 'US', subdivision: 'CA', hours: [] }]
    expect(lawfulHours(known({ country: 'US' }).jurisdictions, california).weekly).not.toEqual([])
    const place = lawfulPlaceOf([{ country: 'US' }], california)
    expect(lawfulHours(place?.jurisdictions ?? [], california).weekly).toEqual([])
    expect(isOpenAt({ timeZone: 'America/Denver' }, california, '18:00')).toBe(true)
  })

  it('close public holidays, and all hours where they have none', () => {
    const bastilleDay = at('2026-07-14T10:00:00Z')
    const added = [{ country: 'DE', hours: [{ days: WEEKDAYS, from: '00:00', to: '00:00' }] }]
    expect(isLawfulAt(berlin, added, bastilleDay)).toBe(true)
    expect(
      isLawfulAt(berlin, [{ ...added[0], country: 'DE', hours: noon, holidays: 'france' }], bastilleDay),
    ).toBe(false)
    const closed = sendingHours(known(berlin), [{ country: 'DE', hours: [] }])
    expect(nextOpeningInAllMs(closed, bastilleDay)).toBeUndefined()
  })

  it('that nobody can read let nothing out', () => {
    expect(nextOpeningInAllMs(sendingHours(known(berlin), 'unreadable'), 0)).toBeUndefined()
  })

  it.each([
    [{ country: 'US', subdivision: 'TX' }, true],
    [{ country: 'US', subdivision: 'ZZ' }, false],
    [{ country: 'DE', subdivision: 'BY' }, true],
    [{ country: 'XX' }, false],
  ])('are for places that there are: %j, %s', (place, isThere) => {
    expect(isKnownJurisdiction(place)).toBe(isThere)
  })

  const aTime = fc.integer({ min: 0, max: 23 }).map((hour) => `${String(hour).padStart(2, '0')}:00`)
  const aRule = fc.record(
    {
      country: fc.constantFrom('US', 'FR', 'DE', 'CA'),
      subdivision: fc.constantFrom('TX', 'CA', 'BY', 'RI'),
      hours: fc.array(
        fc.record({
          days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
          from: aTime,
          to: aTime,
        }),
        { maxLength: 4 },
      ),
      holidays: fc.constantFrom('france' as const, 'unitedStates' as const),
    },
    { requiredKeys: ['country', 'hours'] },
  )
  const anyPlace = fc.constantFrom<KnownPlace>(
    { timeZone: 'America/Chicago' },
    { timeZone: 'America/Chicago', subdivision: 'TX' },
    { timeZone: 'Europe/Berlin' },
    { timeZone: 'Europe/Paris' },
    { country: 'US' },
    { country: 'CA' },
    { timeZone: 'Etc/GMT+3' },
  )
  const anyMoment = fc
    .integer({ min: 0, max: 366 * 24 * 60 })
    .map((minutes) => at('2026-01-01T00:00:00Z') + minutes * 60_000)

  test.prop([anyPlace, fc.array(aRule, { maxLength: 5 }), aRule, anyMoment], { numRuns: 1000 })(
    'never open a minute that was closed, and close those that they leave out',
    (place, added, rule, nowMs) => {
      const before = isLawfulAt(place, added, nowMs)
      const after = isLawfulAt(place, [...added, rule], nowMs)
      expect(after && !before).toBe(false)
      const zone = place.timeZone
      const isThere =
        zone !== undefined &&
        COUNTRY_ZONES[rule.country]?.split(' ').includes(zone) === true &&
        (rule.subdivision === undefined || rule.subdivision === place.subdivision)
      const closedDates = rule.holidays === undefined ? [] : PUBLIC_HOLIDAYS[rule.holidays]
      if (isThere)
        expect(after).toBe(before && isOpen(rule.hours, nowMs, zone) && isOpen({ closedDates }, nowMs, zone))
    },
  )
})
