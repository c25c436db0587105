import { describe, expect, test } from 'vitest'
import { findObstacles, type Planned, type SceneGround } from '#shared/domain/scenes/obstacles.ts'
import type { StorePlace } from '#shared/domain/scenes/places.ts'
import { type Scene, WEEKDAYS } from '#shared/domain/scenes/scene.ts'
import { aScene, named, SAN_FRANCISCO } from '#test/support/builders.ts'

const NOW = Date.UTC(2026, 10, 22, 10)
const iso = (year: number, month: number, day: number, hour = 0) =>
  new Date(Date.UTC(year, month - 1, day, hour)).toISOString()

const aStore = (rest: Partial<StorePlace> = {}): StorePlace => ({
  name: 'Mission',
  timeZone: SAN_FRANCISCO,
  isFlagship: false,
  regionPath: [],
  ...rest,
})
const MISSION = named('sto', 'mission')
const CITY = named('reg', 'city')
const ground = (rest: Partial<SceneGround> = {}): SceneGround => ({
  stores: new Map([[MISSION, aStore()]]),
  geofences: [{ id: named('gf', 'door'), storeId: MISSION, timeZone: SAN_FRANCISCO }],
  regions: new Set([CITY]),
  offers: [],
  addedRules: [],
  ...rest,
})
const hours = (from: string, to: string, days: Scene['triggers'] | readonly string[] = WEEKDAYS) => ({
  weeklyHours: [{ days: WEEKDAYS.filter((day) => (days as readonly string[]).includes(day)), from, to }],
})
const found = (changes: Partial<Planned>, on: Partial<SceneGround> = {}) =>
  findObstacles(aScene('hello', changes), ground(on), NOW).map(
    ({ rule, pointer, isSure }) => `${rule} ${pointer}${isSure ? '' : ' perhaps'}`,
  )

test('a scene that can speak meets no obstacle', () => {
  expect(found({})).toEqual([])
  expect(found({ when: hours('09:00', '17:00') })).toEqual([])
  expect(
    found({ triggers: [{ type: 'event', eventType: 'share' }] }, { stores: new Map(), geofences: [] }),
  ).toEqual([])
})

describe('dates', () => {
  test('that are over, or have no moment left', () => {
    expect(found({ when: { until: iso(2026, 11, 22, 10) } })).toEqual(['ended /when/until'])
    expect(found({ when: { until: iso(2026, 11, 24) } })).toEqual([])
  })

  test('in which no festival comes', () => {
    const christmas = { id: 'christmas', daysBefore: 2, daysAfter: 0 } as const
    const spring = { from: iso(2027, 3, 1), until: iso(2027, 5, 1) }
    expect(found({ when: { festivals: [christmas], ...spring } })).toEqual([
      'festivalOutside /when/festivals',
    ])
    expect(found({ when: { festivals: [christmas, { ...christmas, id: 'easter' }], ...spring } })).toEqual([])
    expect(found({ when: { festivals: [christmas], until: iso(2027, 1, 1) } })).toEqual([])
    expect(found({ when: { festivals: [christmas] } })).toEqual([])
    // A birthday is another way to speak then.
    const orBirthday = { festivals: [christmas], birthday: { daysBefore: 0, daysAfter: 0 }, ...spring }
    expect(found({ when: orBirthday })).toEqual([])
  })

  test('that are all excluded', () => {
    const range = { from: iso(2026, 12, 1, 8), until: iso(2026, 12, 3, 8) }
    const both = ['2026-12-01', '2026-12-02']
    expect(found({ when: { ...range, excludedDates: both } })).toEqual([
      'everyDayExcluded /when/excludedDates',
    ])
    expect(found({ when: { ...range, excludedDates: both.slice(1) } })).toEqual([])
    // In San Francisco the range ends on the evening of the 2nd, further west nobody is.
    const nowhere = { stores: new Map(), geofences: [] }
    const share = { triggers: [{ type: 'event', eventType: 'share' }] } as const
    expect(found({ ...share, when: { ...range, excludedDates: both } }, nowhere)).toEqual([])
    const more = ['2026-11-30', ...both, '2026-12-03']
    expect(found({ ...share, when: { ...range, excludedDates: more } }, nowhere)).toEqual([
      'everyDayExcluded /when/excludedDates',
    ])
  })
})

