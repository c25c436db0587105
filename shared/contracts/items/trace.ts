import * as z from 'zod'
import { armOf, type DecisionRef, type Grant } from '#shared/contracts/items/decision.ts'
import type { DecisionPart, NextPart } from '#shared/contracts/items/decision-part.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { TRACE_TTL_S, userKey } from '#shared/contracts/items/ledger.ts'
import { type MerchantId, type MessageId, type SceneId, shardOf, type UserId } from '#shared/domain/ids.ts'
import { ARMS } from '#shared/domain/loop/count.ts'
import { CHANNELS, type Channel } from '#shared/domain/messages/channel.ts'
import { occasionOfCandidate } from '#shared/domain/scenes/candidate.ts'
import type { Outcome } from '#shared/domain/scenes/decide.ts'
import { SUPPRESSION_REASONS, type SuppressionReason } from '#shared/domain/scenes/reasons.ts'
import { occasionOf, type Trigger } from '#shared/domain/scenes/trigger.ts'

const HOUR_LENGTH = 'YYYY-MM-DDTHH'.length

/** Over how many partitions of the index a merchant's traces are spread. */
export const TRACE_SHARDS = 4

export const tracePk = (merchantId: MerchantId, shard: number): string => `M#${merchantId}#TRACE#${shard}`

const iso = (ms: number): string => new Date(ms).toISOString()

export const traceKey = ({ user, decisionId, atMs, part }: DecisionRef) => ({
  pk: userKey(user),
  sk: `TRACE#${iso(atMs)}#${decisionId}#${part}`,
})

const BUCKETS_M = [-500, -200, -100, -50, -20, 0, 20, 50, 100, 200, 500]

/**
 * A distance to a geofence's boundary as a trace tells it: in steps, so that it draws no path.
 *
 * @example distanceBucket(-37) // '-50 to -20 m'
 */
export const distanceBucket = (distanceM: number): string => {
  const upper = BUCKETS_M.findIndex((limit) => distanceM < limit)
  if (upper === 0) return 'below -500 m'
  if (upper === -1) return 'above 500 m'
  return `${BUCKETS_M[upper - 1]} to ${BUCKETS_M[upper]} m`
}

const distanceOf = (trigger: Trigger) =>
  'distanceM' in trigger ? { distance: distanceBucket(trigger.distanceM) } : {}

const resultOf = (outcome: Outcome) => (outcome.kind === 'granted' ? 'granted' : outcome.reason)

const scoresOf = (outcome: Outcome) => ({
  ...(outcome.score !== undefined && { score: outcome.score }),
  ...(outcome.kind === 'suppressed' &&
    outcome.winnerScore !== undefined && { winnerScore: outcome.winnerScore }),
})

/** What had run out where units that return would help, and what a place in its waiting list would be about. */
const awaitsOf = (outcome: Outcome) => {
  if (outcome.kind === 'granted' || outcome.awaits === undefined) return {}
  const { trigger, awaits } = outcome
  const { timeZone } = trigger
  return { awaits: { offerId: awaits, occasion: occasionOf(trigger), ...(timeZone && { timeZone }) } }
}

/**
 * The outcomes of a decision, those of a scene with the same trigger, store and result together: `count` of them, the
 * first occasion standing for all. So a trace is bounded by the counters of a decision, however many visits a batch holds.
 */
const outcomeEntries = (outcomes: readonly Outcome[]) =>
  [
    ...Map.groupBy(
      outcomes,
      (outcome) =>
        `${outcome.scene.id} ${outcome.trigger.type} ${outcome.trigger.storeId ?? ''} ${resultOf(outcome)}`,
    ).values(),
  ].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const { scene, trigger } = first
    return [
      {
        sceneId: scene.id,
        revision: scene.revision,
        merchantId: scene.merchantId,
        trigger: trigger.type,
        ...(trigger.storeId !== undefined && { storeId: trigger.storeId }),
        arm: armOf(first),
        occasion: occasionOfCandidate(first),
        result: resultOf(first),
        ...distanceOf(trigger),
        ...scoresOf(first),
        ...(first.kind === 'suppressed' && first.compared && { compared: first.compared }),
        ...awaitsOf(first),
        ...(first.kind === 'suppressed' && first.againMs !== undefined && { again: iso(first.againMs) }),
        count: same.length,
      },
    ]
  })

/** By the hour, and inside it by chance: neither the order nor a cursor tells when a stranger came by. */
const listedFor = (merchantId: MerchantId, ref: DecisionRef, nowMs: number) => ({
  merchantPk: tracePk(merchantId, shardOf(ref.user, TRACE_SHARDS)),
  merchantSk: `${iso(nowMs).slice(0, HOUR_LENGTH)}#${ref.decisionId}#${ref.part}`,
})

