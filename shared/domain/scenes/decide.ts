import {
  type GeofenceId,
  hashId,
  type MerchantId,
  type MessageId,
  type OfferId,
  type SceneId,
  type StoreId,
} from '#shared/domain/ids.ts'
import { CHANNELS, type Channel } from '#shared/domain/messages/channel.ts'
import type { SuppressionReason } from '#shared/domain/scenes/reasons.ts'
import type { Scene, ScenePlaces, SceneTrigger } from '#shared/domain/scenes/scene.ts'
import { occasionOf, type Trigger } from '#shared/domain/scenes/trigger.ts'
import { isOpen } from '#shared/domain/schedule/weekly-hours.ts'

export type RecentSend = {
  readonly atMs: number
  readonly merchantId: MerchantId
  readonly sceneId: SceneId
  readonly messageId: MessageId
}

/** What is known of the customer; what is not known counts as no. */
export type CustomerFacts = {
  readonly pushConsent: boolean
  readonly smsConsents: ReadonlySet<MerchantId>
  readonly hasPushDevice: boolean
  readonly hasPhoneNumber: boolean
  /** Which channel the customer wants first. */
  readonly preferredChannel?: Channel
  readonly recentSends: readonly RecentSend[]
}

export type Limits = {
  /** The most messages from all merchants together in any 24 hours. */
  readonly platformCapPerDay: number
}

/** What the grant's transaction has refused before, so that deciding again looks further. */
export type Spent = {
  readonly occasions: ReadonlySet<string>
  readonly offers: ReadonlySet<OfferId>
}

export const NOTHING_SPENT: Spent = { occasions: new Set(), offers: new Set() }

export type Candidate = { readonly scene: Scene; readonly trigger: Trigger }

export type Outcome =
  | (Candidate & { readonly kind: 'granted'; readonly channel: Channel })
  | (Candidate & { readonly kind: 'suppressed'; readonly reason: SuppressionReason })

export const DAY_MS = 24 * 3_600_000
/** An older due occasion is pointless, whatever the scene allows. */
const MAX_DUE_AGE_S = 24 * 3600

type Place = { readonly geofenceId: GeofenceId; readonly storeId?: StoreId }

/**
 * Does a place trigger listen at this geofence, or at its store?
 *
 * @example listensAt(undefined, { geofenceId }) // true: at all of them
 */
export const listensAt = (places: ScenePlaces | undefined, { geofenceId, storeId }: Place): boolean => {
  if (places === undefined) return true
  const { geofenceIds = [], storeIds = [] } = places
  return geofenceIds.includes(geofenceId) || (storeId !== undefined && storeIds.includes(storeId))
}

const listens = (side: SceneTrigger, trigger: Trigger): boolean => {
  switch (side.type) {
    case 'enter':
      return (
        trigger.type === 'enter' &&
        (trigger.drawnAround !== true || side.includePresent === true) &&
        listensAt(side.at, trigger)
      )
    case 'exit':
      return trigger.type === 'exit' && listensAt(side.at, trigger)
    case 'dwell':
      return trigger.type === 'dwell' && trigger.dwellS >= side.dwellS && listensAt(side.at, trigger)
    case 'event':
      return trigger.type === 'event' && trigger.eventType === side.eventType
    case 'due':
      return trigger.type === 'due' && trigger.daysSinceLastVisit === side.daysSinceLastVisit
    default:
      return side satisfies never
  }
}

/**
 * The scenes that triggers reach, one candidate per scene and occasion: where several triggers of one occasion reach a
 * scene, the latest speaks for them. Drafts and archived scenes are reached by nothing.
 */
export const candidatesOf = (scenes: readonly Scene[], triggers: readonly Trigger[]): Candidate[] => {
  const found = new Map<string, Candidate>()
  for (const scene of scenes) {
    if (scene.state === 'draft' || scene.state === 'archived') continue
    for (const trigger of triggers) {
      if (trigger.merchantId !== scene.merchantId) continue
      if (!scene.triggers.some((side) => listens(side, trigger))) continue
      const key = `${scene.id} ${occasionOf(trigger)}`
      const known = found.get(key)
      if (known === undefined || known.trigger.atMs <= trigger.atMs) found.set(key, { scene, trigger })
    }
  }
  return [...found.values()]
}

const maxAgeS = ({ scene, trigger }: Candidate): number =>
  trigger.type === 'due' ? MAX_DUE_AGE_S : scene.limits.maxAgeS

const isWithinDates = ({ when }: Scene, nowMs: number): boolean =>
  (when.from === undefined || nowMs >= Date.parse(when.from)) &&
  (when.until === undefined || nowMs < Date.parse(when.until))

const isWithinHours = ({ scene, trigger }: Candidate, nowMs: number): boolean => {
  const ranges = scene.when.weeklyHours
  if (ranges === undefined) return true
  return trigger.timeZone !== undefined && isOpen(ranges, nowMs, trigger.timeZone)
}

