import type {
  DecisionStore,
  EarlierDecision,
  Facts,
} from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import type { QueueMessage } from '#shared/adapters/sqs/message-queue.ts'
import {
  type DecisionRef,
  decisionRefOf,
  type Grant,
  grantIdOf,
  messageIdOf,
} from '#shared/contracts/items/decision.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { OfferId, UserId } from '#shared/domain/ids.ts'
import {
  type Candidate,
  candidatesOf,
  compareCandidates,
  decide,
  type Limits,
  NOTHING_SPENT,
  type Outcome,
  occasionKey,
  type Spent,
} from '#shared/domain/scenes/decide.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

export type DecideServices = {
  readonly loadFacts: DecisionStore['loadFacts']
  readonly hasPushDevice: DecisionStore['hasPushDevice']
  readonly freeStock: DecisionStore['freeStock']
  readonly storeDecision: DecisionStore['store']
  readonly queueMessage: QueueMessage
  /** A random code of 10 characters, as the customer shows it. */
  readonly newCode: () => string
  /** From 0 to below 1. */
  readonly random: () => number
  readonly limits: Limits
}

// More than the scenes of a decision: each may turn out to be sold out.
const MAX_ROUNDS = 200
/** What fits into one transaction of 100 items beside the grant's own. */
export const SCENES_PER_DECISION = 90

type Attempt = { readonly facts: Facts; readonly spent: Spent }

const spendOccasion = (spent: Spent, candidate: Candidate): Spent => ({
  ...spent,
  occasions: new Set([...spent.occasions, occasionKey(candidate)]),
})

const spendOffer = (spent: Spent, offerId: OfferId): Spent => ({
  ...spent,
  offers: new Set([...spent.offers, offerId]),
})

/** One of the shards that still hold something, at random, so that concurrent grants spread. */
const pickShard = (free: readonly number[], random: () => number): number | undefined => {
  const filled = free.flatMap((count, shard) => (count > 0 ? [shard] : []))
  return filled[Math.floor(random() * filled.length)]
}

type Prepared =
  | { readonly kind: 'grant'; readonly grant: Grant }
  | { readonly kind: 'soldOut'; readonly offerId: OfferId }

const prepareGrant = async (
  services: DecideServices,
  winner: Outcome & { readonly kind: 'granted' },
  facts: Facts,
  signal?: AbortSignal,
): Promise<Prepared> => {
  const { scene, trigger, channel } = winner
  const candidate = { scene, trigger }
  const grantId = grantIdOf(candidate)
  const plain: Grant = { candidate, channel, grantId, messageId: messageIdOf(grantId) }
  if (scene.offerId === undefined) return { kind: 'grant', grant: plain }
  const offer = facts.merchants.get(scene.merchantId)?.offers.get(scene.offerId)
  const free = offer ? await services.freeStock(offer.id, offer.stockShards, signal) : []
  const stockShard = pickShard(free, services.random)
  if (offer === undefined || stockShard === undefined) return { kind: 'soldOut', offerId: scene.offerId }
  return { kind: 'grant', grant: { ...plain, offer, stockShard, code: services.newCode() } }
}

/** Whether a decision sends a message. */
type Spoke = 'spoke' | 'silent'

const queueEarlier = async (
  services: DecideServices,
  user: UserId,
  earlier: EarlierDecision,
  signal?: AbortSignal,
): Promise<Spoke> => {
  if (earlier === 'nothingGranted') return 'silent'
  await services.queueMessage(earlier.channel, user, earlier.messageId, signal)
  return 'spoke'
}

const queueGranted = async (
  services: DecideServices,
  user: UserId,
  grant: Grant | undefined,
  signal?: AbortSignal,
): Promise<Spoke> => {
  if (grant === undefined) return 'silent'
  await services.queueMessage(grant.channel, user, grant.messageId, signal)
  return 'spoke'
}

/** Where a better scene has spoken, what would be granted is outranked. */
const outrank = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.map(({ scene, trigger, ...outcome }) =>
    outcome.kind === 'granted'
      ? { scene, trigger, kind: 'suppressed', reason: 'outranked' }
      : { scene, trigger, ...outcome },
  )

