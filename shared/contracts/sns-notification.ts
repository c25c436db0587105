import * as z from 'zod'

const common = {
  MessageId: z.string().max(200),
  TopicArn: z.string().max(300),
  Message: z.string().max(262_144),
  Timestamp: z.iso.datetime(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.base64().max(2048),
  SigningCertURL: z.url().max(1024),
}

/** What SNS posts to an HTTPS subscription: https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html */
export const snsNotification = z.discriminatedUnion('Type', [
  z.object({ ...common, Type: z.literal('Notification'), Subject: z.string().max(200).exactOptional() }),
  z.object({
    ...common,
    Type: z.enum(['SubscriptionConfirmation', 'UnsubscribeConfirmation']),
    Token: z.string().max(1024),
    SubscribeURL: z.url().max(2048),
  }),
])
export type SnsNotification = z.output<typeof snsNotification>

/**
 * The message of a notification about an answer to an SMS.
 *
 * @see https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
 */
export const twoWaySms = z.object({
  originationNumber: z.string().regex(/^\+?\d{5,15}$/),
  messageBody: z.string().max(10_000),
})
