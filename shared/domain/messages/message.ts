import type { Channel } from '#shared/domain/messages/channel.ts'

/** A message ends sent, failed, expired or unknown (an SMS whose fate nobody can tell; it is never sent again). */
export const MESSAGE_STATES = ['queued', 'sending', 'sent', 'failed', 'expired', 'unknown'] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

/** A message ends so when the program that read it could not; a later one may, so this end is not the last word. */
export const UNREADABLE = 'unreadable'

/** Why a message ended as it did, as customers and merchants are told. */
export const MESSAGE_REASONS = [
  'noChannel',
  'consent',
  'muted',
  'blocked',
  'complaintOpen',
  'merchantSuspended',
  'lawfulHours',
  'optedOut',
  'erased',
  'killSwitch',
  'unreadable',
  'abandoned',
  'refused',
  'unclear',
] as const
export type MessageReason = (typeof MESSAGE_REASONS)[number]

/** What became of a message, as customers and merchants are told. */
export type MessageFate = {
  readonly channel: Channel
  readonly state: MessageState
  readonly reason?: MessageReason
}

/**
 * The reason of an ending as it is told: what SNS calls it stays with us.
 *
 * @example toldReason('failed', 'InvalidParameter') // 'refused'
 * @example toldReason('unknown', 'abandoned') // 'abandoned'
 */
export const toldReason = (state: MessageState, reason: string | undefined): MessageReason | undefined => {
  const known = MESSAGE_REASONS.find((one) => one === reason)
  if (known !== undefined || reason === undefined) return known
  if (state === 'failed') return 'refused'
  return state === 'unknown' ? 'unclear' : undefined
}

export type PushContent = {
  readonly title: string
  readonly body: string
  readonly deepLink?: string
  readonly imageUrl?: string
}
/** `code` is that of the offer: where the text does not name it, or is cut, it stands behind it. */
export type SmsContent = { readonly body: string; readonly code?: string }

/** What a message says on each channel that its scene has a template for, in the language of who reads it. */
export type MessageContent = {
  readonly push?: PushContent
  readonly sms?: SmsContent
}
