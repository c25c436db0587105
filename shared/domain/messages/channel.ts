export const CHANNELS = ['push', 'sms'] as const
/** A way to a customer's phone. */
export type Channel = (typeof CHANNELS)[number]
