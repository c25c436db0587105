import type { AudienceRule } from '#shared/domain/customers/audience.ts'
import type { GeofenceId, MerchantId, OfferId, RegionId, SceneId, StoreId } from '#shared/domain/ids.ts'
import type { AutoPause } from '#shared/domain/merchants/trust.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { VisitPlan } from '#shared/domain/scenes/visit-plan.ts'
import type { FestivalDays } from '#shared/domain/schedule/festivals.ts'

export const SCENE_STATES = ['draft', 'active', 'paused', 'archived'] as const
export type SceneState = (typeof SCENE_STATES)[number]

export const SCENE_GOALS = ['visit', 'redemption', 'purchase', 'rating', 'referral', 'contentRead'] as const
export type SceneGoal = (typeof SCENE_GOALS)[number]

/** What a message is: `service` answers the customer's own act and is no promotion; the others are. */
export const MESSAGE_KINDS = ['offer', 'content', 'service', 'greeting'] as const
export type MessageKind = (typeof MESSAGE_KINDS)[number]

export const APP_EVENT_TYPES = [
  'app_open',
  'qr_scan',
  'purchase',
  'rating',
  'complaint',
  'complaint_closed',
  'share',
  'booking',
  'search',
] as const
export type AppEventType = (typeof APP_EVENT_TYPES)[number]

/** What a scene is about, where its merchant keeps a rhythm of it and customers may like it or not. */
export const SCENE_THEMES = ['newArrival'] as const
export type SceneTheme = (typeof SCENE_THEMES)[number]

/** Events that ask nothing of a merchant: no service answers them. */
export const UNANSWERED_EVENTS: ReadonlySet<string> = new Set<AppEventType>(['app_open', 'search'])

/**
 * At which of the merchant's places a trigger listens; absent = at all its geofences. Where several are named, one that
 * holds is enough. A region covers all stores at it and below it.
 */
export type ScenePlaces = {
  readonly geofenceIds?: readonly GeofenceId[]
  readonly storeIds?: readonly StoreId[]
  readonly stores?: 'all' | 'flagship'
  readonly regionIds?: readonly RegionId[]
}

export const PROPERTY_TESTS = ['equals', 'not', 'atLeast', 'atMost', 'oneOf'] as const
/** What a property of an app event must be; a property that is missing is nothing of this. */
export type PropertyCondition = {
  readonly property: string
  readonly test: (typeof PROPERTY_TESTS)[number]
  readonly value: string | number | boolean | readonly (string | number)[]
}

/** Which movements earn a message: how fast, how sure, how old. A bound that cannot be checked is not met. */
export type Bounds = {
  readonly maxSpeedMps?: number
  /** Share of the accuracy circle inside the geofence, 0 to 1. */
  readonly minConfidence?: number
  /** In place of the scene's `limits.maxAgeS`. */
  readonly maxAgeS?: number
}

export type SceneTrigger =
  | (Bounds & {
      readonly type: 'enter'
      readonly at?: ScenePlaces
      /** Whether it listens, too, when a geofence is drawn around customers who stand there already. */
      readonly includePresent?: boolean
    })
  | (Bounds & { readonly type: 'exit'; readonly at?: ScenePlaces })
  | (Bounds & { readonly type: 'dwell'; readonly at?: ScenePlaces; readonly dwellS: number })
  | (Pick<Bounds, 'maxAgeS'> & {
      readonly type: 'event'
      readonly eventType: AppEventType
      readonly at?: Omit<ScenePlaces, 'geofenceIds'>
      /** All of them. */
      readonly where?: readonly PropertyCondition[]
    })
  | {
      readonly type: 'due'
      readonly plan: VisitPlan
      /** How late an occasion may come and still be worth it, in seconds; a day where it is not said. */
      readonly staleAfterS?: number
    }

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** Open from `from` to `to` ('HH:MM', local) on these days; `to` at or before `from` runs past midnight. */
export type WeeklyHours = {
  readonly days: readonly Weekday[]
  readonly from: string
  readonly to: string
}

/** So many days before and after a day, the day itself included. */
export type DaysAround = { readonly daysBefore: number; readonly daysAfter: number }

