import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  type Candidate,
  type CustomerFacts,
  candidatesOf,
  decide,
  NOTHING_SPENT,
  occasionKey,
  type Spent,
} from '#shared/domain/scenes/decide.ts'
import { SUPPRESSION_REASONS } from '#shared/domain/scenes/reasons.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'
import { ANNA, anEnter, aScene, CAFE, DAY, HOUR, MINUTE, named, SECOND, T0 } from '#test/support/builders.ts'

const WILLING: CustomerFacts = {
  pushConsent: true,
  smsConsents: new Set(),
  hasPushDevice: true,
  hasPhoneNumber: false,
  recentSends: [],
}
const LIMITS = { platformCapPerDay: 4 }
const greet = aScene('greet')

const sent = (name: string, atMs: number) => ({
  atMs,
  merchantId: CAFE,
  sceneId: named('scn', name),
  messageId: named('msg', `${name} ${atMs}`),
})

const outcomeOf = (
  scene: Scene,
  facts: Partial<CustomerFacts> = {},
  { trigger = anEnter() as Trigger, nowMs = T0, spent = NOTHING_SPENT as Spent } = {},
): string => {
  const [outcome] = decide([{ scene, trigger }], { ...WILLING, ...facts }, LIMITS, spent, nowMs)
  return outcome?.kind === 'suppressed' ? outcome.reason : `${outcome?.kind} ${outcome?.channel}`
}

