import type { Position } from '#shared/domain/geo/geofence.ts'
import type { AppEventType } from '#shared/domain/scenes/scene.ts'

/** Where somebody is at a moment. */
export type Point = Position & { readonly atMs: number; readonly accuracyM: number }

/** What a merchant's scene listens to. */
export type SceneKind =
  | 'enter'
  | 'exit'
  | 'dwell'
  | 'event'
  | 'due'
  | 'festival'
  | 'followUp'
  | 'offerEnds'
  | 'thanks'

/**
 * One thing that somebody in the town does, as data: a history is a list of them, in the order of time. Merchants,
 * customers and what merchants own go by numbers, in the order in which they were made.
 */
export type Step = { readonly id: string; readonly atMs: number } & (
  | { readonly kind: 'openShop'; readonly merchant: number; readonly at: Position; readonly caps: boolean }
  | {
      readonly kind: 'draw'
      readonly merchant: number
      readonly geofence: number
      readonly at: Position
      readonly radiusM: number
    }
  | { readonly kind: 'eraseGeofence'; readonly merchant: number; readonly geofence: number }
  | {
      readonly kind: 'offer'
      readonly merchant: number
      readonly offer: number
      readonly stock: number
      readonly validityS: number
      readonly hasWaitingList: boolean
      readonly perCustomer: number | undefined
    }
  | { readonly kind: 'restock'; readonly merchant: number; readonly offer: number; readonly stock: number }
  | {
      readonly kind: 'scene'
      readonly merchant: number
      readonly scene: number
      readonly on: SceneKind
      readonly offer: number | undefined
      readonly coolDownS: number
      readonly ttlS: number
      readonly isSmsFirst: boolean
    }
  | {
      readonly kind: 'turnScene'
      readonly merchant: number
      readonly scene: number
      readonly to: 'active' | 'paused'
    }
  | { readonly kind: 'look'; readonly merchant: number; readonly other: number }
  | {
      readonly kind: 'join'
      readonly customer: number
      readonly platform: 'apns' | 'fcm'
      readonly hasNumber: boolean
    }
  | { readonly kind: 'register'; readonly customer: number; readonly platform: 'apns' | 'fcm' }
  | { readonly kind: 'consentPush'; readonly customer: number; readonly granted: boolean }
  | {
      readonly kind: 'consentSms'
      readonly customer: number
      readonly merchant: number
      readonly granted: boolean
    }
  | {
      readonly kind: 'prefer'
      readonly customer: number
      readonly muted: readonly number[]
      readonly isQuiet: boolean
      readonly maxPerDay: number | undefined
    }
  | {
      readonly kind: 'walk'
      readonly customer: number
      readonly phone: 'obedient' | 'sloppy'
      readonly path: readonly Point[]
    }
  | {
      readonly kind: 'event'
      readonly customer: number
      readonly merchant: number
      readonly type: AppEventType
      readonly eventId: string
    }
  | { readonly kind: 'number'; readonly customer: number; readonly number: number | undefined }
  | { readonly kind: 'answerSms'; readonly number: number; readonly word: 'STOP' | 'START' }
  | { readonly kind: 'consentLocation'; readonly customer: number; readonly granted: boolean }
  | {
      readonly kind: 'zone'
      readonly zone: number
      /** Where promotion is silent; undefined: nowhere any more. */
      readonly area: (Position & { readonly radiusM: number }) | undefined
    }
  | { readonly kind: 'claim'; readonly customer: number }
  | { readonly kind: 'redeem'; readonly customer: number; readonly tills: number; readonly byToken: boolean }
  | {
      readonly kind: 'redeemOffline'
      readonly customer: number
      readonly tills: number
      /** How long the tills stay offline afterwards, in minutes. */
      readonly minutes: number
    }
  | {
      readonly kind: 'block'
      readonly merchant: number
      readonly customer: number
      /** After how many hours it ends by itself. */
      readonly hours: number | undefined
    }
  | { readonly kind: 'unblock'; readonly merchant: number; readonly customer: number }
  | { readonly kind: 'forget'; readonly customer: number }
  | { readonly kind: 'killSwitch'; readonly on: boolean }
  | { readonly kind: 'suspend'; readonly merchant: number; readonly suspended: boolean }
)
export type StepKind = Step['kind']
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>

/** What happens in a town, in the order of time. */
export type History = readonly Step[]
