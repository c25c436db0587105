import { describe, expect, test } from 'vitest'
import { estimateRequestSchema } from '#shared/contracts/http/audience.ts'
import { batchedEventSchema } from '#shared/contracts/http/events.ts'
import { preferencesSchema } from '#shared/contracts/http/me.ts'
import { offerRequestSchema } from '#shared/contracts/http/offers.ts'
import { phoneNumberSchema } from '#shared/contracts/http/phone-number.ts'
import { pingsRequestSchema } from '#shared/contracts/http/pings.ts'
import { lawfulHoursPathSchema } from '#shared/contracts/http/platform.ts'
import { daySchema, pageQuerySchema } from '#shared/contracts/http/primitives.ts'
import { qrCodeRequestSchema } from '#shared/contracts/http/qr-codes.ts'
import { reportQuerySchema } from '#shared/contracts/http/reports.ts'
import { sceneRequestSchema } from '#shared/contracts/http/scenes.ts'
import { parseInput } from '#shared/runtime/http/parse-input.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Schema = Parameters<typeof parseInput>[0]

/** What the problem of a wrong body says, one line for each fault. */
const faults = (schema: Schema, body: unknown): string[] => {
  try {
    parseInput(schema, body, 'invalidRequest')
  } catch (error) {
    if (error instanceof Problem) return error.errors.map(({ pointer, detail }) => `${pointer} ${detail}`)
    throw error
  }
  throw new Error('it was accepted')
}

const TAG = { type: 'tag', tag: 'vip' }
const nested = (depth: number): unknown => (depth === 1 ? TAG : { not: nested(depth - 1) })
const CONDITIONS =
  'visitCount, visitsWithin, daysSinceVisit, dwellS, spend, purchaseCount, redemptionCount, reactions, rating, tag, preference, preferenceNumber, usualHour, usuallyComes, segment, locale, eventsWithin'

describe('a wrong audience is told where and what', () => {
  const audience = (rule: unknown) => faults(estimateRequestSchema, { audience: rule })

  test.each([
    ['too deep', nested(7), '/audience/not/not/not/not/not groups and conditions nested more than 6 deep'],
    ['too large', { all: Array.from({ length: 51 }, () => TAG) }, '/audience/all at most 50 items'],
    [
      'a group that is two',
      { all: [TAG], any: [TAG] },
      '/audience/any a group is one of all, any and not, and a condition has a type: here is all as well',
    ],
    [
      'an unknown member, deep down',
      { not: { all: [{ ...TAG, colour: 'red' }] } },
      '/audience/not/all/0/colour unknown member',
    ],
    [
      'nothing',
      {},
      `/audience/type missing: a condition has a type (${CONDITIONS}); a group is all, any or not`,
    ],
    ['an unknown condition', { any: [{ type: 'mood' }] }, `/audience/any/0/type not one of: ${CONDITIONS}`],
    ['a word', 'everybody', '/audience an object, not a string'],
    [
      'a segment that is none',
      { type: 'segment', segment: 'rich' },
      '/audience/segment not one of: new, returning, lapsed, advocate, trialOnly, priceInsensitive',
    ],
    [
      'a preference like none',
      { type: 'preference', name: 'size', oneOf: [{ size: 3 }] },
      '/audience/oneOf/0 a string, a number or true or false, not an object',
    ],
  ])('%s', (_, rule, fault) => {
    expect(audience(rule)).toEqual([fault])
  })

  test('the deepest that there may be is no fault', () => {
    expect(estimateRequestSchema.safeParse({ audience: nested(6) }).success).toBe(true)
  })
})

