/** When a scene has turned away too many of those it reached, it is paused. */
export type TrustLimit = {
  /** The largest share, in percent, of its messages of 28 days after which customers turn away. */
  readonly maxTurnedAwayPercent: number
  /** Fewer messages than this say nothing. */
  readonly minSends: number
}

/** Two in a hundred is about four times what newsletters lose; a hundred messages keep one angry customer from pausing a scene. */
export const DEFAULT_TRUST: TrustLimit = { maxTurnedAwayPercent: 2, minSends: 100 }

/** Over how many UTC days, today included, it is counted. */
export const TRUST_DAYS = 28

/** How a customer turns away from a merchant after a message: a mute, an end of its text messages, a complaint. */
export const TURNED_AWAY = ['muted', 'stopped', 'complained'] as const
export type TurnedAway = (typeof TURNED_AWAY)[number]

/** A scene is paused that brought nobody in with so many messages; only a merchant who asks for it has this. */
export type VisitLimit = { readonly minSends: number }

/** A pause by the platform: the scene turned away more customers than its merchant allows, or brought nobody in. */
export type AutoPause = { readonly at: string } & (
  | { readonly maxTurnedAwayPercent: number }
  | { readonly withoutVisitsAfter: number }
)

/** One message in so many has its scene looked at for visits. */
export const MESSAGES_PER_REVIEW = 10

/**
 * Has a scene turned away too many?
 *
 * @param sent its messages that went out
 * @param turnedAway of these, after how many the customer turned away
 * @example exceedsTrust(200, 5, DEFAULT_TRUST) // true: 2.5 %
 */
export const exceedsTrust = (sent: number, turnedAway: number, limit: TrustLimit): boolean =>
  sent >= limit.minSends && turnedAway * 100 > sent * limit.maxTurnedAwayPercent

/**
 * Has a scene spoken to enough customers, and brought nobody in?
 *
 * @param sentBefore its messages that went out before today: who was told today may still come
 * @example bringsNobody(100, 0, { minSends: 100 }) // true
 */
export const bringsNobody = (sentBefore: number, visited: number, limit: VisitLimit): boolean =>
  visited === 0 && sentBefore >= limit.minSends
