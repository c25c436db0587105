import { type Prepared, prepareGrant, type Tried } from '#functions/decide-offers/prepare-grant.ts'
import type {
  DecisionStore,
  EarlierDecision,
  Facts,
  Stored,
} from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import type { Gifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import type { WaitingList } from '#shared/adapters/dynamodb/ledger/waiting-list.ts'
import type { QueueMessage } from '#shared/adapters/sqs/message-queue.ts'
import { decisionRefOf, type Grant } from '#shared/contracts/items/decision.ts'
import {
  type DecisionPart,
  firstPart,
  type NextPart,
  partAfter,
} from '#shared/contracts/items/decision-part.ts'
import { type Sent, sentOf } from '#shared/contracts/items/trace.ts'
import type { Job } from '#shared/contracts/jobs.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { type GrantId, hashId, type MessageId, shardOf, type UserId } from '#shared/domain/ids.ts'
import { MESSAGES_PER_REVIEW } from '#shared/domain/merchants/trust.ts'
import type { SmsContent } from '#shared/domain/messages/message.ts'
import { type Candidate, candidatesAmong, occasionKey } from '#shared/domain/scenes/candidate.ts'
import {
  decide,
  type Granted,
  type Outcome,
  type Suppressed,
  withheldIn,
} from '#shared/domain/scenes/decide.ts'
import { type Limits, NOTHING_SPENT, type Spent, type Surroundings } from '#shared/domain/scenes/facts.ts'
import { couponOf, mayHaveGift } from '#shared/domain/scenes/occasions.ts'
import type { MessageKind } from '#shared/domain/scenes/scene.ts'
import { occasionOf, type Trigger } from '#shared/domain/scenes/trigger.ts'

export type DecideServices = {
  readonly loadFacts: DecisionStore['loadFacts']
  readonly readPhones: DecisionStore['readPhones']
  readonly readCoupon: DecisionStore['readCoupon']
  readonly readStock: DecisionStore['readStock']
  /** Who stands in line for an offer comes first when stock returns. */
  readonly hasWaiters: WaitingList['hasWaiters']
  readonly noteWaiters: WaitingList['note']
  /** Where the customer stands; undefined where nobody knows and nothing depends on it. */
  readonly surroundingsOf: (
    trigger: Trigger,
    zonesVersion: number,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Surroundings | undefined>
  /** What was put aside for occasions. */
  readonly gifts: Pick<Gifts, 'find' | 'release'>
  readonly storeDecision: DecisionStore['store']
  readonly queueMessage: QueueMessage
  readonly queueJob: (job: Job, signal?: AbortSignal) => Promise<void>
  /** A random code of 10 characters, as the customer shows it. */
  readonly newCode: () => string
  /** What an SMS costs in cents, as it will be sent. */
  readonly smsCents: (sms: SmsContent, kind: MessageKind, locale: string | undefined) => number
  /** From 0 to below 1. */
  readonly random: () => number
  readonly limits: Limits
}

// More than the scenes of a decision: each may turn out to be sold out.
const MAX_ROUNDS = 200
// A decision of more scenes than fit into so many transactions is none that a batch of fixes can bring about.
const MAX_PARTS = 1000

type Attempt = { readonly facts: Facts; readonly spent: Spent; readonly tried: Tried }

const spendOccasion = (spent: Spent, candidate: Candidate): Spent => ({
  ...spent,
  occasions: new Set([...spent.occasions, occasionKey(candidate)]),
})

/** What deciding again does without, after a grant could not be prepared. */
const spendPrepared = (spent: Spent, prepared: Exclude<Prepared, { kind: 'grant' }>): Spent => {
  switch (prepared.kind) {
    case 'soldOut':
      return {
        ...spent,
        offers: new Set([...spent.offers, prepared.offerId]),
        ...(prepared.mayWait && { awaited: new Set([...spent.awaited, prepared.offerId]) }),
      }
    case 'overBudget':
      return { ...spent, budgets: new Set([...spent.budgets, prepared.merchantId]) }
    case 'unreadable':
      return { ...spent, unreadable: new Set([...spent.unreadable, prepared.sceneId]) }
    default:
      return prepared satisfies never
  }
}

const withTried = (tried: Tried, { offer, stockShard }: Grant): Tried =>
  offer === undefined || stockShard === undefined
    ? tried
    : new Map([...tried, [offer.id, [...(tried.get(offer.id) ?? []), stockShard]]])

/** What a decision came to once its first part is stored: `next` stands where more parts are to follow. */
type Decided = {
  readonly kind: 'decided'
  readonly outcomes: readonly Outcome[]
  readonly sent?: Sent
  readonly next?: NextPart
}

/** A message that a decision sends lies on its queue before anything else is done. */
const queueSent = async (
  services: DecideServices,
  user: UserId,
  sent: Sent | undefined,
  signal?: AbortSignal,
): Promise<void> => {
  if (sent !== undefined) await services.queueMessage(sent.channel, user, sent.messageId, signal)
}

/** Has the scene looked at for visits, now and then, where its merchant wants it paused when it brings nobody in. */
const askForReview = async (
  services: DecideServices,
  { outcomes, sent }: Decided,
  { merchants }: Facts,
  signal?: AbortSignal,
): Promise<void> => {
  const granted = outcomes.find(({ kind }) => kind === 'granted')
  if (sent === undefined || granted === undefined || shardOf(sent.messageId, MESSAGES_PER_REVIEW) > 0) return
  const { id: sceneId, merchantId } = granted.scene
  if (merchants.get(merchantId)?.pauseWithoutVisits === undefined) return
  const jobId = hashId('job', 'review', sent.messageId)
  await services.queueJob({ kind: 'trust', jobId, merchantId, sceneId }, signal)
}

/** What was withheld is stored with the first part. */
const asDecided = (outcome: Outcome): Outcome => {
  if (outcome.kind === 'granted') return outcome
  const { withheld: _, ...suppressed } = outcome
  return suppressed
}

const decidedOf = (
  outcomes: readonly Outcome[],
  sent: Sent | undefined,
  next: NextPart | undefined,
): Decided => ({
  kind: 'decided',
  outcomes: outcomes.map(asDecided),
  ...(sent && { sent }),
  ...(next && { next }),
})

/** The first part was stored before, and what it says holds: nothing else is granted, however things stand by now. */
const afterEarlier = (
  services: DecideServices,
  candidates: readonly Candidate[],
  { facts, spent }: Attempt,
  { sent, next }: EarlierDecision,
  nowMs: number,
): Decided => {
  if (next === undefined) return decidedOf([], sent, next)
  const unsent = sent === undefined ? facts : withoutSend(facts, sent.messageId)
  const decided = decide(candidates, { ...unsent, limits: services.limits }, spent, nowMs)
  return decidedOf(bound(decided, sent), sent, next)
}

const withoutSend = (facts: Facts, sent: MessageId): Facts => {
  const { slot, ...customer } = facts.customer
  const recentSends = customer.recentSends.filter(({ messageId }) => messageId !== sent)
  const kept = slot === undefined || slot.messageId === sent ? {} : { slot }
  return { ...facts, customer: { ...customer, recentSends, ...kept } }
}

/** Outcomes as they are where it was decided before who speaks; where nobody does, the moment for it has passed. */
const bound = (outcomes: readonly Outcome[], sent: Sent | undefined): readonly Outcome[] => {
  if (sent === undefined && !outcomes.some(({ kind }) => kind === 'granted')) return outcomes
  return outcomes.map((outcome) => (isBid(outcome) ? lost(outcome, sent) : outcome))
}

/** Did it pass all checks of its own? */
const isBid = (outcome: Outcome): boolean =>
  outcome.kind === 'granted' || outcome.reason === 'outranked' || outcome.reason === 'noChannel'

const lost = ({ scene, trigger, occasion, score }: Outcome, sent: Sent | undefined): Outcome => ({
  scene,
  trigger,
  ...(occasion !== undefined && { occasion }),
  kind: 'suppressed',
  reason: sent === undefined ? 'stale' : 'outranked',
  ...(score !== undefined && { score }),
  ...(sent?.score !== undefined && { winnerScore: sent.score }),
})

const withPhones = async (
  services: DecideServices,
  user: UserId,
  facts: Facts,
  signal?: AbortSignal,
): Promise<Facts> => {
  const phones = await services.readPhones(user, signal)
  return { ...facts, customer: { ...facts.customer, ...phones }, devicesRead: true }
}

const withSurroundings = async (
  services: DecideServices,
  winner: Granted,
  facts: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Facts> => {
  const surroundings = await services.surroundingsOf(winner.trigger, facts.zonesVersion, nowMs, signal)
  const customer = surroundings ? { ...facts.customer, surroundings } : facts.customer
  return { ...facts, customer, placeRead: true }
}

const withCoupon = async (
  services: DecideServices,
  user: UserId,
  coupon: GrantId,
  facts: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Facts> => {
  const isHeld = await services.readCoupon(user, coupon, nowMs, signal)
  const coupons = new Map([...(facts.customer.coupons ?? []), [coupon, isHeld]])
  return { ...facts, customer: { ...facts.customer, coupons } }
}

/** What is looked up for a winner only, since most triggers end before; undefined when all is known. */
const lookUp = async (
  services: DecideServices,
  winner: Granted,
  facts: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Facts | undefined> => {
  const coupon = couponOf(winner.trigger)
  if (coupon !== undefined && !facts.customer.coupons?.has(coupon))
    return withCoupon(services, winner.trigger.user, coupon, facts, nowMs, signal)
  if (winner.channel === 'push' && !facts.devicesRead)
    return withPhones(services, winner.trigger.user, facts, signal)
  if (!facts.placeRead && facts.zonesVersion > 0 && winner.messageKind !== 'service')
    return withSurroundings(services, winner, facts, nowMs, signal)
  return undefined
}

/** What was withheld, as a grant: what a grant needs is looked up for it all the same, so that both arms are alike. */
const asGranted = (outcome: Suppressed | undefined): Granted | undefined => {
  if (outcome?.withheld === undefined) return undefined
  const { scene, trigger, occasion, withheld } = outcome
  return { scene, trigger, ...(occasion !== undefined && { occasion }), kind: 'granted', ...withheld }
}

/** The triggers of one delivery, and the scenes that they reach. */
type Question = {
  readonly user: UserId
  readonly triggers: readonly Trigger[]
  readonly candidates: readonly Candidate[]
}

/** Decides and stores the first part once; what was refused comes back as the next attempt. */
const attemptOnce = async (
  services: DecideServices,
  { user, triggers, candidates }: Question,
  attempt: Attempt,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Decided | Attempt> => {
  const { facts, spent, tried } = attempt
  const checked = decide(candidates, { ...facts, limits: services.limits }, spent, nowMs)
  const winner = checked.find((outcome) => outcome.kind === 'granted')
  const heldOut = asGranted(withheldIn(checked))
  for (const one of [winner, heldOut]) {
    const known = one && (await lookUp(services, one, facts, nowMs, signal))
    if (known) return { ...attempt, facts: known }
  }
  const ref = decisionRefOf(user, triggers, 0)
  const possible = heldOut && (await prepareGrant(services, ref, heldOut, facts, tried, nowMs, signal))
  if (possible?.kind === 'soldOut') return { ...attempt, spent: spendPrepared(spent, possible) }
  const outcomes = possible?.kind === 'grant' ? checked : checked.map(asDecided)
  const prepared = winner && (await prepareGrant(services, ref, winner, facts, tried, nowMs, signal))
  if (prepared !== undefined && prepared.kind !== 'grant')
    return { ...attempt, spent: spendPrepared(spent, prepared) }
  const grant = prepared?.grant
  const part = firstPart(outcomes)
  const stored = await services.storeDecision(ref, part, grant, facts, nowMs, signal)
  switch (stored.kind) {
    case 'stored':
      await services.noteWaiters(part.outcomes, facts.merchants, nowMs, signal)
      return decidedOf(outcomes, grant && sentOf(grant), part.next)
    case 'decidedAlready':
      return afterEarlier(services, candidates, attempt, stored.earlier, nowMs)
    case 'occasionUsed':
      return { ...attempt, spent: grant ? spendOccasion(spent, grant.candidate) : spent }
    case 'profileChanged':
      return {
        ...attempt,
        facts: await services.loadFacts(user, [...facts.merchants.keys()], nowMs, signal),
      }
    case 'shardEmpty':
      return { ...attempt, tried: grant ? withTried(tried, grant) : tried }
    // The counts are read again, and another code is drawn.
    case 'tallyFull':
    case 'codeTaken':
    case 'giftGone':
      return attempt
    default:
      return stored satisfies never
  }
}

/** Decides and stores once more, until what was decided could be stored as it was; undefined for who was erased. */
const decideUntilStored = async (
  services: DecideServices,
  question: Question,
  first: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Decided | undefined> => {
  let attempt: Attempt = { facts: first, spent: NOTHING_SPENT, tried: new Map() }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (attempt.facts.customer.erased) return undefined
    const next = await attemptOnce(services, question, attempt, nowMs, signal)
    if ('kind' in next) return next
    attempt = next
  }
  throw new BusyError('a decision found no quiet moment')
}

/** Stores what did not fit into the first part, each part once, whoever has stored the one before it. */
const storeRest = async (
  services: DecideServices,
  { user, triggers }: Question,
  { outcomes, next: first }: Decided,
  facts: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  let next = first
  for (let index = 1; index < MAX_PARTS && next !== undefined; index++) {
    const part = partAfter(outcomes, next)
    const ref = decisionRefOf(user, triggers, index)
    const stored = await services.storeDecision(ref, part, undefined, facts, nowMs, signal)
    if (stored.kind === 'stored') await services.noteWaiters(part.outcomes, facts.merchants, nowMs, signal)
    next = nextOf(part, stored)
  }
}

/** Where the next part begins. What grants nothing is refused to nobody but an erased customer. */
const nextOf = (part: DecisionPart, stored: Stored): NextPart | undefined => {
  if (stored.kind === 'stored') return part.next
  return stored.kind === 'decidedAlready' ? stored.earlier.next : undefined
}

/** What was put aside for an occasion that earned nothing goes back; a reminder that waits keeps it. */
const releaseGifts = async (
  { gifts }: DecideServices,
  { outcomes }: Decided,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  for (const outcome of outcomes) {
    const { scene, trigger } = outcome
    const waits = outcome.kind === 'suppressed' && outcome.againMs !== undefined
    if (waits || !mayHaveGift(scene, trigger)) continue
    await gifts.release(trigger.user, { sceneId: scene.id, occasion: occasionOf(trigger) }, nowMs, signal)
  }
}

/**
 * Decides what the triggers of one presence write, event or timer earn, stores it and puts the message on its channel's
 * queue. All scenes that they reach are decided on together; what does not fit into one transaction is stored in parts,
 * of which the first alone grants. Safe to repeat: the same triggers are decided once, each scene is counted once, and a
 * message that was stored but perhaps not queued is queued again.
 *
 * @param facts as loaded for the customer and all merchants of the triggers
 * @throws {BusyError} when the tables or queues do not answer; the triggers are to be delivered again
 */
export const decideTriggers = async (
  services: DecideServices,
  user: UserId,
  triggers: readonly Trigger[],
  facts: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  if (triggers.length === 0) return
  const question = { user, triggers, candidates: candidatesAmong(facts.merchants.values(), triggers) }
  if (question.candidates.length === 0) return
  const decided = await decideUntilStored(services, question, facts, nowMs, signal)
  if (decided === undefined) return
  await queueSent(services, user, decided.sent, signal)
  await askForReview(services, decided, facts, signal)
  await storeRest(services, question, decided, facts, nowMs, signal)
  await releaseGifts(services, decided, nowMs, signal)
}
