import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyOf, nextStep, type PlanState } from '#shared/domain/scenes/next-occasions.ts'
import { type Occasion, occasionsOf } from '#shared/domain/scenes/occasions.ts'
import type { VisitPlan } from '#shared/domain/scenes/visit-plan.ts'
import { festivalDate } from '#shared/domain/schedule/festivals.ts'
import { instantOf, localDateOf, wallMs } from '#shared/domain/schedule/local-time.ts'
import { ANNA, aRelationship, aScene, aVisitor, CAFE, DAY, HOUR, named, T0 } from '#test/support/builders.ts'

const sceneWith = (plan: VisitPlan, rest: Parameters<typeof aScene>[1] = {}) =>
  aScene('plan', { triggers: [{ type: 'due', plan }], ...rest })
const visitedAt = (atMs: number, rest: Parameters<typeof aVisitor>[1] = {}) => ({
  user: ANNA,
  merchantId: CAFE,
  relationship: aVisitor(atMs, rest),
})
const due = (
  plan: VisitPlan,
  planned: Parameters<typeof occasionsOf>[0],
  nowMs: number = T0,
): [string, number][] =>
  occasionsOf(planned, [sceneWith(plan)], nowMs).map((one) => [one.occasion, one.dueAtMs])
/** The day and hour that the clock of a place shows. */
const wallHour = (atMs: number, timeZone: string): string =>
  new Date(wallMs(atMs, timeZone)).toISOString().slice(0, 13)

describe('a plan in days', () => {
  it('comes in the same local hour, also where the clocks change in between', () => {
    // The night to Sunday 29 March 2026 had no hour from 02:00 to 03:00 in Berlin.
    const timeZone = 'Europe/Berlin'
    const plan = { kind: 'afterLastVisit', days: 2 } as const
    for (const time of ['10:20', '00:10', '23:59']) {
      const visitedMs = Date.parse(`2026-03-27T${time}:00+01:00`)
      const [[occasion, atMs] = ['', 0]] = due(plan, visitedAt(visitedMs, { timeZone }))
      expect(occasion).toBe(`after:2:${visitedMs}`)
      expect(wallHour(atMs, timeZone)).toBe(`2026-03-29T${time.slice(0, 2)}`)
    }
    const [[, inTheGap] = ['', 0]] = due(
      plan,
      visitedAt(Date.parse('2026-03-27T02:30:00+01:00'), { timeZone }),
    )
    expect(wallHour(inTheGap, timeZone)).toBe('2026-03-29T03')
  })

  it('comes again and again, as often as it says', () => {
    const plan = { kind: 'everyDays', days: 30, times: 3 } as const
    const found = due(plan, visitedAt(T0))
    expect(found.map(([occasion]) => occasion)).toEqual([30, 60, 90].map((days) => `every:${days}:${T0}`))
    const gaps = found.map(([, atMs]) => Math.floor((atMs - T0 + HOUR) / DAY))
    expect(gaps).toEqual([30, 60, 90])
  })

  it('is none without a visit, or without a place that tells the day', () => {
    const plan = { kind: 'afterLastVisit', days: 2 } as const
    expect(due(plan, { ...visitedAt(T0), relationship: aRelationship() })).toEqual([])
  })
})

describe('a plan of the year', () => {
  it('comes so many days before a festival, each year under a name of its own', () => {
    const plan = { kind: 'festival', festival: 'midAutumn', daysBefore: 3, hour: 10 } as const
    const timeZone = 'Asia/Shanghai'
    const planned = visitedAt(T0 - 400 * DAY, { timeZone })
    for (const year of [2026, 2027, 2028]) {
      const found = due(plan, planned, instantOf(`${year}-06-01`, 0, timeZone))
      const [, atMs = 0] = found.find(([occasion]) => occasion === `festival:midAutumn:${year}`) ?? []
      const day = instantOf(festivalDate('midAutumn', year) ?? '', 0, timeZone)
      expect(wallHour(atMs, timeZone)).toBe(wallHour(day - 3 * DAY + 10 * HOUR, timeZone))
    }
  })

  it('follows the moon: 2025 had a leap month, and the New Year of 2026 came late', () => {
    const plan = { kind: 'festival', festival: 'lunarNewYear', daysBefore: 0, hour: 9 } as const
    const planned = visitedAt(T0 - 900 * DAY, { timeZone: 'Asia/Shanghai' })
    const dates = due(plan, planned, Date.UTC(2026, 0, 5)).map(([, atMs]) =>
      localDateOf(atMs, 'Asia/Shanghai'),
    )
    expect(dates).toEqual(['2025-01-29', '2026-02-17', '2027-02-06'])
  })

  it('is none before the customer had come for the first time', () => {
    const plan = { kind: 'festival', festival: 'newYear', daysBefore: 0, hour: 9 } as const
    expect(due(plan, visitedAt(T0)).map(([occasion]) => occasion)).toEqual(['festival:newYear:2027'])
  })

  it('keeps the anniversary of a 29 February on the 28th of common years, from the first year on', () => {
    const timeZone = 'Europe/Paris'
    const plan = { kind: 'anniversary', of: 'firstVisit', daysBefore: 0, hour: 9 } as const
    const planned = visitedAt(Date.parse('2024-02-29T12:00:00+01:00'), { timeZone })
    const days = (nowMs: number) =>
      due(plan, planned, nowMs).map(([occasion, atMs]) => `${occasion} ${localDateOf(atMs, timeZone)}`)
    expect(days(Date.UTC(2024, 5, 1))).toEqual(['anniversary:2025 2025-02-28'])
    expect(days(Date.UTC(2027, 5, 1))).toContain('anniversary:2028 2028-02-29')
  })

  it('knows a birthday where the customer has told it', () => {
    const plan = { kind: 'anniversary', of: 'birthday', daysBefore: 1, hour: 9 } as const
    expect(due(plan, visitedAt(T0))).toEqual([])
    const told = due(plan, { ...visitedAt(T0), birthday: '12-01' })
    expect(told.map(([occasion]) => occasion)).toEqual(['birthday:2026', 'birthday:2027'])
  })
})