describe('a wrong scene is told where and what', () => {
  const scene = (changes: object) =>
    faults(sceneRequestSchema, {
      name: 'Hello',
      goal: 'visit',
      triggers: [{ type: 'enter' }],
      message: { push: { title: 'a', body: 'b' }, ttlS: 600 },
      ...changes,
    })
  const push = { title: 'a', body: 'b' }
  const event = (where: object) => ({ triggers: [{ type: 'event', eventType: 'purchase', where: [where] }] })

  test.each([
    [
      'a locale with an underscore',
      { message: { push, locales: { zh_CN: { push } }, ttlS: 600 } },
      ['/message/locales/zh_CN a language tag, e.g. en or pt-BR'],
    ],
    [
      'an unknown trigger',
      { triggers: [{ type: 'arrive' }] },
      ['/triggers/0/type not one of: enter, exit, dwell, event, due'],
    ],
    [
      'a trigger without its type',
      { triggers: [{ dwellS: 60 }] },
      ['/triggers/0/type missing: enter, exit, dwell, event or due'],
    ],
    [
      'a member of another trigger',
      { triggers: [{ type: 'dwell', dwellS: 60, eventType: 'share' }] },
      ['/triggers/0/eventType unknown member'],
    ],
    [
      'a list with something odd in it',
      event({ property: 'x', test: 'oneOf', value: ['a', {}] }),
      ['/triggers/0/where/0/value/1 a string or a number, not an object'],
    ],
    [
      'a value that is none',
      event({ property: 'x', test: 'equals', value: null }),
      ['/triggers/0/where/0/value a string, a number, true or false or a list, not null'],
    ],
    [
      'a flag that cannot be false',
      { when: { whileStoreIsOpen: false } },
      ['/when/whileStoreIsOpen only true'],
    ],
    [
      'what is missing and what is of another kind',
      { name: undefined, priority: 1.5 },
      ['/name missing: a string', '/priority a whole number, not a fraction'],
    ],
  ])('%s', (_, changes, wrong) => {
    expect(scene(changes)).toEqual(wrong)
  })
})

test('a wrong offer, too', () => {
  const offer = {
    name: 'Coffee',
    kind: 'gift',
    description: 'One cup',
    stock: -1,
    validityS: 10,
    until: 'soon',
  }
  expect(faults(offerRequestSchema, offer)).toEqual([
    '/stock at least 0',
    '/validityS at least 60',
    '/until not an RFC 3339 time with Z or an offset',
  ])
})

test('a day that is none, and an address that is not https', () => {
  expect(faults(daySchema, '2026-02-30')).toEqual([' not a day of the calendar, e.g. 2026-11-22'])
  const code = {
    name: 'Window',
    action: { type: 'survey', url: 'http://example.com' },
    caption: 'Tell us what you think, get a cake',
    placement: { label: 'Window', kind: 'offline' },
  }
  expect(faults(qrCodeRequestSchema, code)).toEqual(['/action/url not an https address'])
})

test('a birthday on which nobody was born', () => {
  expect(faults(preferencesSchema, { birthday: '02-30' })).toEqual(['/birthday not a day of the calendar'])
  expect(faults(preferencesSchema, { birthday: '2-3' })).toEqual(['/birthday MM-DD'])
  expect(preferencesSchema.safeParse({ birthday: '02-29' }).success).toBe(true)
})

test('a cursor and a place are told in our words, not in those of a pattern', () => {
  expect(faults(pageQuerySchema, { cursor: '!!' })).toEqual(['/cursor not a cursor of this list'])
  expect(faults(lawfulHoursPathSchema, { place: 'us' })).toEqual([
    '/place a country or a part of one as in ISO 3166, for example FR or US-TX',
  ])
  expect(faults(lawfulHoursPathSchema, { place: 'US-XX' })).toEqual([
    '/place no country or state that is known',
  ])
})

test('a number that is too large for a number is no fraction', () => {
  const pings = JSON.parse('[{ "at": "2026-11-22T10:00:00Z", "lat": 1e400, "lon": 7 }]')
  expect(faults(pingsRequestSchema, { pings })).toEqual(['/pings/0/lat a number, not one so large'])
})

test('an app event in a batch', () => {
  const { error } = batchedEventSchema.parse({ type: 'walk' })
  expect(error?.issues.map(({ path, message }) => `/${path.join('/')} ${message}`)).toContain(
    '/id missing: a string',
  )
})

describe('one mistake is told once', () => {
  const NO_DAY = 'not a day of the calendar, e.g. 2026-11-22'

  test('a day that is none is not far from another, too', () => {
    expect(faults(reportQuerySchema, { from: 'x', to: '2026-02-30' })).toEqual([
      `/from ${NO_DAY}`,
      `/to ${NO_DAY}`,
    ])
    const long = '2026-11-22T10:00'
    expect(faults(reportQuerySchema, { from: '2026-01-01', to: long })).toEqual(['/to at most 10 characters'])
    expect(faults(reportQuerySchema, { from: '2026-01-01', to: '2026-12-31' })).toEqual([
      '/to more than 92 days after from',
    ])
  })

  test.each([
    ['555', 'not in E.164 form, e.g. +14155550123'],
    ['5'.repeat(17), 'at most 16 characters'],
    ['+19995550123', 'not a mobile number that can exist'],
  ])('a phone number %s', (number, fault) => {
    expect(faults(phoneNumberSchema, number)).toEqual([` ${fault}`])
  })
})
