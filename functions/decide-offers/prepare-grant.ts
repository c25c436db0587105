import type { DecideServices } from '#functions/decide-offers/decide-triggers.ts'
import { contentOf } from '#functions/decide-offers/write-message.ts'
import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import {
  correlationOf,
  type DecisionRef,
  type Grant,
  grantIdOf,
  messageIdOf,
  validUntilMs,
} from '#shared/contracts/items/decision.ts'
import type { StoredGift } from '#shared/contracts/items/gift.ts'
import { budgetTally, offerTallies, type Tally } from '#shared/contracts/items/stock.ts'
import type { GrantId, MerchantId, OfferId, SceneId } from '#shared/domain/ids.ts'
import { messageCents } from '#shared/domain/messages/price.ts'
import { hasCode, type Offer } from '#shared/domain/offers/offer.ts'
import type { Granted } from '#shared/domain/scenes/decide.ts'
import { mayHaveGift, offerEndings } from '#shared/domain/scenes/occasions.ts'
import { occasionOf } from '#shared/domain/scenes/trigger.ts'

/** A grant that can be stored, or what deciding is to do without when it decides again. */
export type Prepared =
  | { readonly kind: 'grant'; readonly grant: Grant }
  /** `mayWait`: stock that returns would help; a count of the day, the store or the customer that is full is no stock. */
  | { readonly kind: 'soldOut'; readonly offerId: OfferId; readonly mayWait: boolean }
  | { readonly kind: 'overBudget'; readonly merchantId: MerchantId }
  | { readonly kind: 'unreadable'; readonly sceneId: SceneId }

/** Shards that were found empty while a decision was being stored. */
export type Tried = ReadonlyMap<OfferId, readonly number[]>
const MAX_TRIES = 3

const anyOf = <T>(all: readonly T[], random: () => number): T | undefined =>
  all[Math.floor(random() * all.length)]

const budgetOf = (
  { scene, channel, offer }: Granted,
  facts: Facts,
  priceOfSms: number | undefined,
  nowMs: number,
): Tally | undefined => {
  const budget = facts.merchants.get(scene.merchantId)?.budget
  if (budget === undefined) return undefined
  const cost = messageCents(channel, priceOfSms) + (offer?.costCents ?? 0)
  return budgetTally(scene.merchantId, budget, cost, nowMs)
}

/** One of the shards that still hold something, at random, so that concurrent grants spread; three tries at most. */
const shardFor = (
  offer: Offer,
  free: readonly number[],
  tried: Tried,
  random: () => number,
): number | undefined => {
  const empty = tried.get(offer.id) ?? []
  if (empty.length >= MAX_TRIES) return undefined
  const filled = free.flatMap((count, shard) => (count > 0 && !empty.includes(shard) ? [shard] : []))
  return anyOf(filled, random)
}

const isHeldForOthers = async (
  services: DecideServices,
  offer: Offer,
  { trigger }: Granted,
  signal?: AbortSignal,
): Promise<boolean> =>
  offer.hasWaitingList === true && trigger.type !== 'restock' && (await services.hasWaiters(offer.id, signal))

/** The unit of this offer that was put aside for the occasion. */
const giftFor = async (
  services: DecideServices,
  { scene, trigger }: Granted,
  offer: Offer,
  signal?: AbortSignal,
): Promise<StoredGift | undefined> => {
  if (!mayHaveGift(scene, trigger)) return undefined
  const name = { sceneId: scene.id, occasion: occasionOf(trigger) }
  const gift = await services.gifts.find(trigger.user, name, signal)
  return gift?.offerId === offer.id ? gift : undefined
}

type ListedCode = { readonly code: string; readonly stockShard: number }