const hasConsent = ({ scene }: Candidate, facts: CustomerFacts): boolean =>
  (scene.message.push !== undefined && facts.pushConsent) ||
  (scene.message.sms !== undefined && facts.smsConsents.has(scene.merchantId))

const isReachable = (channel: Channel, { scene }: Candidate, facts: CustomerFacts): boolean =>
  channel === 'push'
    ? scene.message.push !== undefined && facts.pushConsent && facts.hasPushDevice
    : scene.message.sms !== undefined && facts.smsConsents.has(scene.merchantId) && facts.hasPhoneNumber

/**
 * The channel a message takes: the one that the customer prefers, else the one that the scene puts first, else push; the
 * other where that does not reach the customer; undefined when neither does.
 */
const channelOf = (candidate: Candidate, facts: CustomerFacts): Channel | undefined => {
  const first = facts.preferredChannel ?? candidate.scene.message.firstChannel ?? 'push'
  return [first, ...CHANNELS].find((channel) => isReachable(channel, candidate, facts))
}

// Both directions in time: after a clock was set back, later sends still count.
const isRecent = (send: RecentSend, nowMs: number, windowMs: number): boolean =>
  Math.abs(nowMs - send.atMs) < windowMs

const isCapped = (facts: CustomerFacts, limits: Limits, nowMs: number): boolean =>
  facts.recentSends.filter((send) => isRecent(send, nowMs, DAY_MS)).length >= limits.platformCapPerDay

const isCooling = ({ scene }: Candidate, facts: CustomerFacts, nowMs: number): boolean =>
  facts.recentSends.some(
    (send) => send.sceneId === scene.id && isRecent(send, nowMs, scene.limits.coolDownS * 1000),
  )

const check = (
  candidate: Candidate,
  facts: CustomerFacts,
  limits: Limits,
  spent: Spent,
  nowMs: number,
): SuppressionReason | Channel => {
  const { scene, trigger } = candidate
  if (scene.state !== 'active') return 'sceneState'
  if (!isWithinDates(scene, nowMs)) return 'dates'
  if (!isWithinHours(candidate, nowMs)) return 'hours'
  if (nowMs - trigger.atMs > maxAgeS(candidate) * 1000) return 'stale'
  if (!hasConsent(candidate, facts)) return 'consent'
  if (isCapped(facts, limits, nowMs)) return 'platformCap'
  if (isCooling(candidate, facts, nowMs)) return 'coolDown'
  if (spent.occasions.has(occasionKey(candidate))) return 'occasionUsed'
  if (scene.offerId !== undefined && spent.offers.has(scene.offerId)) return 'soldOut'
  return channelOf(candidate, facts) ?? 'noChannel'
}

/** Names a scene and an occasion together. */
export const occasionKey = ({ scene, trigger }: Candidate): string => `${scene.id} ${occasionOf(trigger)}`

const distanceOf = (trigger: Trigger): number =>
  trigger.type === 'enter' || trigger.type === 'exit' ? trigger.distanceM : 0

/** Priority, then who is closest, then a hash of customer, scene and occasion: fair among equals, the same every time. */
export const compareCandidates = (a: Candidate, b: Candidate): number => {
  const byRank = b.scene.priority - a.scene.priority || distanceOf(a.trigger) - distanceOf(b.trigger)
  if (byRank !== 0) return byRank
  if (occasionKey(a) === occasionKey(b)) return 0
  const fair = ({ scene, trigger }: Candidate) => hashId('wrt', trigger.user, scene.id, occasionOf(trigger))
  return fair(a) < fair(b) ? -1 : 1
}

/**
 * Decides what the triggers of one presence write (or one event) earn: at most one message, and one primary reason for
 * every other scene that was reached. Pure; independent of the order of its input.
 *
 * @param candidates from `candidatesOf`
 * @param spent what granting has refused so far, empty at first
 * @param nowMs the moment of decision, ms since the epoch
 * @example decide(candidatesOf(scenes, [trigger]), facts, { platformCapPerDay: 4 }, NOTHING_SPENT, nowMs)
 */
export const decide = (
  candidates: readonly Candidate[],
  facts: CustomerFacts,
  limits: Limits,
  spent: Spent,
  nowMs: number,
): Outcome[] => {
  const checked = candidates.map((candidate) => ({
    candidate,
    verdict: check(candidate, facts, limits, spent, nowMs),
  }))
  const eligible = checked
    .filter(({ verdict }) => verdict === 'push' || verdict === 'sms')
    .map(({ candidate }) => candidate)
    .toSorted(compareCandidates)
  const best = eligible[0]
  return checked.map(({ candidate, verdict }): Outcome => {
    if (verdict !== 'push' && verdict !== 'sms') return { ...candidate, kind: 'suppressed', reason: verdict }
    if (candidate === best) return { ...candidate, kind: 'granted', channel: verdict }
    return { ...candidate, kind: 'suppressed', reason: 'outranked' }
  })
}
