import type { Ending, MessageStore } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import type { Published, Publisher } from '#shared/adapters/sns/publisher.ts'
import { isFinal, type ProfileFacts, type StoredMessage } from '#shared/contracts/items/ledger.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'

export type SendServices = {
  readonly messages: MessageStore
  readonly publisher: Publisher
  /** Has the operator switched everything off? At most 5 s old. */
  readonly isKilled: (nowMs: number, signal?: AbortSignal) => Promise<boolean>
}

/**
 * How long a function may hold a message: its time limit of 60 s and half of that again for clocks that differ, so that
 * two never hold it at once.
 */
export const LEASE_MS = 90_000
const MAX_ATTEMPTS = 8

type Attempt =
  | { readonly kind: 'ended'; readonly ending: Ending }
  | { readonly kind: 'again' }
  | { readonly kind: 'unclear'; readonly reason: string }

const secondsLeft = (message: StoredMessage, nowMs: number): number =>
  Math.max(1, Math.floor((message.expiresAtMs - nowMs) / 1000))

const endingOf = (published: Published): Attempt => {
  switch (published.kind) {
    case 'taken':
      return { kind: 'ended', ending: { state: 'sent', snsMessageId: published.snsMessageId } }
    case 'throttled':
      return { kind: 'again' }
    case 'refused':
      return { kind: 'ended', ending: { state: 'failed', reason: published.reason } }
    case 'unclear':
      return { kind: 'unclear', reason: published.reason }
    default:
      return published satisfies never
  }
}

const sendSms = async (
  { messages, publisher }: SendServices,
  message: StoredMessage,
  profile: ProfileFacts,
  signal?: AbortSignal,
): Promise<Attempt> => {
  const body = message.content.sms?.body
  if (
    body === undefined ||
    profile.phoneNumber === undefined ||
    !profile.smsConsents.has(message.merchantId)
  ) {
    return { kind: 'ended', ending: { state: 'failed', reason: 'noChannel' } }
  }
  if (message.channel === 'push' && !(await messages.switchToSms(message, signal))) {
    return { kind: 'unclear', reason: 'leaseLost' }
  }
  const published = await publisher.sms(profile.phoneNumber, body, signal)
  // An SMS whose fate is not known is never sent again.
  if (published.kind === 'unclear')
    return { kind: 'ended', ending: { state: 'unknown', reason: published.reason } }
  return endingOf(published)
}

const sendPush = async (
  services: SendServices,
  message: StoredMessage,
  profile: ProfileFacts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Attempt> => {
  const { messages, publisher } = services
  const { push } = message.content
  if (push === undefined || !profile.pushConsent) return sendSms(services, message, profile, signal)
  const content = {
    collapseId: message.messageId,
    title: push.title,
    body: push.body,
    ...(push.deepLink === undefined ? {} : { deepLink: push.deepLink }),
    ttlS: secondsLeft(message, nowMs),
  }
  for (const device of await messages.devices(message.user, signal)) {
    const published = await publisher.push(device, content, signal)
    if (published.kind !== 'refused' || published.scope === 'message') {
      if (
        published.kind === 'taken' &&
        published.endpointArn !== undefined &&
        published.endpointArn !== device.endpointArn
      ) {
        await messages.rememberEndpoint(message.user, device, published.endpointArn, signal)
      }
      return endingOf(published)
    }
    if (published.scope === 'device') {
      await messages.dropDevice(message.user, device, published.reason, signal)
    }
  }
  return sendSms(services, message, profile, signal)
}

/** How a message ends that had its last attempt: surely not sent, or nobody can tell. */
const lastEndingOf = (attempt: Exclude<Attempt, { kind: 'ended' }>): Ending =>
  attempt.kind === 'again'
    ? { state: 'failed', reason: 'tooManyAttempts' }
    : { state: 'unknown', reason: attempt.reason }

const publishLeased = async (
  services: SendServices,
  message: StoredMessage,
  profile: ProfileFacts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const { messages } = services
  const attempt =
    message.channel === 'push'
      ? await sendPush(services, message, profile, nowMs, signal)
      : await sendSms(services, message, profile, signal)
  if (attempt.kind === 'ended') {
    await messages.finish(message, attempt.ending, nowMs, signal)
    return
  }
  if (message.attempts >= MAX_ATTEMPTS) {
    await messages.finish(message, lastEndingOf(attempt), nowMs, signal)
    return
  }
  // An unclear push keeps its lease: when that has run out it is repeated, and replaces itself on the phone.
  if (attempt.kind === 'unclear') return
  await messages.release(message, nowMs, signal)
  throw new BusyError('a message was throttled')
}

/** Is it waiting, or was it left by somebody who did not come back in time? */
const isFree = ({ state, leaseUntilMs }: StoredMessage, nowMs: number): boolean =>
  state === 'queued' || (state === 'sending' && leaseUntilMs <= nowMs)

/**
 * Sends one message of the outbox, once: takes it by a lease, publishes it, records how it ended. Safe to repeat: a
 * message that has ended, or that somebody else holds, is left alone.
 *
 * @throws {BusyError} when the message was surely not sent and is to be delivered again
 */
export const sendMessage = async (
  services: SendServices,
  user: UserId,
  messageId: MessageId,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const { messages } = services
  const { message, profile } = await messages.read(user, messageId, signal)
  if (message === undefined || isFinal(message.state) || !isFree(message, nowMs)) return
  const leaseUntilMs = nowMs + LEASE_MS
  if (!(await messages.lease(message, leaseUntilMs, signal))) return
  const leased = { ...message, leaseUntilMs, attempts: message.attempts + 1 }
  const finish = (ending: Ending) => messages.finish(leased, ending, nowMs, signal)
  const isOver = nowMs >= message.expiresAtMs
  // Left while it was being sent: nobody can tell whether it went out. A push is repeated as long as it is worth it, and
  // replaces itself on the phone; an SMS never is.
  if (message.state === 'sending' && (message.channel === 'sms' || isOver)) {
    await finish({ state: 'unknown', reason: 'abandoned' })
  } else if (isOver) await finish({ state: 'expired' })
  else if (profile.erased) await finish({ state: 'failed', reason: 'erased' })
  else if (await services.isKilled(nowMs, signal)) await finish({ state: 'failed', reason: 'killSwitch' })
  else await publishLeased(services, leased, profile, nowMs, signal)
}
