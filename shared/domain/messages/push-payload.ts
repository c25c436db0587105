import { cutText } from '#shared/domain/messages/cut-text.ts'
import type { PushContent } from '#shared/domain/messages/message.ts'

/** A push as it is put into the platforms' payloads. */
export type PushMessage = PushContent & {
  /** A repeat with the same id replaces the message on the phone. */
  readonly collapseId: string
  /** How long it is still worth delivering, in whole seconds. */
  readonly ttlS: number
}

/** Apple and Google both take 4 kB. */
export const MAX_PAYLOAD_BYTES = 4096
/** Of what is too long the text is cut first, down to this many bytes; then the title. */
const SHORTEST_BODY = 40

const bytesOf = (payload: object): number => Buffer.byteLength(JSON.stringify(payload))

const apns = ({ collapseId, title, body, deepLink, imageUrl }: PushMessage) => ({
  aps: {
    alert: { title, body },
    sound: 'default',
    // Wakes the app's notification service extension, which fetches the picture.
    ...(imageUrl === undefined ? {} : { 'mutable-content': 1 }),
  },
  messageId: collapseId,
  ...(deepLink === undefined ? {} : { deepLink }),
  ...(imageUrl === undefined ? {} : { imageUrl }),
})

const fcm = ({ collapseId, title, body, deepLink, imageUrl, ttlS }: PushMessage) => ({
  fcmV1Message: {
    message: {
      notification: { title, body, ...(imageUrl === undefined ? {} : { image: imageUrl }) },
      data: { messageId: collapseId, ...(deepLink === undefined ? {} : { deepLink }) },
      android: {
        priority: 'HIGH',
        collapse_key: collapseId,
        ttl: `${ttlS}s`,
        notification: { tag: collapseId },
      },
    },
  },
})

/** The payload of a message, its words cut to what the platform takes; first the text, then the title. */
const fitted = <P extends object>(
  message: PushMessage,
  build: (message: PushMessage) => P,
  measured: (payload: P) => object,
): P => {
  const fits = (one: PushMessage): boolean => bytesOf(measured(build(one))) <= MAX_PAYLOAD_BYTES
  if (fits(message)) return build(message)
  const shortest = cutText(message.body, (body) => Buffer.byteLength(body) <= SHORTEST_BODY)
  const title = cutText(message.title, (text) => fits({ ...message, title: text, body: shortest }))
  const body = cutText(message.body, (text) => fits({ ...message, title, body: text }))
  return build({ ...message, title, body })
}

/**
 * The payload for APNs, at most 4 kB. Collapse id, expiry and priority are headers there, which SNS fills from message
 * attributes.
 *
 * @see https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
 * @example apnsPayload({ collapseId: 'msg_1', title: 'Hi', body: 'Come in', ttlS: 60 }).aps.alert // { title: 'Hi', body: 'Come in' }
 */
export const apnsPayload = (message: PushMessage) => fitted(message, apns, (payload) => payload)

/**
 * The payload for FCM's HTTP v1 API, as SNS wants it: under `fcmV1Message`, whose message has at most 4 kB.
 *
 * @see https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-fcm-v1-payloads.html
 * @example fcmPayload({ collapseId: 'msg_1', title: 'Hi', body: 'Come in', ttlS: 60 }).fcmV1Message.message.android.ttl // '60s'
 */
export const fcmPayload = (message: PushMessage) =>
  fitted(message, fcm, ({ fcmV1Message }) => fcmV1Message.message)
