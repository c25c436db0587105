import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  type AudienceCondition,
  type AudienceFacts,
  type AudienceRule,
  audienceSpecificity,
  coversLocale,
  explainAudience,
  isInAudience,
  measureAudience,
  type Verdict,
} from '#shared/domain/customers/audience.ts'
import {
  hourOfWeek,
  NO_RELATIONSHIP,
  type Relationship,
  withPurchase,
  withRating,
  withRedemption,
  withVisit,
} from '#shared/domain/customers/relationship.ts'
import { roundedSize } from '#shared/domain/customers/rounded-size.ts'
import { isInSegment, SEGMENTS } from '#shared/domain/customers/segments.ts'
import { DAY, HOUR, MINUTE, SAN_FRANCISCO, T0 } from '#test/support/builders.ts'

const visitsAt = (...agoDays: number[]): Relationship =>
  agoDays.reduce(
    (relationship, days) =>
      withVisit(relationship, { enterMs: T0 - days * DAY, durationS: 600, timeZone: SAN_FRANCISCO }),
    NO_RELATIONSHIP,
  )

const ANNA: Relationship = {
  ...withRating(
    withRedemption(
      withPurchase(visitsAt(1, 8, 15, 22, 29, 100), { currency: 'USD', amountMinor: 1250, atMs: T0 - DAY }),
      { atMs: T0 - DAY, isTrial: false, isDiscount: true },
    ),
    5,
  ),
  referrals: 1,
  reactions: { newArrival: 2 },
  tags: ['vip'],
  preferences: {
    size: { value: 'M', source: 'purchase', atMs: T0 },
    spice: { value: 3, source: 'customer', atMs: T0 },
  },
}
const FACTS: AudienceFacts = {
  relationship: ANNA,
  locale: 'zh-Hant-TW',
  events: [
    { type: 'app_open', atMs: T0 - 2 * DAY },
    { type: 'search', atMs: T0 - 20 * DAY },
  ],
  eventsSinceMs: T0 - 30 * DAY,
  hourOfWeek: hourOfWeek(T0, SAN_FRANCISCO),
}
const verdict = (rule: AudienceRule, facts: AudienceFacts = FACTS): Verdict =>
  explainAudience(rule, facts, T0).verdict