const withDevices = async (
  services: DecideServices,
  user: UserId,
  facts: Facts,
  signal?: AbortSignal,
): Promise<Facts> => {
  const hasPushDevice = await services.hasPushDevice(user, signal)
  return { ...facts, customer: { ...facts.customer, hasPushDevice }, devicesRead: true }
}

/** The scenes that one transaction decides on; `before` = whether a better part has spoken. */
type Part = {
  readonly ref: DecisionRef
  readonly candidates: readonly Candidate[]
  readonly before: Spoke
}

/** Decides and stores once; what was refused comes back as the next attempt. */
const attemptOnce = async (
  services: DecideServices,
  { ref, candidates, before }: Part,
  { facts, spent }: Attempt,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Spoke | Attempt> => {
  const decided = decide(candidates, facts.customer, services.limits, spent, nowMs)
  const outcomes = before === 'spoke' ? outrank(decided) : decided
  const winner = outcomes.find((outcome) => outcome.kind === 'granted')
  // Phones are looked up only when a push is to go out; most triggers end before that.
  if (winner?.channel === 'push' && !facts.devicesRead) {
    return { facts: await withDevices(services, ref.user, facts, signal), spent }
  }
  const prepared = winner && (await prepareGrant(services, winner, facts, signal))
  if (prepared?.kind === 'soldOut') return { facts, spent: spendOffer(spent, prepared.offerId) }
  const grant = prepared?.grant
  const stored = await services.storeDecision(ref, outcomes, grant, facts, nowMs, signal)
  switch (stored.kind) {
    case 'stored':
      return queueGranted(services, ref.user, grant, signal)
    case 'decidedAlready':
      return queueEarlier(services, ref.user, stored.earlier, signal)
    case 'occasionUsed':
      return { facts, spent: grant ? spendOccasion(spent, grant.candidate) : spent }
    case 'profileChanged':
      return { facts: await services.loadFacts(ref.user, [...facts.merchants.keys()], signal), spent }
    // The shards are read again, and another code is drawn.
    case 'shardEmpty':
    case 'codeTaken':
      return { facts, spent }
    default:
      return stored satisfies never
  }
}

/** Decides and stores once more, until what was decided could be stored as it was. */
const decideUntilStored = async (
  services: DecideServices,
  part: Part,
  first: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Spoke> => {
  let attempt: Attempt = { facts: first, spent: NOTHING_SPENT }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (attempt.facts.customer.erased) return 'silent'
    const next = await attemptOnce(services, part, attempt, nowMs, signal)
    if (next === 'spoke' || next === 'silent') return next
    attempt = next
  }
  throw new BusyError('a decision found no quiet moment')
}

/** The best scenes first, so that what one part grants outranks all that follow. */
const inParts = (candidates: readonly Candidate[]): Candidate[][] => {
  const byScene = [...Map.groupBy(candidates.toSorted(compareCandidates), ({ scene }) => scene.id).values()]
  return Array.from({ length: Math.ceil(byScene.length / SCENES_PER_DECISION) }, (_, part) =>
    byScene.slice(part * SCENES_PER_DECISION, (part + 1) * SCENES_PER_DECISION).flat(),
  )
}

/**
 * Decides what the triggers of one presence write, event or timer earn, stores it whole and puts the message on its
 * channel's queue. Safe to repeat: the same triggers are decided once, and a message that was stored but perhaps not
 * queued is queued again.
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
  const scenes = [...facts.merchants.values()].flatMap((merchant) => merchant.scenes)
  let current = facts
  let before: Spoke = 'silent'
  for (const [index, candidates] of inParts(candidatesOf(scenes, triggers)).entries()) {
    const part = { ref: decisionRefOf(user, triggers, index), candidates, before }
    if (index > 0) current = await services.loadFacts(user, [...facts.merchants.keys()], signal)
    if ((await decideUntilStored(services, part, current, nowMs, signal)) === 'spoke') before = 'spoke'
  }
}
