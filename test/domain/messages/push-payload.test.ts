import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  apnsPayload,
  fcmPayload,
  MAX_PAYLOAD_BYTES,
  type PushMessage,
} from '#shared/domain/messages/push-payload.ts'

const MESSAGE: PushMessage = {
  collapseId: 'msg_1',
  title: 'Hello',
  body: 'A coffee is waiting',
  deepLink: 'shop://offers/1',
  imageUrl: 'https://cdn.example.com/cup.png',
  ttlS: 600,
}
const bytes = (value: object) => Buffer.byteLength(JSON.stringify(value))

describe('the payload for APNs', () => {
  it('has alert, picture, deep link and the message’s name', () => {
    expect(apnsPayload(MESSAGE)).toEqual({
      aps: {
        alert: { title: 'Hello', body: 'A coffee is waiting' },
        sound: 'default',
        'mutable-content': 1,
      },
      messageId: 'msg_1',
      deepLink: 'shop://offers/1',
      imageUrl: 'https://cdn.example.com/cup.png',
    })
  })

  it('is not mutable without a picture', () => {
    expect(apnsPayload({ collapseId: 'msg_1', title: 'Hi', body: 'Come in', ttlS: 60 })).toEqual({
      aps: { alert: { title: 'Hi', body: 'Come in' }, sound: 'default' },
      messageId: 'msg_1',
    })
  })
})

describe('the payload for FCM', () => {
  it('has notification, picture, data of strings, and Android’s expiry, collapse key and tag', () => {
    expect(fcmPayload(MESSAGE)).toEqual({
      fcmV1Message: {
        message: {
          notification: {
            title: 'Hello',
            body: 'A coffee is waiting',
            image: 'https://cdn.example.com/cup.png',
          },
          data: { messageId: 'msg_1', deepLink: 'shop://offers/1' },
          android: {
            priority: 'HIGH',
            ttl: '600s',
            collapse_key: 'msg_1',
            notification: { tag: 'msg_1' },
          },
        },
      },
    })
  })
})

const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3000 })

describe('a payload', () => {
  test.prop([anyText, anyText])('never exceeds 4 kB, and what is cut is a beginning', (title, body) => {
    const message = { ...MESSAGE, title, body }
    const { aps } = apnsPayload(message)
    const { message: google } = fcmPayload(message).fcmV1Message
    expect(bytes(apnsPayload(message))).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES)
    expect(bytes(google)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES)
    for (const shown of [aps.alert, google.notification]) {
      expect(shown.title === title || title.startsWith(shown.title.slice(0, -1).trimEnd())).toBe(true)
      expect(shown.body === body || body.startsWith(shown.body.slice(0, -1).trimEnd())).toBe(true)
    }
  })

  it('keeps a title that fits and cuts the text', () => {
    const { aps } = apnsPayload({ ...MESSAGE, body: 'word '.repeat(2000) })
    expect(aps.alert.title).toBe('Hello')
    expect(aps.alert.body).toMatch(/(word|wor|wo|w)…$/)
    expect(aps.alert.body.length).toBeGreaterThan(3500)
  })
})
