import { describe, expect, it } from 'vitest'
import { withPurchase, withRedemption } from '#shared/domain/customers/relationship.ts'
import { countsOfDeal, dealOf, secondDealsOf, withDeal } from '#shared/domain/loop/deal.ts'
import { aRelationship, T0 } from '#test/support/builders.ts'

const after = (...deals: readonly (readonly [day: string, isTrial: boolean])[]) =>
  deals.reduce((so, [day, isTrial]) => withDeal(so, dealOf(so, day, isTrial)), aRelationship())

describe('a purchase or redemption', () => {
  it('is the first deal of who has had none, and its day stays', () => {
    expect(dealOf(aRelationship(), '2026-05-01', true)).toEqual({
      isSecond: false,
      cohortDay: '2026-05-01',
      isTrialStart: true,
    })
    expect(after(['2026-05-01', true], ['2026-05-04', false], ['2026-05-09', false]).firstDeal).toEqual({
      day: '2026-05-01',
      isTrial: true,
      hasSecond: true,
    })
  })

  it('is the second on another day, counted on the day of the first', () => {
    const second = dealOf(after(['2026-05-01', true]), '2026-05-04', false)
    expect(second).toEqual({ isSecond: true, cohortDay: '2026-05-01', isTrialStart: true })
    expect(second && countsOfDeal(second)).toEqual({ secondDeals: 1, secondDealsOfTrials: 1 })
  })

  it('belongs to the first on the same day, and is nothing after the second', () => {
    expect(dealOf(after(['2026-05-01', false]), '2026-05-01', false)).toBeUndefined()
    expect(dealOf(after(['2026-05-01', false], ['2026-05-02', false]), '2026-05-03', false)).toBeUndefined()
  })

  it('is nothing of a customer whose first one was not kept', () => {
    const bought = withPurchase(aRelationship(), { currency: 'EUR', amountMinor: 1, atMs: T0 })
    const redeemed = withRedemption(aRelationship(), { atMs: T0, isTrial: true, isDiscount: false })
    for (const known of [bought, redeemed]) expect(dealOf(known, '2026-05-03', false)).toBeUndefined()
  })
})

describe('the rate of second deals', () => {
  it('says both numbers and their interval, and nothing of nobody', () => {
    const { all, trialStarters } = secondDealsOf({ firstDeals: 263, secondDeals: 81 })
    expect(all).toMatchObject({ numerator: 81, denominator: 263 })
    // Newcombe (1998a), table I.
    expect(all?.low95).toBeCloseTo(0.2553, 4)
    expect(all?.high95).toBeCloseTo(0.3662, 4)
    expect(trialStarters).toBeUndefined()
    expect(secondDealsOf({})).toEqual({})
    expect(secondDealsOf({ firstDeals: 4, firstDealsOfTrials: 3 }).trialStarters).toMatchObject({
      numerator: 0,
      denominator: 3,
    })
  })
})
