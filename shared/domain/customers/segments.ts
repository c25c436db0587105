import { purchaseCount, type Relationship } from '#shared/domain/customers/relationship.ts'
import { DAY_MS } from '#shared/domain/schedule/local-time.ts'

/**
 * Named groups of one merchant's customers. `new`, `returning` and `lapsed` leave nobody out and never overlap.
 *
 * | segment            | who                                                                                      |
 * |--------------------|------------------------------------------------------------------------------------------|
 * | `new`              | never came, or came once, in the last 60 days                                            |
 * | `returning`        | came at least twice, the last time in the last 60 days                                   |
 * | `lapsed`           | came, but not in the last 60 days                                                        |
 * | `advocate`         | brought a friend who redeemed something, and rates the merchant 4 or better on average   |
 * | `trialOnly`        | had a free trial, redeemed nothing else and bought nothing                               |
 * | `priceInsensitive` | bought at least 3 times, with something made cheaper at most one time in five            |
 */
export const SEGMENTS = ['new', 'returning', 'lapsed', 'advocate', 'trialOnly', 'priceInsensitive'] as const
export type Segment = (typeof SEGMENTS)[number]

export const ACTIVE_DAYS = 60
const ADVOCATE_MEAN = 4
const INSENSITIVE_PURCHASES = 3
const INSENSITIVE_DISCOUNT_SHARE = 0.2

const cameLately = ({ visits }: Relationship, nowMs: number): boolean =>
  visits.lastAtMs !== undefined && visits.lastAtMs > nowMs - ACTIVE_DAYS * DAY_MS

/**
 * Does a customer belong to a segment? `undefined` where nobody can tell: an advocate without a rating.
 *
 * @param nowMs ms since the epoch
 * @example isInSegment('new', NO_RELATIONSHIP, nowMs) // true
 */
export const isInSegment = (
  segment: Segment,
  relationship: Relationship,
  nowMs: number,
): boolean | undefined => {
  const { visits, redemptions, ratings, referrals } = relationship
  switch (segment) {
    case 'new':
      return visits.count === 0 || (visits.count === 1 && cameLately(relationship, nowMs))
    case 'returning':
      return visits.count >= 2 && cameLately(relationship, nowMs)
    case 'lapsed':
      return visits.count >= 1 && !cameLately(relationship, nowMs)
    case 'advocate':
      if (referrals === 0) return false
      return ratings.count === 0 ? undefined : ratings.sum / ratings.count >= ADVOCATE_MEAN
    case 'trialOnly':
      return (
        redemptions.trials > 0 &&
        redemptions.count === redemptions.trials &&
        purchaseCount(relationship) === 0
      )
    case 'priceInsensitive': {
      const purchases = purchaseCount(relationship)
      return (
        purchases >= INSENSITIVE_PURCHASES && redemptions.discounts <= purchases * INSENSITIVE_DISCOUNT_SHARE
      )
    }
    default:
      return segment satisfies never
  }
}