/** When a scene may speak; all that is given must hold. Days are those of the place's own zone. */
export type SceneWhen = {
  /** RFC 3339 UTC. */
  readonly from?: string
  /** RFC 3339 UTC, exclusive. */
  readonly until?: string
  readonly weeklyHours?: readonly WeeklyHours[]
  /** Only while the store is open: its hours and closing days must be known. */
  readonly whileStoreIsOpen?: true
  /** Around any of these. */
  readonly festivals?: readonly FestivalDays[]
  readonly birthday?: DaysAround
  /** Of the customer's first visit with this merchant, from the first year on. */
  readonly anniversary?: DaysAround
  /** Local days 'YYYY-MM-DD'. */
  readonly excludedDates?: readonly string[]
}

export type PushTemplate = {
  readonly title: string
  readonly body: string
  readonly deepLink?: string
  /** A picture that the phone fetches by itself. */
  readonly imageUrl?: string
}
export type SmsTemplate = { readonly body: string }

/** One template per channel; a channel without its own template is not used. */
export type Templates = { readonly push?: PushTemplate; readonly sms?: SmsTemplate }

export type SceneMessage = Templates & {
  /** `offer` for a scene with an offer, else `greeting`, where it is not said. */
  readonly kind?: MessageKind
  /** By BCP 47 tag, in place of the templates above: a channel that the locale leaves out is not used in it. */
  readonly locales?: Readonly<Record<string, Templates>>
  /** The channel to try first where both reach the customer, who may prefer another; push without it. */
  readonly firstChannel?: Channel
  /** How long the message is worth delivering, in seconds. */
  readonly ttlS: number
}

/** At most `max` in any window of `windowS` seconds. */
export type Cap = { readonly windowS: number; readonly max: number }

export type SceneLimits = {
  /** The shortest time between two messages of this scene to one customer, in seconds. */
  readonly coolDownS: number
  /** The oldest trigger (event time to decision) that still earns a message, in seconds. */
  readonly maxAgeS: number
  /** Of this scene, for one customer. */
  readonly caps?: readonly Cap[]
  /** The largest share, 0 to 1, of scarcity offers among a customer's messages of 30 days; one is always allowed. */
  readonly maxScarcityShare?: number
}

/** A share of the customers who get nothing, so that the effect can be measured. The same ones always. */
export type Experiment = {
  /** 0 to 100. */
  readonly holdoutPercent: number
  readonly salt: string
}

/** Place + time + audience + trigger + message + limits, owned by one merchant. */
export type Scene = {
  readonly id: SceneId
  readonly merchantId: MerchantId
  readonly name: string
  readonly revision: number
  readonly state: SceneState
  /** A draft may go without one. */
  readonly goal?: SceneGoal
  readonly theme?: SceneTheme
  readonly triggers: readonly SceneTrigger[]
  readonly when: SceneWhen
  readonly audience?: AudienceRule
  readonly message: SceneMessage
  readonly offerId?: OfferId
  readonly limits: SceneLimits
  readonly experiment?: Experiment
  /** For how many days after its message a visit or purchase counts as its outcome; 7 where it is not said. */
  readonly attributionDays?: number
  /** 0 (lowest) to 100. */
  readonly priority: number
  /** When the platform last paused it: it turned customers away, or brought nobody in. */
  readonly autoPause?: AutoPause
  readonly createdAt: string
  readonly updatedAt: string
}

/** What a scene's message is. */
export const kindOf = ({ message, offerId }: Pick<Scene, 'message' | 'offerId'>): MessageKind =>
  message.kind ?? (offerId === undefined ? 'greeting' : 'offer')

const MOVES: Readonly<Record<SceneState, readonly SceneState[]>> = {
  draft: ['draft', 'active'],
  active: ['active', 'paused'],
  paused: ['paused', 'active', 'archived'],
  archived: [],
}

/**
 * May a scene go from one state to another? Archived is the end; an active scene is paused first.
 *
 * @example mayMove('active', 'archived') // false
 */
export const mayMove = (from: SceneState, to: SceneState): boolean => MOVES[from].includes(to)
