import type { Attempt, Lane, OutboxEntry, SendServices } from '#functions/send-messages/attempt.ts'
import { PoisonError } from '#functions/send-messages/poison-error.ts'
import { attemptPush, canBePush, phonesFor } from '#functions/send-messages/send-push.ts'
import { attemptSms } from '#functions/send-messages/send-sms.ts'
import type { Ending } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import {
  type Device,
  isFinal,
  type ProfileFacts,
  type StoredMessage,
} from '#shared/contracts/items/ledger.ts'
import { backoffS, MAX_REFUSALS } from '#shared/domain/messages/backoff.ts'
import { refusedSince } from '#shared/domain/messages/refused-since.ts'

/**
 * How long a function may hold a message: its time limit of 60 s and half of that again for clocks that differ, so that
 * two never hold it at once.
 */
export const LEASE_MS = 90_000
/** How often a push is repeated whose fate nobody can tell. */
export const MAX_UNCLEAR = 8

/** A message that this function holds, with all that it needs to know. */
type Leased = {
  readonly message: StoredMessage
  readonly profile: ProfileFacts
  readonly devices: readonly Device[]
  readonly lane: Lane
}

/** Is it waiting, or was it left by somebody who did not come back in time? */
const isFree = (message: StoredMessage, nowMs: number): boolean =>
  !isFinal(message) && (message.state !== 'sending' || message.leaseUntilMs <= nowMs)

const laneOf = ({ channel }: StoredMessage, [freshest]: readonly Device[]): Lane => {
  if (channel === 'sms') return 'sms'
  return freshest !== undefined && freshest.platform !== 'fcm' ? 'pushApple' : 'push'
}

const finish = (
  { messages }: SendServices,
  message: StoredMessage,
  ending: Ending,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> =>
  messages.finish(
    message,
    // What may have arrived has not failed.
    ending.state === 'failed' && message.mayHaveLeft ? { ...ending, state: 'unknown' } : ending,
    nowMs,
    signal,
  )

const tryAgain = async (
  services: SendServices,
  { message, lane }: Leased,
  { reason, isFault }: Extract<Attempt, { kind: 'again' }>,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  if (isFault) services.onFault(message.messageId, reason)
  if (message.attempts >= MAX_REFUSALS) {
    await finish(services, message, { state: 'failed', reason }, nowMs, signal)
    return
  }
  const delayS = backoffS(message.attempts, services.random)
  if (await services.messages.release(message, nowMs + delayS * 1000, signal)) {
    await services.queue(lane, message, delayS, signal)
  }
}

const settle = async (
  services: SendServices,
  leased: Leased,
  attempt: Attempt,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const { message } = leased
  switch (attempt.kind) {
    case 'ended':
      await finish(services, message, attempt.ending, nowMs, signal)
      return
    case 'again':
      await tryAgain(services, leased, attempt, nowMs, signal)
      return
    case 'bySms':
      if (await services.messages.handToSms(message, nowMs, signal)) {
        await services.queue('sms', message, 0, signal)
      }
      return
    case 'unclear':
      // It keeps its lease: when that has run out it is repeated, and replaces itself on the phone.
      if (message.attempts < MAX_UNCLEAR) return
      await finish(services, message, { state: 'unknown', reason: attempt.reason }, nowMs, signal)
      return
    default:
      attempt satisfies never
  }
}

/** Why it must not go out: what the operator or the customer has said since it was granted. */
const refusalOf = async (
  services: SendServices,
  { message, profile }: Leased,
  nowMs: number,
  signal?: AbortSignal,
): Promise<string | undefined> => {
  if (profile.erased) return 'erased'
  if (await services.isKilled(nowMs, signal)) return 'killSwitch'
  const [standing, added] = await Promise.all([
    services.standingOf(message.user, message.merchantId, signal),
    services.addedRules(nowMs, signal),
  ])
  // Who sends a test to the own phone has asked for it; but the number may be anybody's.
  if (message.grantId === undefined) return standing.isSuspended ? 'merchantSuspended' : undefined
  return refusedSince(message, profile, standing, added, nowMs)
}

const attemptOn = (
  services: SendServices,
  { message, profile, devices }: Leased,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Attempt> =>
  message.channel === 'push'
    ? attemptPush(services, message, profile, devices, nowMs, signal)
    : attemptSms(services, message, profile, nowMs, signal)

const endOrSend = async (
  services: SendServices,
  leased: Leased,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const { message } = leased
  const end = (ending: Ending) => finish(services, message, ending, nowMs, signal)
  const isOver = nowMs >= message.expiresAtMs
  // Left while it was being sent: nobody can tell whether it went out. A push is repeated as long as it is worth it, and
  // replaces itself on the phone; an SMS never is.
  if (message.mayHaveLeft && (message.channel === 'sms' || isOver)) {
    await end({ state: 'unknown', reason: 'abandoned' })
    return
  }
  if (isOver) {
    await end({ state: 'expired' })
    return
  }
  const reason = await refusalOf(services, leased, nowMs, signal)
  if (reason === undefined)
    await settle(services, leased, await attemptOn(services, leased, nowMs, signal), nowMs, signal)
  else await end({ state: 'failed', reason })
}

/**
 * Sends one message of the outbox, once: takes it by a lease, publishes it, records how it ended. Safe to repeat: a
 * message that has ended, or that somebody else holds, is left alone. What is for another lane is passed on to it.
 *
 * @throws {PoisonError} when nobody can read the message
 * @throws {BusyError} when the tables or queues do not answer
 */
export const sendMessage = async (
  services: SendServices,
  { user, messageId }: OutboxEntry,
  lane: Lane,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const { messages } = services
  const { message, profile } = await messages.read(user, messageId, signal)
  if (message === 'unreadable') {
    await messages.setAside(user, messageId, nowMs, signal)
    throw new PoisonError('the message has a form that nobody knows')
  }
  if (message === undefined || !isFree(message, nowMs)) return
  const wantsPhones = message.channel === 'push' && canBePush(message, profile) && nowMs < message.expiresAtMs
  const devices = wantsPhones ? phonesFor(message, await messages.devices(user, signal)) : []
  const right = laneOf(message, devices)
  if (right !== lane) {
    await services.queue(right, { user, messageId }, 0, signal)
    return
  }
  const leaseUntilMs = nowMs + LEASE_MS
  const [target] = devices
  const aimed = target === undefined ? message : { ...message, deviceId: target.deviceId }
  if (!(await messages.lease(aimed, leaseUntilMs, signal))) return
  const mayHaveLeft = message.mayHaveLeft || message.state === 'sending'
  const held = { ...aimed, leaseUntilMs, mayHaveLeft, attempts: message.attempts + 1 }
  await endOrSend(services, { message: held, profile, devices, lane }, nowMs, signal)
}
