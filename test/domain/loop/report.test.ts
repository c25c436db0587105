import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Counts } from '#shared/domain/loop/count.ts'
import { reportScene, reportStore } from '#shared/domain/loop/report.ts'
import { type Cell, shownByDay, shownByStore, shownCentsStep, shownOver } from '#shared/domain/loop/shown.ts'
import { named } from '#test/support/builders.ts'

const cell = (day: string, counts: Counts, rest: Partial<Cell> = {}): Cell => ({
  day,
  arm: 'treated',
  counts,
  ...rest,
})
const MAY = { from: '2026-05-01', to: '2026-05-31' }
const TWO_DAYS = { from: '2026-05-01', to: '2026-05-02' }
const [NORTH, SOUTH] = [named('sto', 'north'), named('sto', 'south')]

describe('what a merchant sees', () => {
  it('of strangers are multiples of 20 a day, of acts what they are', () => {
    const cells = [
      cell('2026-05-01', { sent: 39, visited: 12, redeemed: 3, revenue_EUR: 1290 }),
      cell('2026-05-02', { sent: 25, visited: 21, redeemed: 1 }),
    ]
    expect(shownOver(cells, TWO_DAYS)).toEqual({ sent: 40, visited: 20, redeemed: 4, revenue_EUR: 1290 })
    expect(shownByDay(cells)).toEqual([
      { day: '2026-05-01', arm: 'treated', counts: { sent: 20, redeemed: 3, revenue_EUR: 1290 } },
      { day: '2026-05-02', arm: 'treated', counts: { sent: 20, visited: 20, redeemed: 1 } },
    ])
  })

  it('of a whole month is rounded once, so that a small shop sees something', () => {
    const cells = Array.from({ length: 31 }, (_, index) =>
      cell(`2026-05-${String(index + 1).padStart(2, '0')}`, { sent: 15 }),
    )
    expect(shownOver(cells, MAY)).toEqual({ sent: 460 })
    expect(shownOver(cells, { ...MAY, to: '2026-05-30' })).toEqual({})
    expect(shownOver(cells, { from: '2026-04-20', to: '2026-06-02' })).toEqual({ sent: 460 })
  })

  it('stands by store, and what is of no store by itself', () => {
    const cells = [
      cell('2026-05-01', { sent: 20 }, { storeId: NORTH }),
      cell('2026-05-01', { sent: 19 }, { storeId: SOUTH }),
      cell('2026-05-01', { sent: 60 }),
    ]
    expect(shownByStore(cells, TWO_DAYS)).toEqual([
      { storeId: NORTH, arm: 'treated', counts: { sent: 20 } },
      { arm: 'treated', counts: { sent: 60 } },
    ])
  })

  it.each([
    [undefined, 200],
    [0.0001, 200],
    [0.01, 200],
    [0.00883, 200],
    [0.0776, 1560],
    [10, 200_000],
  ])('of money spent on SMS at %s dollars a part goes in steps of %s cents', (partPriceUsd, step) => {
    expect(shownCentsStep(partPriceUsd)).toBe(step)
  })

  it('of money never tells of fewer than 20 SMS, however dear they are', () => {
    // Nineteen of three parts at 7.76 cents, among pushes.
    const few = [cell('2026-05-01', { sent: 500, messageCents: 19 * 24 })]
    const report = reportScene(few, TWO_DAYS, 'EUR', 0.0776)
    expect(report.costs).toEqual({ messageCents: 0, offerCents: 0, totalCents: 0 })
    for (const { counts } of [...report.byDay, ...report.byStore]) expect(counts).toEqual({ sent: 500 })
  })

  const NAMES = [
    'triggered',
    'granted',
    'sent',
    'opened',
    'visited',
    'heldOut',
    'suppressed_muted',
    'reached_visited',
    'entered',
  ]
  const cells = fc.array(
    fc.record({
      day: fc.integer({ min: 1, max: 31 }).map((day) => `2026-05-${String(day).padStart(2, '0')}`),
      arm: fc.constantFrom('treated' as const, 'holdout' as const),
      storeId: fc.constantFrom(NORTH, SOUTH, undefined),
      counts: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 90 })),
    }),
    { maxLength: 40 },
  )
  const day = fc.integer({ min: 1, max: 31 }).map((number) => `2026-05-${String(number).padStart(2, '0')}`)
  const range = fc.tuple(day, day).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a }))
  const within = (all: readonly Cell[], { from, to }: { from: string; to: string }) =>
    all.filter((one) => one.day >= from && one.day <= to)
  /** Every number of a report that tells of strangers, by its place in it. */
  const figuresIn = (all: readonly Cell[], days: { from: string; to: string }): Map<string, number> => {
    const { treated, holdout, funnel, byStore, byDay } = reportScene(within(all, days), days)
    const rows = [...byStore, ...byDay].map(({ counts, ...of }) => [JSON.stringify(of), counts] as const)
    const named = [['treated', treated], ['holdout', holdout], ...rows] as const
    return new Map([
      ...named.flatMap(([of, counts]) =>
        Object.entries(counts).map(([name, count]) => [`${of} ${name}`, count] as const),
      ),
      ...funnel.flatMap(({ step, count, lost }) => [[step, count] as const, [`lost ${step}`, lost] as const]),
    ])
  }

  it('never tells of 1 to 19 strangers: not by two ranges, and not by asking again when one more has come', () => {
    fc.assert(
      fc.property(cells, range, range, cells, (all, one, other, later) => {
        const first = figuresIn(all, one)
        for (const second of [figuresIn(all, other), figuresIn([...all, ...later.slice(0, 1)], one)])
          for (const figures of [first, second])
            for (const [name, figure] of figures)
              for (const known of [0, first.get(name) ?? 0, second.get(name) ?? 0])
                expect(Math.abs(figure - known) % 20).toBe(0)
      }),
    )
  })
})