describe('conditions', () => {
  const CASES: readonly (readonly [AudienceCondition, Verdict])[] = [
    [{ type: 'visitCount', atLeast: 6, atMost: 6 }, 'yes'],
    [{ type: 'visitCount', atLeast: 7 }, 'no'],
    [{ type: 'visitsWithin', days: 30, atLeast: 5 }, 'yes'],
    [{ type: 'visitsWithin', days: 1, atLeast: 1 }, 'no'],
    [{ type: 'daysSinceVisit', atMost: 1 }, 'yes'],
    [{ type: 'daysSinceVisit', atLeast: 2 }, 'no'],
    [{ type: 'dwellS', measure: 'total', atLeast: 3600 }, 'yes'],
    [{ type: 'dwellS', measure: 'mean', atLeast: 600, atMost: 600 }, 'yes'],
    [{ type: 'spend', measure: 'total', currency: 'USD', atLeast: 1250 }, 'yes'],
    [{ type: 'spend', measure: 'total', currency: 'EUR', atMost: 0 }, 'yes'],
    [{ type: 'spend', measure: 'last', currency: 'EUR', atLeast: 1 }, 'unknown'],
    [{ type: 'purchaseCount', atLeast: 2 }, 'no'],
    [{ type: 'redemptionCount', atLeast: 1 }, 'yes'],
    [{ type: 'reactions', theme: 'newArrival', atLeast: 2 }, 'yes'],
    [{ type: 'reactions', theme: 'newArrival', atMost: 0 }, 'no'],
    [{ type: 'rating', measure: 'mean', atLeast: 4.5 }, 'yes'],
    [{ type: 'rating', measure: 'last', atMost: 2 }, 'no'],
    [{ type: 'tag', tag: 'vip' }, 'yes'],
    [{ type: 'tag', tag: 'staff' }, 'no'],
    [{ type: 'preference', name: 'size', oneOf: ['S', 'M'] }, 'yes'],
    [{ type: 'preference', name: 'colour', oneOf: ['red'] }, 'unknown'],
    [{ type: 'preference', name: '__proto__', oneOf: ['red'] }, 'unknown'],
    [{ type: 'preferenceNumber', name: 'spice', atLeast: 2 }, 'yes'],
    [{ type: 'preferenceNumber', name: 'size', atLeast: 2 }, 'unknown'],
    [{ type: 'usualHour', weekday: 'any' }, 'yes'],
    [{ type: 'usuallyComes', days: ['thu'], fromHour: 9, toHour: 12, share: 0.8 }, 'yes'],
    [{ type: 'usuallyComes', days: ['sat', 'sun'], fromHour: 0, toHour: 24, share: 0.2 }, 'no'],
    [{ type: 'segment', segment: 'returning' }, 'yes'],
    [{ type: 'segment', segment: 'advocate' }, 'yes'],
    [{ type: 'locale', oneOf: ['en', 'zh-Hant'] }, 'yes'],
    [{ type: 'locale', oneOf: ['zh-Hans'] }, 'no'],
    [{ type: 'eventsWithin', eventType: 'app_open', days: 7, atLeast: 1 }, 'yes'],
    [{ type: 'eventsWithin', eventType: 'search', days: 7, atMost: 0 }, 'yes'],
    [{ type: 'eventsWithin', eventType: 'search', days: 60, atMost: 1 }, 'unknown'],
    [{ type: 'eventsWithin', eventType: 'search', days: 60, atMost: 0 }, 'no'],
    [{ type: 'eventsWithin', eventType: 'search', days: 60, atLeast: 1 }, 'yes'],
    [{ type: 'eventsWithin', eventType: 'search', days: 60, atLeast: 2 }, 'unknown'],
  ]
  it.each(CASES)('%j: %s', (condition, expected) => {
    expect(verdict(condition)).toBe(expected)
  })

  it.each(CASES)('%j is not known of nobody', (condition) => {
    expect(verdict(condition, {})).toBe('unknown')
  })

  it('know that somebody without a relationship never came', () => {
    const stranger: AudienceFacts = { relationship: NO_RELATIONSHIP }
    expect(verdict({ type: 'visitCount', atMost: 0 }, stranger)).toBe('yes')
    expect(verdict({ type: 'visitsWithin', days: 30, atLeast: 1 }, stranger)).toBe('no')
    expect(verdict({ type: 'daysSinceVisit', atLeast: 30 }, stranger)).toBe('unknown')
    expect(verdict({ type: 'usualHour', weekday: 'any' }, { ...stranger, hourOfWeek: 5 })).toBe('unknown')
  })

  it('cover languages by whole parts of their tag', () => {
    expect(coversLocale('zh', 'zh-Hant-TW')).toBe(true)
    expect(coversLocale('ZH-hant', 'zh-Hant-TW')).toBe(true)
    expect(coversLocale('zh-Hant-TW', 'zh')).toBe(false)
    expect(coversLocale('e', 'en')).toBe(false)
  })
})

