import type { MerchantId, ReceiptId, UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { Cap, WeeklyHours } from '#shared/domain/scenes/scene.ts'

export const DEVICE_PLATFORMS = ['apns', 'apns-sandbox', 'fcm'] as const
export type DevicePlatform = (typeof DEVICE_PLATFORMS)[number]

/** How many phones one customer may register. */
export const MAX_DEVICES = 10
/** For how many merchants one customer's choice about SMS is kept; the profile is read at every decision. */
export const MAX_SMS_CONSENTS = 100

/**
 * A choice of the customer: what, when (RFC 3339 UTC), where, the words that were shown and which version of them.
 * `receiptId` names the receipt that proves it; a choice of before receipts were kept has none.
 */
export type Consent = {
  readonly granted: boolean
  readonly at: string
  readonly source: string
  readonly text?: string
  readonly textVersion?: string
  readonly receiptId?: ReceiptId
}

/** What a choice is about: push of the whole platform, text messages of one merchant, or the use of positions. */
export type ConsentSubject =
  | { readonly about: 'push' }
  | { readonly about: 'location' }
  | { readonly about: 'sms'; readonly merchantId: MerchantId }

export const CONSENT_SUBJECTS = [
  'push',
  'sms',
  'location',
] as const satisfies readonly ConsentSubject['about'][]

export type Consents = {
  readonly push?: Consent
  readonly sms?: Readonly<Record<MerchantId, Consent>>
  /** Absent: never asked for here; the phone's own permission is all there is. */
  readonly location?: Consent
}

/** One choice as it was made; receipts are only ever added. */
export type ConsentReceipt = Consent & ConsentSubject & { readonly receiptId: ReceiptId }

/**
 * How the customer wants to be spoken to: by which channel first, in which language, when and how often; all of it
 * optional. `caps` can only make messages fewer.
 */
export type Preferences = {
  /** Which channel to try first. */
  readonly channel?: Channel
  /** BCP 47. */
  readonly locale?: string
  /** 'MM-DD'. */
  readonly birthday?: string
  /** What the customer likes, by name; it holds with every merchant. */
  readonly tastes?: Readonly<Record<string, string | number | boolean>>
  readonly quietHours?: readonly WeeklyHours[]
  readonly caps?: readonly Cap[]
  readonly mutedMerchants?: readonly MerchantId[]
  /** RFC 3339 UTC. */
  readonly mutedUntil?: string
}

/** The part of a customer's profile that the customer sees and changes. */
export type Profile = {
  readonly user: UserId
  readonly version: number
  readonly createdAt: string
  readonly consents: Consents
  readonly phoneNumber?: string
  readonly preferences: Preferences
}

/** A phone that can be reached by push. `endpointArn` is written by the sender. */
export type Device = {
  readonly deviceId: string
  readonly platform: DevicePlatform
  readonly token: string
  readonly enabled: boolean
  readonly updatedAt: string
  readonly endpointArn?: string
  /** The phone's language (BCP 47). */
  readonly locale?: string
}

const DAY_S = 86_400
/** How long the hashed mark of an erased customer is kept, so that nothing late brings the customer back. */
export const TOMBSTONE_S = 35 * DAY_S

/** What is left of an erased customer. */
export const tombstone = (nowMs: number) => ({
  kind: 'tombstone' as const,
  tombstone: true as const,
  erasedAt: new Date(nowMs).toISOString(),
  ttl: Math.floor(nowMs / 1000) + TOMBSTONE_S,
})

/**
 * The choices after one more was made; `undefined` when there is no room for SMS of another merchant.
 *
 * @example withConsent({}, { about: 'push' }, consent) // { push: consent }
 */
export const withConsent = (
  consents: Consents,
  subject: ConsentSubject,
  consent: Consent,
): Consents | undefined => {
  if (subject.about !== 'sms') return { ...consents, [subject.about]: consent }
  const sms = { ...consents.sms, [subject.merchantId]: consent }
  return Object.keys(sms).length > MAX_SMS_CONSENTS ? undefined : { ...consents, sms }
}
