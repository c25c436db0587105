import * as z from 'zod'
import { preferencesSchema } from '#shared/contracts/http/me.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { contentSchema } from '#shared/contracts/items/message-content.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import { MESSAGE_STATES, UNREADABLE } from '#shared/domain/messages/message.ts'
import type { CustomerFacts, RecentSend } from '#shared/domain/scenes/facts.ts'
import { MAX_RAISED } from '#shared/domain/scenes/next-occasions.ts'
import { APP_EVENT_TYPES, MESSAGE_KINDS } from '#shared/domain/scenes/scene.ts'

/** A Ledger item as unmarshalled. */
export type Item = Record<string, unknown>

export const userKey = (user: UserId): string => `U#${user}`
export const profileKey = (user: UserId) => ({ pk: userKey(user), sk: 'PROFILE' })
export const messageKey = (user: UserId, messageId: MessageId) => ({
  pk: userKey(user),
  sk: `MESSAGE#${messageId}`,
})

/** How long what happened is kept: 13 months. */
export const RETENTION_S = 396 * 24 * 3600
/** When what happens now is forgotten, in seconds since the epoch. */
export const expiryOf = (nowMs: number): number => Math.floor(nowMs / 1000) + RETENTION_S

/** How long a decision can be explained. */
export const TRACE_TTL_S = 30 * 24 * 3600

const consent = z.object({ granted: z.boolean() })

const recentSend = z.object({
  atMs: z.number(),
  merchantId: id('mer'),
  sceneId: id('scn'),
  messageId: id('msg'),
  kind: z.enum(MESSAGE_KINDS).exactOptional(),
  isScarce: z.literal(true).exactOptional(),
  venueIds: z.array(id('zon')).exactOptional(),
})

/** How many messages are remembered that experiments have kept from a customer. */
export const MAX_HELD_OUT = 100

const profile = z.object({
  version: z.number(),
  consents: z
    .object({
      push: consent.optional(),
      sms: z.record(z.string(), consent).optional(),
      location: consent.optional(),
    })
    .default({}),
  phoneNumber: z.string().optional(),
  /** ISO 3166-1 alpha-2. */
  phoneCountry: z.string().exactOptional(),
  recentSends: z.array(recentSend).max(200).default([]),
  heldOut: z
    .array(recentSend.extend({ occasion: z.string() }))
    .max(MAX_HELD_OUT)
    .default([]),
  slot: z.object({ atMs: z.number(), messageId: id('msg'), score: z.number() }).exactOptional(),
  preferences: preferencesSchema.default({}),
  preferencesAtMs: z.number().default(0),
})

/** A profile as deciding sees it. `version` is what a grant is conditioned on; 0 = there is no profile. */
export type ProfileFacts = Omit<CustomerFacts, 'hasPushDevice' | 'relationships' | 'surroundings'> & {
  readonly version: number
  readonly erased: boolean
  readonly phoneNumber?: string
  /** What the customer said of its own taste; it holds with every merchant. */
  readonly tastes: Readonly<Record<string, string | number | boolean>>
  /** When the customer said it. */
  readonly preferencesAtMs: number
}

const isMerchantId = (text: string) => id('mer').safeParse(text)

/**
 * Reads a PROFILE item, or its tombstone. Without one nothing is consented to.
 *
 * @throws {z.ZodError} when the item has another form
 */
export const parseProfile = (item: Item | undefined): ProfileFacts => {
  const nobody = {
    version: 0,
    pushConsent: false,
    smsConsents: new Set<never>(),
    hasPhoneNumber: false,
    recentSends: [] as RecentSend[],
    mutedMerchants: new Set<never>(),
    caps: [],
    tastes: {},
    preferencesAtMs: 0,
  }
  if (item === undefined) return { ...nobody, erased: false }
  if (item['tombstone'] === true) return { ...nobody, erased: true }
  const {
    version,
    consents,
    phoneNumber,
    recentSends,
    heldOut,
    slot,
    phoneCountry,
    preferences,
    preferencesAtMs,
  } = profile.parse(item)
  const { channel: preferredChannel, locale, birthday, quietHours, mutedUntil } = preferences
  const smsConsents = Object.entries(consents.sms ?? {})
    .filter(([, { granted }]) => granted)
    .map(([merchantId]) => isMerchantId(merchantId))
    .flatMap((parsed) => (parsed.success ? [parsed.data] : []))
  return {
    version,
    erased: false,
    pushConsent: consents.push?.granted ?? false,
    ...(consents.location?.granted === false && { locationWithdrawn: true as const }),
    smsConsents: new Set(smsConsents),
    hasPhoneNumber: phoneNumber !== undefined,
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
    ...(preferredChannel === undefined ? {} : { preferredChannel }),
    ...(locale === undefined ? {} : { locale }),
    recentSends,
    ...(heldOut.length > 0 && { heldOut }),
    ...(phoneCountry === undefined ? {} : { phoneCountry }),
    ...(slot === undefined ? {} : { slot }),
    ...(birthday === undefined ? {} : { birthday }),
    ...(quietHours === undefined ? {} : { quietHours }),
    ...(mutedUntil === undefined ? {} : { mutedUntilMs: Date.parse(mutedUntil) }),
    mutedMerchants: new Set(preferences.mutedMerchants ?? []),
    caps: preferences.caps ?? [],
    tastes: preferences.tastes ?? {},
    preferencesAtMs,
  }
}

