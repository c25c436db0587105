import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  FULL_PRESSURE,
  fairHash,
  PRESSURE_WEIGHTS,
  type PressureKind,
  pressureOf,
  rankFairly,
  SCORE_WEIGHTS,
  type ScoreFacts,
  type Standing,
  scoreOf,
} from '#shared/domain/scenes/score.ts'
import { ANNA, DAY, named, T0 } from '#test/support/builders.ts'

const BEST: ScoreFacts = {
  priority: 100,
  distanceM: -5,
  fit: 1,
  ageS: 0,
  maxAgeS: 300,
  kind: 'greeting',
  pressure: 0,
}
const WORST: ScoreFacts = {
  priority: 0,
  distanceM: Infinity,
  fit: 0,
  ageS: 300,
  maxAgeS: 300,
  lastFromMerchantMs: T0,
  kind: 'hard',
  pressure: 100,
}
const KINDS = Object.keys(PRESSURE_WEIGHTS) as PressureKind[]

describe('scoreOf', () => {
  it('reaches from 0 to 1000', () => {
    expect(scoreOf(BEST, T0)).toBe(1000)
    expect(scoreOf(WORST, T0)).toBe(0)
    expect(Object.values(SCORE_WEIGHTS).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1)
  })

  it.each<[string, Partial<ScoreFacts>, number]>([
    ['half the priority costs 200', { priority: 50 }, 800],
    ['200 m cost 75', { distanceM: 200 }, 925],
    ['no place costs 75', {}, 1000],
    ['everybody as audience costs 150', { fit: 0 }, 850],
    ['an old trigger costs 100', { ageS: 300 }, 900],
    ['a message of this merchant 15 days ago costs 50', { lastFromMerchantMs: T0 - 15 * DAY }, 950],
    ['full pressure costs a greeting 13', { pressure: FULL_PRESSURE }, 988],
    ['full pressure costs an offer 50', { pressure: FULL_PRESSURE, kind: 'offer' }, 950],
    ['full pressure costs a hard one 100', { pressure: FULL_PRESSURE, kind: 'hard' }, 900],
  ])('%s', (_, facts, score) => {
    expect(scoreOf({ ...BEST, ...facts }, T0)).toBe(score)
  })

  it('takes the middle where there is no distance', () => {
    const { distanceM: _, ...nowhere } = BEST
    expect(scoreOf(nowhere, T0)).toBe(925)
  })

  const someFacts = fc.record(
    {
      priority: fc.integer({ min: 0, max: 100 }),
      distanceM: fc.double(),
      fit: fc.double({ min: 0, max: 1 }),
      ageS: fc.double({ min: -1000, max: 100_000 }),
      maxAgeS: fc.integer({ min: 0, max: 86_400 }),
      lastFromMerchantMs: fc.integer({ min: T0 - 100 * DAY, max: T0 + DAY }),
      kind: fc.constantFrom(...KINDS),
      pressure: fc.double({ min: 0, max: 200 }),
    },
    { requiredKeys: ['priority', 'fit', 'ageS', 'maxAgeS', 'kind', 'pressure'] },
  )

  test.prop([someFacts])('is a whole number from 0 to 1000, whatever comes', (facts) => {
    const score = scoreOf(facts, T0)
    expect(Number.isInteger(score)).toBe(true)
    expect(score).toBeGreaterThanOrEqual(0)
    expect(score).toBeLessThanOrEqual(1000)
  })

  test.prop([someFacts, fc.integer({ min: 0, max: 100 })])(
    'never falls with a higher priority',
    (facts, more) => {
      const priority = Math.min(100, facts.priority + more)
      expect(scoreOf({ ...facts, priority }, T0)).toBeGreaterThanOrEqual(scoreOf(facts, T0))
    },
  )

  test.prop([someFacts, fc.double({ min: 0, max: 10, noNaN: true })])(
    'never rises with pressure, and heavier messages lose more',
    (facts, more) => {
      const loss = (kind: PressureKind) =>
        scoreOf({ ...facts, kind, pressure: 0 }, T0) - scoreOf({ ...facts, kind, pressure: more }, T0)
      const losses = KINDS.map(loss)
      expect(losses).toEqual(losses.toSorted((a, b) => a - b))
      expect(losses[0]).toBeGreaterThanOrEqual(0)
    },
  )
})