describe('the reasons', () => {
  it('are none for a willing customer', () => {
    expect(outcomeOf(greet)).toBe('granted push')
  })

  it('sceneState: the scene is paused', () => {
    expect(outcomeOf(aScene('paused', { state: 'paused' }))).toBe('sceneState')
  })

  it('dates: before its first moment, or at its last', () => {
    const when = { from: new Date(T0 + 1).toISOString() }
    expect(outcomeOf(aScene('early', { when }))).toBe('dates')
    expect(outcomeOf(aScene('early', { when }), {}, { nowMs: T0 + 1 })).toBe('granted push')
    expect(outcomeOf(aScene('over', { when: { until: new Date(T0).toISOString() } }))).toBe('dates')
  })

  it('hours: the place is closed, or nobody knows where it is', () => {
    const weeklyHours = [{ days: ['fri' as const], from: '10:00', to: '18:00' }]
    const scene = aScene('office', { when: { weeklyHours } })
    expect(outcomeOf(scene)).toBe('granted push')
    expect(outcomeOf(scene, {}, { nowMs: T0 - 1 })).toBe('hours')
    const { timeZone: _, ...nowhere } = anEnter()
    expect(outcomeOf(scene, {}, { trigger: nowhere })).toBe('hours')
  })

  it('stale: the trigger is older than the scene allows', () => {
    expect(outcomeOf(greet, {}, { nowMs: T0 + 300 * SECOND })).toBe('granted push')
    expect(outcomeOf(greet, {}, { nowMs: T0 + 300 * SECOND + 1 })).toBe('stale')
  })

  it('stale: a due occasion may be a day late, whatever the scene allows', () => {
    const back = aScene('back', { triggers: [{ type: 'due', daysSinceLastVisit: 7 }] })
    const trigger = {
      type: 'due',
      user: ANNA,
      merchantId: CAFE,
      atMs: T0,
      daysSinceLastVisit: 7,
      occasion: 'due:1',
    } as const
    expect(outcomeOf(back, {}, { trigger, nowMs: T0 + DAY })).toBe('granted push')
    expect(outcomeOf(back, {}, { trigger, nowMs: T0 + DAY + 1 })).toBe('stale')
  })

  const bySms = aScene('sms', { message: { sms: { body: 'Hi' }, ttlS: 600 } })

  it('consent: neither to push nor to this merchant’s SMS', () => {
    expect(outcomeOf(greet, { pushConsent: false })).toBe('consent')
    expect(outcomeOf(bySms, { hasPhoneNumber: true })).toBe('consent')
    const others = { hasPhoneNumber: true, smsConsents: new Set([named('mer', 'another')]) }
    expect(outcomeOf(bySms, others)).toBe('consent')
    expect(outcomeOf(bySms, { hasPhoneNumber: true, smsConsents: new Set([CAFE]) })).toBe('granted sms')
  })

  it('noChannel: consent, but no phone for it', () => {
    expect(outcomeOf(greet, { hasPushDevice: false })).toBe('noChannel')
    expect(outcomeOf(bySms, { smsConsents: new Set([CAFE]) })).toBe('noChannel')
  })

  it('platformCap: as many as all merchants together may send in 24 h', () => {
    const recentSends = [1, 2, 3, 4].map((hours) => sent('other', T0 - hours * HOUR))
    expect(outcomeOf(greet, { recentSends: recentSends.slice(0, 3) })).toBe('granted push')
    expect(outcomeOf(greet, { recentSends })).toBe('platformCap')
    // The oldest leaves the rolling day.
    expect(
      outcomeOf(
        greet,
        { recentSends },
        { nowMs: T0 + 20 * HOUR, trigger: anEnter({ atMs: T0 + 20 * HOUR }) },
      ),
    ).toBe('granted push')
  })

  it('platformCap: sends still count after the clock was set back', () => {
    const recentSends = [1, 2, 3, 4].map((hours) => sent('other', T0 + hours * HOUR))
    expect(outcomeOf(greet, { recentSends })).toBe('platformCap')
  })

  it('coolDown: this scene spoke not long ago', () => {
    const scene = aScene('greet', { limits: { coolDownS: 3600, maxAgeS: 300 } })
    expect(outcomeOf(scene, { recentSends: [sent('greet', T0 - HOUR + 1)] })).toBe('coolDown')
    expect(outcomeOf(scene, { recentSends: [sent('greet', T0 - HOUR)] })).toBe('granted push')
    expect(outcomeOf(scene, { recentSends: [sent('other', T0 - 1)] })).toBe('granted push')
  })

  it('occasionUsed: granting has found an earlier grant for it', () => {
    const occasions = new Set([occasionKey({ scene: greet, trigger: anEnter() })])
    expect(outcomeOf(greet, {}, { spent: { ...NOTHING_SPENT, occasions } })).toBe('occasionUsed')
  })

  it('soldOut: granting has found no stock', () => {
    const offerId = named('off', 'coffee')
    const spent = { ...NOTHING_SPENT, offers: new Set([offerId]) }
    expect(outcomeOf(aScene('greet', { offerId }), {}, { spent })).toBe('soldOut')
    expect(outcomeOf(greet, {}, { spent })).toBe('granted push')
  })

  it('outranked: another scene speaks', () => {
    const outcomes = decide(
      candidatesOf([greet, aScene('louder', { priority: 51 })], [anEnter()]),
      WILLING,
      LIMITS,
      NOTHING_SPENT,
      T0,
    )
    expect(outcomes.map((one) => (one.kind === 'granted' ? one.scene.name : one.reason))).toEqual([
      'outranked',
      'louder',
    ])
  })

  it('are told in the order of the closed list, the first that holds', () => {
    const offerId = named('off', 'coffee')
    const wrong = aScene('greet', {
      state: 'paused',
      offerId,
      when: {
        until: new Date(T0 - HOUR).toISOString(),
        weeklyHours: [{ days: ['mon'], from: '00:00', to: '01:00' }],
      },
      limits: { coolDownS: 3600, maxAgeS: 300 },
    })
    const trigger = anEnter({ atMs: T0 - HOUR })
    const facts: CustomerFacts = {
      pushConsent: false,
      smsConsents: new Set(),
      hasPushDevice: false,
      hasPhoneNumber: false,
      recentSends: [1, 2, 3, 4].map((minutes) => sent('greet', T0 - minutes * MINUTE)),
    }
    const spent = { occasions: new Set([occasionKey({ scene: wrong, trigger })]), offers: new Set([offerId]) }
    type State = { scene: Scene; facts: CustomerFacts; spent: Spent; trigger: Trigger }
    const mend: ((state: State) => State)[] = [
      (state) => ({ ...state, scene: { ...state.scene, state: 'active' } }),
      (state) => ({
        ...state,
        scene: { ...state.scene, when: { weeklyHours: wrong.when.weeklyHours ?? [] } },
      }),
      (state) => ({ ...state, scene: { ...state.scene, when: {} } }),
      (state) => ({ ...state, trigger: { ...trigger, atMs: T0 } }),
      (state) => ({ ...state, facts: { ...state.facts, pushConsent: true } }),
      (state) => ({ ...state, facts: { ...state.facts, recentSends: facts.recentSends.slice(0, 1) } }),
      (state) => ({ ...state, facts: { ...state.facts, recentSends: [] } }),
      (state) => ({ ...state, spent: { ...state.spent, occasions: new Set() } }),
      (state) => ({ ...state, spent: NOTHING_SPENT }),
      (state) => ({ ...state, facts: { ...state.facts, hasPushDevice: true } }),
    ]
    let state: State = { scene: wrong, facts, spent, trigger }
    const told: string[] = []
    for (const next of mend) {
      told.push(outcomeOf(state.scene, state.facts, { ...state, nowMs: T0 }))
      state = next(state)
    }
    expect(told).toEqual(SUPPRESSION_REASONS.slice(0, -1))
    expect(outcomeOf(state.scene, state.facts, { ...state, nowMs: T0 })).toBe('granted push')
  })
})

