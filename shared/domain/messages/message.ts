/** A message ends sent, failed, expired or unknown (an SMS whose fate nobody can tell; it is never sent again). */
export const MESSAGE_STATES = ['queued', 'sending', 'sent', 'failed', 'expired', 'unknown'] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

/** What a message says on each channel that its scene has a template for. */
export type MessageContent = {
  readonly push?: {
    readonly title: string
    readonly body: string
    readonly deepLink?: string
    readonly picture?: string
  }
  readonly sms?: { readonly body: string }
}
