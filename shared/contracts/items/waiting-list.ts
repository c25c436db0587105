import { TRACE_TTL_S, userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, OfferId, SceneId, StoreId, UserId } from '#shared/domain/ids.ts'
import type { Suppressed } from '#shared/domain/scenes/decide.ts'
import type { MerchantFacts } from '#shared/domain/scenes/facts.ts'
import { occasionOf } from '#shared/domain/scenes/trigger.ts'

/** Where the index `byMerchant` lists who waits for an offer, in the order in which they came. */
export const waitersPk = (merchantId: MerchantId, offerId: OfferId): string =>
  `M#${merchantId}#WAIT#${offerId}`

/** A customer's place in the queue for an offer; called up, it stays without one. */
export const waitKey = (user: UserId, offerId: OfferId) => ({ pk: userKey(user), sk: `${WAITS}${offerId}` })
export const WAITS = 'WAIT#'

/** Stands while somebody waits; the minute schedule looks whether stock has returned. */
export const waitingKey = (offerId: OfferId) => ({ pk: `OFFER#${offerId}`, sk: 'WAITING' })

/** Who waits for what, and what being called up is about. */
export type Place = {
  readonly user: UserId
  readonly merchantId: MerchantId
  readonly sceneId: SceneId
  readonly offerId: OfferId
  readonly occasion: string
  readonly timeZone?: string
  readonly storeId?: StoreId
}

/** A place behind all who stand in the queue. */
export const placeItem = (place: Place, nowMs: number) => ({
  ...waitKey(place.user, place.offerId),
  kind: 'wait',
  ...place,
  merchantPk: waitersPk(place.merchantId, place.offerId),
  merchantSk: `${new Date(nowMs).toISOString()}#${place.user}`,
  ttl: Math.floor(nowMs / 1000) + TRACE_TTL_S,
})

/** Since when somebody waits, by the place in the queue. */
export const waitsSince = (merchantSk: string): string => merchantSk.slice(0, merchantSk.indexOf('#'))

/**
 * The place in the queue of a customer who found an offer sold out; none where the offer keeps no waiting list, or where
 * stock that returns would not help: who waits in vain would keep all others from what is free.
 */
export const waitItem = (
  { scene, trigger, awaits }: Suppressed,
  merchants: ReadonlyMap<MerchantId, MerchantFacts>,
  nowMs: number,
) => {
  const offer = awaits === undefined ? undefined : merchants.get(scene.merchantId)?.offers.get(awaits)
  if (offer?.hasWaitingList !== true) return undefined
  const place = {
    user: trigger.user,
    merchantId: scene.merchantId,
    sceneId: scene.id,
    offerId: offer.id,
    occasion: occasionOf(trigger),
    ...(trigger.timeZone !== undefined && { timeZone: trigger.timeZone }),
    ...(trigger.storeId !== undefined && { storeId: trigger.storeId }),
  }
  return placeItem(place, nowMs)
}
