import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { StoreId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { type Candidate, candidatesOf, occasionKey } from '#shared/domain/scenes/candidate.ts'
import { CHECKS } from '#shared/domain/scenes/checks.ts'
import { decide } from '#shared/domain/scenes/decide.ts'
import {
  type CustomerFacts,
  type DecisionFacts,
  type KnownRelationship,
  type MerchantFacts,
  NOTHING_SPENT,
  type Spent,
} from '#shared/domain/scenes/facts.ts'
import { SUPPRESSION_REASONS } from '#shared/domain/scenes/reasons.ts'
import type { AppEventType, Scene } from '#shared/domain/scenes/scene.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'
import {
  ANNA,
  aCustomer,
  aDue,
  anEnter,
  anOffer,
  aRelationship,
  aScene,
  aVisitor,
  CAFE,
  DAY,
  HOUR,
  named,
  SECOND,
  someFacts,
  someMerchant,
  T0,
} from '#test/support/builders.ts'

const greet = aScene('greet')
const iso = (ms: number): string => new Date(ms).toISOString()

const sent = (name: string, atMs: number, merchantId = CAFE) => ({
  atMs,
  merchantId,
  sceneId: named('scn', name),
  messageId: named('msg', `${name} ${atMs}`),
})

type Given = {
  readonly customer?: Partial<CustomerFacts>
  readonly merchant?: Partial<MerchantFacts>
  readonly facts?: Partial<DecisionFacts>
  readonly trigger?: Trigger
  readonly nowMs?: number
  readonly spent?: Partial<Spent>
}

const decideOn = (
  scene: Scene,
  { customer, merchant, facts, trigger = anEnter(), nowMs = T0, spent }: Given,
) =>
  decide(
    [{ scene, trigger }],
    someFacts({
      customer: aCustomer({
        relationships: new Map([[CAFE, trigger.type === 'due' ? aVisitor(T0 - 7 * DAY) : aRelationship()]]),
        ...customer,
      }),
      merchants: new Map([[CAFE, someMerchant(merchant)]]),
      ...facts,
    }),
    { ...NOTHING_SPENT, ...spent },
    nowMs,
  )

const outcomeOf = (scene: Scene, given: Given = {}): string => {
  const [outcome] = decideOn(scene, given)
  return outcome?.kind === 'suppressed' ? outcome.reason : `${outcome?.kind} ${outcome?.channel}`
}

const LIMITS = someFacts().limits
const store = {
  name: 'Square',
  timeZone: 'America/Los_Angeles',
  isFlagship: false,
  regionPath: [named('reg', 'area'), named('reg', 'city')],
}
const storeId = named('sto', 'square')
const event = (rest: object = {}): Trigger => ({
  type: 'event',
  user: ANNA,
  merchantId: CAFE,
  atMs: T0,
  eventId: 'e-1',
  eventType: 'purchase',
  timeZone: 'America/Los_Angeles',
  ...rest,
})
const due = aDue({ sceneId: named('scn', 'back') })
const back = aScene('back', { triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days: 7 } }] })