/** One of the merchant's own codes that are left, at random, so that concurrent grants seldom want the same. */
const listedCodeFor = async (
  services: DecideServices,
  offer: Offer,
  gift: StoredGift | undefined,
  signal?: AbortSignal,
): Promise<ListedCode | undefined> => {
  if (offer.codes !== 'list') return undefined
  const { free, codes } = await services.readStock(offer, [], signal)
  const isOpen = (shard: number): boolean =>
    gift === undefined ? (free[shard] ?? 0) > 0 : shard === gift.stockShard
  const left = codes.flatMap((some, stockShard) =>
    isOpen(stockShard) ? some.map((code) => ({ code, stockShard })) : [],
  )
  return anyOf(left, services.random)
}

const firstEndingMs = (
  { merchants }: Facts,
  merchantId: MerchantId,
  grantId: GrantId,
  endsMs: number,
  nowMs: number,
): number | undefined =>
  offerEndings(merchants.get(merchantId)?.scenes ?? [], grantId, endsMs).find(
    ({ dueAtMs }) => dueAtMs > nowMs,
  )?.dueAtMs

/** Reads what the winner needs beside the facts (stock, counts, budget), and fills in its message. */
export const prepareGrant = async (
  services: DecideServices,
  ref: DecisionRef,
  winner: Granted,
  facts: Facts,
  tried: Tried,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Prepared> => {
  const { scene, trigger, channel, offer, occasion } = winner
  const candidate = { scene, trigger, ...(occasion !== undefined && { occasion }) }
  const ofOffer = offer ? offerTallies(offer, trigger.user, trigger.storeId, nowMs) : []
  const gift = offer && (await giftFor(services, winner, offer, signal))
  const listed = offer && (await listedCodeFor(services, offer, gift, signal))
  const code = offer && hasCode(offer) ? (listed?.code ?? services.newCode()) : undefined
  const content = contentOf(winner, facts, code, nowMs)
  if (content === undefined) return { kind: 'unreadable', sceneId: scene.id }
  const priceOfSms = content.sms && services.smsCents(content.sms, winner.messageKind, facts.customer.locale)
  const budget = budgetOf(winner, facts, priceOfSms, nowMs)
  const tallies = [...ofOffer, ...(budget ? [budget] : [])]
  const { free, room } = await services.readStock(offer, tallies, signal)
  if (budget !== undefined && room[ofOffer.length] === false)
    return { kind: 'overBudget', merchantId: scene.merchantId }
  const isListed = offer?.codes === 'list'
  const anyShard = () => gift?.stockShard ?? (offer && shardFor(offer, free, tried, services.random))
  const stockShard = isListed ? listed?.stockShard : anyShard()
  if (offer !== undefined) {
    const mayWait = ofOffer.every((_, index) => room[index])
    const isLeft = stockShard !== undefined && mayWait
    const isOwn = gift !== undefined
    if (!isLeft || (!isOwn && (await isHeldForOthers(services, offer, winner, signal))))
      return { kind: 'soldOut', offerId: offer.id, mayWait }
  }
  const venues = facts.customer.surroundings?.venues ?? []
  const grantId = grantIdOf(candidate)
  const lookAtMs = offer && firstEndingMs(facts, scene.merchantId, grantId, validUntilMs(offer, nowMs), nowMs)
  const grant: Grant = {
    candidate,
    channel,
    grantId,
    messageId: messageIdOf(grantId),
    content,
    ...(priceOfSms !== undefined && { smsCents: priceOfSms }),
    deliverUntilMs: winner.deliverUntilMs,
    ...(winner.lawPlace && { lawPlace: winner.lawPlace }),
    score: winner.score,
    send: {
      kind: winner.messageKind,
      ...(offer?.isScarce && { isScarce: true }),
      ...(venues.length > 0 && { venueIds: venues.map(({ id }) => id) }),
    },
    ...(offer && stockShard !== undefined && { offer, stockShard }),
    ...(code !== undefined && { code }),
    ...(isListed && { isListed: true as const }),
    ...(gift && { isKept: true as const }),
    ...(lookAtMs !== undefined && { lookAtMs }),
    tallies,
    correlationId: correlationOf(ref, trigger),
  }
  return { kind: 'grant', grant }
}
