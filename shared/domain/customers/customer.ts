import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { Cap, WeeklyHours } from '#shared/domain/scenes/scene.ts'

export const DEVICE_PLATFORMS = ['apns', 'apns-sandbox', 'fcm'] as const
export type DevicePlatform = (typeof DEVICE_PLATFORMS)[number]

/** How many phones one customer may register. */
export const MAX_DEVICES = 10
/** For how many merchants one customer's choice about SMS is kept; the profile is read at every decision. */
export const MAX_SMS_CONSENTS = 100

/** A choice of the customer: what, when (RFC 3339 UTC), where, and the words that were shown. */
export type Consent = {
  readonly granted: boolean
  readonly at: string
  readonly source: string
  readonly text?: string
}

export type Consents = {
  readonly push?: Consent
  readonly sms?: Readonly<Record<MerchantId, Consent>>
}

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
 * The choices after one more was made for SMS of a merchant; `undefined` when there is no room for another merchant.
 */
export const withSmsConsent = (
  consents: Consents,
  merchantId: MerchantId,
  consent: Consent,
): Consents | undefined => {
  const sms = { ...consents.sms, [merchantId]: consent }
  return Object.keys(sms).length > MAX_SMS_CONSENTS ? undefined : { ...consents, sms }
}
