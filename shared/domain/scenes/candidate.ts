import type { Offer } from '#shared/domain/offers/offer.ts'
import type { MerchantFacts } from '#shared/domain/scenes/facts.ts'
import { matchPlace, NO_STORES, type PlaceMatch, type StoreBook } from '#shared/domain/scenes/places.ts'
import {
  kindOf,
  type MessageKind,
  type PropertyCondition,
  type Scene,
  type SceneTrigger,
} from '#shared/domain/scenes/scene.ts'
import { type EventProperties, occasionOf, type Trigger } from '#shared/domain/scenes/trigger.ts'
import { planKey } from '#shared/domain/scenes/visit-plan.ts'

/** A scene that a trigger reached. */
export type Candidate = {
  readonly scene: Scene
  readonly trigger: Trigger
  /** The celebration that the message is for (a festival, a birthday), in place of the trigger's own occasion. */
  readonly occasion?: string
}

/** What a message would be about; a scene speaks to a customer once about it. */
export const occasionOfCandidate = ({ trigger, occasion }: Candidate): string =>
  occasion ?? occasionOf(trigger)

/**
 * What a candidate's message is with an offer in it: a gift in a service message is promotion all the same, unless it
 * makes good, or the customer has scanned for it.
 *
 * @example messageKindOf({ scene: thanksForPurchase, trigger: purchase }, coupon) // 'offer'
 */
export const messageKindOf = (
  { scene, trigger }: Candidate,
  offer: Pick<Offer, 'kind'> | undefined,
): MessageKind => {
  const kind = kindOf(scene)
  if (kind !== 'service' || offer === undefined || offer.kind === 'makeGood') return kind
  return trigger.type === 'event' && trigger.eventType === 'qr_scan' ? kind : 'offer'
}

/** Names a scene and an occasion together. */
export const occasionKey = (candidate: Candidate): string =>
  `${candidate.scene.id} ${occasionOfCandidate(candidate)}`

const isAmong = (value: unknown, list: PropertyCondition['value']): boolean =>
  Array.isArray(list) && list.some((one) => one === value)

/**
 * Does a property of an app event meet a condition? One that is missing, or of another type, does not.
 *
 * @example meetsCondition({ property: 'amount', test: 'atLeast', value: 20 }, { amount: 25 }) // true
 */
export const meetsCondition = (
  { property, test, value }: PropertyCondition,
  properties: EventProperties = {},
): boolean => {
  const actual = Object.hasOwn(properties, property) ? properties[property] : undefined
  if (actual === undefined) return false
  switch (test) {
    case 'equals':
      return actual === value
    case 'not':
      return typeof actual === typeof value && actual !== value
    case 'atLeast':
      return typeof actual === 'number' && typeof value === 'number' && actual >= value
    case 'atMost':
      return typeof actual === 'number' && typeof value === 'number' && actual <= value
    case 'oneOf':
      return isAmong(actual, value)
    default:
      return test satisfies never
  }
}

/** Does a side of a scene hear a trigger, and if so: at one of its places? */
const hears = (side: SceneTrigger, trigger: Trigger, stores: StoreBook): PlaceMatch => {
  switch (side.type) {
    case 'enter':
      if (trigger.type !== 'enter' || (trigger.drawnAround && side.includePresent !== true)) return 'no'
      return matchPlace(side.at, trigger, stores)
    case 'exit':
      return trigger.type === 'exit' ? matchPlace(side.at, trigger, stores) : 'no'
    case 'dwell':
      return trigger.type === 'dwell' && trigger.dwellS >= side.dwellS
        ? matchPlace(side.at, trigger, stores)
        : 'no'
    case 'event': {
      if (trigger.type !== 'event' || trigger.eventType !== side.eventType) return 'no'
      const conditions = side.where ?? []
      if (!conditions.every((condition) => meetsCondition(condition, trigger.properties))) return 'no'
      return matchPlace(side.at, { ...(trigger.storeId && { storeId: trigger.storeId }) }, stores)
    }
    case 'due':
      return trigger.type === 'due' && trigger.plan === planKey(side.plan) ? 'yes' : 'no'
    default:
      return side satisfies never
  }
}

/** The sides of a scene that hear a trigger, with whether it happened at one of their places. */
export const sidesThatHear = (
  { scene, trigger }: Candidate,
  stores: StoreBook,
): { readonly side: SceneTrigger; readonly place: PlaceMatch }[] =>
  scene.triggers
    .map((side) => ({ side, place: hears(side, trigger, stores) }))
    .filter(({ place }) => place !== 'no')

const isReached = (candidate: Candidate, stores: StoreBook): boolean => {
  const { scene, trigger } = candidate
  if (trigger.merchantId !== scene.merchantId) return false
  if (trigger.type === 'due' && trigger.sceneId !== scene.id) return false
  if (trigger.type === 'restock') return trigger.sceneId === scene.id
  return sidesThatHear(candidate, stores).length > 0
}

/**
 * The scenes that triggers reach, one candidate per scene and occasion: where several triggers of one occasion reach a
 * scene, the latest speaks for them. Drafts and archived scenes are reached by nothing.
 */
export const candidatesOf = (
  scenes: readonly Scene[],
  triggers: readonly Trigger[],
  stores: StoreBook = NO_STORES,
): Candidate[] => {
  const found = new Map<string, Candidate>()
  for (const scene of scenes) {
    if (scene.state === 'draft' || scene.state === 'archived') continue
    for (const trigger of triggers) {
      const candidate = { scene, trigger }
      if (!isReached(candidate, stores)) continue
      const key = occasionKey(candidate)
      const known = found.get(key)
      if (known === undefined || known.trigger.atMs <= trigger.atMs) found.set(key, candidate)
    }
  }
  return [...found.values()]
}

/** The scenes of several merchants that triggers reach, each merchant by its own stores. */
export const candidatesAmong = (
  merchants: Iterable<MerchantFacts>,
  triggers: readonly Trigger[],
): Candidate[] => [...merchants].flatMap(({ scenes, stores }) => candidatesOf(scenes, triggers, stores))