describe('pressureOf', () => {
  it('weighs kinds, and forgets evenly over a week', () => {
    expect(KINDS).toEqual(['greeting', 'content', 'service', 'offer', 'hard'])
    expect(pressureOf([], T0)).toBe(0)
    expect(
      pressureOf(
        [
          { atMs: T0, kind: 'offer' },
          { atMs: T0 - 3.5 * DAY, kind: 'hard' },
          { atMs: T0 - 7 * DAY, kind: 'hard' },
        ],
        T0,
      ),
    ).toBe(2)
    expect(pressureOf([{ atMs: T0 + DAY, kind: 'greeting' }, { atMs: T0 }], T0)).toBe(1.25)
  })
})

describe('rankFairly', () => {
  const standing = (merchant: string, scene: string, score: number, occasion = 'vis'): Standing => ({
    score,
    merchantId: named('mer', merchant),
    sceneId: named('scn', scene),
    occasion,
  })
  const winner = (all: readonly Standing[], customer: string) =>
    rankFairly(all, (one) => one, named('usr', customer))[0]

  it('puts the better first, whoever offers it', () => {
    const [first, second] = rankFairly(
      [standing('a', 'a1', 500), standing('b', 'b1', 501)],
      (one) => one,
      ANNA,
    )
    expect(first?.score).toBe(501)
    expect(second?.score).toBe(500)
    expect(rankFairly([], (one: Standing) => one, ANNA)).toEqual([])
  })

  const CUSTOMERS = 1_000
  // Four standard deviations of a fair coin that is thrown so often.
  const TOLERANCE = 4 * Math.sqrt(CUSTOMERS / 4)

  it.each([
    ['at one place', () => 'vis'],
    ['at a place each', (index: number) => `vis ${index}`],
  ])('lets one scene win as often as a hundred of another merchant, %s', (_, occasion) => {
    const large = Array.from({ length: 100 }, (__, index) =>
      standing('large', `l${index}`, 700, occasion(index)),
    )
    const small = standing('small', 's', 700, occasion(100))
    let wins = 0
    for (let customer = 0; customer < CUSTOMERS; customer += 1) {
      const salted = [...large, small].map((one) => ({ ...one, occasion: `${customer} ${one.occasion}` }))
      if (winner(salted, `customer ${customer}`)?.merchantId === small.merchantId) wins += 1
    }
    expect(Math.abs(wins - CUSTOMERS / 2)).toBeLessThan(TOLERANCE)
  })

  it('gives three merchants a third each, and one customer another winner on another visit', () => {
    const all = ['a', 'b', 'c'].map((name) => standing(name, name, 700))
    const wins = new Map<string, number>()
    for (let visit = 0; visit < CUSTOMERS; visit += 1) {
      const first = winner(
        all.map((one) => ({ ...one, occasion: `vis ${visit}` })),
        'always the same',
      )
      if (first) wins.set(first.merchantId, (wins.get(first.merchantId) ?? 0) + 1)
    }
    expect(wins.size).toBe(3)
    for (const count of wins.values()) expect(Math.abs(count - CUSTOMERS / 3)).toBeLessThan(TOLERANCE)
  })

  test.prop([
    fc.uniqueArray(
      fc.record({
        merchant: fc.constantFrom('a', 'b', 'c'),
        scene: fc.integer({ min: 0, max: 9 }),
        score: fc.integer({ min: 0, max: 2 }),
        occasion: fc.constantFrom('v1', 'v2'),
      }),
      { selector: ({ merchant, scene, occasion }) => `${merchant}${scene}${occasion}` },
    ),
    fc.integer(),
  ])('does not depend on the order of what it is given', (all, seed) => {
    const standings = all.map(({ merchant, scene, score, occasion }) =>
      standing(merchant, `${merchant}${scene}`, score, occasion),
    )
    const shuffled = standings.toSorted(
      (a, b) => fairHash(String(seed), a.sceneId, a.occasion) - fairHash(String(seed), b.sceneId, b.occasion),
    )
    const ranked = rankFairly(standings, (one) => one, ANNA)
    expect(rankFairly(shuffled, (one) => one, ANNA)).toEqual(ranked)
    expect(ranked.map(({ score }) => score)).toEqual(
      standings.map(({ score }) => score).toSorted((a, b) => b - a),
    )
  })
})