describe('hours', () => {
  test('in which no law lets promotion through', () => {
    expect(found({ when: hours('02:00', '05:00') })).toEqual(['noLawfulHour /when/weeklyHours'])
    expect(found({ when: hours('05:00', '10:00') })).toEqual([])
  })

  test('do not matter to a service', () => {
    const message = { push: { title: 'a', body: 'b' }, kind: 'service', ttlS: 600 } as const
    const triggers = [{ type: 'event', eventType: 'booking' }] as const
    expect(found({ message, triggers, when: hours('02:00', '05:00') })).toEqual([])
  })

  test('are those of each place: where only some are silent, it is a warning', () => {
    const texas = aStore({ timeZone: 'America/Chicago', subdivision: 'US-TX' })
    const stores = new Map([
      [MISSION, aStore()],
      [named('sto', 'austin'), texas],
    ])
    const geofences = [
      ...ground().geofences,
      { id: named('gf', 'austin'), storeId: named('sto', 'austin'), timeZone: 'America/Chicago' },
    ]
    const sundayMorning = hours('09:00', '11:00', ['sun'])
    const austin = { storeIds: [named('sto', 'austin')] }
    expect(found({ when: sundayMorning }, { stores, geofences })).toEqual([
      'noLawfulHour /when/weeklyHours perhaps',
    ])
    expect(
      found({ when: sundayMorning, triggers: [{ type: 'enter', at: austin }] }, { stores, geofences }),
    ).toEqual(['noLawfulHour /when/weeklyHours'])
  })

  test('while the store is open want a store with hours, that meet those of the scene', () => {
    const open = (from: string, to: string) => ({
      stores: new Map([[MISSION, aStore({ openingHours: [{ days: WEEKDAYS, from, to }] })]]),
    })
    const while_ = { whileStoreIsOpen: true } as const
    expect(found({ when: while_ })).toEqual(['noOpeningHours /when/whileStoreIsOpen'])
    expect(found({ when: while_ }, open('09:00', '17:00'))).toEqual([])
    expect(found({ when: while_ }, open('22:00', '05:00'))).toEqual(['noLawfulHour /when'])
    expect(found({ when: { ...while_, ...hours('17:00', '20:00') } }, open('09:00', '17:00'))).toEqual([
      'noOpenHour /when/weeklyHours',
    ])
  })

  test('that come only on days out of range', () => {
    // Monday and Tuesday.
    const range = { from: iso(2026, 11, 23, 8), until: iso(2026, 11, 25, 8) }
    expect(found({ when: { ...range, ...hours('10:00', '12:00', ['fri']) } })).toEqual([
      'noHour /when/weeklyHours',
    ])
    const monday = { ...range, ...hours('10:00', '12:00', ['mon']) }
    expect(found({ when: monday })).toEqual([])
    expect(found({ when: { ...monday, excludedDates: ['2026-11-23'] } })).toEqual(['noHour /when'])
  })

  test('say nothing to those of whom no place is known', () => {
    const range = { from: iso(2026, 11, 23, 10), until: iso(2026, 11, 23, 11) }
    expect(found({ when: range })).toEqual(['noLawfulHour /when'])
    expect(found({ when: range, triggers: [{ type: 'event', eventType: 'share' }] })).toEqual([])
  })
})

describe('places', () => {
  const at = (places: object) => ({ triggers: [{ type: 'enter', at: places }] }) as Pick<Scene, 'triggers'>

  test('that hold no store silence the scene', () => {
    expect(found(at({ regionIds: [CITY] }))).toEqual(['noPlace /triggers/0/at'])
    const flagship = { stores: 'flagship' } as const
    expect(found({ triggers: [{ type: 'event', eventType: 'booking', at: flagship }] })).toEqual([
      'noPlace /triggers/0/at',
    ])
  })

  test('at which a geofence may still be drawn', () => {
    expect(found({}, { stores: new Map(), geofences: [] })).toEqual(['noGeofence /triggers/0 perhaps'])
    expect(found(at({ storeIds: [MISSION] }), { geofences: [] })).toEqual([
      'noGeofence /triggers/0/at perhaps',
    ])
  })

  test('that are gone are named one by one', () => {
    const gone = { geofenceIds: [named('gf', 'door'), named('gf', 'x')], storeIds: [named('sto', 'x')] }
    const scene = { ...at({ ...gone, regionIds: [named('reg', 'x')] }), offerId: named('off', 'x') }
    expect(found(scene)).toEqual([
      'absent /triggers/0/at/geofenceIds/1',
      'absent /triggers/0/at/storeIds/0',
      'absent /triggers/0/at/regionIds/0',
      'absent /offerId',
    ])
  })

  test('of one trigger among others leave the others', () => {
    expect(found({ triggers: [{ type: 'exit', at: { regionIds: [CITY] } }, { type: 'enter' }] })).toEqual([
      'noPlace /triggers/0/at perhaps',
    ])
  })

  test('a region holds the stores below it', () => {
    const stores = new Map([[MISSION, aStore({ regionPath: [named('reg', 'area'), CITY] })]])
    expect(found({ triggers: [{ type: 'enter', at: { regionIds: [CITY] } }] }, { stores })).toEqual([])
  })
})

test('an offer that ends before the scene begins gives nothing, unless its substitute does', () => {
  const offerId = named('off', 'coffee')
  const ended = { until: iso(2026, 11, 22) }
  expect(found({ offerId }, { offers: [ended] })).toEqual(['offerEnded /offerId'])
  expect(found({ offerId }, { offers: [ended, {}] })).toEqual([])
  const soon = { until: iso(2026, 12, 1) }
  expect(found({ offerId }, { offers: [soon] })).toEqual([])
  expect(found({ offerId, when: { from: iso(2026, 12, 1) } }, { offers: [soon] })).toEqual([
    'offerEnded /offerId',
  ])
})

test('limits that let nobody through', () => {
  expect(found({ experiment: { holdoutPercent: 100, salt: 'a' } })).toEqual([
    'everybodyHeldOut /experiment/holdoutPercent',
  ])
  expect(found({ limits: { coolDownS: 0, maxAgeS: 300, caps: [{ windowS: 60, max: 0 }] } })).toEqual([
    'capOfNone /limits/caps/0/max',
  ])
})
