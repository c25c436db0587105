import type { MerchantId, OfferId } from '#shared/domain/ids.ts'

export const OFFER_KINDS = ['coupon', 'gift', 'points', 'trial', 'makeGood'] as const
export type OfferKind = (typeof OFFER_KINDS)[number]

/** Whose codes customers show: drawn for each grant, or the merchant's own, each of which is given once. */
export const CODE_SOURCES = ['generated', 'list'] as const
export type CodeSource = (typeof CODE_SOURCES)[number]

/** What a scene gives. Its stock lives in the Ledger, spread over `stockShards` items. */
export type Offer = {
  readonly id: OfferId
  readonly merchantId: MerchantId
  readonly name: string
  readonly kind: OfferKind
  readonly description: string
  /** How many may be given in all. */
  readonly stock: number
  /** Without it, generated. A list's stock is its codes; they lie on the stock's items. */
  readonly codes?: CodeSource
  /** Fixed when the offer is created, so that a grant's shard stays where it is. */
  readonly stockShards: number
  /** How long a grant can be redeemed, in seconds from the moment it is granted. */
  readonly validityS: number
  /** At most so many a UTC day. */
  readonly perDay?: number
  /** At most so many at one store. */
  readonly perStore?: number
  /** At most so many for one customer; a trial is always one for each customer and merchant, ever. */
  readonly perCustomer?: number
  /** RFC 3339 UTC, exclusive: not given and not redeemed from then on. */
  readonly until?: string
  /** What one unit costs the merchant, in cents; counts against its budget. */
  readonly costCents?: number
  readonly points?: number
  /** It is advertised by its scarcity. */
  readonly isScarce?: true
  /** Given in its place when it is sold out. */
  readonly substituteId?: OfferId
  /** Customers who find it sold out are served first when stock returns. */
  readonly hasWaitingList?: true
  /** Redeemed at a store of the merchant only, by a customer whose phone is there: see `storesAt`. */
  readonly redeemAt?: 'store'
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}

/**
 * Has a grant of the offer a code? One that is redeemed at the store has none: a code says nothing of a place, and what nobody
 * has been told cannot be passed around.
 *
 * @example hasCode({ redeemAt: 'store' }) // false
 */
export const hasCode = ({ redeemAt }: Pick<Offer, 'redeemAt'>): boolean => redeemAt === undefined

export const MAX_STOCK_SHARDS = 16
const UNITS_PER_SHARD = 50

/**
 * Over how many items a stock is spread: small stocks stay whole, so that the last units are found at once;
 * large ones are spread, because one DynamoDB partition takes 1,000 writes a second.
 *
 * @example stockShardsFor(10) // 1
 * @example stockShardsFor(10_000) // 16
 */
export const stockShardsFor = (stock: number): number =>
  Math.min(MAX_STOCK_SHARDS, Math.max(1, Math.floor(stock / UNITS_PER_SHARD)))

/** Splits a stock over its shards as evenly as whole numbers allow. */
export const splitStock = (stock: number, shards: number): number[] =>
  Array.from({ length: shards }, (_, shard) => Math.floor(stock / shards) + (shard < stock % shards ? 1 : 0))