describe('groups', () => {
  const yes: AudienceCondition = { type: 'tag', tag: 'vip' }
  const no: AudienceCondition = { type: 'tag', tag: 'staff' }
  const unknown: AudienceCondition = { type: 'preference', name: 'colour', oneOf: ['red'] }

  it.each<[AudienceRule, Verdict]>([
    [{ all: [yes, unknown] }, 'unknown'],
    [{ all: [unknown, no] }, 'no'],
    [{ any: [no, unknown] }, 'unknown'],
    [{ any: [unknown, yes] }, 'yes'],
    [{ not: unknown }, 'unknown'],
    [{ not: { all: [unknown, no] } }, 'yes'],
  ])('%j: %s', (rule, expected) => {
    expect(verdict(rule)).toBe(expected)
  })

  it('leave out whom nothing is known of, under not too', () => {
    expect(isInAudience({ not: unknown }, FACTS, T0)).toBe(false)
    expect(isInAudience({ not: { type: 'segment', segment: 'lapsed' } }, {}, T0)).toBe(false)
  })

  it('explain which condition decided, with the number that was compared and nothing else', () => {
    const rule: AudienceRule = { all: [yes, { not: { type: 'visitsWithin', days: 30, atLeast: 3 } }] }
    expect(explainAudience(rule, FACTS, T0)).toEqual({
      verdict: 'no',
      pointer: '/all/1/not',
      condition: { type: 'visitsWithin', days: 30, atLeast: 3 },
      compared: 5,
    })
    expect(explainAudience({ any: [no, unknown] }, FACTS, T0)).toEqual({
      verdict: 'unknown',
      pointer: '/any/1',
      condition: unknown,
    })
  })

  it('are measured, and refused when empty', () => {
    expect(measureAudience(yes)).toEqual({ depth: 1, nodes: 1 })
    expect(measureAudience({ all: [yes, { not: { any: [no, unknown] } }] })).toEqual({ depth: 4, nodes: 6 })
    expect(() => verdict({ all: [] })).toThrow(RangeError)
  })

  it('are the more specific the more they ask of everybody', () => {
    expect(audienceSpecificity(undefined)).toBe(0)
    expect(audienceSpecificity(yes)).toBe(0.25)
    expect(audienceSpecificity({ all: [yes, { any: [no, { all: [yes, no] }] }] })).toBe(0.5)
    expect(audienceSpecificity({ all: [yes, yes, yes, yes, yes] })).toBe(1)
  })

  const aCondition: fc.Arbitrary<AudienceRule> = fc.constantFrom<AudienceRule>(
    yes,
    no,
    unknown,
    { type: 'visitCount', atLeast: 3 },
    { type: 'locale', oneOf: ['zh'] },
    { type: 'eventsWithin', eventType: 'search', days: 60, atMost: 1 },
    { type: 'segment', segment: 'trialOnly' },
  )
  const { rule: aRule } = fc.letrec<{ rule: AudienceRule }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 5 },
      aCondition,
      fc.array(tie('rule'), { minLength: 1, maxLength: 4 }).map((all) => ({ all })),
      fc.array(tie('rule'), { minLength: 1, maxLength: 4 }).map((any) => ({ any })),
      tie('rule').map((not) => ({ not })),
    ),
  }))
  const someFacts = fc
    .record({ relationship: fc.boolean(), locale: fc.boolean(), events: fc.boolean() })
    .map((has) => {
      const { relationship, locale, events, eventsSinceMs, ...rest } = FACTS
      return {
        ...rest,
        ...(has.relationship ? { relationship } : {}),
        ...(has.locale ? { locale } : {}),
        ...(has.events ? { events, eventsSinceMs } : {}),
      } as AudienceFacts
    })

  const WORTH = { no: 0, unknown: 1, yes: 2 } as const
  const NAMES = ['no', 'unknown', 'yes'] as const
  const naive = (rule: AudienceRule, facts: AudienceFacts): number => {
    if ('all' in rule) return Math.min(...rule.all.map((one) => naive(one, facts)))
    if ('any' in rule) return Math.max(...rule.any.map((one) => naive(one, facts)))
    if ('not' in rule) return 2 - naive(rule.not, facts)
    return WORTH[verdict(rule, facts)]
  }

  test.prop([aRule, someFacts])(
    'are minimum, maximum and complement over no < unknown < yes',
    (rule, facts) => {
      expect(verdict(rule, facts)).toBe(NAMES[naive(rule, facts)])
    },
  )

  test.prop([aRule, someFacts])('never let somebody in whom more knowledge keeps out', (rule, facts) => {
    if (isInAudience(rule, facts, T0)) expect(isInAudience(rule, FACTS, T0)).toBe(true)
    expect(isInAudience(rule, {}, T0)).toBe(false)
  })

  test.prop([aRule])('point at a condition that stands there', (rule) => {
    const { pointer, condition } = explainAudience(rule, FACTS, T0)
    const at = pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], rule)
    expect(at).toBe(condition)
  })
})

