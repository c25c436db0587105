import { describe, expect, test } from 'vitest'
import { messageCents, smsCents } from '#shared/domain/messages/price.ts'
import { smsParts } from '#shared/domain/messages/sms-parts.ts'
import { smsText } from '#shared/domain/messages/sms-text.ts'

const REPLY = { optOut: { kind: 'reply' } } as const
const LINK = { optOut: { kind: 'link', url: `https://example.com/${'x'.repeat(60)}` } } as const
const fills = (letters: number) => ({ body: 'x'.repeat(letters) })

describe('what an SMS costs', () => {
  test('is the price of its parts, with code and opt-out', () => {
    expect(smsCents(fills(130), 'greeting', 'en', REPLY)).toBe(1)
    expect(smsCents({ ...fills(130), code: 'AAAAA-BBBBB' }, 'offer', 'en', REPLY)).toBe(2)
    expect(smsCents(fills(130), 'greeting', 'en', LINK)).toBe(2)
    expect(smsCents(fills(600), 'greeting', 'en', REPLY)).toBe(5)
  })

  test('is that of the text alone where nobody opts out of it', () => {
    expect(smsCents(fills(160), 'greeting', 'en', REPLY)).toBe(2)
    expect(smsCents(fills(160), 'service', 'en', REPLY)).toBe(1)
  })

  test('counts the words of the reader’s language', () => {
    const sms = fills(130)
    const { parts } = smsParts(smsText(sms, REPLY.optOut, 'zh'))
    expect(parts).toBeGreaterThan(1)
    expect(smsCents(sms, 'greeting', 'zh', REPLY)).toBe(parts)
  })

  test('is in whole cents, rounded up once for all parts', () => {
    // 7 × 0.01 × 100 is 7.000000000000001.
    expect(smsCents(fills(1000), 'greeting', 'en', REPLY)).toBe(7)
    expect(smsCents(fills(600), 'greeting', 'en', { ...REPLY, partPriceUsd: 0.00883 })).toBe(5)
    expect(smsCents(fills(600), 'greeting', 'en', { ...REPLY, partPriceUsd: 0.05 })).toBe(25)
    expect(smsCents(fills(10), 'greeting', 'en', { ...REPLY, partPriceUsd: 0.02345 })).toBe(3)
  })
})

test('a push costs nothing, an SMS of before its price was noted one part', () => {
  expect(messageCents('push', 7)).toBe(0)
  expect(messageCents('sms', 7)).toBe(7)
  expect(messageCents('sms')).toBe(1)
})
