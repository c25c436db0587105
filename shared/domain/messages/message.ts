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
/** `code` is that of the offer, apart from the text so that a text that is cut keeps it. */
export type SmsContent = { readonly body: string; readonly code?: string }

/** The words of a message in one more language; what is left out is said as in the first. */
export type Translation = {
  readonly push?: { readonly title: string; readonly body: string }
  readonly sms?: { readonly body: string }
}

/** What a message says on each channel that its scene has a template for, and in which languages. */
export type MessageContent = {
  readonly push?: PushContent
  readonly sms?: SmsContent
  /** By BCP 47 language tag. */
  readonly translations?: Readonly<Record<string, Translation>>
}