describe('the reasons', () => {
  it('are checked in the order of the closed list; what needs all candidates follows', () => {
    expect([...CHECKS.map(([reason]) => reason), 'outranked', 'noChannel']).toEqual(SUPPRESSION_REASONS)
  })

  it('are none for a willing customer', () => {
    expect(outcomeOf(greet)).toBe('granted push')
  })

  it('killSwitch: the operator has switched everything off', () => {
    expect(outcomeOf(greet, { facts: { isKilled: true } })).toBe('killSwitch')
  })

  it('merchantSuspended', () => {
    expect(outcomeOf(greet, { merchant: { isSuspended: true } })).toBe('merchantSuspended')
  })

  it('sceneState: the scene is paused', () => {
    expect(outcomeOf(aScene('paused', { state: 'paused' }))).toBe('sceneState')
  })

  it('dates: before its first moment, at its last, or on a day that it leaves out', () => {
    const when = { from: iso(T0 + 1) }
    expect(outcomeOf(aScene('early', { when }))).toBe('dates')
    expect(outcomeOf(aScene('early', { when }), { nowMs: T0 + 1 })).toBe('granted push')
    expect(outcomeOf(aScene('over', { when: { until: iso(T0) } }))).toBe('dates')
    expect(outcomeOf(aScene('off', { when: { excludedDates: ['2026-05-01'] } }))).toBe('dates')
    expect(outcomeOf(aScene('on', { when: { excludedDates: ['2026-05-02'] } }))).toBe('granted push')
  })

  it('dates: not the festival, the birthday or the anniversary, or nobody knows', () => {
    const festival = (id: 'labourDay' | 'christmas') =>
      aScene('festive', { when: { festivals: [{ id, daysBefore: 0, daysAfter: 0 }] } })
    expect(outcomeOf(festival('labourDay'))).toBe('granted push')
    expect(outcomeOf(festival('christmas'))).toBe('dates')
    const birthday = aScene('birthday', { when: { birthday: { daysBefore: 1, daysAfter: 0 } } })
    expect(outcomeOf(birthday)).toBe('dates')
    expect(outcomeOf(birthday, { customer: { birthday: '05-02' } })).toBe('granted push')
    expect(outcomeOf(birthday, { customer: { birthday: '05-03' } })).toBe('dates')
    const jubilee = aScene('jubilee', { when: { anniversary: { daysBefore: 0, daysAfter: 0 } } })
    const since = (atMs: number) => ({
      relationships: new Map([
        [CAFE, aRelationship({ visits: { ...aRelationship().visits, count: 1, firstAtMs: atMs } })],
      ]),
    })
    expect(outcomeOf(jubilee, { customer: since(T0 - 365 * DAY) })).toBe('granted push')
    expect(outcomeOf(jubilee, { customer: since(T0) })).toBe('dates')
  })

  it('hours: the place is closed, or nobody knows where it is', () => {
    const weeklyHours = [{ days: ['fri' as const], from: '10:00', to: '18:00' }]
    const scene = aScene('office', { when: { weeklyHours } })
    expect(outcomeOf(scene)).toBe('granted push')
    expect(outcomeOf(scene, { nowMs: T0 - 1 })).toBe('hours')
    const { timeZone: _, ...nowhere } = anEnter()
    expect(outcomeOf(scene, { trigger: nowhere })).toBe('hours')
  })

  it('hours: the store is closed, today or for good, or nobody knows when it is open', () => {
    const scene = aScene('open', { when: { whileStoreIsOpen: true } })
    const at = (rest: object) => ({
      trigger: anEnter({ storeId }),
      merchant: { stores: new Map([[storeId, { ...store, ...rest }]]) },
    })
    const openingHours = [{ days: ['fri' as const], from: '10:00', to: '18:00' }]
    expect(outcomeOf(scene, at({ openingHours }))).toBe('granted push')
    expect(outcomeOf(scene, at({ openingHours, closedDates: ['2026-05-01'] }))).toBe('hours')
    expect(outcomeOf(scene, at({}))).toBe('hours')
  })

  it('place: an app event that names no store, for a scene of stores', () => {
    const scene = aScene('bought', {
      triggers: [{ type: 'event', eventType: 'purchase', at: { stores: 'all' } }],
    })
    expect(outcomeOf(scene, { trigger: event() })).toBe('place')
    expect(outcomeOf(scene, { trigger: event({ storeId }) })).toBe('granted push')
  })

  it('place: a region covers the stores at it and below it; a store that nobody knows is nowhere', () => {
    const scene = aScene('city', { triggers: [{ type: 'enter', at: { regionIds: [named('reg', 'city')] } }] })
    const trigger = anEnter({ storeId })
    expect(outcomeOf(scene, { trigger, merchant: { stores: new Map([[storeId, store]]) } })).toBe(
      'granted push',
    )
    expect(outcomeOf(scene, { trigger })).toBe('place')
  })

  it('speed: past at speed, or nobody knows how fast', () => {
    const scene = aScene('walkers', { triggers: [{ type: 'enter', maxSpeedMps: 3 }] })
    expect(outcomeOf(scene, { trigger: anEnter({ speedMps: 3 }) })).toBe('granted push')
    expect(outcomeOf(scene, { trigger: anEnter({ speedMps: 3.1 }) })).toBe('speed')
    expect(outcomeOf(scene)).toBe('speed')
  })

  it('confidence: perhaps outside', () => {
    const scene = aScene('sure', { triggers: [{ type: 'enter', minConfidence: 0.6 }] })
    expect(outcomeOf(scene, { trigger: anEnter({ confidence: 0.6 }) })).toBe('granted push')
    expect(outcomeOf(scene, { trigger: anEnter({ confidence: 0.5 }) })).toBe('confidence')
  })

  it('one side that is met is enough', () => {
    const scene = aScene('either', {
      triggers: [
        { type: 'enter', maxSpeedMps: 1 },
        { type: 'enter', minConfidence: 0.9 },
      ],
    })
    expect(outcomeOf(scene, { trigger: anEnter({ speedMps: 9, confidence: 1 }) })).toBe('granted push')
  })

  it('marked: a jump or a mocked fix', () => {
    expect(outcomeOf(greet, { trigger: anEnter({ marked: true }) })).toBe('marked')
  })

  it('stale: the trigger is older than the scene, or its side, allows', () => {
    expect(outcomeOf(greet, { nowMs: T0 + 300 * SECOND })).toBe('granted push')
    expect(outcomeOf(greet, { nowMs: T0 + 300 * SECOND + 1 })).toBe('stale')
    const patient = aScene('patient', { triggers: [{ type: 'enter', maxAgeS: 600 }] })
    expect(outcomeOf(patient, { nowMs: T0 + 600 * SECOND })).toBe('granted push')
  })

  it('stale: a due occasion may be a day late, whatever the scene allows', () => {
    expect(outcomeOf(back, { trigger: due, nowMs: T0 + 3 * HOUR })).toBe('granted push')
    expect(outcomeOf(back, { trigger: due, nowMs: T0 + DAY + 1 })).toBe('stale')
    // The plan says how late is too late, from when it was planned for: also for one that has waited.
    const waited = { ...due, atMs: T0 + 3 * HOUR, staleAfterS: 2 * 3600 }
    expect(outcomeOf(back, { trigger: waited, nowMs: T0 + 3 * HOUR })).toBe('stale')
  })

  it('stale: a new visit, or a changed plan, leaves a reminder that was raised nothing to say', () => {
    const relationships = new Map([[CAFE, aVisitor(T0 - HOUR)]])
    const [again] = decideOn(back, { trigger: due, customer: { relationships } })
    expect(again).toMatchObject({ reason: 'stale', compared: { isOver: true } })
  })

  it('stale: a purchase cancels a follow-up that waited, and leaves the thanks for a redemption', () => {
    const visitMs = T0 - 2 * HOUR
    const bought = { ...aVisitor(visitMs), events: [{ type: 'purchase' as const, atMs: T0 - HOUR }] }
    const redeemed = { ...bought, redemptions: { ...bought.redemptions, count: 1, lastAtMs: visitMs } }
    const saying = (kind: 'followUp' | 'afterRedemption', relationship: KnownRelationship) => {
      const scene = aScene('back', { triggers: [{ type: 'due', plan: { kind, delayS: 3600 } }] })
      const occasion = `${kind === 'followUp' ? kind : 'redeemed'}:${visitMs}`
      const trigger = aDue({ sceneId: scene.id, plan: `${kind} 3600`, occasion })
      return outcomeOf(scene, { trigger, customer: { relationships: new Map([[CAFE, relationship]]) } })
    }
    expect(saying('followUp', aVisitor(visitMs))).toBe('granted push')
    expect(saying('followUp', bought)).toBe('stale')
    expect(saying('afterRedemption', redeemed)).toBe('granted push')
  })

  it('stale: less than 30 s are left to deliver it', () => {
    const scene = aScene('last minute', { when: { until: iso(T0 + 29 * SECOND) } })
    expect(outcomeOf(scene)).toBe('stale')
    expect(outcomeOf(scene, { nowMs: T0 - SECOND, trigger: anEnter({ atMs: T0 - SECOND }) })).toBe(
      'granted push',
    )
  })

  it('audience: not one of those meant, or not known to be', () => {
    const vip = aScene('vip', { audience: { type: 'tag', tag: 'vip' } })
    const of = (tags: readonly string[]) => ({
      customer: { relationships: new Map([[CAFE, aRelationship({ tags })]]) },
    })
    expect(outcomeOf(vip, of(['vip']))).toBe('granted push')
    expect(outcomeOf(vip, of([]))).toBe('audience')
    expect(outcomeOf(vip, { customer: { relationships: new Map() } })).toBe('audience')
    const strangers = aScene('strangers', { audience: { not: { type: 'locale', oneOf: ['en'] } } })
    expect(outcomeOf(strangers)).toBe('audience')
    expect(outcomeOf(strangers, { customer: { locale: 'de' } })).toBe('granted push')
  })

  it('audience: what another merchant knows of the customer counts for nothing', () => {
    const vip = aScene('vip', { audience: { type: 'tag', tag: 'vip' } })
    const relationships = new Map([
      [CAFE, aRelationship()],
      [named('mer', 'competitor'), aRelationship({ tags: ['vip'] })],
    ])
    expect(outcomeOf(vip, { customer: { relationships } })).toBe('audience')
  })

  const related = (rest: object): Given => ({
    customer: { relationships: new Map([[CAFE, aRelationship(rest)]]) },
  })

  it('blocked: the merchant wants nothing to do with the customer', () => {
    expect(outcomeOf(greet, related({ block: { reason: 'no-shows', sinceMs: 0 } }))).toBe('blocked')
    const over = { block: { reason: 'no-shows', sinceMs: 0, untilMs: T0 } }
    expect(outcomeOf(greet, related(over))).not.toBe('blocked')
    const holds = { block: { reason: 'no-shows', sinceMs: 0, untilMs: T0 + 1 } }
    expect(outcomeOf(greet, related(holds))).toBe('blocked')
    // Nobody has read what stands between them: it may be a block.
    expect(outcomeOf(greet, { customer: { relationships: new Map() } })).toBe('blocked')
  })

  it('complaintOpen: promotion waits, an answer does not', () => {
    expect(outcomeOf(greet, related({ openComplaints: 1 }))).toBe('complaintOpen')
    const answer = aScene('answer', {
      triggers: [{ type: 'event', eventType: 'purchase' }],
      message: { ...greet.message, kind: 'service' },
    })
    expect(outcomeOf(answer, { ...related({ openComplaints: 1 }), trigger: event() })).toBe('granted push')
  })

  it('complaintOpen: a gift that nobody asked for is promotion, whatever the scene calls it', () => {
    const given = (kind: Offer['kind'], eventType: AppEventType) => {
      const offer = anOffer('gift', { kind })
      const scene = aScene('answer', {
        triggers: [{ type: 'event', eventType }],
        message: { ...greet.message, kind: 'service' },
        offerId: offer.id,
      })
      const merchant = { offers: new Map([[offer.id, offer]]) }
      return decideOn(scene, { ...related({ openComplaints: 1 }), merchant, trigger: event({ eventType }) })
    }
    expect(given('coupon', 'purchase')).toMatchObject([{ reason: 'complaintOpen' }])
    // What makes good, and what the customer scanned for.
    expect(given('makeGood', 'complaint')).toMatchObject([{ kind: 'granted', messageKind: 'service' }])
    expect(given('coupon', 'qr_scan')).toMatchObject([{ kind: 'granted', messageKind: 'service' }])
  })

  const bySms = aScene('sms', { message: { sms: { body: 'Hi' }, ttlS: 600 } })

  it('consent: neither to push nor to this merchant’s SMS', () => {
    expect(outcomeOf(greet, { customer: { pushConsent: false } })).toBe('consent')
    expect(outcomeOf(bySms, { customer: { hasPhoneNumber: true } })).toBe('consent')
    expect(outcomeOf(greet, { customer: { locationWithdrawn: true } })).toBe('consent')
    const others = { hasPhoneNumber: true, smsConsents: new Set([named('mer', 'another')]) }
    expect(outcomeOf(bySms, { customer: others })).toBe('consent')
    const ours = { hasPhoneNumber: true, smsConsents: new Set([CAFE]) }
    expect(outcomeOf(bySms, { customer: ours })).toBe('granted sms')
  })

  it('muted: this merchant, or everybody until a moment', () => {
    expect(outcomeOf(greet, { customer: { mutedMerchants: new Set([CAFE]) } })).toBe('muted')
    expect(outcomeOf(greet, { customer: { mutedUntilMs: T0 + 1 } })).toBe('muted')
    expect(outcomeOf(greet, { customer: { mutedUntilMs: T0 } })).toBe('granted push')
  })

  it('exclusionZone: at home or at school; or the venue’s own cap is reached', () => {
    expect(outcomeOf(greet, { customer: { surroundings: { isExcluded: true, venues: [] } } })).toBe(
      'exclusionZone',
    )
    const mall = named('zon', 'mall')
    const surroundings = { isExcluded: false, venues: [{ id: mall, capPerDay: 1 }] }
    const recentSends = [
      { ...sent('other', T0 - HOUR, named('mer', 'bar')), venueIds: [named('zon', 'station'), mall] },
    ]
    expect(outcomeOf(greet, { customer: { surroundings } })).toBe('granted push')
    expect(outcomeOf(greet, { customer: { surroundings, recentSends } })).toBe('exclusionZone')
  })

  it('lawfulHours: at night, or nobody knows whose night', () => {
    const night = Date.UTC(2026, 4, 2, 6)
    expect(outcomeOf(greet, { nowMs: night, trigger: anEnter({ atMs: night }) })).toBe('lawfulHours')
    const { timeZone: _, ...nowhere } = anEnter()
    expect(outcomeOf(greet, { trigger: nowhere })).toBe('lawfulHours')
    expect(outcomeOf(greet, { trigger: nowhere, customer: { phoneCountry: 'GB' } })).toBe('granted push')
    const at = { relationships: new Map([[CAFE, aRelationship({ timeZone: 'America/Los_Angeles' })]]) }
    expect(outcomeOf(greet, { trigger: nowhere, customer: at })).toBe('granted push')
  })

  it('lawfulHours: of the state that the store names, as long as the store is on the clock of the trigger', () => {
    const early = T0 - 1.5 * HOUR // 08:30
    const at = (named: object) => ({
      nowMs: early,
      trigger: anEnter({ atMs: early, storeId }),
      merchant: { stores: new Map([[storeId, { ...store, ...named }]]) },
    })
    expect(outcomeOf(greet, at({}))).toBe('lawfulHours')
    expect(outcomeOf(greet, at({ subdivision: 'US-CA' }))).toBe('granted push')
    expect(outcomeOf(greet, at({ subdivision: 'US-NV' }))).toBe('lawfulHours')
    const elsewhere = { subdivision: 'US-AZ', timeZone: 'America/Phoenix' }
    expect(outcomeOf(greet, at(elsewhere))).toBe('lawfulHours')
  })

  it('lawfulHours: what happens at no place keeps those of the store of the latest visit', () => {
    const early = T0 - 1.5 * HOUR // 08:30
    const { storeId: _, timeZone: __, ...nowhere } = anEnter({ atMs: early })
    const after = (lastStoreId: StoreId | undefined, trigger: Trigger) => ({
      nowMs: early,
      trigger,
      customer: {
        relationships: new Map([
          [CAFE, aRelationship({ timeZone: 'America/Los_Angeles', ...(lastStoreId && { lastStoreId }) })],
        ]),
      },
      merchant: { stores: new Map([[storeId, { ...store, subdivision: 'US-CA' }]]) },
    })
    expect(outcomeOf(greet, after(undefined, nowhere))).toBe('lawfulHours')
    expect(outcomeOf(greet, after(storeId, nowhere))).toBe('granted push')
    // Somebody who stands elsewhere on the same clock may stand in another state.
    const elsewhere = { ...nowhere, timeZone: 'America/Los_Angeles' }
    expect(outcomeOf(greet, after(storeId, elsewhere))).toBe('lawfulHours')
  })

  it('quietHours: the customer’s own, on the clock of the place', () => {
    const quietHours = [{ days: ['fri' as const], from: '10:00', to: '11:00' }]
    expect(outcomeOf(greet, { customer: { quietHours } })).toBe('quietHours')
    const later = T0 + HOUR
    expect(
      outcomeOf(greet, { customer: { quietHours }, nowMs: later, trigger: anEnter({ atMs: later }) }),
    ).toBe('granted push')
  })

  it('a reminder at night waits for the next open hour, a visit does not', () => {
    const night = Date.UTC(2026, 4, 2, 6)
    const atNight = { ...due, atMs: night, plannedAtMs: night }
    const [reminder] = decideOn(back, { trigger: atNight, nowMs: night })
    // Nevada, Oregon, Washington and California share the zone: 08:00 to 20:00 holds in all of them.
    expect(reminder).toMatchObject({ reason: 'lawfulHours', againMs: expect.any(Number) })
    const again = reminder?.kind === 'suppressed' ? (reminder.againMs ?? 0) : 0
    expect(again - night).toBeGreaterThan(8 * HOUR)
    expect(again - night).toBeLessThanOrEqual(10 * HOUR)
    expect(outcomeOf(back, { trigger: { ...atNight, atMs: again }, nowMs: again })).toBe('granted push')
    // What is pointless by then does not wait.
    const hasty = { ...atNight, staleAfterS: 4 * 3600 }
    expect(decideOn(back, { trigger: hasty, nowMs: night })[0]).not.toHaveProperty('againMs')
    const [visit] = decideOn(greet, { nowMs: night, trigger: anEnter({ atMs: night }) })
    expect(visit).not.toHaveProperty('againMs')
    const scan = aScene('scan', { triggers: [{ type: 'event', eventType: 'purchase' }] })
    const [act] = decideOn(scan, { nowMs: night, trigger: event({ atMs: night }) })
    expect(act).toMatchObject({ reason: 'lawfulHours' })
    expect(act).not.toHaveProperty('againMs')
  })

  it('platformCap: as many as are remembered, since nobody can count further', () => {
    const bar = named('mer', 'bar')
    const facts = { limits: { ...LIMITS, platformCaps: [] } }
    const sends = (count: number) =>
      Array.from({ length: count }, (_, index) => sent(`${index}`, T0 - 29 * DAY + index * HOUR, bar))
    expect(outcomeOf(greet, { customer: { recentSends: sends(199) }, facts })).toBe('granted push')
    expect(outcomeOf(greet, { customer: { recentSends: sends(200) }, facts })).toBe('platformCap')
  })

  it('speaks of one celebration at one place, whichever visit of a write comes first', () => {
    const scene = aScene('birthday', { when: { birthday: { daysBefore: 0, daysAfter: 0 } } })
    const visits = ['first', 'second', 'third'].map((name) => ({
      scene,
      trigger: anEnter({ visitId: named('vis', name) }),
    }))
    const relationships = new Map([[CAFE, aRelationship()]])
    const facts = someFacts({
      customer: aCustomer({ relationships, birthday: '05-01' }),
      merchants: new Map([[CAFE, someMerchant()]]),
    })
    const winner = (candidates: readonly Candidate[]) =>
      decide(candidates, facts, NOTHING_SPENT, T0).find(({ kind }) => kind === 'granted')?.trigger
    expect(winner(visits)).toBeDefined()
    expect(winner(visits.toReversed())).toEqual(winner(visits))
  })

  it('holdout: the same customers always, as many as the scene says', () => {
    const scene = aScene('measured', { experiment: { holdoutPercent: 20, salt: 'a' } })
    const held = Array.from({ length: 2000 }, (_, index) => {
      const trigger = anEnter({ user: named('usr', `customer ${index}`) })
      return outcomeOf(scene, { trigger }) === 'holdout'
    })
    // 400 of 2,000; five standard deviations are 90.
    expect(Math.abs(held.filter(Boolean).length - 400)).toBeLessThan(90)
    const again = anEnter({ user: named('usr', 'customer 0'), visitId: named('vis', 'another') })
    expect(outcomeOf(scene, { trigger: again }) === 'holdout').toBe(held[0])
  })

  const caps = [{ windowS: 3600, max: 1 }]

  it('sceneCap, merchantCap, platformCap, kindCap: rolling windows', () => {
    const own = { recentSends: [sent('greet', T0 - HOUR + 1)] }
    const gone = { recentSends: [sent('greet', T0 - HOUR)] }
    const capped = aScene('greet', { limits: { coolDownS: 0, maxAgeS: 300, caps } })
    expect(outcomeOf(capped, { customer: own })).toBe('sceneCap')
    expect(outcomeOf(capped, { customer: gone })).toBe('granted push')
    expect(outcomeOf(greet, { customer: own, merchant: { caps } })).toBe('merchantCap')
    expect(outcomeOf(greet, { customer: gone, merchant: { caps } })).toBe('granted push')
    const byPlatform = { facts: { limits: { ...LIMITS, merchantCaps: caps } } }
    expect(outcomeOf(greet, { customer: { ...own }, ...byPlatform })).toBe('merchantCap')
    const strangers = { recentSends: [sent('x', T0 - 1, named('mer', 'bar'))] }
    expect(outcomeOf(greet, { customer: strangers, merchant: { caps } })).toBe('granted push')
    const kinds = { facts: { limits: { ...LIMITS, kindCaps: { greeting: caps } } } }
    expect(
      outcomeOf(greet, { ...kinds, customer: { recentSends: [{ ...sent('x', T0 - 1), kind: 'greeting' }] } }),
    ).toBe('kindCap')
  })

  it('platformCap: as many as all merchants together may send in 24 h; fewer if the customer wants', () => {
    const recentSends = [1, 2, 3, 4].map((hours) => sent('other', T0 - hours * HOUR))
    expect(outcomeOf(greet, { customer: { recentSends: recentSends.slice(0, 3) } })).toBe('granted push')
    expect(outcomeOf(greet, { customer: { recentSends } })).toBe('platformCap')
    const fewer = { recentSends: recentSends.slice(0, 1), caps: [{ windowS: 86_400, max: 1 }] }
    expect(outcomeOf(greet, { customer: fewer })).toBe('platformCap')
    const more = { recentSends, caps: [{ windowS: 86_400, max: 50 }] }
    expect(outcomeOf(greet, { customer: more })).toBe('platformCap')
  })

  it('platformCap: sends still count after the clock was set back; a raised cap counts at once', () => {
    const recentSends = [1, 2, 3, 4].map((hours) => sent('other', T0 + hours * HOUR))
    expect(outcomeOf(greet, { customer: { recentSends } })).toBe('platformCap')
    const raised = { limits: { ...LIMITS, platformCaps: [{ windowS: 86_400, max: 5 }] } }
    expect(outcomeOf(greet, { customer: { recentSends }, facts: raised })).toBe('granted push')
  })

  it('budget: granting has found it used up', () => {
    expect(outcomeOf(greet, { spent: { budgets: new Set([CAFE]) } })).toBe('budget')
  })

  it('pressure: enough hard advertising for now; a greeting weighs less', () => {
    const recentSends = Array.from({ length: 3 }, (_, index) => ({
      ...sent('x', T0 - index),
      kind: 'offer' as const,
    }))
    const facts = { limits: { ...LIMITS, maxPressure: 3.5 } }
    const offer = anOffer('coffee')
    const giving = aScene('giving', { offerId: offer.id })
    const merchant = { offers: new Map([[offer.id, offer]]) }
    expect(outcomeOf(giving, { customer: { recentSends }, facts, merchant })).toBe('pressure')
    expect(outcomeOf(greet, { customer: { recentSends }, facts, merchant })).toBe('granted push')
    const one = { recentSends: recentSends.slice(0, 1) }
    expect(outcomeOf(giving, { customer: one, facts, merchant })).toBe('granted push')
  })

  it('pressure: not a trace above the most, however little', () => {
    // 0.904 is left of an offer's weight after so much of seven days.
    const customer = { recentSends: [sent('other', T0 - 0.096 * 7 * DAY)] }
    const scene = aScene('offer', { message: { ...greet.message, kind: 'offer' } })
    const at = (maxPressure: number) =>
      outcomeOf(scene, { customer, facts: { limits: { ...LIMITS, maxPressure } } })
    expect([at(1.905), at(1.903)]).toEqual(['granted push', 'pressure'])
  })

  it('pressure: the share of scarcity offers is used up; one is always allowed', () => {
    const rare = anOffer('rare', { isScarce: true })
    const scene = aScene('rare', {
      offerId: rare.id,
      limits: { coolDownS: 0, maxAgeS: 300, maxScarcityShare: 0.5 },
    })
    const merchant = { offers: new Map([[rare.id, rare]]) }
    const scarce = { ...sent('x', T0 - DAY), isScarce: true as const }
    expect(outcomeOf(scene, { merchant })).toBe('granted push')
    expect(outcomeOf(scene, { merchant, customer: { recentSends: [scarce] } })).toBe('pressure')
    const mixed = [scarce, sent('y', T0 - DAY), sent('z', T0 - 2 * DAY)]
    expect(outcomeOf(scene, { merchant, customer: { recentSends: mixed } })).toBe('granted push')
  })

  it('coolDown: this scene spoke not long ago', () => {
    const scene = aScene('greet', { limits: { coolDownS: 3600, maxAgeS: 300 } })
    expect(outcomeOf(scene, { customer: { recentSends: [sent('greet', T0 - HOUR + 1)] } })).toBe('coolDown')
    expect(outcomeOf(scene, { customer: { recentSends: [sent('greet', T0 - HOUR)] } })).toBe('granted push')
    expect(outcomeOf(scene, { customer: { recentSends: [sent('other', T0 - 1)] } })).toBe('granted push')
  })

  it('occasionUsed: granting has found an earlier grant for it', () => {
    const occasions = new Set([occasionKey({ scene: greet, trigger: anEnter() })])
    expect(outcomeOf(greet, { spent: { occasions } })).toBe('occasionUsed')
  })

  it('soldOut: nothing left of the offer, it is gone or over, or the one trial was given', () => {
    const offer = anOffer('coffee')
    const scene = aScene('greet', { offerId: offer.id })
    const has = (one: typeof offer, rest: Partial<MerchantFacts> = {}) => ({
      merchant: { offers: new Map([[one.id, one]]), ...rest },
    })
    expect(outcomeOf(scene, has(offer))).toBe('granted push')
    expect(outcomeOf(scene, { ...has(offer), spent: { offers: new Set([offer.id]) } })).toBe('soldOut')
    expect(outcomeOf(scene)).toBe('soldOut')
    expect(outcomeOf(scene, has({ ...offer, until: iso(T0) }))).toBe('soldOut')
    const trial = { ...offer, kind: 'trial' as const }
    expect(outcomeOf(scene, has(trial))).toBe('granted push')
    expect(outcomeOf(scene, { ...has(trial), ...related({ trialAtMs: T0 - 400 * DAY }) })).toBe('soldOut')
  })

  it('soldOut: not while a substitute is left', () => {
    const tea = anOffer('tea')
    const coffee = anOffer('coffee', { substituteId: tea.id })
    const merchant = { offers: new Map([coffee, tea].map((one) => [one.id, one])) }
    const [outcome] = decideOn(aScene('greet', { offerId: coffee.id }), {
      merchant,
      spent: { offers: new Set([coffee.id]) },
    })
    expect(outcome).toMatchObject({ kind: 'granted', offer: { id: tea.id } })
  })

  it('outranked: another message has the customer’s attention, by its score or for 60 s', () => {
    const slot = { atMs: T0 - 59 * SECOND, messageId: named('msg', 'before'), score: 700 }
    const [outcome] = decideOn(greet, { customer: { slot } })
    expect(outcome).toMatchObject({ reason: 'outranked', winnerScore: 700, score: expect.any(Number) })
    expect(outcomeOf(greet, { customer: { slot: { ...slot, atMs: T0 - 60 * SECOND } } })).toBe('granted push')
  })

  it('noChannel: consent, but no phone for it, or a template that cannot be filled in', () => {
    expect(outcomeOf(greet, { customer: { hasPushDevice: false } })).toBe('noChannel')
    expect(outcomeOf(bySms, { customer: { smsConsents: new Set([CAFE]) } })).toBe('noChannel')
    expect(outcomeOf(greet, { spent: { unreadable: new Set([greet.id]) } })).toBe('noChannel')
  })

  it('tell what was compared', () => {
    const scene = aScene('greet', { limits: { coolDownS: 0, maxAgeS: 300, caps } })
    const [outcome] = decideOn(scene, { customer: { recentSends: [sent('greet', T0 - 1)] } })
    expect(outcome).toMatchObject({ compared: { sent: 1, max: 1, windowS: 3600 } })
  })
})

