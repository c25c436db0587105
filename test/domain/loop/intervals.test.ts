import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { liftOf, rateOf } from '#shared/domain/loop/intervals.ts'

const counts = fc
  .tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 5000 }))
  .map(([denominator, numerator]) => [Math.min(numerator, denominator), denominator] as const)

describe('a rate', () => {
  // Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i has the interval of the literature', (numerator, denominator, low95, high95) => {
    const rate = rateOf(numerator, denominator)
    expect(rate?.value).toBeCloseTo(numerator / denominator, 10)
    expect(rate?.low95).toBeCloseTo(low95, 4)
    expect(rate?.high95).toBeCloseTo(high95, 4)
  })

  it('is none where nobody was asked', () => {
    expect(rateOf(0, 0)).toBeUndefined()
    expect(rateOf(3, 0)).toBeUndefined()
    expect(rateOf(3, 2)).toBeUndefined()
  })

  it('lies in its interval, and that from 0 to 1; more people make it narrower', () => {
    fc.assert(
      fc.property(counts, ([numerator, denominator]) => {
        const rate = rateOf(numerator, denominator)
        const larger = rateOf(numerator * 4, denominator * 4)
        if (rate === undefined || larger === undefined) throw new Error('no rate')
        expect(rate.low95).toBeGreaterThanOrEqual(0)
        expect(rate.low95).toBeLessThanOrEqual(rate.value)
        expect(rate.high95).toBeGreaterThanOrEqual(rate.value)
        expect(rate.high95).toBeLessThanOrEqual(1)
        expect(larger.high95 - larger.low95).toBeLessThan(rate.high95 - rate.low95)
      }),
    )
  })
})

describe('a lift', () => {
  // Newcombe (1998), Interval estimation for the difference between independent proportions, table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [0, 10, 0, 20, -0.1611, 0.2775],
  ])('of %i in %i over %i in %i has the interval of the literature', (a, m, b, n, low95, high95) => {
    const lift = liftOf(rateOf(a, m), rateOf(b, n))
    expect(lift?.value).toBeCloseTo(a / m - b / n, 10)
    expect(lift?.low95).toBeCloseTo(low95, 4)
    expect(lift?.high95).toBeCloseTo(high95, 4)
  })

  it('is none without anybody held out', () => {
    expect(liftOf(rateOf(5, 10), rateOf(0, 0))).toBeUndefined()
  })

  it('turns its sign when the arms are changed', () => {
    fc.assert(
      fc.property(counts, counts, ([a, m], [b, n]) => {
        const there = liftOf(rateOf(a, m), rateOf(b, n))
        const back = liftOf(rateOf(b, n), rateOf(a, m))
        expect(there?.low95).toBeCloseTo(-(back?.high95 ?? Number.NaN), 10)
        expect(there?.high95).toBeCloseTo(-(back?.low95 ?? Number.NaN), 10)
      }),
    )
  })
})
