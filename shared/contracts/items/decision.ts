import { createHash } from 'node:crypto'
import * as z from 'zod'
import {
  dueKey,
  expiryOf,
  MAX_HELD_OUT,
  type remindedOf,
  type StoredTally,
  TRACE_TTL_S,
  userKey,
} from '#shared/contracts/items/ledger.ts'
import { isOfUnit, type Tally } from '#shared/contracts/items/stock.ts'
import {
  type GrantId,
  hashId,
  type MerchantId,
  type MessageId,
  type SceneId,
  shardOf,
  type UserId,
  type WriteId,
} from '#shared/domain/ids.ts'
import { type Arm, type Counted, mergeCounted, utcDay } from '#shared/domain/loop/count.ts'
import { DEFAULT_ATTRIBUTION_DAYS, type Exposure } from '#shared/domain/loop/exposure.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import { GRANT_STATES } from '#shared/domain/offers/grant-state.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { type Candidate, occasionOfCandidate } from '#shared/domain/scenes/candidate.ts'
import { REMEMBERED } from '#shared/domain/scenes/caps.ts'
import { isHeldOut } from '#shared/domain/scenes/checks.ts'
import type { Outcome, Suppressed } from '#shared/domain/scenes/decide.ts'
import type { HeldOutSend, RecentSend, Slot } from '#shared/domain/scenes/facts.ts'
import type { MessageKind } from '#shared/domain/scenes/scene.ts'
import { occasionOf, type Trigger } from '#shared/domain/scenes/trigger.ts'
import type { KnownPlace } from '#shared/domain/schedule/lawful-hours.ts'

/** A message that is still unfinished this long after its grant is looked at by the minute schedule. */
export const REQUEUE_AFTER_MS = 60_000

const keyOfTrigger = (trigger: Trigger): string => {
  if (trigger.type === 'dwell') return `dwell ${trigger.dwellS} ${trigger.visitId}`
  if (trigger.type === 'due') return `due ${trigger.sceneId} ${trigger.occasion}`
  return `${trigger.type} ${occasionOf(trigger)}`
}

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

/** The grant of a scene for one occasion: the same id however often it is attempted, so it exists at most once. */
export const grantIdOf = (candidate: Candidate): GrantId =>
  grantIdFor(candidate.trigger.user, candidate.scene.id, occasionOfCandidate(candidate))

const grantIdFor = (user: UserId, sceneId: SceneId, occasion: string): GrantId =>
  hashId('grt', user, sceneId, occasion)

export const messageIdOf = (grantId: GrantId): MessageId => hashId('msg', grantId)

/** The message that a scene's grant for an occasion has. */
export const messageIdFor = (user: UserId, sceneId: SceneId, occasion: string): MessageId =>
  messageIdOf(grantIdFor(user, sceneId, occasion))

/** What was granted, before it is stored. */
export type Grant = {
  readonly candidate: Candidate
  readonly channel: Channel
  readonly grantId: GrantId
  readonly messageId: MessageId
  /** Filled in, for every channel that it may take. */
  readonly content: MessageContent
  /** What its SMS costs, where it has one. */
  readonly smsCents?: number
  /** Ms since the epoch. */
  readonly deliverUntilMs: number
  /** What was known of the place whose law let it. */
  readonly lawPlace?: KnownPlace
  readonly score: number
  readonly send: Pick<RecentSend, 'isScarce' | 'venueIds'> & { readonly kind: MessageKind }
  readonly offer?: Offer
  /** See `hasCode`. */
  readonly code?: string
  readonly stockShard?: number
  /** Its code is one of the merchant's own. */
  readonly isListed?: true
  /** When a visit plan has the customer reminded of the offer first, before it ends. */
  readonly lookAtMs?: number
  /** Its unit was put aside for the occasion. */
  readonly isKept?: true
  /** What it counts up beside the stock. */
  readonly tallies: readonly Tally[]
  /** See `correlationOf`. */
  readonly correlationId: WriteId
}

/** The decision that the chain of events began with: the trigger's own, where it follows from an earlier message. */
export const correlationOf = ({ decisionId }: DecisionRef, { correlationId }: Trigger): WriteId =>
  correlationId ?? decisionId

/** Codes are compared without dashes and case. */
export const codeKey = (code: string) => ({
  pk: `CODE#${createHash('sha256').update(code.replaceAll('-', '').toUpperCase()).digest('hex')}`,
  sk: 'GRANT',
})

/** A merchant's own code: other merchants may have the same. */
export const listedCodeKey = (merchantId: MerchantId, code: string) => ({
  pk: `CODE#${createHash('sha256').update(`${merchantId}|${code}`).digest('hex')}`,
  sk: 'GRANT',
})

const iso = (ms: number): string => new Date(ms).toISOString()

