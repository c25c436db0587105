import type {
  GeofenceId,
  MerchantId,
  OfferId,
  SceneId,
  StoreId,
  UserId,
  VisitId,
  WriteId,
} from '#shared/domain/ids.ts'
import type { AppEventType } from '#shared/domain/scenes/scene.ts'

type Common = {
  readonly user: UserId
  readonly merchantId: MerchantId
  /** When it happened, ms since the epoch. */
  readonly atMs: number
  readonly storeId?: StoreId
  /** IANA zone of the place, where one is known. */
  readonly timeZone?: string
  /** What it follows from an earlier message: the decision that the chain began with. */
  readonly correlationId?: WriteId
}

export type EventProperties = Readonly<Record<string, string | number | boolean>>

/** Everything that can make Beckon consider a message, in one form. */
export type Trigger =
  | (Common & {
      readonly type: 'enter' | 'exit'
      readonly geofenceId: GeofenceId
      readonly visitId: VisitId
      readonly distanceM: number
      /** Share of the fix's accuracy circle inside the geofence, 0 to 1. */
      readonly confidence: number
      readonly speedMps?: number
      /** Jumps, mocked fixes and impossible accuracies earn no offer. */
      readonly marked?: true
      /** The geofence was drawn around a customer who stood there already. */
      readonly drawnAround?: true
    })
  | (Common & {
      readonly type: 'dwell'
      readonly geofenceId: GeofenceId
      readonly visitId: VisitId
      readonly dwellS: number
    })
  | (Common & {
      readonly type: 'event'
      readonly eventId: string
      readonly eventType: AppEventType
      readonly properties?: EventProperties
    })
  /** An occasion of a scene's visit plan. */
  | (Common & {
      readonly type: 'due'
      readonly sceneId: SceneId
      /** See `planKey`. */
      readonly plan: string
      readonly occasion: string
      /** When it was planned for; `atMs` is later where it waited for an open hour. */
      readonly plannedAtMs: number
      /** Later than this it is pointless, in seconds after `plannedAtMs`. */
      readonly staleAfterS: number
    })
  /** Stock has returned for a customer who waits for it. */
  | (Common & {
      readonly type: 'restock'
      readonly sceneId: SceneId
      readonly offerId: OfferId
      readonly occasion: string
    })

/**
 * What a trigger is about: a scene sends one customer at most one message per occasion, however many triggers it has.
 *
 * @example occasionOf(enterTrigger) // 'vis_…', as for the exit of the same visit
 */
export const occasionOf = (trigger: Trigger): string => {
  switch (trigger.type) {
    case 'enter':
    case 'exit':
    case 'dwell':
      return trigger.visitId
    case 'event':
      return `event:${trigger.eventId}`
    case 'due':
    case 'restock':
      return trigger.occasion
    default:
      return trigger satisfies never
  }
}

/** Its moment is a place. */
export const isOfPlace = ({ type }: Trigger): boolean =>
  type === 'enter' || type === 'exit' || type === 'dwell'

/** A reminder waits for the next open hour, if it is worth it then; of a visit or an act the moment is over. */
export const canWait = (trigger: Trigger, untilMs: number): boolean =>
  trigger.type === 'restock' ||
  (trigger.type === 'due' && untilMs - trigger.plannedAtMs <= trigger.staleAfterS * 1000)
