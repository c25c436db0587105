import { createHash } from 'node:crypto'
import { dueKey, expiryOf, TRACE_TTL_S, userKey } from '#shared/contracts/items/ledger.ts'
import {
  type GrantId,
  hashId,
  type MessageId,
  type SceneId,
  shardOf,
  type UserId,
  type WriteId,
} from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Candidate, Outcome, RecentSend } from '#shared/domain/scenes/decide.ts'
import { occasionOf, type Trigger } from '#shared/domain/scenes/trigger.ts'

/** Over how many items a scene's counters are spread. */
export const COUNTER_SHARDS = 32
/** A message that is still unfinished this long after its grant is looked at by the minute schedule. */
export const REQUEUE_AFTER_MS = 60_000

const keyOfTrigger = (trigger: Trigger): string =>
  trigger.type === 'dwell'
    ? `dwell ${trigger.dwellS} ${trigger.visitId}`
    : `${trigger.type} ${occasionOf(trigger)}`

/** Names a set of triggers: the same set, delivered again, is the same decision. */
export const decisionIdOf = (user: UserId, triggers: readonly Trigger[]): WriteId =>
  hashId('wrt', user, ...triggers.map(keyOfTrigger).toSorted())

/** Which decision about which triggers; traces sort by the time of what happened. */
export type DecisionRef = {
  readonly user: UserId
  readonly decisionId: WriteId
  readonly atMs: number
  /** Counts from 0 when the triggers reach more scenes than one decision can take. */
  readonly part: number
}

export const decisionRefOf = (user: UserId, triggers: readonly Trigger[], part: number): DecisionRef => ({
  user,
  decisionId: decisionIdOf(user, triggers),
  atMs: Math.max(...triggers.map((trigger) => trigger.atMs)),
  part,
})

export const traceKey = ({ user, decisionId, atMs, part }: DecisionRef) => ({
  pk: userKey(user),
  sk: `TRACE#${new Date(atMs).toISOString()}#${decisionId}#${part}`,
})

/** The grant of a scene for one occasion: the same id however often it is attempted, so it exists at most once. */
export const grantIdOf = (candidate: Candidate): GrantId =>
  hashId('grt', candidate.trigger.user, candidate.scene.id, occasionOf(candidate.trigger))

export const messageIdOf = (grantId: GrantId): MessageId => hashId('msg', grantId)

/** What was granted, before it is stored. */
export type Grant = {
  readonly candidate: Candidate
  readonly channel: Channel
  readonly grantId: GrantId
  readonly messageId: MessageId
  readonly offer?: Offer
  readonly code?: string
  readonly stockShard?: number
}

/** Codes are compared without dashes and case. */
export const codeKey = (code: string) => ({
  pk: `CODE#${createHash('sha256').update(code.replaceAll('-', '').toUpperCase()).digest('hex')}`,
  sk: 'GRANT',
})