const device = z.object({
  deviceId: z.string(),
  platform: z.enum(['apns', 'apns-sandbox', 'fcm']),
  token: z.string(),
  enabled: z.boolean(),
  updatedAt: z.string(),
  endpointArn: z.string().optional(),
  locale: z.string().optional(),
})
export type Device = z.output<typeof device>
export type PushPlatform = Device['platform']

/** Reads DEVICE items; the freshest first. */
export const parseDevices = (items: readonly Item[]): Device[] =>
  items
    .map((item) => device.parse(item))
    .toSorted(
      (a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt) || (a.deviceId < b.deviceId ? -1 : 1),
    )

/** What a grant has counted up somewhere, and counts down again when its message does not go out. */
const tally = z.object({ pk: z.string(), sk: z.string(), add: z.record(z.string(), z.number()) })
export type StoredTally = z.output<typeof tally>
/** What a message or a grant gives back beside its unit. */
export const storedTallies = z.array(tally).max(8).default([])

const message = z.object({
  user: id('usr'),
  messageId: id('msg'),
  /** None on a test send, which holds nothing and counts nowhere. */
  grantId: id('grt').optional(),
  merchantId: id('mer'),
  sceneId: id('scn'),
  channel: z.enum(CHANNELS),
  /** Messages of before it was noted count as promotion. */
  messageKind: z.enum(MESSAGE_KINDS).default('offer'),
  state: z.enum(MESSAGE_STATES),
  content: contentSchema,
  /** What it costs as SMS. */
  smsCents: z.number().optional(),
  offerId: id('off').optional(),
  stockShard: z.number().optional(),
  listedCode: z.string().optional(),
  storeId: id('sto').optional(),
  tallies: storedTallies,
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
  /** What was known of the place when the law let it; no message of before it was kept has one. */
  lawPlace: z
    .object({
      timeZone: z.string().max(64).exactOptional(),
      country: z.string().max(2).exactOptional(),
      subdivision: z.string().max(3).exactOptional(),
    })
    .exactOptional(),
  leaseUntilMs: z.number().default(0),
  attempts: z.number().default(0),
  reason: z.string().optional(),
  /** An attempt was left half way: it may have gone out. */
  mayHaveLeft: z.boolean().default(false),
  /** The phone that the last attempt of a push was for. */
  deviceId: z.string().optional(),
  /** The code of its opt-out link, once there is one. */
  stopCode: z.string().optional(),
})
export type StoredMessage = z.output<typeof message>

/** Reads a MESSAGE item; `unreadable` when it has another form. */
export const parseMessage = (item: Item): StoredMessage | 'unreadable' =>
  message.safeParse(item).data ?? 'unreadable'

/** Has it ended? What was only unreadable to an earlier program has not. */
export const isFinal = ({ state, reason }: Pick<StoredMessage, 'state' | 'reason'>): boolean =>
  state !== 'queued' && state !== 'sending' && !(state === 'failed' && reason === UNREADABLE)

/**
 * The key under which the `due` index finds an item at its time: one partition an hour and shard.
 *
 * @param subject what the item is about; its hash chooses the shard
 * @example dueKey(Date.UTC(2026, 0, 2, 3, 4), 'usr_…', 0) // { duePk: 'DUE#2026-01-02T03#0', dueSk: '2026-01-02T03:04:00.000Z#usr_…' }
 */
export const dueKey = (atMs: number, subject: string, shard: number) => {
  const at = new Date(atMs).toISOString()
  return { duePk: `DUE#${at.slice(0, 13)}#${shard}`, dueSk: `${at}#${subject}` }
}

/** The shard in which an item is due. */
export const shardOfDue = (duePk: string): number => Number(duePk.slice(duePk.lastIndexOf('#') + 1))

const eventTrigger = z.object({
  triggerKind: z.literal('event'),
  user: id('usr'),
  eventId: z.string().max(200),
  type: z.enum(APP_EVENT_TYPES),
  at: z.string(),
  merchantId: id('mer'),
  storeId: id('sto').optional(),
  /** That of the store. */
  timeZone: z.string().max(64).optional(),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
  correlationId: id('wrt').exactOptional(),
})
const restockTrigger = z.object({
  triggerKind: z.literal('restock'),
  user: id('usr'),
  merchantId: id('mer'),
  sceneId: id('scn'),
  offerId: id('off'),
  dueAtMs: z.number(),
  occasion: z.string().max(200),
  storeId: id('sto').optional(),
  timeZone: z.string().max(64).optional(),
  correlationId: id('wrt').exactOptional(),
})
const planOfOccasion = { plan: z.string().max(100), plannedAtMs: z.number(), staleAfterS: z.number() }
/** See `Occasion`. */
const raisedOccasion = z.object({ sceneId: id('scn'), occasion: z.string().max(200), ...planOfOccasion })
/** What a reminder is about that waits for an open hour, beside its scene and occasion. */
export const remindedOf = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('restock'), offerId: id('off') }),
  z.object({ kind: z.literal('due'), ...planOfOccasion }),
])
const dueTrigger = z.object({
  triggerKind: z.literal('due'),
  user: id('usr'),
  merchantId: id('mer'),
  dueAtMs: z.number(),
  /** What is due together is weighed together. */
  occasions: z.array(raisedOccasion).min(1).max(MAX_RAISED),
  timeZone: z.string().max(64).optional(),
  correlationId: id('wrt').exactOptional(),
})

/** An EVENT item that triggers: an app event, a due occasion, or stock that returned. */
export const ledgerTrigger = z.discriminatedUnion('triggerKind', [eventTrigger, dueTrigger, restockTrigger])
export type LedgerTrigger = z.output<typeof ledgerTrigger>
