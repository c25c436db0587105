import { userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, OfferId, StoreId, UserId } from '#shared/domain/ids.ts'
import type { Budget } from '#shared/domain/merchants/merchant.ts'
import { type Offer, splitStock } from '#shared/domain/offers/offer.ts'

/** A count with a most, in an item of its own: a grant adds to it on the condition that there is room. */
export type Tally = {
  readonly pk: string
  readonly sk: string
  /** By field, what one grant adds, and the most there may be. */
  readonly add: Readonly<Record<string, number>>
  readonly max: Readonly<Record<string, number>>
}

export const stockKey = (offerId: OfferId, shard: number) => ({
  pk: `OFFER#${offerId}#${shard}`,
  sk: 'STOCK',
})

const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10)

const one = (pk: string, sk: string, max: number): Tally => ({
  pk,
  sk,
  add: { given: 1 },
  max: { given: max },
})

/** The bounds of an offer beside its stock: of the day, of the store, of the customer. */
export const offerTallies = (
  offer: Offer,
  user: UserId,
  storeId: StoreId | undefined,
  nowMs: number,
): Tally[] => {
  const { id, merchantId, kind, perDay, perStore, perCustomer } = offer
  const pk = `OFFER#${id}`
  return [
    ...(perDay === undefined ? [] : [one(pk, `DAY#${dayOf(nowMs)}`, perDay)]),
    ...(perStore === undefined || storeId === undefined ? [] : [one(pk, `STORE#${storeId}`, perStore)]),
    ...(perCustomer === undefined ? [] : [one(userKey(user), `HELD#${id}`, perCustomer)]),
    // Of all the merchant's trials together: one for each customer, ever.
    ...(kind === 'trial' ? [one(userKey(user), `HELD#TRIAL#${merchantId}`, 1)] : []),
  ]
}

/**
 * Does a count go back with a unit that nobody used in time? What a store and a customer had of it does. The day stays
 * as busy as it was, and a trial counts as offered: it is one, ever.
 */
export const isOfUnit = ({ sk }: Pick<Tally, 'sk'>): boolean =>
  sk.startsWith('STORE#') || (sk.startsWith('HELD#') && !sk.startsWith('HELD#TRIAL#'))

/** Budgets below this stay in one item, so that the last cent is found; larger ones are spread. */
const SPREAD_FROM = 10_000
const BUDGET_SHARDS = 8

/**
 * The parts of a merchant's budget of the day, of which a grant takes one; none where it keeps no budget. A day is a
 * UTC day.
 *
 * @param costCents what the grant costs: its message and its offer
 */
export const budgetTallies = (
  merchantId: MerchantId,
  { sendsPerDay, spendCentsPerDay }: Budget,
  costCents: number,
  nowMs: number,
): Tally[] => {
  const limits = [sendsPerDay, spendCentsPerDay].filter((limit) => limit !== undefined)
  if (limits.length === 0) return []
  const shards = limits.some((limit) => limit < SPREAD_FROM) ? 1 : BUDGET_SHARDS
  const sends = sendsPerDay === undefined ? undefined : splitStock(sendsPerDay, shards)
  const spend = spendCentsPerDay === undefined ? undefined : splitStock(spendCentsPerDay, shards)
  return Array.from({ length: shards }, (_, shard) => ({
    pk: `BUDGET#${merchantId}#${shard}`,
    sk: `DAY#${dayOf(nowMs)}`,
    add: { ...(sends && { sends: 1 }), ...(spend && { cents: costCents }) },
    max: {
      ...(sends && { sends: sends[shard] ?? 0 }),
      ...(spend && { cents: spend[shard] ?? 0 }),
    },
  }))
}

/** Has a tally, as it was read, room for one more grant? */
export const hasRoom = (
  { add, max }: Tally,
  stored: Readonly<Record<string, unknown>> | undefined,
): boolean =>
  Object.entries(add).every(([field, amount]) => Number(stored?.[field] ?? 0) + amount <= (max[field] ?? 0))
