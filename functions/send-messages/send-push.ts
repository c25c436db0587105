import { type Attempt, attemptOf, failed, type SendServices } from '#functions/send-messages/attempt.ts'
import { canBeSms } from '#functions/send-messages/send-sms.ts'
import type { Published } from '#shared/adapters/sns/publisher.ts'
import type { Device, ProfileFacts, StoredMessage } from '#shared/contracts/items/ledger.ts'
import type { PushContent } from '#shared/domain/messages/message.ts'
import type { PushMessage } from '#shared/domain/messages/push-payload.ts'

/** Are there words for a push, and consent? Who sends a test to the own phone has asked for it. */
export const canBePush = ({ content, grantId }: StoredMessage, profile: ProfileFacts): boolean =>
  content.push !== undefined && (grantId === undefined || profile.pushConsent)

const pushOf = (
  content: PushContent,
  { messageId, expiresAtMs }: StoredMessage,
  nowMs: number,
): PushMessage => ({
  ...content,
  collapseId: messageId,
  ttlS: Math.max(1, Math.floor((expiresAtMs - nowMs) / 1000)),
})

/** Keeps what an answer tells about the phone. */
const learn = async (
  { messages, deleteEndpoint }: SendServices,
  { user }: StoredMessage,
  device: Device,
  published: Published,
  signal?: AbortSignal,
): Promise<void> => {
  if (published.kind === 'refused' && published.scope === 'device') {
    await messages.dropDevice(user, device, published.reason, signal)
  }
  if (published.kind !== 'taken' || published.endpointArn === undefined) return
  if (published.endpointArn !== device.endpointArn) {
    const { endpointArn } = published
    const kept = await messages.rememberEndpoint(user, device, endpointArn, signal)
    // The customer was erased, or removed the phone, while it was made.
    if (kept === 'orphan') await deleteEndpoint(endpointArn, signal)
  }
}

/** What is left when no phone takes a push. After an attempt that may have arrived nothing else is sent. */
const withoutPush = (message: StoredMessage, profile: ProfileFacts): Attempt =>
  canBeSms(message, profile) && !message.mayHaveLeft ? { kind: 'bySms' } : failed('noChannel')

/**
 * The phones that a push may go to: after an attempt that may have arrived only that one, where a repeat replaces it.
 * Anywhere else, on another phone of the same customer too, it would be a second message.
 */
export const phonesFor = (
  { mayHaveLeft, state, deviceId }: StoredMessage,
  devices: readonly Device[],
): readonly Device[] =>
  (mayHaveLeft || state === 'sending') && deviceId !== undefined
    ? devices.filter((device) => device.deviceId === deviceId)
    : devices

/** Publishes a leased message as push to the customer's freshest phone that can be reached. */
export const attemptPush = async (
  services: SendServices,
  message: StoredMessage,
  profile: ProfileFacts,
  devices: readonly Device[],
  nowMs: number,
  signal?: AbortSignal,
): Promise<Attempt> => {
  const { push } = message.content
  if (push === undefined) return withoutPush(message, profile)
  for (const device of devices) {
    const isAimed = device.deviceId === message.deviceId
    if (!isAimed && !(await services.messages.aim(message, device.deviceId, signal))) {
      return { kind: 'unclear', reason: 'leaseLost' }
    }
    const published = await services.publisher.push(device, pushOf(push, message, nowMs), signal)
    await learn(services, message, device, published, signal)
    if (published.kind !== 'refused' || published.scope === 'message') return attemptOf(published)
  }
  return withoutPush(message, profile)
}
