import type { FestivalId } from '#shared/domain/schedule/festivals.ts'

/** Of what an anniversary plan keeps the day. */
export const ANNIVERSARIES = ['firstVisit', 'birthday'] as const
export type AnniversaryOf = (typeof ANNIVERSARIES)[number]

/**
 * When a scene comes back to a customer of its merchant. Days are those of the calendar of the place of the last visit;
 * delays are in seconds.
 */
export type VisitPlan =
  /** Every so many days after the last visit, `times` times (12 where it is not said) or until the next visit. */
  | { readonly kind: 'everyDays'; readonly days: number; readonly times?: number }
  /** Once, so many days after the last visit. */
  | { readonly kind: 'afterLastVisit'; readonly days: number }
  /** Before a coupon of the merchant ends that the customer holds and has not redeemed. */
  | { readonly kind: 'beforeOfferEnds'; readonly hours: number }
  /** Once a year, so many days before a festival from the local hour on; the scene's offer is the gift. */
  | {
      readonly kind: 'festival'
      readonly festival: FestivalId
      readonly daysBefore: number
      readonly hour: number
    }
  /** Once a year, so many days before the day, from the local hour on. */
  | {
      readonly kind: 'anniversary'
      readonly of: AnniversaryOf
      readonly daysBefore: number
      readonly hour: number
    }
  /** After a visit that settled without a purchase since it began; a purchase cancels it. */
  | { readonly kind: 'followUp'; readonly delayS: number }
  /** After the latest redemption: thanks, a question, the wish for a rating. */
  | { readonly kind: 'afterRedemption'; readonly delayS: number }
  /** After the customer's first scan of a code of the merchant. */
  | { readonly kind: 'onboarding'; readonly delayS: number }

export const MAX_PLAN_DAYS = 730
export const MAX_EVERY_TIMES = 24
/** How often `everyDays` comes where it is not said. */
export const USUAL_TIMES = 12
/** An occasion that is late by more than this is pointless, where the scene says nothing else. */
export const USUAL_STALE_AFTER_S = 24 * 3600
export const MAX_STALE_AFTER_S = 7 * 24 * 3600

/**
 * Names a plan: the same for equal plans, whoever wrote them down.
 *
 * @example planKey({ kind: 'afterLastVisit', days: 7 }) // 'afterLastVisit 7'
 */
export const planKey = (plan: VisitPlan): string => {
  switch (plan.kind) {
    case 'everyDays':
      return `everyDays ${plan.days} ${plan.times ?? USUAL_TIMES}`
    case 'afterLastVisit':
      return `afterLastVisit ${plan.days}`
    case 'beforeOfferEnds':
      return `beforeOfferEnds ${plan.hours}`
    case 'festival':
      return `festival ${plan.festival} ${plan.daysBefore} ${plan.hour}`
    case 'anniversary':
      return `anniversary ${plan.of} ${plan.daysBefore} ${plan.hour}`
    case 'followUp':
    case 'afterRedemption':
    case 'onboarding':
      return `${plan.kind} ${plan.delayS}`
    default:
      return plan satisfies never
  }
}
