import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { smsParts } from '#shared/domain/messages/sms-parts.ts'
import { MAX_SMS_BYTES, type OptOut, smsText } from '#shared/domain/messages/sms-text.ts'

const REPLY: OptOut = { kind: 'reply' }
const LINK: OptOut = { kind: 'link', url: 'https://example.com/s/AB12' }
const COFFEE = { body: 'Coffee?', code: 'AAAAA-BBBBB' }

describe('the text of an SMS', () => {
  it.each([
    ['en', REPLY, 'Coffee? Code AAAAA-BBBBB Reply STOP to opt out.'],
    [undefined, REPLY, 'Coffee? Code AAAAA-BBBBB Reply STOP to opt out.'],
    ['fi', REPLY, 'Coffee? Code AAAAA-BBBBB Reply STOP to opt out.'],
    ['de-AT', REPLY, 'Coffee? Code AAAAA-BBBBB Abmelden: mit STOP antworten.'],
    ['zh-CN', REPLY, 'Coffee? 优惠码 AAAAA-BBBBB 回复TD退订'],
    ['en', LINK, 'Coffee? Code AAAAA-BBBBB Opt out: https://example.com/s/AB12'],
    ['fr', LINK, 'Coffee? Code AAAAA-BBBBB Refuser: https://example.com/s/AB12'],
  ] as const)('in %s, opting out by %o', (locale, optOut, text) => {
    expect(smsText(COFFEE, optOut, locale)).toBe(text)
  })

  it('says nothing of opting out of the answer to an own act', () => {
    expect(smsText(COFFEE, undefined, 'en')).toBe(`${COFFEE.body} Code ${COFFEE.code}`)
    expect(smsText({ body: 'Thanks' }, undefined, 'en')).toBe('Thanks')
  })

  it('says a code once that the words name already, and again where they are cut', () => {
    const body = 'Show AAAAA-BBBBB'
    expect(smsText({ ...COFFEE, body }, REPLY, 'en')).toBe('Show AAAAA-BBBBB Reply STOP to opt out.')
    const long = smsText({ ...COFFEE, body: `${'a'.repeat(1600)} AAAAA-BBBBB` }, REPLY, 'en')
    expect(long).toMatch(/a\.\.\. Code AAAAA-BBBBB Reply STOP to opt out\.$/)
  })

  it.each(['en', 'de', 'es', 'fr', 'it', 'nl', 'pt'])(
    'in %s adds nothing that would make GSM-7 into UCS-2',
    (locale) => {
      for (const optOut of [REPLY, LINK])
        expect(smsParts(smsText(COFFEE, optOut, locale)).encoding).toBe('GSM-7')
    },
  )

  test.prop([fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2500 }), fc.constantFrom(REPLY, LINK)])(
    'never exceeds what SNS takes, and never loses code or opt-out',
    (body, optOut) => {
      const text = smsText({ ...COFFEE, body }, optOut, 'en')
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_SMS_BYTES)
      expect(text).toMatch(
        / Code AAAAA-BBBBB (Reply STOP to opt out\.|Opt out: https:\/\/example\.com\/s\/AB12)$/,
      )
    },
  )
})