/** Until when an offer that is given now can be redeemed. */
export const validUntilMs = ({ validityS, until }: Offer, nowMs: number): number =>
  Math.min(nowMs + validityS * 1000, until === undefined ? Infinity : Date.parse(until))

const talliesOf = (tallies: readonly Tally[]): StoredTally[] =>
  tallies.map(({ pk, sk, add }) => ({ pk, sk, add: { ...add } }))

/** An offer in a grant, and when the minute schedule gives back what was not redeemed. */
const reservationOf = (
  { offer, code, stockShard, isListed, grantId, tallies, lookAtMs }: Grant,
  nowMs: number,
  dueShards: number,
) => {
  if (offer === undefined) return {}
  const untilMs = validUntilMs(offer, nowMs)
  return {
    offerId: offer.id,
    offerName: offer.name,
    offerKind: offer.kind,
    ...(code !== undefined && { code }),
    stockShard,
    ...(isListed && { listedCode: code }),
    validUntil: iso(untilMs),
    tallies: talliesOf(tallies.filter(isOfUnit)),
    ...(offer.costCents !== undefined && { offerCents: offer.costCents }),
    ...(offer.redeemAt !== undefined && { redeemAt: offer.redeemAt }),
    ...dueKey(Math.min(untilMs, lookAtMs ?? untilMs), grantId, shardOf(grantId, dueShards)),
  }
}

export const grantKey = (user: UserId, grantId: GrantId) => ({ pk: userKey(user), sk: `GRANT#${grantId}` })

const heldSchema = z.object({ state: z.enum(GRANT_STATES), validUntil: z.string().exactOptional() })

/** Can what a GRANT item gives still be redeemed? */
export const isHeld = (item: unknown, nowMs: number): boolean => {
  const { state, validUntil } = heldSchema.parse(item)
  return (
    (state === 'reserved' || state === 'confirmed') &&
    validUntil !== undefined &&
    nowMs < Date.parse(validUntil)
  )
}

/** Where the index `byMerchant` lists a customer's grants by time: their own keys are hashes. */
export const grantIndex = (user: UserId, grantId: GrantId, grantedAtMs: number) => ({
  merchantPk: grantsPk(user),
  merchantSk: `${iso(grantedAtMs)}#${grantId}`,
})
export const grantsPk = (user: UserId): string => `${userKey(user)}#GRANTS`

export const grantItem = (grant: Grant, nowMs: number, dueShards: number) => {
  const { candidate, grantId, messageId } = grant
  const { scene, trigger } = candidate
  return {
    ...grantKey(trigger.user, grantId),
    kind: 'grant',
    user: trigger.user,
    grantId,
    messageId,
    merchantId: scene.merchantId,
    sceneId: scene.id,
    ...(scene.theme !== undefined && { theme: scene.theme }),
    occasion: occasionOfCandidate(candidate),
    correlationId: grant.correlationId,
    ...(trigger.storeId !== undefined && { storeId: trigger.storeId }),
    state: 'reserved',
    grantedAt: iso(nowMs),
    ...reservationOf(grant, nowMs, dueShards),
    // For a reminder of it: whose hours hold.
    ...(grant.lookAtMs !== undefined && trigger.timeZone !== undefined && { timeZone: trigger.timeZone }),
    ...grantIndex(trigger.user, grantId, nowMs),
    ttl: expiryOf(nowMs),
  }
}

export const messageItem = (grant: Grant, nowMs: number, dueShards: number) => {
  const { candidate, channel, content, offer, grantId, messageId, stockShard, tallies } = grant
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
    correlationId: grant.correlationId,
    ...(trigger.storeId !== undefined && { storeId: trigger.storeId }),
    channel,
    messageKind: grant.send.kind,
    state: 'queued',
    content,
    ...(grant.smsCents !== undefined && { smsCents: grant.smsCents }),
    ...(offer ? { offerId: offer.id, stockShard } : {}),
    ...(grant.isListed ? { listedCode: grant.code } : {}),
    ...(tallies.length > 0 ? { tallies: talliesOf(tallies) } : {}),
    createdAtMs: nowMs,
    expiresAtMs: grant.deliverUntilMs,
    ...(grant.lawPlace && { lawPlace: grant.lawPlace }),
    ...dueKey(nowMs + REQUEUE_AFTER_MS, messageId, shardOf(messageId, dueShards)),
    ttl: expiryOf(nowMs),
  }
}

/** The send that a grant leaves on the profile, and the slot that it takes there. */
export const sendOf = ({ candidate: { scene }, messageId, send }: Grant, nowMs: number): RecentSend => ({
  atMs: nowMs,
  merchantId: scene.merchantId,
  sceneId: scene.id,
  messageId,
  ...send,
})
/** Undefined for the answer to an own act: it bids for no attention, and keeps nobody else's from the customer. */
export const slotOf = ({ messageId, score, send }: Grant, nowMs: number): Slot | undefined =>
  send.kind === 'service' ? undefined : { atMs: nowMs, messageId, score }

