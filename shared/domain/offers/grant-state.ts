import type { OfferId } from '#shared/domain/ids.ts'

/** As a grant is stored. */
export const GRANT_STATES = ['reserved', 'confirmed', 'redeemed', 'released'] as const
export type GrantState = (typeof GRANT_STATES)[number]

/** As customers and tills are told of it. */
export const SHOWN_GRANT_STATES = ['given', ...GRANT_STATES, 'expired'] as const
export type ShownGrantState = (typeof SHOWN_GRANT_STATES)[number]

export type GrantStanding = {
  readonly state: GrantState
  /** None where a message alone was given: there is nothing to redeem. */
  readonly offerId?: OfferId
  /** RFC 3339. */
  readonly validUntil?: string
  /** Its message did not go out; whatever else was released ran out of time. */
  readonly releasedBy?: 'message'
}

/**
 * What a grant is at a moment. An offer whose time is over is `expired`, whether or not the minute schedule has given its
 * unit back by then; `released` is what was taken back because its message never went out. A grant without an offer
 * holds nothing and is `given` for good, until it is opened, claimed or followed by a visit (`confirmed`).
 *
 * @param nowMs ms since the epoch
 * @example grantStateAt({ state: 'released', offerId, validUntil: '2026-05-01T00:00:00Z' }, Date.UTC(2026, 4, 2)) // 'expired'
 */
export const grantStateAt = (
  { state, offerId, validUntil, releasedBy }: GrantStanding,
  nowMs: number,
): ShownGrantState => {
  if (state === 'redeemed' || releasedBy === 'message') return state
  if (validUntil !== undefined && Date.parse(validUntil) <= nowMs) return 'expired'
  return state === 'reserved' && offerId === undefined ? 'given' : state
}
