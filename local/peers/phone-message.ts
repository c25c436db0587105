import * as z from 'zod'

/** A push as it reached (or did not reach) a phone. */
const pushMessage = z.object({
  channel: z.literal('push'),
  /** Counts what the gateway took, from 1. */
  seq: z.number(),
  messageId: z.string(),
  /** By the local cloud's clock. */
  atMs: z.number(),
  platform: z.enum(['APNS', 'APNS_SANDBOX', 'GCM']),
  endpointArn: z.string(),
  token: z.string(),
  /** What the platform's payload string says, parsed: `{ aps: … }`, or the FCM v1 message, or the legacy FCM body. */
  payload: z.record(z.string(), z.unknown()),
  title: z.string().optional(),
  text: z.string().optional(),
  /** A later message with the same one takes this one's place on the screen. */
  collapseKey: z.string().optional(),
  ttlS: z.number().optional(),
  subject: z.string().optional(),
  attributes: z.record(z.string(), z.string()),
})

/** An SMS as it reached (or did not reach) a phone. */
const smsMessage = z.object({
  channel: z.literal('sms'),
  seq: z.number(),
  messageId: z.string(),
  atMs: z.number(),
  phoneNumber: z.string(),
  text: z.string(),
  encoding: z.enum(['GSM-7', 'UCS-2']),
  /** How many SMS it is billed as. */
  parts: z.number(),
  senderId: z.string().optional(),
  smsType: z.enum(['Promotional', 'Transactional']),
  attributes: z.record(z.string(), z.string()),
})

const receivedMessage = z.discriminatedUnion('channel', [pushMessage, smsMessage])
export type PushMessage = z.infer<typeof pushMessage>
export type SmsMessage = z.infer<typeof smsMessage>
/** What a phone received. */
export type ReceivedMessage = z.infer<typeof receivedMessage>

/** Reads a message that the inbox stored. */
export const parseReceivedMessage = (text: string): ReceivedMessage => receivedMessage.parse(JSON.parse(text))

/** What Publish found to send, before it has a number and a time. */
export type Outgoing = Omit<PushMessage, 'seq' | 'atMs'> | Omit<SmsMessage, 'seq' | 'atMs'>

/** Where a message goes: the push token or the phone number. */
export const targetOf = (message: Outgoing): string =>
  message.channel === 'push' ? message.token : message.phoneNumber
