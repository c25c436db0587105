import type { StoredMessage } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, SceneId, StoreId } from '#shared/domain/ids.ts'
import { type Counted, utcDay } from '#shared/domain/loop/count.ts'
import type { Conversion } from '#shared/domain/loop/credit.ts'
import { countsOfDeal, type Deal } from '#shared/domain/loop/deal.ts'
import type { Stage, Step } from '#shared/domain/loop/exposure.ts'
import type { TurnedAway } from '#shared/domain/merchants/trust.ts'
import { messageCents } from '#shared/domain/messages/price.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'
import type { AppEventType } from '#shared/domain/scenes/scene.ts'
import type { EventProperties } from '#shared/domain/scenes/trigger.ts'

/**
 * What the end of a message counts, on the day and at the store of its grant; nothing for a test send. The price is
 * counted for what has gone out, and for what may have.
 */
export const endedCounts = ({
  grantId,
  sceneId,
  createdAtMs,
  storeId,
  state,
  channel,
  smsCents,
}: Pick<
  StoredMessage,
  'grantId' | 'sceneId' | 'createdAtMs' | 'storeId' | 'state' | 'channel' | 'smsCents'
>): Counted[] => {
  if (grantId === undefined) return []
  const cents = state === 'sent' || state === 'unknown' ? messageCents(channel, smsCents) : 0
  return [
    {
      place: { of: 'scene', sceneId, day: utcDay(createdAtMs), storeId, arm: 'treated' },
      counts: { [state]: 1, ...(cents > 0 && { messageCents: cents }) },
    },
  ]
}

/** A deal counts at the merchant, not at a store: the second one may be made at another. */
const dealCounts = (merchantId: MerchantId, deal: Deal | undefined): Counted[] =>
  deal === undefined
    ? []
    : [{ place: { of: 'store', merchantId, day: deal.cohortDay }, counts: countsOfDeal(deal) }]

type RedeemedGrant = {
  readonly merchantId: MerchantId
  readonly redeemedAtMs: number
  readonly redeemedAtStoreId?: StoreId | undefined
  /** What the offer costs the merchant. */
  readonly offerCents?: number | undefined
  readonly isFirst: boolean
  readonly isRepeat: boolean
  readonly deal?: Deal | undefined
}

/** What a redemption is to the exposure of its grant. */
export const redemptionStep = ({
  redeemedAtMs,
  redeemedAtStoreId,
  offerCents,
  isFirst,
  isRepeat,
}: RedeemedGrant): Step => ({
  stage: 'redeemed',
  atMs: redeemedAtMs,
  storeId: redeemedAtStoreId,
  isFirst,
  more: {
    ...(offerCents !== undefined && offerCents > 0 && { offerCents }),
    ...(isRepeat && { redeemedRepeat: 1 }),
  },
})

/** What a redemption counts at the store where it was made, and as a deal. */
export const redemptionCounts = ({
  merchantId,
  redeemedAtStoreId,
  redeemedAtMs,
  isFirst,
  deal,
}: RedeemedGrant): Counted[] => [
  {
    place: { of: 'store', merchantId, storeId: redeemedAtStoreId, day: utcDay(redeemedAtMs) },
    counts: { redemptions: 1, ...(isFirst && { newCustomers: 1 }) },
  },
  ...dealCounts(merchantId, deal),
]

type Visit = Pick<ClosedVisit, 'merchantId' | 'storeId' | 'enteredAtMs' | 'exitedAtMs' | 'lastInsideAtMs'> & {
  readonly isFirst: boolean
  readonly isReachable: boolean
}

/** What a settled visit is to the exposures before it. */
export const visitConversion = ({
  storeId,
  enteredAtMs,
  lastInsideAtMs,
  exitedAtMs = lastInsideAtMs,
  isFirst,
}: Omit<Visit, 'isReachable'>): Conversion => ({
  stage: 'visited',
  atMs: enteredAtMs,
  storeId,
  isFirst,
  span: { fromMs: enteredAtMs, untilMs: exitedAtMs },
})

/**
 * What a settled visit counts at its store. Who was brought by a message was reachable.
 *
 * @param isBrought it is the first visit that was credited to a message
 */
export const visitCounts = (
  { merchantId, storeId, enteredAtMs, isFirst, isReachable }: Visit,
  isBrought: boolean,
): Counted[] => [
  {
    place: { of: 'store', merchantId, storeId, day: utcDay(enteredAtMs) },
    counts: {
      entered: 1,
      ...((isReachable || isBrought) && { reachable: 1 }),
      ...(isFirst && { newCustomers: 1 }),
    },
  },
]

const STAGE_OF: Readonly<Partial<Record<AppEventType, { stage: Stage; count: string }>>> = {
  purchase: { stage: 'purchased', count: 'purchases' },
  rating: { stage: 'rated', count: 'ratings' },
  share: { stage: 'shared', count: 'shares' },
}

/** The currencies that there are, so that a counter has no more names than these (ISO 4217). */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

export type Paid = { readonly currency: string; readonly amountMinor: number }

/**
 * The most that one purchase is taken to have cost, in the smallest unit: a house in the smallest money there is. Customers
 * post purchases themselves; none of them shall drown what a merchant's others have paid.
 */
export const MAX_PAID_MINOR = 1e12

/**
 * What a purchase says that it cost: `amountMinor` in the smallest unit of `currency`; undefined where it does not say so,
 * or more than `MAX_PAID_MINOR`.
 */
export const paidIn = ({ amountMinor, currency }: EventProperties = {}): Paid | undefined =>
  typeof amountMinor === 'number' &&
  Number.isSafeInteger(amountMinor) &&
  amountMinor >= 0 &&
  amountMinor <= MAX_PAID_MINOR &&
  typeof currency === 'string' &&
  CURRENCIES.has(currency)
    ? { currency, amountMinor }
    : undefined

type Event = {
  readonly type: AppEventType
  readonly at: string
  readonly merchantId: MerchantId
  readonly storeId?: StoreId | undefined
  readonly properties?: EventProperties | undefined
  readonly isFirst: boolean
  readonly deal?: Deal | undefined
}

/** What an app event is to the exposures before it; undefined for one that is no outcome. */
export const eventConversion = ({
  type,
  at,
  storeId,
  properties,
  isFirst,
}: Event): Conversion | undefined => {
  const known = STAGE_OF[type]
  if (known === undefined) return undefined
  const atMs = Date.parse(at)
  const spent = type === 'purchase' ? paidIn(properties) : undefined
  return { stage: known.stage, atMs, storeId, spent, isFirst, span: { fromMs: atMs, untilMs: atMs } }
}

/** What an app event counts at its store, and as a deal. */
export const eventCounts = (event: Event): Counted[] => {
  const { type, at, merchantId, storeId, properties, isFirst, deal } = event
  const known = STAGE_OF[type]
  if (known === undefined) return []
  const spent = type === 'purchase' ? paidIn(properties) : undefined
  return [
    {
      place: { of: 'store', merchantId, storeId, day: utcDay(Date.parse(at)) },
      counts: {
        [known.count]: 1,
        ...(spent && { [`revenue_${spent.currency}`]: spent.amountMinor }),
        ...(isFirst && { newCustomers: 1 }),
      },
    },
    ...dealCounts(merchantId, deal),
  ]
}

/** What it counts that a customer turned away after a message: on the day of the message. */
export const turnedAwayCount = (sceneId: SceneId, sentAtMs: number, how: TurnedAway): Counted => ({
  place: { of: 'scene', sceneId, day: utcDay(sentAtMs), arm: 'treated' },
  counts: { [how]: 1 },
})
