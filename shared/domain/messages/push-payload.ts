/** A push as it is put into the platforms' payloads. */
export type PushMessage = {
  /** A repeat with the same id replaces the message on the phone. */
  readonly collapseId: string
  readonly title: string
  readonly body: string
  readonly deepLink?: string
  /** How long it is still worth delivering, in whole seconds. */
  readonly ttlS: number
}

/**
 * The payload for APNs. The collapse id and expiry are headers there, which SNS fills from message attributes; the
 * thread id groups what the customer sees.
 *
 * @see https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
 */
export const apnsPayload = ({ collapseId, title, body, deepLink }: PushMessage) => ({
  aps: { alert: { title, body }, sound: 'default' },
  messageId: collapseId,
  ...(deepLink === undefined ? {} : { deepLink }),
})

/**
 * The payload for FCM's HTTP v1 API, as SNS wants it: under `fcmV1Message`.
 *
 * @see https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */
export const fcmPayload = ({ collapseId, title, body, deepLink, ttlS }: PushMessage) => ({
  fcmV1Message: {
    message: {
      notification: { title, body },
      data: { messageId: collapseId, ...(deepLink === undefined ? {} : { deepLink }) },
      android: { collapse_key: collapseId, ttl: `${ttlS}s`, notification: { tag: collapseId } },
    },
  },
})