describe('a scene’s report', () => {
  const treated = {
    triggered: 1000,
    granted: 400,
    sent: 380,
    opened: 120,
    reached_opened: 140,
    reached_claimed: 100,
    visited: 80,
    reached_visited: 90,
    redeemed: 30,
    reached_redeemed: 33,
    redeemedRepeat: 12,
    purchased: 11,
    reached_purchased: 11,
    purchases: 14,
    messageCents: 380,
    offerCents: 7500,
    revenue_EUR: 20_000,
  }
  const holdout = { heldOut: 100, visited: 10, purchased: 1 }
  const report = reportScene(
    [cell('2026-05-01', treated), cell('2026-05-01', holdout, { arm: 'holdout' })],
    TWO_DAYS,
    'EUR',
  )

  it('has a funnel that never widens, with what each step has lost', () => {
    expect(report.funnel).toEqual([
      { step: 'granted', count: 400, lost: 0 },
      { step: 'sent', count: 380, lost: 20 },
      { step: 'opened', count: 140, lost: 240 },
      { step: 'claimed', count: 100, lost: 40 },
      { step: 'visited', count: 80, lost: 20 },
      { step: 'redeemed', count: 33, lost: 47 },
      { step: 'purchased', count: 11, lost: 22 },
    ])
  })

  it('has rates with their numbers, and a lift over those who were held out', () => {
    expect(report.rates['visited']).toMatchObject({ numerator: 80, denominator: 380 })
    expect(report.rates['repeat']).toMatchObject({ numerator: 12, denominator: 30 })
    expect(report.lift['purchased']).toMatchObject({
      treated: { numerator: 11, denominator: 400 },
      holdout: { numerator: 1, denominator: 100 },
    })
    expect(report.lift['purchased']?.value).toBeCloseTo(0.0175, 10)
    // Ten visits are too few to be shown.
    expect(report.lift['visited']?.holdout.numerator).toBe(0)
  })

  it('sets what came in against what it cost, gifts included', () => {
    expect(report.costs).toEqual({
      messageCents: 200,
      offerCents: 7500,
      totalCents: 7700,
      perVisitCents: 7700 / 80,
      perRedemptionCents: 7700 / 30,
    })
    expect(report.revenue).toEqual({ EUR: 20_000 })
    expect(report.roi).toBeCloseTo((20_000 - 7700) / 7700, 10)
  })

  it('of nothing has no rate and no cost of a visit', () => {
    const empty = reportScene([], TWO_DAYS, 'EUR')
    expect(empty).toMatchObject({ rates: {}, lift: {}, revenue: {}, flags: [] })
    expect(empty.costs).toEqual({ messageCents: 0, offerCents: 0, totalCents: 0 })
    expect(empty).not.toHaveProperty('roi')
  })

  it('flags a scene that reached a hundred and brought nobody', () => {
    const flagsOf = (counts: Counts) => reportScene([cell('2026-05-01', counts)], TWO_DAYS).flags
    expect(flagsOf({ sent: 100 })).toEqual(['noVisits'])
    expect(flagsOf({ sent: 99 })).toEqual([])
    expect(flagsOf({ sent: 1000, visited: 1 })).toEqual([])
  })
})

describe('a store’s report', () => {
  it('goes from who entered to who acted, and never widens', () => {
    const { funnel, rates } = reportStore(
      [cell('2026-05-01', { entered: 100, reachable: 80, exposed: 19, acted: 7 })],
      TWO_DAYS,
    )
    expect(funnel.map(({ step, count }) => [step, count])).toEqual([
      ['entered', 100],
      ['reachable', 80],
      ['exposed', 7],
      ['acted', 7],
    ])
    expect(rates['reachable']).toMatchObject({ numerator: 80, denominator: 100 })
  })
})
