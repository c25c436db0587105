import { userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, OfferId, StoreId, UserId } from '#shared/domain/ids.ts'
import type { Budget } from '#shared/domain/merchants/merchant.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'

/** A count with a most, in an item of its own: a grant adds to it on the condition that there is room. */
export type Tally = {
  readonly pk: string
  readonly sk: string
  /** By field, what one grant adds, and the most there may be; a field without a most is counted only. */
  readonly add: Readonly<Record<string, number>>
  readonly max: Readonly<Record<string, number>>
}

export const stockKey = (offerId: OfferId, shard: number) => ({
  pk: `OFFER#${offerId}#${shard}`,
  sk: 'STOCK',
})

/** The merchant's own codes that a stock item holds; DynamoDB has no empty set. */
export const codesOn = (item: Readonly<Record<string, unknown>> | undefined): string[] => {
  const codes = item?.['codes']
  return codes instanceof Set ? [...codes].filter((code) => typeof code === 'string') : []
}

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

/** What a merchant has spent of its budget on the UTC day of a moment. */
export const budgetKey = (merchantId: MerchantId, atMs: number) => ({
  pk: `BUDGET#${merchantId}`,
  sk: `DAY#${dayOf(atMs)}`,
})

/**
 * A merchant's budget of the day, from which a grant takes; undefined where it keeps none. A day is a UTC day. One item,
 * however large the budget: parts of it could not be edited without forgetting what the other parts have spent, and none
 * of them might hold what the last grant costs.
 *
 * @param costCents what the grant costs: its message and its offer
 */
export const budgetTally = (
  merchantId: MerchantId,
  { sendsPerDay, spendCentsPerDay }: Budget,
  costCents: number,
  nowMs: number,
): Tally | undefined => {
  if (sendsPerDay === undefined && spendCentsPerDay === undefined) return undefined
  return {
    ...budgetKey(merchantId, nowMs),
    // Both are counted, whichever is limited: a limit that is set during the day holds for the whole of it.
    add: { sends: 1, cents: costCents },
    max: {
      ...(sendsPerDay !== undefined && { sends: sendsPerDay }),
      ...(spendCentsPerDay !== undefined && { cents: spendCentsPerDay }),
    },
  }
}

/** Is it a merchant's budget that is counted? */
export const isOfBudget = ({ pk }: Pick<Tally, 'pk'>): boolean => pk.startsWith('BUDGET#')

/** What a message has counted on a budget, with so much more money. */
export const withCents = <T extends Pick<Tally, 'add'>>(tally: T, cents: number): T => ({
  ...tally,
  add: { ...tally.add, cents: (tally.add['cents'] ?? 0) + cents },
})

/** Has a tally, as it was read, room for one more grant? */
export const hasRoom = (
  { add, max }: Tally,
  stored: Readonly<Record<string, unknown>> | undefined,
): boolean =>
  Object.entries(max).every(([field, most]) => Number(stored?.[field] ?? 0) + (add[field] ?? 0) <= most)
