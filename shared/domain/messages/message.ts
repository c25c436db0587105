/** A message ends sent, failed, expired or unknown (an SMS whose fate nobody can tell; it is never sent again). */
export const MESSAGE_STATES = ['queued', 'sending', 'sent', 'failed', 'expired', 'unknown'] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

/** A message ends so when the program that read it could not; a later one may, so this end is not the last word. */
export const UNREADABLE = 'unreadable'

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