describe('how long a message is worth delivering', () => {
  const leftOf = (scene: Scene, given: Given = {}): number => {
    const [outcome] = decideOn(scene, given)
    return outcome?.kind === 'granted' ? (outcome.deliverUntilMs - (given.nowMs ?? T0)) / SECOND : -1
  }
  const long = aScene('long', { message: { push: { title: 'Hi', body: 'Hi' }, ttlS: 28 * 86_400 } })

  it('is the scene’s own time, or its end', () => {
    expect(leftOf(greet)).toBe(600)
    expect(leftOf({ ...greet, when: { until: iso(T0 + 60 * SECOND) } })).toBe(60)
  })

  it('is the next closing of the lawful hours: 20:00 in all states of the zone', () => {
    const left = leftOf(long)
    expect(left).toBeLessThanOrEqual(11 * 3600)
    expect(left).toBeGreaterThanOrEqual(9 * 3600)
  })

  it('is the closing of the scene’s hours, of the store, and the beginning of quiet hours', () => {
    const weekly = (to: string) => [{ days: ['fri' as const], from: '09:00', to }]
    expect(leftOf({ ...long, when: { weeklyHours: weekly('11:00') } })).toBe(3600)
    const at = {
      trigger: anEnter({ storeId }),
      merchant: { stores: new Map([[storeId, { ...store, openingHours: weekly('10:30') }]]) },
    }
    expect(leftOf(long, at)).toBe(1800)
    const quietHours = [{ days: ['fri' as const], from: '10:15', to: '11:00' }]
    expect(leftOf(long, { ...at, customer: { quietHours } })).toBe(900)
  })

  // The answer to an own act outlasts the lawful hours, and so the day.
  const service = aScene('thanks', { message: { ...long.message, kind: 'service' } })
  it.each([
    [
      'the last day of a festival',
      { festivals: [{ id: 'labourDay' as const, daysBefore: 0, daysAfter: 1 }] },
      T0,
      38,
    ],
    ['the day before an excluded date', { excludedDates: ['2026-05-03', '2026-05-02'] }, T0, 14],
    ['a day of 23 hours', { excludedDates: ['2026-03-09'] }, Date.parse('2026-03-08T00:30:00-08:00'), 22.5],
    ['a day of 25 hours', { excludedDates: ['2026-11-02'] }, Date.parse('2026-11-01T00:30:00-07:00'), 24.5],
  ])('is the local midnight after %s', (_, when, nowMs, hours) => {
    expect(leftOf({ ...service, when }, { nowMs, trigger: anEnter({ atMs: nowMs }) })).toBe(hours * 3600)
  })

  it('is the end of a birthday, for whoever has one', () => {
    const scene = { ...service, when: { birthday: { daysBefore: 1, daysAfter: 0 } } }
    expect(leftOf(scene, { customer: { birthday: '05-02' } })).toBe(38 * 3600)
  })

  it('is the end of the offer', () => {
    const offer = anOffer('coffee', { validityS: 120 })
    const merchant = { offers: new Map([[offer.id, offer]]) }
    expect(leftOf({ ...long, offerId: offer.id }, { merchant })).toBe(120)
  })
})