describe('the next step', () => {
  const followUp = { kind: 'followUp', delayS: 3600 } as const

  it('follows a visit without a purchase, from when the customer left', () => {
    const planned = { ...visitedAt(T0), lastInsideAtMs: T0 + HOUR }
    expect(due(followUp, planned)).toEqual([[`followUp:${T0}`, T0 + 2 * HOUR]])
  })

  it('is cancelled by a purchase since the visit began, and by no earlier one', () => {
    const bought = (atMs: number) => visitedAt(T0, { events: [{ type: 'purchase', atMs }] })
    expect(due(followUp, bought(T0 + 1))).toEqual([])
    expect(due(followUp, bought(T0 - 1))).toHaveLength(1)
    const paid = { EUR: { count: 1, totalMinor: 5, lastMinor: 5, lastAtMs: T0 + 1 } }
    expect(due(followUp, visitedAt(T0, { spend: paid }))).toEqual([])
    // Where the events since the visit are not all known, nobody asks.
    expect(due(followUp, visitedAt(T0, { eventsSinceMs: T0 + 1 }))).toEqual([])
  })

  it('thanks for the latest redemption, and greets who scanned for the first time', () => {
    const redemptions = { count: 2, trials: 0, discounts: 2, lastAtMs: T0 }
    const relationship = { redemptions, firstScanAtMs: T0 - DAY }
    expect(due({ kind: 'afterRedemption', delayS: 60 }, visitedAt(T0, relationship))).toEqual([
      [`redeemed:${T0}`, T0 + 60_000],
    ])
    expect(due({ kind: 'onboarding', delayS: 60 }, visitedAt(T0, relationship))).toEqual([
      ['onboarding', T0 - DAY + 60_000],
    ])
    expect(due({ kind: 'onboarding', delayS: 60 }, visitedAt(T0))).toEqual([])
  })
})

it('only active scenes plan', () => {
  const scene = sceneWith({ kind: 'afterLastVisit', days: 2 })
  for (const state of ['draft', 'paused', 'archived'] as const)
    expect(occasionsOf(visitedAt(T0), [{ ...scene, state }], T0)).toEqual([])
})

const plans: fc.Arbitrary<VisitPlan> = fc.oneof(
  fc.record({
    kind: fc.constant('everyDays' as const),
    days: fc.integer({ min: 2, max: 60 }),
    times: fc.integer({ min: 1, max: 24 }),
  }),
  fc.record({ kind: fc.constant('afterLastVisit' as const), days: fc.integer({ min: 1, max: 200 }) }),
  fc.record({
    kind: fc.constant('festival' as const),
    festival: fc.constantFrom('christmas' as const, 'lunarNewYear' as const, 'easter' as const),
    daysBefore: fc.integer({ min: 0, max: 30 }),
    hour: fc.integer({ min: 0, max: 23 }),
  }),
  fc.record({
    kind: fc.constant('anniversary' as const),
    of: fc.constant('firstVisit' as const),
    daysBefore: fc.integer({ min: 0, max: 30 }),
    hour: fc.integer({ min: 0, max: 23 }),
  }),
  fc.record({ kind: fc.constant('followUp' as const), delayS: fc.integer({ min: 60, max: 86_400 }) }),
)
const zones = fc.constantFrom('America/Los_Angeles', 'Europe/Berlin', 'Asia/Shanghai', 'Australia/Lord_Howe')

