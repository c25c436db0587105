import { type Prepared, prepareGrant, type Tried } from '#functions/decide-offers/prepare-grant.ts'
import type {
  DecisionStore,
  EarlierDecision,
  Facts,
} from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import type { WaitingList } from '#shared/adapters/dynamodb/ledger/waiting-list.ts'
import type { QueueMessage } from '#shared/adapters/sqs/message-queue.ts'
import { type DecisionRef, decisionRefOf, type Grant } from '#shared/contracts/items/decision.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { type Candidate, candidatesAmong, occasionKey } from '#shared/domain/scenes/candidate.ts'
import { decide, type Granted, type Outcome, rankCandidates } from '#shared/domain/scenes/decide.ts'
import { type Limits, NOTHING_SPENT, type Spent, type Surroundings } from '#shared/domain/scenes/facts.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

export type DecideServices = {
  readonly loadFacts: DecisionStore['loadFacts']
  readonly readPhones: DecisionStore['readPhones']
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
export const WRITES_PER_DECISION = 80

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
  outcomes.map((outcome) => {
    if (outcome.kind === 'suppressed') return outcome
    const { scene, trigger, score } = outcome
    return { scene, trigger, kind: 'suppressed', reason: 'outranked', score }
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

/** What is looked up for a winner only, since most triggers end before; undefined when all is known. */
const lookUp = async (
  services: DecideServices,
  winner: Granted,
  facts: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Facts | undefined> => {
  if (winner.channel === 'push' && !facts.devicesRead)
    return withPhones(services, winner.trigger.user, facts, signal)
  if (!facts.placeRead && facts.zonesVersion > 0 && winner.messageKind !== 'service')
    return withSurroundings(services, winner, facts, nowMs, signal)
  return undefined
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
  { facts, spent, tried }: Attempt,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Spoke | Attempt> => {
  const decided = decide(candidates, { ...facts, limits: services.limits }, spent, nowMs)
  const outcomes = before === 'spoke' ? outrank(decided) : decided
  const winner = outcomes.find((outcome) => outcome.kind === 'granted')
  const known = winner && (await lookUp(services, winner, facts, nowMs, signal))
  if (known) return { facts: known, spent, tried }
  const prepared = winner && (await prepareGrant(services, winner, facts, tried, nowMs, signal))
  if (prepared !== undefined && prepared.kind !== 'grant')
    return { facts, spent: spendPrepared(spent, prepared), tried }
  const grant = prepared?.grant
  const stored = await services.storeDecision(ref, outcomes, grant, facts, nowMs, signal)
  switch (stored.kind) {
    case 'stored':
      await services.noteWaiters(outcomes, facts.merchants, nowMs, signal)
      return queueGranted(services, ref.user, grant, signal)
    case 'decidedAlready':
      return queueEarlier(services, ref.user, stored.earlier, signal)
    case 'occasionUsed':
      return { facts, spent: grant ? spendOccasion(spent, grant.candidate) : spent, tried }
    case 'profileChanged':
      return {
        facts: await services.loadFacts(ref.user, [...facts.merchants.keys()], nowMs, signal),
        spent,
        tried,
      }
    case 'shardEmpty':
      return { facts, spent, tried: grant ? withTried(tried, grant) : tried }
    // The counts are read again, and another code is drawn.
    case 'tallyFull':
    case 'codeTaken':
      return { facts, spent, tried }
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
  let attempt: Attempt = { facts: first, spent: NOTHING_SPENT, tried: new Map() }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (attempt.facts.customer.erased) return 'silent'
    const next = await attemptOnce(services, part, attempt, nowMs, signal)
    if (next === 'spoke' || next === 'silent') return next
    attempt = next
  }
  throw new BusyError('a decision found no quiet moment')
}

/** A scene writes a counter, and a merchant beside others a trace of its own. */
const writesOf = (candidates: readonly Candidate[]): number =>
  new Set(candidates.flatMap(({ scene }) => [scene.id, scene.merchantId])).size

/** Groups in which each transaction stays below its 100 items, in the order in which they come. */
const inParts = (ranked: readonly Candidate[]): Candidate[][] => {
  const byScene = [...Map.groupBy(ranked, ({ scene }) => scene.id).values()]
  const parts: Candidate[][] = []
  for (const candidates of byScene) {
    const last = parts.at(-1)
    const grown = [...(last ?? []), ...candidates]
    if (last === undefined || writesOf(grown) > WRITES_PER_DECISION) parts.push(candidates)
    else parts[parts.length - 1] = grown
  }
  return parts
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
  // The best scenes first, so that what one part grants outranks all that follow.
  const found = candidatesAmong(facts.merchants.values(), triggers)
  const ranked = rankCandidates(found, { ...facts, limits: services.limits }, nowMs)
  let current = facts
  let before: Spoke = 'silent'
  for (const [index, candidates] of inParts(ranked).entries()) {
    const part = { ref: decisionRefOf(user, triggers, index), candidates, before }
    if (index > 0) current = await services.loadFacts(user, [...facts.merchants.keys()], nowMs, signal)
    if ((await decideUntilStored(services, part, current, nowMs, signal)) === 'spoke') before = 'spoke'
  }
}