/** What a grant says; a text message without the code would be no offer. */
const contentOf = ({ candidate, code }: Grant): MessageContent => {
  const { push, sms, translations } = candidate.scene.message
  return {
    ...(push ? { push } : {}),
    ...(sms ? { sms: { ...sms, ...(code === undefined ? {} : { code }) } } : {}),
    ...(translations ? { translations } : {}),
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

/** An offer in a grant, and when the minute schedule gives back what was not redeemed. */
const reservationOf = ({ offer, code, stockShard, grantId }: Grant, nowMs: number, dueShards: number) => {
  if (offer === undefined) return {}
  const validUntilMs = nowMs + offer.validityS * 1000
  return {
    offerId: offer.id,
    offerName: offer.name,
    code,
    stockShard,
    validUntil: iso(validUntilMs),
    ...dueKey(validUntilMs, grantId, shardOf(grantId, dueShards)),
  }
}

export const grantItem = (grant: Grant, nowMs: number, dueShards: number) => {
  const { candidate, grantId, messageId } = grant
  const { scene, trigger } = candidate
  return {
    pk: userKey(trigger.user),
    sk: `GRANT#${grantId}`,
    kind: 'grant',
    user: trigger.user,
    grantId,
    messageId,
    merchantId: scene.merchantId,
    sceneId: scene.id,
    occasion: occasionOf(trigger),
    state: 'reserved',
    grantedAt: iso(nowMs),
    ...reservationOf(grant, nowMs, dueShards),
    ttl: expiryOf(nowMs),
  }
}

export const messageItem = (grant: Grant, nowMs: number, dueShards: number) => {
  const { candidate, channel, offer, grantId, messageId, stockShard } = grant
  const { scene, trigger } = candidate
  return {
    pk: userKey(trigger.user),
    sk: `MESSAGE#${messageId}`,
    kind: 'message',
    user: trigger.user,
    messageId,
    grantId,
    merchantId: scene.merchantId,
    sceneId: scene.id,
    channel,
    state: 'queued',
    content: contentOf(grant),
    ...(offer ? { offerId: offer.id, stockShard } : {}),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + scene.message.ttlS * 1000,
    ...dueKey(nowMs + REQUEUE_AFTER_MS, messageId, shardOf(messageId, dueShards)),
    ttl: expiryOf(nowMs),
  }
}

const resultOf = (outcome: Outcome) => (outcome.kind === 'granted' ? 'granted' : outcome.reason)

/**
 * The outcomes of a decision, those of a scene with the same trigger and result together: `count` of them, the first
 * occasion standing for all. So a trace is bounded by the scenes of a decision, however many visits a batch holds.
 */
const outcomeEntries = (outcomes: readonly Outcome[]) =>
  [
    ...Map.groupBy(
      outcomes,
      (outcome) => `${outcome.scene.id} ${outcome.trigger.type} ${resultOf(outcome)}`,
    ).values(),
  ].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const { scene, trigger } = first
    const result = resultOf(first)
    const occasion = occasionOf(trigger)
    return [
      {
        sceneId: scene.id,
        merchantId: scene.merchantId,
        trigger: trigger.type,
        occasion,
        result,
        count: same.length,
      },
    ]
  })

export const traceItem = (
  ref: DecisionRef,
  outcomes: readonly Outcome[],
  grant: Grant | undefined,
  nowMs: number,
) => ({
  ...traceKey(ref),
  kind: 'trace',
  user: ref.user,
  decidedAt: iso(nowMs),
  outcomes: outcomeEntries(outcomes),
  ...(grant ? { messageId: grant.messageId, channel: grant.channel } : {}),
  ttl: Math.floor(nowMs / 1000) + TRACE_TTL_S,
})

export const counterKey = (sceneId: SceneId, user: UserId, nowMs: number) => ({
  pk: `SCENE#${sceneId}#${shardOf(user, COUNTER_SHARDS)}`,
  sk: `COUNT#${iso(nowMs).slice(0, 10)}`,
})

/** How much each counter of a scene grows by these outcomes. */
export const countsOf = (outcomes: readonly Outcome[]): Map<SceneId, Record<string, number>> => {
  const counts = new Map<SceneId, Record<string, number>>()
  for (const outcome of outcomes) {
    const name = outcome.kind === 'granted' ? 'granted' : `suppressed_${outcome.reason}`
    const known = counts.get(outcome.scene.id) ?? {}
    counts.set(outcome.scene.id, {
      ...known,
      triggered: (known['triggered'] ?? 0) + 1,
      [name]: (known[name] ?? 0) + 1,
    })
  }
  return counts
}

/** The longest cool-down, and so how long a send stays on the profile. */
export const MAX_SEND_AGE_MS = 30 * 24 * 3_600_000
const MAX_RECENT_SENDS = 200

/** The sends a profile keeps after one more: those of the last 30 days, at most 200. */
export const withSend = (sends: readonly RecentSend[], send: RecentSend): RecentSend[] =>
  [...sends.filter(({ atMs }) => Math.abs(send.atMs - atMs) < MAX_SEND_AGE_MS), send].slice(-MAX_RECENT_SENDS)