/**
 * What holds for all merchants alike and tells a merchant nothing of its scene: where several met it is counted, and
 * stands in the customer's trace; a list of it for each of them would cost more than the decision.
 */
const ALIKE: ReadonlySet<string> = new Set<SuppressionReason>([
  'stale',
  'exclusionZone',
  'lawfulHours',
  'quietHours',
  'platformCap',
])

const isOfMerchant = (outcome: Outcome): boolean => !ALIKE.has(resultOf(outcome))

/** The message that a decision sends, and the scene that it is of.  */
export type Sent = {
  readonly messageId: MessageId
  readonly channel: Channel
  readonly sceneId?: SceneId
  readonly score?: number
}

export const sentOf = ({ messageId, channel, candidate, score }: Grant): Sent => ({
  messageId,
  channel,
  sceneId: candidate.scene.id,
  score,
})

/** The merchants of the scenes of some outcomes. */
const merchantsOf = (outcomes: readonly Outcome[]): MerchantId[] => [
  ...new Set(outcomes.map(({ scene }) => scene.merchantId)),
]

/**
 * The items that explain a decision for 30 days: one for the customer, with everything; where scenes of several
 * merchants met, one more for each merchant that it tells something of its own, with its own scenes alone. The first is
 * written once for each decision.
 */
export const traceItems = (
  ref: DecisionRef,
  { outcomes, next }: DecisionPart,
  grant: Grant | undefined,
  nowMs: number,
) => {
  const common = {
    user: ref.user,
    decidedAt: iso(nowMs),
    ttl: Math.floor(nowMs / 1000) + TRACE_TTL_S,
  }
  const merchants = merchantsOf(outcomes)
  const [only] = merchants
  const isShared = merchants.length > 1
  const key = traceKey(ref)
  const whole = {
    ...key,
    kind: 'trace' as const,
    ...common,
    outcomes: outcomeEntries(outcomes),
    ...(grant && { ...sentOf(grant) }),
    ...(next && { ...next }),
    ...(only !== undefined && !isShared ? listedFor(only, ref, nowMs) : {}),
  }
  const copies = !isShared
    ? []
    : merchantsOf(outcomes.filter(isOfMerchant)).map((merchantId) => ({
        pk: key.pk,
        sk: `MERCHANT${key.sk}#${merchantId}`,
        kind: 'merchantTrace' as const,
        ...common,
        outcomes: outcomeEntries(outcomes.filter(({ scene }) => scene.merchantId === merchantId)),
        ...listedFor(merchantId, ref, nowMs),
      }))
  return { whole, copies }
}

const outcome = z.object({
  sceneId: id('scn'),
  revision: z.number().default(1),
  merchantId: id('mer'),
  trigger: z.string(),
  storeId: id('sto').exactOptional(),
  arm: z.enum(ARMS).default('treated'),
  occasion: z.string(),
  result: z.enum(['granted', ...SUPPRESSION_REASONS]),
  distance: z.string().exactOptional(),
  score: z.number().exactOptional(),
  winnerScore: z.number().exactOptional(),
  compared: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
  again: z.string().exactOptional(),
  awaits: z
    .object({ offerId: id('off'), occasion: z.string(), timeZone: z.string().exactOptional() })
    .exactOptional(),
  count: z.number(),
})
const earlier = z.object({
  messageId: id('msg').exactOptional(),
  channel: z.enum(CHANNELS).exactOptional(),
  sceneId: id('scn').exactOptional(),
  score: z.number().exactOptional(),
  until: z.string().exactOptional(),
  taken: z.array(z.string()).default([]),
})

/** Reads what a stored part of a decision sends, and what follows it. */
export const parseEarlier = (item: unknown): { readonly sent?: Sent; readonly next?: NextPart } => {
  const { messageId, channel, until, taken, ...rest } = earlier.parse(item)
  return {
    ...(messageId !== undefined && channel !== undefined && { sent: { messageId, channel, ...rest } }),
    ...(until !== undefined && { next: { until, taken } }),
  }
}

const trace = z.object({ user: id('usr'), decidedAt: z.string(), outcomes: z.array(outcome) })

export type StoredOutcome = z.output<typeof outcome>
export type StoredTrace = {
  readonly user: UserId
  readonly decidedAt: string
  readonly outcomes: readonly StoredOutcome[]
}
/** Reads a trace. */
export const parseTrace = (item: unknown): StoredTrace => trace.parse(item)
