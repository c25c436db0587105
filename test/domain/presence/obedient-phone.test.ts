import { describe, expect, it } from 'vitest'
import {
  fixesToSend,
  hear,
  keepSilent,
  NEW_PHONE,
  type ObedientPhone,
  occasionFor,
  overdueFix,
} from '#shared/domain/presence/obedient-phone.ts'
import type { RegionAnswer, WatchedGeofence } from '#shared/domain/presence/region.ts'
import { aFix, moved, named, SQUARE } from '#test/support/builders.ts'

const watched = (rest: Partial<WatchedGeofence> = {}): WatchedGeofence => ({
  id: named('gf', 'square'),
  ...SQUARE,
  enterRadiusM: 100,
  exitRadiusM: 120,
  exact: true,
  ...rest,
})

const anAnswer = (geofences: readonly WatchedGeofence[], rest: Partial<RegionAnswer> = {}): RegionAnswer => ({
  region: { ...SQUARE, radiusM: 500 },
  validS: 1800,
  geofences,
  complete: true,
  nextPingS: 60,
  ...rest,
})

const east = (metres: number) => moved(SQUARE, metres)

/** A phone that was answered so at the square's time 0, so many metres to the east. */
const told = (answer: RegionAnswer, atM = 300): ObedientPhone => hear(NEW_PHONE, aFix(0, east(atM)), answer)

describe('a phone speaks', () => {
  const away = told(anAnswer([watched()]))
  const inside = told(anAnswer([watched({ visit: 'open' })]), 0)
  const leaving = told(anAnswer([watched({ visit: 'leaving' })], { validS: 15 }), 130)
  const nowhere = told(anAnswer([], { region: { ...SQUARE, radiusM: 0 } }), 0)
  const inexact = told(anAnswer([watched({ exact: false })]), 90)

  it.each([
    ['at its first fix', NEW_PHONE, aFix(0), 'first'],
    ['not while nothing happens', away, aFix(30, east(200)), undefined],
    ['when it leaves the region', away, aFix(30, east(501)), 'leftRegion'],
    ['at every fix when the region is a point', nowhere, aFix(1), 'leftRegion'],
    ['when it enters', away, aFix(30, east(99)), 'enter'],
    ['not while it stays', inside, aFix(30, east(119)), undefined],
    ['when it is outside', inside, aFix(30, east(121)), 'exit'],
    ['not when it may still be inside', inside, aFix(30, east(170), 60), undefined],
    ['not before the second fix counts', leaving, aFix(14, east(140)), undefined],
    ['when the second fix counts', leaving, aFix(15, east(140)), 'validityOver'],
    ['when it is back', leaving, aFix(10, east(110)), 'backInside'],
    ['when the answer is too old', away, aFix(1800, east(300)), 'validityOver'],
    ['not yet in an inexact circle', inexact, aFix(59, east(80)), undefined],
    ['again and again in an inexact circle', inexact, aFix(60, east(80)), 'inInexact'],
    [
      'when it enters an inexact circle',
      told(anAnswer([watched({ exact: false })])),
      aFix(20, east(90)),
      'enter',
    ],
  ])('%s', (_, phone, fix, occasion) => {
    expect(occasionFor(phone, fix)).toBe(occasion)
  })

  it('once in 10 s near a geofence', () => {
    const phone = keepSilent(away, aFix(30, east(200)))
    expect(occasionFor(phone, aFix(39, east(50)))).toBeUndefined()
    expect(occasionFor(phone, aFix(40, east(50)))).toBe('enter')
  })
})

describe('earlier answers', () => {
  const there = anAnswer([], { region: { ...east(2000), radiusM: 500 } })

  it('keep a phone silent in their regions, until they are no longer valid', () => {
    const phone = hear(told(anAnswer([watched()])), aFix(1000, east(2000)), there)
    expect(occasionFor(phone, aFix(1700, east(300)))).toBeUndefined()
    expect(occasionFor(phone, aFix(1700, east(50)))).toBe('enter')
    expect(occasionFor(phone, aFix(1800, east(300)))).toBe('leftRegion')
  })

  it('do not hide the exit of a visit that has begun since', () => {
    const cinema = watched({ id: named('gf', 'cinema'), ...east(2000), visit: 'open' })
    const phone = hear(told(anAnswer([watched()])), aFix(100, east(2000)), { ...there, geofences: [cinema] })
    expect(occasionFor(phone, aFix(200, east(300)))).toBe('exit')
  })

  it('are forgotten when an answer does not name all visits', () => {
    const phone = hear(told(anAnswer([watched()])), aFix(100, east(2000)), { ...there, complete: false })
    expect(occasionFor(phone, aFix(200, east(300)))).toBe('leftRegion')
  })
})

describe('what was kept back', () => {
  const kept = keepSilent(told(anAnswer([watched()])), aFix(600, east(300)))

  it('is sent when the answer is over and no fresh fix comes', () => {
    expect(overdueFix(kept, aFix(1859).atMs)).toBeUndefined()
    expect(overdueFix(kept, aFix(1860).atMs)).toEqual(aFix(600, east(300)))
    expect(overdueFix(told(anAnswer([])), aFix(9999).atMs)).toBeUndefined()
  })

  it('is sent along with a jump', () => {
    expect(fixesToSend(kept, aFix(601, east(0)))).toEqual([aFix(600, east(300)), aFix(601, east(0))])
    expect(fixesToSend(kept, aFix(660, east(0)))).toEqual([aFix(660, east(0))])
  })
})