describe('the channel', () => {
  const reachable = { hasPhoneNumber: true, smsConsents: new Set([CAFE]) }
  const message = { push: { title: 'Hi', body: 'Hi' }, sms: { body: 'Hi' }, ttlS: 600 }
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
    expect(outcomeOf(scene, { customer: { ...reachable, ...facts } })).toBe(`granted ${channel}`)
  })

  const both = aScene('both', {
    message: {
      push: { title: 'Hi', body: 'Hi' },
      sms: { body: 'Hi' },
      locales: { de: { sms: { body: 'Hallo' } } },
      ttlS: 600,
    },
  })
  const sms = { hasPhoneNumber: true, smsConsents: new Set([CAFE]) }

  it('is push where there is a choice', () => {
    expect(outcomeOf(both, { customer: sms })).toBe('granted push')
  })

  it('is SMS without a phone for push, or without consent to it', () => {
    expect(outcomeOf(both, { customer: { ...sms, hasPushDevice: false } })).toBe('granted sms')
    expect(outcomeOf(both, { customer: { ...sms, pushConsent: false } })).toBe('granted sms')
  })

  it('is one that the customer’s language has a template for', () => {
    expect(outcomeOf(both, { customer: { ...sms, locale: 'de-AT' } })).toBe('granted sms')
    expect(outcomeOf(both, { customer: { locale: 'de-AT' } })).toBe('consent')
    // A push follows the phone.
    expect(outcomeOf(both, { customer: { ...sms, phoneLocale: 'de-AT' } })).toBe('granted sms')
    expect(outcomeOf(both, { customer: { ...sms, locale: 'de', phoneLocale: 'en' } })).toBe('granted push')
  })
})