describe('segments', () => {
  const trial = withRedemption(visitsAt(1), { atMs: T0, isTrial: true, isDiscount: false })
  const buyer = [1, 2, 3, 4, 5].reduce(
    (relationship, atMs) => withPurchase(relationship, { currency: 'EUR', amountMinor: 100, atMs }),
    NO_RELATIONSHIP,
  )
  const discounted = withRedemption(buyer, { atMs: 1, isTrial: false, isDiscount: true })

  it.each([
    ['new', NO_RELATIONSHIP, true],
    ['new', visitsAt(59), true],
    ['new', visitsAt(61), false],
    ['new', visitsAt(1, 2), false],
    ['returning', visitsAt(1, 200), true],
    ['lapsed', visitsAt(61, 200), true],
    ['lapsed', NO_RELATIONSHIP, false],
    ['advocate', { ...NO_RELATIONSHIP, referrals: 1 }, undefined],
    ['advocate', withRating({ ...NO_RELATIONSHIP, referrals: 1 }, 3), false],
    ['trialOnly', trial, true],
    ['trialOnly', withPurchase(trial, { currency: 'EUR', amountMinor: 1, atMs: T0 }), false],
    ['trialOnly', NO_RELATIONSHIP, false],
    ['priceInsensitive', buyer, true],
    ['priceInsensitive', discounted, true],
    ['priceInsensitive', withRedemption(discounted, { atMs: 2, isTrial: false, isDiscount: true }), false],
    ['priceInsensitive', NO_RELATIONSHIP, false],
  ] as const)('%s', (segment, relationship, expected) => {
    expect(isInSegment(segment, relationship, T0)).toBe(expected)
  })

  test.prop([fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 4 })])(
    'new, returning and lapsed hold everybody once',
    (days) => {
      const held = SEGMENTS.slice(0, 3).filter((segment) => isInSegment(segment, visitsAt(...days), T0))
      expect(held.length).toBe(1)
    },
  )
})

describe('relationship', () => {
  const aVisit = fc.record({
    enterMs: fc.integer({ min: T0 - 400 * DAY, max: T0 }),
    durationS: fc.integer({ min: 0, max: 10_000 }),
  })

  test.prop([fc.array(aVisit, { maxLength: 80 })])(
    'is the same in whatever order visits settle',
    (visits) => {
      const inOrder = (all: typeof visits) =>
        all.reduce((sum, one) => withVisit(sum, { ...one, timeZone: SAN_FRANCISCO }), NO_RELATIONSHIP)
      const forth = inOrder(visits)
      expect(inOrder(visits.toReversed())).toEqual(forth)
      const latest = visits.map(({ enterMs }) => enterMs).toSorted((a, b) => a - b)
      expect(forth.visits.recentAtMs).toEqual(latest.slice(-50))
      expect(forth.visits.count).toBe(visits.length)
      expect(forth.visits.hourOfWeek.reduce((sum, count) => sum + count, 0)).toBe(visits.length)
    },
  )

  it('counts the hours of the week on the clock of the place', () => {
    expect(hourOfWeek(Date.UTC(2026, 4, 4), 'UTC')).toBe(0)
    expect(hourOfWeek(Date.UTC(2026, 4, 3, 23, 59), 'UTC')).toBe(167)
    expect(hourOfWeek(T0, SAN_FRANCISCO)).toBe(4 * 24 + 10)
    // The hour that comes twice on a day of 25 hours is one hour of the week.
    const first = Date.UTC(2026, 10, 1, 8, 30)
    expect(hourOfWeek(first, SAN_FRANCISCO)).toBe(hourOfWeek(first + HOUR, SAN_FRANCISCO))
    expect(hourOfWeek(first + HOUR + 30 * MINUTE, SAN_FRANCISCO)).toBe(6 * 24 + 2)
  })
})

describe('roundedSize', () => {
  it.each([
    [0, 'fewer than 20'],
    [19, 'fewer than 20'],
    [20, 20],
    [24, 20],
    [25, 30],
    [999, 1000],
    [1_234, 1200],
    [98_765, 99_000],
  ])('%i: %s', (people, shown) => {
    expect(roundedSize(people)).toBe(shown)
  })

  test.prop([fc.integer({ min: 0, max: 10_000_000 })])('is near, and never below 20', (people) => {
    const shown = roundedSize(people)
    if (shown === 'fewer than 20') expect(people).toBeLessThan(20)
    else {
      expect(shown).toBeGreaterThanOrEqual(20)
      expect(Math.abs(shown - people)).toBeLessThanOrEqual(Math.max(5, people * 0.05))
    }
  })

  it('refuses what is no number of people', () => {
    expect(() => roundedSize(-1)).toThrow(RangeError)
    expect(() => roundedSize(1.5)).toThrow(RangeError)
  })
})