/** What raises a reminder again. */
const aboutOf = (trigger: Trigger): z.input<typeof remindedOf> | undefined => {
  if (trigger.type === 'restock') return { kind: 'restock', offerId: trigger.offerId }
  if (trigger.type !== 'due') return undefined
  const { plan, plannedAtMs, staleAfterS } = trigger
  return { kind: 'due', plan, plannedAtMs, staleAfterS }
}

/** A reminder that waits for the next open hour: the minute schedule raises it again. */
export const waitingItem = (
  { scene, trigger, againMs }: Suppressed & { againMs: number },
  dueShards: number,
) => {
  const { user, merchantId } = trigger
  const occasion = occasionOf(trigger)
  return {
    pk: userKey(user),
    sk: `LATER#${scene.id}#${occasion}#${iso(againMs)}`,
    kind: 'later',
    user,
    merchantId,
    sceneId: scene.id,
    occasion,
    againMs,
    about: aboutOf(trigger),
    ...(trigger.timeZone !== undefined && { timeZone: trigger.timeZone }),
    ...(trigger.storeId !== undefined && { storeId: trigger.storeId }),
    ...(trigger.correlationId !== undefined && { correlationId: trigger.correlationId }),
    ...dueKey(againMs, `${user}#${scene.id}#${occasion}`, shardOf(user, dueShards)),
    ttl: Math.floor(againMs / 1000) + TRACE_TTL_S,
  }
}

/** The arm of a scene's experiment in which a customer is. */
export const armOf = ({ scene, trigger }: Candidate): Arm =>
  isHeldOut(scene, trigger.user) ? 'holdout' : 'treated'

const DAY_MS = 86_400_000

/** That a scene speaks to a customer, or would have but for the experiment. */
export const exposureOf = (
  candidate: Candidate,
  ref: DecisionRef,
  messageId: MessageId | undefined,
  nowMs: number,
): Exposure => {
  const { scene, trigger } = candidate
  return {
    user: trigger.user,
    merchantId: scene.merchantId,
    sceneId: scene.id,
    grantId: grantIdOf(candidate),
    correlationId: correlationOf(ref, trigger),
    arm: messageId === undefined ? 'holdout' : 'treated',
    storeId: trigger.storeId,
    atMs: nowMs,
    windowMs: (scene.attributionDays ?? DEFAULT_ATTRIBUTION_DAYS) * DAY_MS,
    messageId,
    stages: {},
    version: 1,
  }
}

/** What these outcomes add to the counters of their scenes: each on the day, at the store and in the arm of its trigger. */
export const countedOf = (outcomes: readonly Outcome[], nowMs: number): Counted[] =>
  mergeCounted(
    outcomes.map((outcome) => ({
      place: {
        of: 'scene',
        sceneId: outcome.scene.id,
        day: utcDay(nowMs),
        storeId: outcome.trigger.storeId,
        arm: armOf(outcome),
      },
      counts: {
        triggered: 1,
        [outcome.kind === 'granted' ? 'granted' : `suppressed_${outcome.reason}`]: 1,
        ...(outcome.kind === 'suppressed' && outcome.withheld !== undefined && { heldOut: 1 }),
      },
    })),
  )

/** The longest cool-down and window of a cap, and so how long a send stays on the profile. */
export const MAX_SEND_AGE_MS = REMEMBERED.windowS * 1000

/** The sends a profile keeps after one more: those of the last 30 days, at most 200. */
export const withSend = (sends: readonly RecentSend[], send: RecentSend): RecentSend[] =>
  [...sends.filter(({ atMs }) => Math.abs(send.atMs - atMs) < MAX_SEND_AGE_MS), send].slice(-REMEMBERED.max)

/** The messages that experiments kept from a customer, after one more: those of the last 30 days, at most 100. */
export const withHeldOut = (
  known: readonly HeldOutSend[],
  { scene, trigger, occasion, withheld }: Suppressed,
  nowMs: number,
): HeldOutSend[] => {
  const candidate = { scene, trigger, ...(occasion !== undefined && { occasion }) }
  const send: HeldOutSend = {
    atMs: nowMs,
    merchantId: scene.merchantId,
    sceneId: scene.id,
    messageId: messageIdOf(grantIdOf(candidate)),
    occasion: occasionOfCandidate(candidate),
    ...(withheld && { kind: withheld.messageKind }),
    ...(withheld?.offer?.isScarce && { isScarce: true }),
  }
  return [...known.filter(({ atMs }) => Math.abs(nowMs - atMs) < MAX_SEND_AGE_MS), send].slice(-MAX_HELD_OUT)
}