describe('arbitration', () => {
  const scenes = (count: number): Scene[] =>
    Array.from({ length: count }, (_, index) => aScene(`scene ${index}`, { priority: 50 + (index % 3) }))
  const triggers = Array.from({ length: 3 }, (_, index) =>
    anEnter({ visitId: named('vis', `visit ${index}`), distanceM: -10 * (index % 2) }),
  )
  const winnerOf = (candidates: readonly Candidate[]): string[] => {
    const relationships = new Map(candidates.map(({ scene }) => [scene.merchantId, aRelationship()]))
    return decide(candidates, someFacts({ customer: aCustomer({ relationships }) }), NOTHING_SPENT, T0)
      .filter(({ kind }) => kind === 'granted')
      .map(occasionKey)
  }

  const all = candidatesOf(scenes(7), triggers)
  test.prop([fc.shuffledSubarray(all, { minLength: all.length })])(
    'grants one message, the same for every order of the input',
    (candidates) => {
      expect(winnerOf(candidates)).toHaveLength(1)
      expect(winnerOf(candidates)).toEqual(winnerOf(all))
    },
  )

  it('prefers the higher priority, then the nearer place', () => {
    const low = { scene: aScene('low', { priority: 1 }), trigger: anEnter({ distanceM: -90 }) }
    const far = { scene: aScene('far'), trigger: anEnter({ distanceM: 150 }) }
    const deep = { scene: aScene('deep'), trigger: anEnter({ distanceM: -20 }) }
    expect(winnerOf([low, far, deep])).toEqual([occasionKey(deep)])
  })

  it('lets whoever can be reached speak: what has no channel keeps nobody else back', () => {
    const loud = aScene('loud', { priority: 100, message: { sms: { body: 'Hi' }, ttlS: 600 } })
    const facts = someFacts({ customer: aCustomer({ smsConsents: new Set([CAFE]) }) })
    const outcomes = decide(candidatesOf([loud, greet], [anEnter()]), facts, NOTHING_SPENT, T0)
    expect(outcomes.map((one) => (one.kind === 'granted' ? 'granted' : one.reason))).toEqual([
      'outranked',
      'granted',
    ])
  })

  it('is fair among merchants of equal scores, however many scenes each has', () => {
    const shops = [named('mer', 'small'), named('mer', 'large')]
    const own = [
      aScene('only', { merchantId: named('mer', 'small') }),
      ...Array.from({ length: 9 }, (_, index) =>
        aScene(`many ${index}`, { merchantId: named('mer', 'large') }),
      ),
    ]
    const customers = 2000
    let small = 0
    for (let index = 0; index < customers; index++) {
      const user = named('usr', `customer ${index}`)
      const reached = shops.map((merchantId) =>
        anEnter({ user, merchantId, visitId: named('vis', `${index} ${merchantId}`) }),
      )
      const [winner] = winnerOf(candidatesOf(own, reached))
      if (winner?.startsWith(named('scn', 'only'))) small += 1
    }
    // Half of 2,000; five standard deviations of a binomial are 112.
    expect(Math.abs(small - customers / 2)).toBeLessThan(112)
  })

  it('explains every candidate once, the losers with both scores', () => {
    const outcomes = decide(all, someFacts(), NOTHING_SPENT, T0)
    expect(outcomes.map(occasionKey)).toEqual(all.map(occasionKey))
    const lost = outcomes.filter((one) => one.kind === 'suppressed' && one.reason === 'outranked')
    expect(lost).toHaveLength(all.length - 1)
    for (const one of lost) {
      expect(one).toMatchObject({ score: expect.any(Number), winnerScore: expect.any(Number) })
    }
  })

  it('speaks once for a celebration, whatever brings the customer', () => {
    const festive = aScene('festive', {
      when: { festivals: [{ id: 'labourDay', daysBefore: 0, daysAfter: 3 }] },
    })
    const outcomes = decide(candidatesOf([festive], triggers), someFacts(), NOTHING_SPENT, T0)
    expect(new Set(outcomes.map(occasionKey))).toEqual(new Set([`${festive.id} festival:labourDay:2026`]))
  })
})
