import { createPublicKey, createVerify, type KeyObject } from 'node:crypto'
import { toDomainError } from '#shared/adapters/aws-errors.ts'
import type { SnsNotification } from '#shared/contracts/sns-notification.ts'
import { BusyError } from '#shared/domain/busy-error.ts'

/** Was it SNS that sent this, for the topic that it names? */
export type VerifyNotification = (notification: SnsNotification, signal?: AbortSignal) => Promise<boolean>

export type VerifyOptions = {
  /** Where certificates may come from besides SNS of the topic's region: the SNS endpoint that the SDK was given. */
  readonly endpoint?: string
  readonly fetch?: typeof fetch
}

const MAX_KEYS = 10
const MAX_PEM_CHARACTERS = 20_000
const FETCH_MS = 3000
/**
 * Nothing but the certificate itself: other addresses of the same host are the SNS API, whose answers may quote a key that
 * anybody has stored there (https://spaceraccoon.dev/exploiting-improper-validation-amazon-simple-notification-service/).
 */
const CERTIFICATE_PATH = /^\/SimpleNotificationService-[\w-]+\.pem$/
const ALGORITHMS = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' } as const

/**
 * The text that SNS signs: names and values in this order, a line each.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 * @example signedText({ Type: 'Notification', Message: 'Hi', … }) // 'Message\nHi\nMessageId\n…'
 */
export const signedText = (notification: SnsNotification): string => {
  const { Message, MessageId, Timestamp, TopicArn, Type } = notification
  const fields: (readonly [string, string | undefined])[] =
    notification.Type === 'Notification'
      ? [
          ['Message', Message],
          ['MessageId', MessageId],
          ['Subject', notification.Subject],
          ['Timestamp', Timestamp],
          ['TopicArn', TopicArn],
          ['Type', Type],
        ]
      : [
          ['Message', Message],
          ['MessageId', MessageId],
          ['SubscribeURL', notification.SubscribeURL],
          ['Timestamp', Timestamp],
          ['Token', notification.Token],
          ['TopicArn', TopicArn],
          ['Type', Type],
        ]
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name}\n${value}\n`])).join('')
}

/** Does the certificate come from SNS itself, of the topic's own region? Anybody can sign with a certificate of their own. */
const isFromSns = (url: URL, topicArn: string, endpoint: string | undefined): boolean => {
  if (!url.pathname.endsWith('.pem')) return false
  if (endpoint !== undefined && url.origin === new URL(endpoint).origin) return true
  const region = topicArn.split(':')[3] ?? ''
  const host = `sns.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  if (url.protocol !== 'https:' || url.host !== host || url.search !== '') return false
  return CERTIFICATE_PATH.test(url.pathname) && /^[a-z]{2}(-[a-z]+)+-\d$/.test(region)
}

/**
 * Checks the signatures of what SNS posts, versions 1 (SHA-1) and 2 (SHA-256). Certificates are fetched once.
 *
 * The call throws a `BusyError` when a certificate cannot be had at the moment.
 *
 * @example const verify = createVerifyNotification(); await verify(notification) // true
 */
export const createVerifyNotification = (options: VerifyOptions = {}): VerifyNotification => {
  const { endpoint, fetch: get = fetch } = options
  const keys = new Map<string, KeyObject>()

  /** The key at that address; undefined when there is none. */
  const fetchKey = async (url: string, signal?: AbortSignal): Promise<KeyObject | undefined> => {
    const limit = AbortSignal.timeout(FETCH_MS)
    try {
      const init = { redirect: 'error' as const, signal: signal ? AbortSignal.any([signal, limit]) : limit }
      const answer = await get(url, init)
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return undefined
      if (!answer.ok) throw new BusyError(`no certificate: ${answer.status}`)
      const text = (await answer.text()).slice(0, MAX_PEM_CHARACTERS)
      return text.startsWith('-----BEGIN ') ? createPublicKey(text) : undefined
    } catch (cause) {
      throw cause instanceof BusyError
        ? cause
        : new BusyError('no certificate', { cause: toDomainError(cause) })
    }
  }

  const keyOf = async (url: string, signal?: AbortSignal): Promise<KeyObject | undefined> => {
    const known = keys.get(url)
    if (known !== undefined) return known
    const key = await fetchKey(url, signal)
    if (key === undefined) return undefined
    if (keys.size >= MAX_KEYS) keys.clear()
    keys.set(url, key)
    return key
  }

  return async (notification, signal) => {
    const { SigningCertURL, TopicArn, SignatureVersion, Signature } = notification
    if (!isFromSns(new URL(SigningCertURL), TopicArn, endpoint)) return false
    const key = await keyOf(SigningCertURL, signal)
    if (key === undefined) return false
    const verify = createVerify(ALGORITHMS[SignatureVersion]).update(signedText(notification), 'utf8')
    return verify.verify(key, Signature, 'base64')
  }
}
