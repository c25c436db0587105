import type { GeofenceId, MerchantId, OfferId, SceneId, StoreId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { Translation } from '#shared/domain/messages/message.ts'

export const SCENE_STATES = ['draft', 'active', 'paused', 'archived'] as const
export type SceneState = (typeof SCENE_STATES)[number]

export const SCENE_GOALS = ['visit', 'redemption', 'purchase', 'rating', 'referral', 'contentRead'] as const
export type SceneGoal = (typeof SCENE_GOALS)[number]

export const APP_EVENT_TYPES = [
  'app_open',
  'qr_scan',
  'purchase',
  'rating',
  'complaint',
  'share',
  'booking',
  'search',
] as const
export type AppEventType = (typeof APP_EVENT_TYPES)[number]

/** At which of the merchant's geofences a place trigger listens; absent = at all of them. */
export type ScenePlaces = {
  readonly geofenceIds?: readonly GeofenceId[]
  readonly storeIds?: readonly StoreId[]
}

export type SceneTrigger =
  | {
      readonly type: 'enter'
      readonly at?: ScenePlaces
      /** Whether it listens, too, when a geofence is drawn around customers who stand there already. */
      readonly includePresent?: boolean
    }
  | { readonly type: 'exit'; readonly at?: ScenePlaces }
  | { readonly type: 'dwell'; readonly at?: ScenePlaces; readonly dwellS: number }
  | { readonly type: 'event'; readonly eventType: AppEventType }
  | { readonly type: 'due'; readonly daysSinceLastVisit: number }

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** Open from `from` to `to` ('HH:MM', local) on these days; `to` at or before `from` runs past midnight. */
export type WeeklyHours = {
  readonly days: readonly Weekday[]
  readonly from: string
  readonly to: string
}

/** When a scene may speak. `from` and `until` are RFC 3339 UTC; `until` is exclusive. */
export type SceneWhen = {
  readonly from?: string
  readonly until?: string
  readonly weeklyHours?: readonly WeeklyHours[]
}

export type PushTemplate = {
  readonly title: string
  readonly body: string
  readonly deepLink?: string
  readonly imageUrl?: string
}
export type SmsTemplate = { readonly body: string }

/** One template per channel; a channel without its own template is not used. */
export type SceneMessage = {
  readonly push?: PushTemplate
  readonly sms?: SmsTemplate
  /** The same in other languages, by BCP 47 tag. */
  readonly translations?: Readonly<Record<string, Translation>>
  /** The channel to try first where both reach the customer, who may prefer another; push without it. */
  readonly firstChannel?: Channel
  /** How long the message is worth delivering, in seconds. */
  readonly ttlS: number
}

export type SceneLimits = {
  /** The shortest time between two messages of this scene to one customer, in seconds. */
  readonly coolDownS: number
  /** The oldest trigger (event time to decision) that still earns a message, in seconds. */
  readonly maxAgeS: number
}

/** Place + time + trigger + message + limits, owned by one merchant. */
export type Scene = {
  readonly id: SceneId
  readonly merchantId: MerchantId
  readonly name: string
  readonly revision: number
  readonly state: SceneState
  readonly goal: SceneGoal
  readonly triggers: readonly SceneTrigger[]
  readonly when: SceneWhen
  readonly message: SceneMessage
  readonly offerId?: OfferId
  readonly limits: SceneLimits
  /** 0 (lowest) to 100. */
  readonly priority: number
  readonly createdAt: string
  readonly updatedAt: string
}
