import type { MerchantId, StoreId } from '#shared/domain/ids.ts'
import type { RedemptionClaims } from '#shared/domain/offers/redemption-token.ts'
import { isBelieved, MAX_AHEAD_MS, type Presence } from '#shared/domain/presence/fold.ts'

/** What an older fix says is not where the customer is now. */
export const PLACE_FRESH_S = 600
/** As many as a token names: who stands where the geofences of more meet is at those seen last. */
export const MAX_TOKEN_STORES = 3

export type StoresAt =
  | { readonly kind: 'at'; readonly storeIds: readonly StoreId[] }
  | { readonly kind: 'placeUnknown' | 'notAtStore' }

const isFresh = (atMs: number, nowMs: number): boolean =>
  atMs >= nowMs - PLACE_FRESH_S * 1000 && atMs <= nowMs + MAX_AHEAD_MS

/**
 * At which stores of a merchant a customer is, by the newest fix: believed, fresh, and inside one of their geofences or
 * within its exit buffer. Whatever is not known is a no.
 *
 * @param storeId where only this one counts
 * @example storesAt(NO_PRESENCE, { merchantId }, nowMs) // { kind: 'placeUnknown' }
 */
export const storesAt = (
  { fixes, told }: Presence,
  { merchantId, storeId }: { readonly merchantId: MerchantId; readonly storeId?: StoreId },
  nowMs: number,
): StoresAt => {
  const newest = fixes.at(-1)
  if (newest === undefined || !isFresh(newest.atMs, nowMs) || !isBelieved(newest))
    return { kind: 'placeUnknown' }
  // A visit whose exit is about to be confirmed is one that the newest fix is outside of.
  const stays = told.open.filter(
    (stay) =>
      stay.merchantId === merchantId &&
      stay.outsideSinceMs === undefined &&
      isFresh(stay.lastInsideAtMs, nowMs),
  )
  const lastFirst = stays.toSorted((a, b) => b.lastInsideAtMs - a.lastInsideAtMs)
  const found = [...new Set(lastFirst.flatMap((stay) => stay.storeId ?? []))]
  const storeIds = found.filter((one) => storeId === undefined || one === storeId).slice(0, MAX_TOKEN_STORES)
  return storeIds.length === 0 ? { kind: 'notAtStore' } : { kind: 'at', storeIds }
}

export type PlaceObstacle = 'notAtStore' | 'tokenRequired'

/**
 * What stands in the way of redeeming by what a customer shows: an offer for the store is redeemed by a token of that very
 * store, since a code does not say where the customer is.
 *
 * @param storeId where the till says that it is
 * @example placeObstacle({ redeemAt: 'store' }, { kind: 'code' }, storeId) // 'tokenRequired'
 */
export const placeObstacle = (
  { redeemAt }: { readonly redeemAt?: 'store' },
  shown: { readonly kind: 'code' } | ({ readonly kind: 'token' } & Pick<RedemptionClaims, 'storeIds'>),
  storeId: StoreId | undefined,
): PlaceObstacle | undefined => {
  if (shown.kind === 'code') return redeemAt === undefined ? undefined : 'tokenRequired'
  if (redeemAt === undefined && shown.storeIds === undefined) return undefined
  return storeId !== undefined && shown.storeIds?.includes(storeId) === true ? undefined : 'notAtStore'
}