describe('the channel', () => {
  const reachable = { hasPhoneNumber: true, smsConsents: new Set([CAFE]) }
  const message = { push: { title: 'Hi', body: 'Hi' }, sms: { body: 'Hi' }, ttlS: 60 }
  const smsFirst = aScene('sms first', { message: { ...message, firstChannel: 'sms' } })
  const either = aScene('either', { message })

  it.each([
    ['push, when nobody wants another', either, {}, 'push'],
    ['the scene’s first', smsFirst, {}, 'sms'],
    ['the customer’s before the scene’s', smsFirst, { preferredChannel: 'push' as const }, 'push'],
    ['the customer’s', either, { preferredChannel: 'sms' as const }, 'sms'],
    ['the other, where the first has no consent', smsFirst, { smsConsents: new Set<never>() }, 'push'],
    [
      'the other, where the preferred has no phone',
      either,
      { preferredChannel: 'sms' as const, hasPhoneNumber: false },
      'push',
    ],
  ] as const)('is %s', (_, scene, facts, channel) => {
    expect(outcomeOf(scene, { ...reachable, ...facts })).toBe(`granted ${channel}`)
  })

  const both = aScene('both', {
    message: { push: { title: 'Hi', body: 'Hi' }, sms: { body: 'Hi' }, ttlS: 600 },
  })
  const sms = { hasPhoneNumber: true, smsConsents: new Set([CAFE]) }

  it('is push where there is a choice', () => {
    expect(outcomeOf(both, sms)).toBe('granted push')
  })

  it('is SMS without a phone for push, or without consent to it', () => {
    expect(outcomeOf(both, { ...sms, hasPushDevice: false })).toBe('granted sms')
    expect(outcomeOf(both, { ...sms, pushConsent: false })).toBe('granted sms')
  })
})

describe('arbitration', () => {
  const scenes = (count: number): Scene[] =>
    Array.from({ length: count }, (_, index) => aScene(`scene ${index}`, { priority: 50 + (index % 3) }))
  const triggers = Array.from({ length: 3 }, (_, index) =>
    anEnter({ visitId: named('vis', `visit ${index}`), distanceM: -10 * (index % 2) }),
  )
  const winnerOf = (candidates: readonly Candidate[]): string[] =>
    decide(candidates, WILLING, LIMITS, NOTHING_SPENT, T0)
      .filter(({ kind }) => kind === 'granted')
      .map(occasionKey)

  const all = candidatesOf(scenes(7), triggers)
  test.prop([fc.shuffledSubarray(all, { minLength: all.length })])(
    'grants one message, the same for every order of the input',
    (candidates) => {
      expect(winnerOf(candidates)).toHaveLength(1)
      expect(winnerOf(candidates)).toEqual(winnerOf(all))
    },
  )

  it('prefers the higher priority, then the place whose middle is nearer', () => {
    const low = { scene: aScene('low', { priority: 1 }), trigger: anEnter({ distanceM: -90 }) }
    const far = { scene: aScene('far'), trigger: anEnter({ distanceM: -10 }) }
    const deep = { scene: aScene('deep'), trigger: anEnter({ distanceM: -20 }) }
    expect(winnerOf([low, far, deep])).toEqual([occasionKey(deep)])
  })

  it('is fair among equals', () => {
    const equals = [aScene('a'), aScene('b'), aScene('c')]
    const wins = new Map(equals.map(({ id }) => [id as string, 0]))
    const customers = 900
    for (let index = 0; index < customers; index++) {
      const trigger = anEnter({ user: named('usr', `customer ${index}`) })
      const winner = winnerOf(candidatesOf(equals, [trigger]))[0]?.split(' ')[0] ?? ''
      wins.set(winner, (wins.get(winner) ?? 0) + 1)
    }
    // 300 each; five standard deviations of a binomial are 71.
    for (const count of wins.values()) expect(Math.abs(count - customers / 3)).toBeLessThan(71)
  })

  it('explains every candidate once', () => {
    const outcomes = decide(all, WILLING, LIMITS, NOTHING_SPENT, T0)
    expect(outcomes.map(occasionKey)).toEqual(all.map(occasionKey))
    expect(outcomes.filter((one) => one.kind === 'suppressed' && one.reason === 'outranked')).toHaveLength(
      all.length - 1,
    )
  })
})
