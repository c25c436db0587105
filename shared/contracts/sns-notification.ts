import * as z from 'zod'

const common = {
  MessageId: z.string().max(200).describe('The notification’s own id.'),
  TopicArn: z.string().max(300).describe('The topic that it was published to.'),
  Message: z.string().max(262_144).describe('What was published: JSON of an answer to an SMS.'),
  Timestamp: z.iso.datetime().describe('When it was published.'),
  SignatureVersion: z.enum(['1', '2']).describe('1: SHA-1; 2: SHA-256.'),
  Signature: z.base64().max(2048).describe('Of the other members, in base64.'),
  SigningCertURL: z.url().max(1024).describe('Where the certificate of the signature is.'),
}

/** What SNS posts to an HTTPS subscription: https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html */
export const snsNotification = z.discriminatedUnion('Type', [
  z.object({
    ...common,
    Type: z.literal('Notification').describe('Something was published.'),
    Subject: z.string().max(200).exactOptional().describe('What it is about, where the publisher said so.'),
  }),
  z.object({
    ...common,
    Type: z
      .enum(['SubscriptionConfirmation', 'UnsubscribeConfirmation'])
      .describe('What shall be confirmed.'),
    Token: z.string().max(1024).describe('Proves that the confirmation was asked for.'),
    SubscribeURL: z.url().max(2048).describe('Visited, it subscribes (again).'),
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
