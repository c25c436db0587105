import { purchaseCount, type Relationship } from '#shared/domain/customers/relationship.ts'
import type { Counts } from '#shared/domain/loop/count.ts'
import { type Rate, rateOf } from '#shared/domain/loop/intervals.ts'

/** A purchase or a redemption that was a customer's first with the merchant, or the first on another day than that one. */
export type Deal = {
  readonly isSecond: boolean
  /** The UTC day of the first one: the second is counted on it, too. */
  readonly cohortDay: string
  /** The first one was a free trial. */
  readonly isTrialStart: boolean
}

/**
 * What a purchase or redemption is among a customer's deals with the merchant; undefined for one that is neither the first
 * nor the second. What happens on the day of the first belongs to it: an offer that is redeemed and the purchase that it
 * was redeemed for are one deal. Of customers from before first deals were kept, nothing is known.
 *
 * @param day UTC
 * @example dealOf({ ...NO_RELATIONSHIP }, '2026-05-01', true) // { isSecond: false, cohortDay: '2026-05-01', isTrialStart: true }
 */
export const dealOf = (relationship: Relationship, day: string, isTrial: boolean): Deal | undefined => {
  const { firstDeal, redemptions } = relationship
  if (firstDeal === undefined)
    return redemptions.count + purchaseCount(relationship) > 0
      ? undefined
      : { isSecond: false, cohortDay: day, isTrialStart: isTrial }
  return firstDeal.hasSecond || firstDeal.day === day
    ? undefined
    : { isSecond: true, cohortDay: firstDeal.day, isTrialStart: firstDeal.isTrial }
}

/** The relationship after a purchase or redemption that was the deal; unchanged where it was none. */
export const withDeal = <R extends Relationship>(relationship: R, deal: Deal | undefined): R =>
  deal === undefined
    ? relationship
    : {
        ...relationship,
        firstDeal: { day: deal.cohortDay, isTrial: deal.isTrialStart, hasSecond: deal.isSecond },
      }

/** What a deal counts, on the day of the first one. */
export const countsOfDeal = ({ isSecond, isTrialStart }: Deal): Counts => {
  const name = isSecond ? 'secondDeals' : 'firstDeals'
  return { [name]: 1, ...(isTrialStart && { [`${name}OfTrials`]: 1 }) }
}

export type SecondDeals = {
  /** Of all whose first deal was in the range, those with a second one; absent where there were none. */
  readonly all?: Rate
  /** Of those among them who began with a free trial. */
  readonly trialStarters?: Rate
}

/** How many came back for a second deal, by the counts of the days of their first ones. */
export const secondDealsOf = (counts: Counts): SecondDeals => {
  const rate = (after: string) =>
    rateOf(counts[`secondDeals${after}`] ?? 0, counts[`firstDeals${after}`] ?? 0)
  const [all, trialStarters] = [rate(''), rate('OfTrials')]
  return { ...(all && { all }), ...(trialStarters && { trialStarters }) }
}
