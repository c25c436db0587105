import type { Relationship } from '#shared/domain/customers/relationship.ts'
import type { GrantId, MerchantId, MessageId, OfferId, SceneId, ZoneId } from '#shared/domain/ids.ts'
import type { Budget } from '#shared/domain/merchants/merchant.ts'
import type { VisitLimit } from '#shared/domain/merchants/trust.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { StoreBook } from '#shared/domain/scenes/places.ts'
import type { AppEventType, Cap, MessageKind, Scene, WeeklyHours } from '#shared/domain/scenes/scene.ts'
import type { AddedRules } from '#shared/domain/schedule/lawful-hours.ts'

/** A message that the customer got, or is to get. */
export type RecentSend = {
  readonly atMs: number
  readonly merchantId: MerchantId
  readonly sceneId: SceneId
  readonly messageId: MessageId
  readonly kind?: MessageKind
  /** It told of a scarce offer. */
  readonly isScarce?: true
  /** The venues in whose areas the customer was. */
  readonly venueIds?: readonly ZoneId[]
}

/** A message that the customer would have got but for an experiment. */
export type HeldOutSend = RecentSend & { readonly occasion: string }

/** Who has the customer's attention: the message that went last, and how good it was. */
export type Slot = { readonly atMs: number; readonly messageId: MessageId; readonly score: number }

/** Where the customer stands: which of the operator's and the venues' areas hold that place. */
export type Surroundings = {
  readonly isExcluded: boolean
  /** The most messages that a visitor of the venue may get in any 24 hours. */
  readonly venues: readonly { readonly id: ZoneId; readonly capPerDay: number }[]
}

/** What a merchant knows of the customer, with its latest app events since a moment, complete. */
export type KnownRelationship = Relationship & {
  readonly events: readonly { readonly type: AppEventType; readonly atMs: number }[]
  readonly eventsSinceMs: number
}

/** What is known of the customer; what is not known counts as no. */
export type CustomerFacts = {
  readonly pushConsent: boolean
  readonly smsConsents: ReadonlySet<MerchantId>
  /** Where the customer is, or was, is no reason to speak any more. */
  readonly locationWithdrawn?: true
  readonly hasPushDevice: boolean
  readonly hasPhoneNumber: boolean
  /** ISO 3166-1 alpha-2. */
  readonly phoneCountry?: string
  /** At most 200, of the last 30 days. */
  readonly recentSends: readonly RecentSend[]
  /** At most 100, of the last 30 days. */
  readonly heldOut?: readonly HeldOutSend[]
  readonly slot?: Slot
  readonly mutedMerchants: ReadonlySet<MerchantId>
  /** No message at all before this moment, ms since the epoch. */
  readonly mutedUntilMs?: number
  readonly quietHours?: readonly WeeklyHours[]
  /** The customer's own, stricter than the platform's. */
  readonly caps: readonly Cap[]
  /** Which channel the customer wants first. */
  readonly preferredChannel?: Channel
  readonly locale?: string
  /** Of the phone that pushes go to; known once the phones were looked up. */
  readonly phoneLocale?: string
  /** 'MM-DD'. */
  readonly birthday?: string
  /** With each merchant that the triggers are about; one that is not among them was not read. */
  readonly relationships: ReadonlyMap<MerchantId, KnownRelationship>
  /** Whether coupons that end are still held; one that was not looked up is taken to be. */
  readonly coupons?: ReadonlyMap<GrantId, boolean>
  /** Absent: not looked up, or nobody knows where the customer is. */
  readonly surroundings?: Surroundings
}

export type MerchantFacts = {
  readonly name: string
  readonly isSuspended: boolean
  readonly scenes: readonly Scene[]
  readonly offers: ReadonlyMap<OfferId, Offer>
  readonly stores: StoreBook
  readonly budget?: Budget
  readonly caps: readonly Cap[]
  /** Its scenes are looked at for visits. */
  readonly pauseWithoutVisits?: VisitLimit
}

/** What holds for all merchants and customers; it is read at every decision, so a change counts at once. */
export type Limits = {
  /** Of all merchants together, for one customer. */
  readonly platformCaps: readonly Cap[]
  /** Of any one merchant, for one customer. */
  readonly merchantCaps: readonly Cap[]
  readonly kindCaps: Readonly<Partial<Record<MessageKind, readonly Cap[]>>>
  /** The most pressure that promotion may put on a customer; one offer just now is 1 (score.ts). */
  readonly maxPressure: number
  /** How long the message that went last keeps the customer's attention, in seconds. */
  readonly slotS: number
}

/** Everything that a decision rests on. */
export type DecisionFacts = {
  readonly customer: CustomerFacts
  readonly merchants: ReadonlyMap<MerchantId, MerchantFacts>
  readonly isKilled: boolean
  /** What the operator adds to the law. */
  readonly addedRules: AddedRules
  readonly limits: Limits
}

/** What the grant's transaction has refused before, so that deciding again looks further. */
export type Spent = {
  /** See `occasionKey`. */
  readonly occasions: ReadonlySet<string>
  readonly offers: ReadonlySet<OfferId>
  /** Of these, those of which the customer may have one when stock returns. */
  readonly awaited: ReadonlySet<OfferId>
  /** Merchants whose budget of the day is used up. */
  readonly budgets: ReadonlySet<MerchantId>
  /** Scenes whose template could not be filled in. */
  readonly unreadable: ReadonlySet<SceneId>
}

export const NOTHING_SPENT: Spent = {
  occasions: new Set(),
  offers: new Set(),
  awaited: new Set(),
  budgets: new Set(),
  unreadable: new Set(),
}
