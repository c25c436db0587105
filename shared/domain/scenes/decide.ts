import { audienceSpecificity } from '#shared/domain/customers/audience.ts'
import type { GeofenceId, OfferId, StoreId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { type Candidate, messageKindOf, occasionOfCandidate } from '#shared/domain/scenes/candidate.ts'
import {
  type Case,
  CHECKS,
  type Compared,
  channelOf,
  maxAgeS,
  pressureKindOf,
  pressureOn,
  type Refusal,
} from '#shared/domain/scenes/checks.ts'
import type { CustomerFacts, DecisionFacts, MerchantFacts, Slot, Spent } from '#shared/domain/scenes/facts.ts'
import { matchPlace, NO_STORES, type StoreBook } from '#shared/domain/scenes/places.ts'
import type { SuppressionReason } from '#shared/domain/scenes/reasons.ts'
import type { MessageKind, ScenePlaces } from '#shared/domain/scenes/scene.ts'
import { rankFairly, type Standing, scoreOf } from '#shared/domain/scenes/score.ts'
import { canWait, occasionOf } from '#shared/domain/scenes/trigger.ts'
import {
  celebrationOf,
  deliverUntilMs,
  MIN_TTL_MS,
  permittedBy,
  placeOfLaw,
  speakAgainMs,
} from '#shared/domain/scenes/windows.ts'
import type { KnownPlace } from '#shared/domain/schedule/lawful-hours.ts'

/** What became of a candidate. `score` stands where it came to arbitration, with the winner's beside it. */
export type Outcome =
  | (Candidate & {
      readonly kind: 'granted'
      readonly channel: Channel
      readonly messageKind: MessageKind
      readonly score: number
      readonly offer?: Offer
      /** Ms since the epoch. */
      readonly deliverUntilMs: number
      /** What was known of the place whose law let it; absent: nothing. */
      readonly lawPlace?: KnownPlace
    })
  | (Candidate & {
      readonly kind: 'suppressed'
      readonly reason: SuppressionReason
      readonly compared?: Compared
      readonly score?: number
      readonly winnerScore?: number
      /** When its trigger is to be decided on again: a reminder waits for the next open hour, a visit does not. */
      readonly againMs?: number
      /** The sold-out offer that the customer may wait for. */
      readonly awaits?: OfferId
      /** What a held-out customer would have got in this moment but for the experiment. */
      readonly withheld?: Withheld
    })
/** A grant that is not made. */
export type Withheld = {
  readonly channel: Channel
  readonly messageKind: MessageKind
  readonly score: number
  readonly offer?: Offer
  /** Ms since the epoch. */
  readonly deliverUntilMs: number
}
export type Granted = Extract<Outcome, { kind: 'granted' }>
export type Suppressed = Extract<Outcome, { kind: 'suppressed' }>

/** Of the outcomes of a decision the one that an experiment kept from winning. */
export const withheldIn = (outcomes: readonly Outcome[]): Suppressed | undefined =>
  outcomes.filter((outcome) => outcome.kind === 'suppressed').find(({ withheld }) => withheld !== undefined)

type Place = { readonly geofenceId: GeofenceId; readonly storeId?: StoreId }

/**
 * Does a place trigger listen at this geofence, or at its store?
 *
 * @example listensAt(undefined, { geofenceId }) // true: at all of them
 */
export const listensAt = (
  places: ScenePlaces | undefined,
  place: Place,
  stores: StoreBook = NO_STORES,
): boolean => matchPlace(places, place, stores) === 'yes'

/** The first of a scene's offer and its substitute that may still be given to this customer. */
const offerOf = (
  { scene }: Candidate,
  { offers }: MerchantFacts,
  customer: CustomerFacts,
  spent: Spent,
  nowMs: number,
): Offer | undefined => {
  const first = scene.offerId === undefined ? undefined : offers.get(scene.offerId)
  const second = first?.substituteId === undefined ? undefined : offers.get(first.substituteId)
  const hadTrial = customer.relationships.get(scene.merchantId)?.trialAtMs !== undefined
  return [first, second].find(
    (offer) =>
      offer !== undefined &&
      !spent.offers.has(offer.id) &&
      !(offer.kind === 'trial' && hadTrial) &&
      (offer.until === undefined || nowMs < Date.parse(offer.until)),
  )
}

const NOBODY: Omit<MerchantFacts, 'name'> = {
  isSuspended: false,
  scenes: [],
  offers: new Map(),
  stores: NO_STORES,
  caps: [],
}

const caseOf = (found: Candidate, facts: DecisionFacts, spent: Spent, nowMs: number): Case => {
  const { customer } = facts
  const { scene, trigger } = found
  const merchant = facts.merchants.get(scene.merchantId) ?? { ...NOBODY, name: '' }
  const relationship = customer.relationships.get(scene.merchantId)
  const store = trigger.storeId === undefined ? undefined : merchant.stores.get(trigger.storeId)
  const celebration = celebrationOf({ candidate: found, customer, relationship, store, nowMs })
  const offer = offerOf(found, merchant, customer, spent, nowMs)
  const isCelebration = celebration !== undefined && celebration !== 'none'
  return {
    candidate: isCelebration ? { scene, trigger, occasion: celebration } : { scene, trigger },
    facts,
    customer,
    merchant,
    relationship,
    store,
    kind: messageKindOf(found, offer),
    offer,
    permitted: permittedBy(
      customer,
      placeOfLaw({ candidate: found, relationship, store }, merchant.stores),
      facts.addedRules,
    ),
    spent,
    nowMs,
  }
}

type Refused = { readonly reason: SuppressionReason; readonly refusal: Refusal }

const firstRefusal = (one: Case, leftOut?: SuppressionReason): Refused | undefined => {
  for (const [reason, check] of CHECKS) {
    if (reason === leftOut) continue
    const refusal = check(one)
    if (refusal !== undefined) return { reason, refusal }
  }
  return undefined
}

/** A message with too little time left is `stale`, though the trigger is young; a reminder waits for the next opening. */
const tooLate = (one: Case): Refused | undefined => {
  const untilMs = untilMsOf(one)
  if (untilMs - one.nowMs >= MIN_TTL_MS) return undefined
  const againMs = one.permitted && speakAgainMs(one.permitted, untilMs)
  return {
    reason: 'stale',
    refusal: {
      compared: { leftS: Math.max(0, Math.floor((untilMs - one.nowMs) / 1000)) },
      ...(againMs !== undefined && { againMs }),
    },
  }
}

const NO_HOURS = { lawful: [], waking: [] }

const untilMsOf = (one: Case): number => {
  const { candidate, customer, relationship, store, nowMs, kind } = one
  const permitted = one.permitted ?? NO_HOURS
  const hours = kind === 'service' ? { ...permitted, lawful: [] } : permitted
  return deliverUntilMs({ candidate, customer, relationship, store, nowMs }, hours, one.offer)
}

const suppressedBy = ({ candidate }: Case, { reason, refusal }: Refused): Suppressed => {
  const { compared, againMs, awaits } = refusal
  return {
    ...candidate,
    kind: 'suppressed',
    reason,
    ...(compared && Object.keys(compared).length > 0 && { compared }),
    ...(againMs !== undefined && canWait(candidate.trigger, againMs) && { againMs }),
    ...(awaits !== undefined && { awaits }),
  }
}

const scoreOfCase = (one: Case): number => {
  const { candidate, customer, kind, offer, nowMs } = one
  const { scene, trigger } = candidate
  const last = customer.recentSends
    .filter(({ merchantId }) => merchantId === scene.merchantId)
    .reduce<number | undefined>((latest, { atMs }) => Math.max(latest ?? atMs, atMs), undefined)
  return scoreOf(
    {
      priority: scene.priority,
      ...('distanceM' in trigger && { distanceM: trigger.distanceM }),
      fit: audienceSpecificity(scene.audience),
      ageS: Math.max(0, nowMs - trigger.atMs) / 1000,
      maxAgeS: maxAgeS(one),
      ...(last !== undefined && { lastFromMerchantMs: last }),
      kind: pressureKindOf(kind, offer),
      pressure: pressureOn(customer, nowMs),
    },
    nowMs,
  )
}

const standingOf = ({ candidate }: Case, score: number): Standing => ({
  score,
  merchantId: candidate.scene.merchantId,
  sceneId: candidate.scene.id,
  occasion: occasionOfCandidate(candidate),
  source: occasionOf(candidate.trigger),
})

/** The slot of the message that went last, while it lasts. */
const heldSlot = ({ customer, limits }: DecisionFacts, nowMs: number): Slot | undefined => {
  const { slot } = customer
  return slot !== undefined && Math.abs(nowMs - slot.atMs) < limits.slotS * 1000 ? slot : undefined
}

type RefusedCase = { readonly one: Case; readonly refused: Refused }
type Scored = {
  readonly one: Case
  readonly score: number
  readonly channel: Channel | undefined
}

const outranked = ({ one, score }: Scored, winnerScore: number): Suppressed => ({
  ...one.candidate,
  kind: 'suppressed',
  reason: 'outranked',
  score,
  winnerScore,
})

/** What becomes of a candidate that passed all checks of its own. */
const arbitrate = (scored: Scored, winner: Scored | undefined, slot: Slot | undefined): Outcome => {
  const { one, score, channel } = scored
  // The answer to a customer's own act is no bid for attention.
  if (slot !== undefined && one.kind !== 'service') return outranked(scored, slot.score)
  if (winner !== undefined && scored !== winner) return outranked(scored, winner.score)
  if (channel === undefined) return { ...one.candidate, kind: 'suppressed', reason: 'noChannel', score }
  return {
    ...one.candidate,
    kind: 'granted',
    channel,
    messageKind: one.kind,
    score,
    ...(one.offer && { offer: one.offer }),
    deliverUntilMs: untilMsOf(one),
    ...(one.permitted && { lawPlace: one.permitted.lawPlace }),
  }
}

/**
 * A held-out case as it would stand but for the experiment, had its scene spoken each time that it was held out: so
 * both arms are exposed alike. Empty where it would have got nothing.
 */
const unheld = ({ one, refused }: RefusedCase): Scored[] => {
  if (refused.reason !== 'holdout') return []
  const { candidate, customer } = one
  const own = (customer.heldOut ?? []).filter(({ sceneId }) => sceneId === candidate.scene.id)
  if (own.some(({ occasion }) => occasion === occasionOfCandidate(candidate))) return []
  const likewise = { ...one, customer: { ...customer, recentSends: [...customer.recentSends, ...own] } }
  if (firstRefusal(likewise, 'holdout') ?? tooLate(likewise)) return []
  return [{ one, score: scoreOfCase(likewise), channel: channelOf(likewise) }]
}

/** The held-out case that would have won over all others. */
const withheldAmong = (
  refused: readonly RefusedCase[],
  winner: Scored | undefined,
  slot: Slot | undefined,
): Scored | undefined => {
  const possible = refused.flatMap(unheld).filter((scored) => maySpeak(scored, slot))
  const user = possible[0]?.one.candidate.trigger.user
  if (user === undefined) return undefined
  const [best] = rankFairly(
    winner === undefined ? possible : [...possible, winner],
    ({ one, score }) => standingOf(one, score),
    user,
  )
  return best === winner ? undefined : best
}

const withheldOf = ({ one, score, channel = 'push' }: Scored): Withheld => ({
  channel,
  messageKind: one.kind,
  score,
  ...(one.offer && { offer: one.offer }),
  deliverUntilMs: untilMsOf(one),
})

/** The answer to a customer's own act is no bid for attention. */
const maySpeak = ({ one, channel }: Scored, slot: Slot | undefined): boolean =>
  channel !== undefined && (slot === undefined || one.kind === 'service')

/**
 * Decides what the triggers of one presence write (or one event) earn: at most one message over all scenes of all
 * merchants, and one primary reason for every other scene that was reached. Pure; independent of the order of its input.
 *
 * @param candidates from `candidatesOf`, all of one customer
 * @param facts as read for the customer and every merchant of the candidates
 * @param spent what granting has refused so far, empty at first
 * @param nowMs the moment of decision, ms since the epoch
 * @example decide(candidatesOf(scenes, [trigger]), facts, NOTHING_SPENT, nowMs)
 */
export const decide = (
  candidates: readonly Candidate[],
  facts: DecisionFacts,
  spent: Spent,
  nowMs: number,
): Outcome[] => {
  const checked = candidates.map((candidate): Scored | RefusedCase => {
    const one = caseOf(candidate, facts, spent, nowMs)
    const refused = firstRefusal(one) ?? tooLate(one)
    if (refused) return { one, refused }
    return { one, score: scoreOfCase(one), channel: channelOf(one) }
  })
  const slot = heldSlot(facts, nowMs)
  const reachable = checked.filter((one) => 'score' in one).filter((scored) => maySpeak(scored, slot))
  const user = candidates[0]?.trigger.user
  const [winner] =
    user === undefined ? [] : rankFairly(reachable, ({ one, score }) => standingOf(one, score), user)
  const withheld = withheldAmong(
    checked.filter((one) => 'refused' in one),
    winner,
    slot,
  )
  return checked.map((one): Outcome => {
    if ('score' in one) return arbitrate(one, winner, slot)
    const suppressed = suppressedBy(one.one, one.refused)
    return withheld?.one === one.one ? { ...suppressed, withheld: withheldOf(withheld) } : suppressed
  })
}
