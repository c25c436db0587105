import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createVerifyNotification, signedText } from '#shared/adapters/sns/verify-notification.ts'
import { type SnsNotification, snsNotification } from '#shared/contracts/sns-notification.ts'
import {
  CERTIFICATE,
  NOTIFICATION,
  SIGNATURE_1,
  signedLines,
} from '#test/adapters/sns/signed-notification.ts'

const fetched: string[] = []
const serve = (body = CERTIFICATE, status = 200): typeof fetch =>
  (async (url: string | URL | Request) => {
    fetched.push(String(url))
    return new Response(body, { status })
  }) as typeof fetch
const verify = (change: Partial<SnsNotification> = {}, options = {}) =>
  createVerifyNotification({ fetch: serve(), ...options })({ ...NOTIFICATION, ...change } as SnsNotification)

describe('the signature of a notification', () => {
  it('is made over these lines', () => {
    expect(signedText(NOTIFICATION)).toBe(`${signedLines.join('\n')}\n`)
    const { Subject: _, ...plain } = NOTIFICATION
    expect(signedText(plain)).not.toContain('Subject')
    const confirmation = snsNotification.parse({
      ...plain,
      Type: 'SubscriptionConfirmation',
      Token: 'token',
      SubscribeURL: 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription',
    })
    const names = signedText(confirmation)
      .split('\n')
      .filter((_, index) => index % 2 === 0)
    expect(names).toEqual([
      'Message',
      'MessageId',
      'SubscribeURL',
      'Timestamp',
      'Token',
      'TopicArn',
      'Type',
      '',
    ])
  })

  it('of version 2 and of version 1 is right', async () => {
    expect(await verify()).toBe(true)
    expect(await verify({ SignatureVersion: '1', Signature: SIGNATURE_1 })).toBe(true)
  })

  it.each([
    ['another message', { Message: '{"a":"u"}' }],
    ['another time', { Timestamp: '2026-11-22T10:00:01.000Z' }],
    ['another topic', { TopicArn: 'arn:aws:sns:eu-west-1:111122223333:other' }],
    ['no subject', { Subject: 'T' }],
    ['the signature of the other version', { Signature: SIGNATURE_1 }],
    ['no signature', { Signature: '' }],
  ])('is wrong with %s', async (_, change) => {
    expect(await verify(change)).toBe(false)
  })

  it.each([
    'https://evil.example/SimpleNotificationService-abc.pem',
    'https://sns.eu-west-1.amazonaws.com.evil.example/a.pem',
    'https://evil.example/sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com@evil.example/a.pem',
    'http://sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.us-east-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com:8443/a.pem',
    'https://sns.eu-west-1.amazonaws.com/a.txt',
    'https://s3.eu-west-1.amazonaws.com/bucket/a.pem',
    // An answer of the SNS API may quote what anybody has stored there, a key for one.
    'https://sns.eu-west-1.amazonaws.com/.pem?Action=GetEndpointAttributes&Signature=x',
    'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc.pem?Action=GetEndpointAttributes',
    'https://sns.eu-west-1.amazonaws.com/a/SimpleNotificationService-abc.pem',
  ])('is not even looked at with a certificate from %s', async (SigningCertURL) => {
    fetched.length = 0
    expect(await verify({ SigningCertURL })).toBe(false)
    expect(fetched).toEqual([])
  })

  it('may have its certificate from the SNS that the SDK was given', async () => {
    const SigningCertURL = 'http://127.0.0.1:4001/sns/local.pem'
    expect(await verify({ SigningCertURL }, { endpoint: 'http://127.0.0.1:4001/sns' })).toBe(true)
    expect(await verify({ SigningCertURL }, { endpoint: 'http://127.0.0.1:4002/sns' })).toBe(false)
  })

  it('fetches a certificate once, and again after it could not be had', async () => {
    fetched.length = 0
    const many = createVerifyNotification({ fetch: serve() })
    for (let time = 0; time < 3; time += 1) expect(await many(NOTIFICATION)).toBe(true)
    expect(fetched).toHaveLength(1)
    await expect(verify({}, { fetch: serve('', 503) })).rejects.toMatchObject({ name: 'BusyError' })
  })

  it('is wrong where there is no such certificate, so that strangers make no failure of ours', async () => {
    expect(await verify({}, { fetch: serve('', 404) })).toBe(false)
  })

  it('wants a certificate, not a key in whatever text', async () => {
    const key = createPublicKey(CERTIFICATE).export({ type: 'spki', format: 'pem' })
    expect(await verify({}, { fetch: serve(`<Value>${String(key)}</Value>`) })).toBe(false)
  })
})
