import type { GrantId, MerchantId, OfferId, StoreId } from '#shared/domain/ids.ts'

/** What a redemption token says; nothing of the customer. */
export type RedemptionClaims = {
  readonly merchantId: MerchantId
  readonly grantId: GrantId
  readonly offerId: OfferId
  /** Where the customer was when it was made, for an offer that is redeemed at the store only. */
  readonly storeIds?: readonly StoreId[]
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

/** Long enough for a queue at the till, too short to be passed around. */
export const TOKEN_LIFE_S = 600
/** By how much the clock of a till may be off. */
export const LEEWAY_S = 600
/** For how long a till that was offline may report what it redeemed. */
export const SYNC_WINDOW_S = 7 * 86_400

/**
 * Until when a token is valid that is made now: never longer than what it redeems.
 *
 * @example tokenExpiryMs(0, 60_000) // 60_000
 */
export const tokenExpiryMs = (nowMs: number, validUntilMs: number): number =>
  Math.min(nowMs + TOKEN_LIFE_S * 1000, validUntilMs)

/** When a till that was offline redeemed a token, or why it cannot have. */
export type UsedAt = { readonly kind: 'at'; readonly atMs: number } | { readonly kind: 'outside' | 'tooLate' }

/**
 * Judges the time at which a till says that it redeemed a token while it was offline. Both ends of a token's life are our
 * own times: the true time lies between them, so what a clock says that is off is moved to the nearer end.
 *
 * @param saidMs by the till's clock
 * @example usedAt({ ...claims, issuedAtMs: 0, expiresAtMs: 600_000 }, 700_000, 900_000) // { kind: 'at', atMs: 599_999 }
 */
export const usedAt = (
  { issuedAtMs, expiresAtMs }: Pick<RedemptionClaims, 'issuedAtMs' | 'expiresAtMs'>,
  saidMs: number,
  nowMs: number,
): UsedAt => {
  const leewayMs = LEEWAY_S * 1000
  if (saidMs < issuedAtMs - leewayMs || saidMs > expiresAtMs + leewayMs) return { kind: 'outside' }
  if (nowMs > expiresAtMs + SYNC_WINDOW_S * 1000) return { kind: 'tooLate' }
  return { kind: 'at', atMs: Math.min(Math.max(saidMs, issuedAtMs), expiresAtMs - 1, nowMs) }
}
