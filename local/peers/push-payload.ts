import { isObject, type JsonObject, objectAt, parseJsonObject, textAt } from './json.ts'
import type { PushPlatform } from './push-endpoints.ts'
import { invalidParameter } from './sns-wire.ts'

/** A push as the phone would show it. */
export type PushContent = {
  readonly payload: Record<string, unknown>
  readonly title?: string
  readonly text?: string
  readonly collapseKey?: string
}

// https://developer.apple.com/documentation/usernotifications and FCM: a payload is 4 kB.
const MAX_PAYLOAD_BYTES = 4_096

const defined = (fields: {
  title?: string | undefined
  text?: string | undefined
  collapseKey?: string | undefined
}) => ({
  ...(fields.title === undefined ? {} : { title: fields.title }),
  ...(fields.text === undefined ? {} : { text: fields.text }),
  ...(fields.collapseKey === undefined ? {} : { collapseKey: fields.collapseKey }),
})

const malformed = (platform: PushPlatform, why: string) =>
  invalidParameter(`Message Reason: Invalid notification for protocol ${platform}: ${why}`)

const apnsContent = (
  platform: PushPlatform,
  payload: JsonObject,
  collapseKey: string | undefined,
): PushContent => {
  if (!isObject(payload['aps'])) throw malformed(platform, 'the notification has no aps dictionary')
  const aps = objectAt(payload, 'aps')
  const alert = objectAt(aps, 'alert')
  return {
    payload,
    ...defined({
      title: textAt(alert, 'title'),
      text: textAt(aps, 'alert') ?? textAt(alert, 'body'),
      collapseKey,
    }),
  }
}

/** FCM HTTP v1: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */
const fcmV1Content = (envelope: JsonObject): PushContent => {
  const message = envelope['message']
  if (!isObject(message)) throw malformed('GCM', 'fcmV1Message has no message object')
  const target = ['token', 'topic', 'condition'].find((name) => name in message)
  if (target !== undefined) throw malformed('GCM', `message.${target} is set by Amazon SNS`)
  const data = objectAt(message, 'data')
  const odd = Object.keys(data).find((name) => typeof data[name] !== 'string')
  if (odd !== undefined) throw malformed('GCM', `message.data.${odd} is not a string`)
  const notification = objectAt(message, 'notification')
  const android = objectAt(message, 'android')
  const shown = objectAt(android, 'notification')
  return {
    payload: message,
    ...defined({
      title: textAt(shown, 'title') ?? textAt(notification, 'title'),
      text: textAt(shown, 'body') ?? textAt(notification, 'body'),
      collapseKey: textAt(shown, 'tag') ?? textAt(android, 'collapse_key'),
    }),
  }
}

const fcmLegacyContent = (payload: JsonObject): PushContent => {
  const notification = objectAt(payload, 'notification')
  return {
    payload,
    ...defined({
      title: textAt(notification, 'title'),
      text: textAt(notification, 'body') ?? textAt(objectAt(payload, 'data'), 'default'),
      collapseKey: textAt(notification, 'tag') ?? textAt(payload, 'collapse_key'),
    }),
  }
}

/** What SNS makes of a plain text for a platform. */
const plainPayload = (platform: PushPlatform, text: string): JsonObject =>
  platform === 'GCM' ? { data: { default: text } } : { aps: { alert: text } }

const contentOf = (
  platform: PushPlatform,
  payload: JsonObject,
  apnsCollapseId: string | undefined,
): PushContent => {
  if (platform !== 'GCM') return apnsContent(platform, payload, apnsCollapseId)
  const v1 = payload['fcmV1Message']
  if (v1 === undefined) return fcmLegacyContent(payload)
  if (!isObject(v1)) throw malformed('GCM', 'fcmV1Message is not an object')
  return fcmV1Content(v1)
}

/**
 * The part of a structured message that is for `protocol`, else its `default`. Values that are not strings do not
 * count (API reference of Publish, MessageStructure).
 *
 * @throws {SnsError} InvalidParameter when the message is no JSON object or has no default
 * @example selectProtocol('{"default":"Hi","GCM":"{…}"}', 'GCM') // { text: '{…}', own: true }
 */
export const selectProtocol = (message: string, protocol: string): { text: string; own: boolean } => {
  const body = parseJsonObject(message)
  if (body === undefined) throw invalidParameter('Message Structure - JSON message body failed to parse')
  const fallback = textAt(body, 'default')
  if (fallback === undefined) {
    // AWS has been seen to let a publish to an endpoint pass without it; the API reference asks for it. So do we.
    throw invalidParameter('Message Structure - No default entry in JSON message body')
  }
  const own = textAt(body, protocol)
  return own === undefined ? { text: fallback, own: false } : { text: own, own: true }
}

/**
 * Reads what a platform gets: its own payload string of a structured message, or a plain text wrapped as SNS wraps it.
 *
 * @throws {SnsError} InvalidParameter "Invalid notification for protocol …" for what the push service would refuse
 */
export const readPushContent = (
  platform: PushPlatform,
  message: { text: string; own: boolean },
  apnsCollapseId: string | undefined,
): PushContent => {
  const payload = message.own ? parseJsonObject(message.text) : plainPayload(platform, message.text)
  if (payload === undefined) throw malformed(platform, 'the payload is not a JSON object in a string')
  if (Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES) {
    throw malformed(
      platform,
      platform === 'GCM' ? 'Notification data is larger than allowed limit' : 'Notification is too long',
    )
  }
  return contentOf(platform, payload, apnsCollapseId)
}