describe('whoever sweeps, whenever', () => {
  it('raises each occasion once, none before its time, and computing the plan anew changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(plans, { minLength: 1, maxLength: 4 }),
        zones,
        fc.integer({ min: 0, max: 700 * 24 }),
        // How long after its moment each sweep comes; a few are outages of days.
        fc.array(
          fc.oneof(
            { weight: 5, arbitrary: fc.integer({ min: 0, max: 5 * 60_000 }) },
            fc.integer({ min: 0, max: 9 * DAY }),
          ),
          { minLength: 40, maxLength: 40 },
        ),
        (some, timeZone, hours, delays) => {
          const visitedMs = T0 - hours * HOUR
          const scenes = some.map((plan, index) => aScene(`${index}`, { triggers: [{ type: 'due', plan }] }))
          const planned = visitedAt(visitedMs, { timeZone })
          const raised: Occasion[] = []
          let state: PlanState = { handled: [] }
          let nowMs = visitedMs
          let sweptMs = nowMs
          for (const delayMs of delays) {
            sweptMs = nowMs
            const step = nextStep(occasionsOf(planned, scenes, nowMs), state, nowMs)
            for (const one of step.due) expect(one.dueAtMs).toBeLessThanOrEqual(nowMs)
            raised.push(...step.due)
            state = { handled: step.handled, ...(step.nextMs !== undefined && { dueMs: step.nextMs }) }
            // More than one step takes: the rest comes in the next.
            if (step.nextMs !== undefined && step.nextMs <= nowMs) continue
            const again = nextStep(occasionsOf(planned, scenes, nowMs), state, nowMs)
            expect(again.due).toEqual([])
            expect(again.nextMs).toBe(step.nextMs)
            if (step.nextMs === undefined) break
            nowMs = step.nextMs + delayMs
          }
          const keys = raised.map(({ sceneId, occasion }) => `${sceneId} ${occasion}`)
          expect(new Set(keys).size).toBe(keys.length)
          // Nothing that fell due on the way was passed over.
          const missed = occasionsOf(planned, scenes, sweptMs)
            .filter(({ dueAtMs }) => dueAtMs > visitedMs && dueAtMs <= sweptMs)
            .filter(({ sceneId, occasion }) => !keys.includes(`${sceneId} ${occasion}`))
          expect(missed).toEqual([])
        },
      ),
      { numRuns: 150 },
    )
  })
})

it('what is due at once beyond what one decision takes comes in the next step, each once', () => {
  const plan = { kind: 'afterLastVisit', days: 2 } as const
  const scenes = Array.from({ length: 50 }, (_, index) =>
    aScene(`${index}`, { triggers: [{ type: 'due', plan }] }),
  )
  const occasions = occasionsOf(visitedAt(T0), scenes, T0)
  const nowMs = T0 + 2 * DAY + 5 * HOUR
  const raised: string[] = []
  let state: Parameters<typeof nextStep>[1] = { handled: [] }
  for (const most of [20, 20, 10]) {
    const step = nextStep(occasions, state, nowMs)
    expect(step.due).toHaveLength(most)
    raised.push(...step.due.map(({ sceneId }) => sceneId))
    state = { handled: step.handled, ...(step.nextMs !== undefined && { dueMs: step.nextMs }) }
  }
  expect(state.dueMs).toBeUndefined()
  expect(new Set(raised).size).toBe(50)
})

it.each([7, 49])('what was missed in an outage comes whole, each once: eight days of %i plans', (count) => {
  const plan = { kind: 'everyDays', days: 1, times: 8 } as const
  const scenes = Array.from({ length: count }, (_, index) =>
    aScene(`${index}`, { triggers: [{ type: 'due', plan }] }),
  )
  const nowMs = T0 + 30 * DAY
  const occasions = occasionsOf(visitedAt(T0), scenes, nowMs)
  const raised: string[] = []
  let state: PlanState = { dueMs: T0 + DAY, handled: [] }
  for (let steps = 0; steps < 30 && state.dueMs !== undefined; steps++) {
    const step = nextStep(occasions, state, nowMs)
    raised.push(...step.due.map(keyOf))
    state = { handled: step.handled, ...(step.nextMs !== undefined && { dueMs: step.nextMs }) }
  }
  expect(raised).toHaveLength(count * 8)
  expect(new Set(raised).size).toBe(raised.length)
  expect(state).toEqual({ handled: [] })
})

describe('a gift', () => {
  const occasion = (name: string, dueAtMs: number): Occasion => ({
    sceneId: named('scn', 'gift'),
    plan: 'festival christmas 0 9',
    occasion: name,
    dueAtMs,
    staleAfterS: 24 * 3600,
    gift: { offerId: named('off', 'gift'), fromMs: dueAtMs - 14 * DAY },
  })

  it('is put aside once, at its moment, before the occasion is due', () => {
    const festival = occasion('festival:christmas:2026', T0 + 20 * DAY)
    const early = nextStep([festival], { handled: [] }, T0)
    expect(early).toMatchObject({ due: [], gifts: [], nextMs: T0 + 6 * DAY })
    const then = nextStep([festival], { handled: [] }, T0 + 6 * DAY)
    expect(then.gifts).toEqual([{ occasion: festival, offerId: named('off', 'gift') }])
    expect(then.nextMs).toBe(festival.dueAtMs)
    const after = nextStep([festival], { handled: then.handled, dueMs: festival.dueAtMs }, T0 + 7 * DAY)
    expect(after).toMatchObject({ gifts: [], due: [], nextMs: festival.dueAtMs })
  })

  it('is put aside for nothing that is due already', () => {
    const festival = occasion('festival:christmas:2026', T0 - HOUR)
    expect(nextStep([festival], { handled: [] }, T0)).toMatchObject({ gifts: [], due: [festival] })
  })
})
