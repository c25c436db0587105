import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import { dueKey, expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import { type MerchantId, type OfferId, shardOf, type UserId } from '#shared/domain/ids.ts'
import type { Occasion } from '#shared/domain/scenes/occasions.ts'

/** A unit of an offer that is kept for an occasion of a customer. */
export type Gift = {
  readonly user: UserId
  readonly merchantId: MerchantId
  readonly occasion: Pick<Occasion, 'sceneId' | 'occasion' | 'dueAtMs' | 'staleAfterS'>
  readonly offerId: OfferId
  readonly stockShard: number
}

export const giftKey = (user: UserId, { sceneId, occasion }: Pick<Occasion, 'sceneId' | 'occasion'>) => ({
  pk: userKey(user),
  sk: `GIFT#${sceneId}#${occasion}`,
})

/** What nobody has decided on by then goes back: the occasion is pointless, and whoever was to decide is gone. */
const LEFT_OVER_AFTER_MS = 3_600_000

/** The reservation itself: who takes it, or gives it back, changes its state on the condition that it is `reserved`. */
export const giftItem = ({ user, merchantId, occasion, offerId, stockShard }: Gift, dueShards: number) => {
  const { sceneId, dueAtMs, staleAfterS } = occasion
  const untilMs = dueAtMs + staleAfterS * 1000 + LEFT_OVER_AFTER_MS
  const { pk, sk } = giftKey(user, occasion)
  return {
    pk,
    sk,
    kind: 'gift',
    user,
    merchantId,
    sceneId,
    occasion: occasion.occasion,
    state: 'reserved',
    offerId,
    stockShard,
    ...dueKey(untilMs, `${user}#${sk}`, shardOf(user, dueShards)),
    // Long after the minute schedule has given back what was left: a unit must not be lost with the item.
    ttl: expiryOf(untilMs),
  }
}

export const giftSchema = z.object({
  user: id('usr'),
  state: z.enum(['reserved', 'taken', 'released']),
  sceneId: id('scn'),
  occasion: z.string(),
  offerId: id('off'),
  stockShard: z.number(),
})
export type StoredGift = z.output<typeof giftSchema>
