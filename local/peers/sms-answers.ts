import { createSign, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import type { PeerResponse } from './peer-http.ts'

/** A topic's HTTPS subscription, as the template has it. */
export type Subscription = { readonly topicArn: string; readonly endpoint: string }

/** Stands in for a two-way number: what somebody answers to an SMS is published to a topic, and posted from there. */
export type SmsAnswers = {
  /** The owner of the number answers; resolves when every subscription has taken it. @throws {Error} when one has not */
  answer(phoneNumber: string, text: string): Promise<void>
  /** The key to the signatures, where SNS has a certificate. */
  certificate(): PeerResponse
  /** SNS's ConfirmSubscription; the ARN of the subscription, or undefined for a token that nobody was given. */
  confirm(topicArn: string, token: string): string | undefined
}

type Fields = Readonly<Record<string, string>>

// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html: names and values, sorted by name.
const SIGNED = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

/**
 * @param certificateUrl where `certificate` is served
 * @param nowMs the local cloud's clock
 */
export const createSmsAnswers = ({
  subscriptions,
  certificateUrl,
  nowMs,
}: {
  subscriptions: readonly Subscription[]
  certificateUrl: string
  nowMs: () => number
}): SmsAnswers => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const tokens = new Map<string, Subscription>()
  const confirmed = new Set<Subscription>()

  const sign = (fields: Fields): Fields => {
    const text = SIGNED.flatMap((name) => (name in fields ? [`${name}\n${fields[name]}\n`] : [])).join('')
    const signature = createSign('RSA-SHA256').update(text, 'utf8').sign(privateKey, 'base64')
    return { ...fields, SignatureVersion: '2', Signature: signature, SigningCertURL: certificateUrl }
  }

  const post = async ({ topicArn, endpoint }: Subscription, fields: Fields): Promise<void> => {
    const body = sign({
      MessageId: randomUUID(),
      TopicArn: topicArn,
      Timestamp: new Date(nowMs()).toISOString(),
      ...fields,
    })
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=UTF-8',
        'x-amz-sns-message-type': fields['Type'] ?? '',
        'x-amz-sns-topic-arn': topicArn,
      },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${endpoint} answered ${answer.status} to ${fields['Type']}`)
  }

  const subscribe = async (subscription: Subscription): Promise<void> => {
    const Token = randomBytes(32).toString('hex')
    tokens.set(Token, subscription)
    await post(subscription, {
      Type: 'SubscriptionConfirmation',
      Token,
      Message: 'To confirm the subscription, visit the SubscribeURL included in this message.',
      SubscribeURL: new URL(`?Action=ConfirmSubscription&Token=${Token}`, certificateUrl).href,
    })
    if (!confirmed.has(subscription)) throw new Error(`${subscription.endpoint} did not confirm`)
  }

  return {
    answer: async (phoneNumber, text) => {
      // https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
      const message = {
        originationNumber: phoneNumber,
        destinationNumber: '+18335550100',
        messageKeyword: 'KEYWORD_000000000000',
        messageBody: text,
        inboundMessageId: randomUUID(),
      }
      for (const subscription of subscriptions) {
        if (!confirmed.has(subscription)) await subscribe(subscription)
        await post(subscription, { Type: 'Notification', Message: JSON.stringify(message) })
      }
    },
    certificate: () => ({
      status: 200,
      headers: { 'content-type': 'application/x-pem-file' },
      body: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    }),
    confirm: (topicArn, token) => {
      const subscription = tokens.get(token)
      if (subscription === undefined || subscription.topicArn !== topicArn) return undefined
      confirmed.add(subscription)
      return `${topicArn}:${randomUUID()}`
    },
  }
}
