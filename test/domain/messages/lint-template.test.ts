import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  LINT_RULES,
  type LintContext,
  lintMessage,
  MAX_PUSH_BODY_CHARS,
  type SmsCount,
} from '#shared/domain/messages/lint-template.ts'
import { compileMessage, renderMessage } from '#shared/domain/messages/template.ts'

/** As simple as can be: 160 or 70 characters a part. */
const countSms = (text: string): SmsCount => {
  const isLatin = /^[\n\x20-\x7eé]*$/.test(text)
  return { parts: Math.ceil(text.length / (isLatin ? 160 : 70)), encoding: isLatin ? 'GSM-7' : 'UCS-2' }
}

const CONTEXT: LintContext = {
  merchantName: 'Café Blau',
  storeName: 'Union Square',
  offer: { name: 'Free coffee', isLimited: false, hasEnd: false, hasCode: true },
  sceneEnds: false,
  countSms,
}
const LIMITED: LintContext = {
  ...CONTEXT,
  offer: { name: 'Free coffee', isLimited: true, hasEnd: false, hasCode: true },
}
const ENDING: LintContext = { ...CONTEXT, sceneEnds: true }

const sms = (body: string) => ({ sms: { body: `{{ merchant.name }}: ${body}` } })
const rulesOf = (body: string, context = CONTEXT): string[] => [
  ...new Set(lintMessage(sms(body), context).findings.map(({ rule }) => rule)),
]

describe('the linter', () => {
  it.each([
    'Free soup with every lunch this week. See you!',
    "Hello {{ customer.firstName | default: 'there' }}, your {{ offer.name }} is ready until {{ offer.validUntil }}.",
    'New: our friends’ menu. Bring your friends!',
    'IKEA furniture is on the way',
    'Details: https://cafe-blau.example/offers',
    'See exit.com or t.com.example',
    '新品上市,欢迎光临',
    'Bring your friend, the second coffee is free',
    'A gift from your friend is waiting',
    'No need to hurry, we are open late',
    '带上你的朋友,第二杯免费',
    '仅限会员',
    'Bist du in der Nähe? Wir haben frischen Kuchen.',
  ])('lets pass: %s', (body) => {
    expect(lintMessage(sms(body), CONTEXT).findings).toEqual([])
  })

  it.each([
    ['Your friend Anna here, call me back', 'disguisedSender'],
    ['Guess who?', 'disguisedSender'],
    ['我是你的老朋友,好久不见', 'disguisedSender'],
    ['This is your neighbour', 'disguisedSender'],
    ['Remember me?', 'disguisedSender'],
    ['限量供应', 'fakeScarcity'],
    ['Dein alter Freund wartet', 'disguisedSender'],
    ['Only 3 left!', 'fakeScarcity'],
    ['Selling fast', 'fakeScarcity'],
    ['仅剩5件', 'fakeScarcity'],
    ['只剩最后一批', 'fakeScarcity'],
    ['Nur noch 3 Stück', 'fakeScarcity'],
    ['Ends tonight', 'fakeDeadline'],
    ['Hurry to our shop', 'fakeDeadline'],
    ['最后一天', 'fakeDeadline'],
    ['Last chance', 'fakeDeadline'],
    ['最后机会', 'fakeDeadline'],
    ['Última oportunidad', 'fakeDeadline'],
    ['FREE COFFEE TODAY', 'shouting'],
    ['Free coffee!!!', 'shouting'],
    ['See https://bit.ly/abc', 'shortLink'],
    ['See www.TinyURL.com/abc now', 'shortLink'],
    ['Free\u202e coffee', 'hiddenCharacters'],
    ['{{ customer.phoneNumber }}', 'unknownVariable'],
    ['{{ customer.firstName }}', 'missingFallback'],
    ['{{ offer.code }}', 'missingFallback'],
    ['{% for a in b %}x{% endfor %}', 'syntax'],
    ['{{ offer.name | upcase }}', 'syntax'],
  ])('refuses: %s (%s)', (body, rule) => {
    expect(rulesOf(body)).toEqual([rule])
  })

  it('believes urgency that the data bear out', () => {
    expect(rulesOf('Only 3 left!', LIMITED)).toEqual([])
    expect(rulesOf('Only 3 left!', ENDING)).toEqual(['fakeScarcity'])
    expect(rulesOf('Ends tonight', ENDING)).toEqual([])
    expect(rulesOf('Ends tonight', LIMITED)).toEqual(['fakeDeadline'])
    expect(rulesOf('Last chance', LIMITED)).toEqual([])
    expect(rulesOf('Last chance', ENDING)).toEqual([])
  })

  it('asks for the merchant’s name in every version of a text', () => {
    const rules = (body: string) => lintMessage({ sms: { body } }, CONTEXT).findings.map(({ rule }) => rule)
    expect(rules('Free soup')).toEqual(['senderMissing'])
    expect(rules('CAFÉ BLAU: free soup')).toEqual([])
    expect(rules('{% if customer.firstName %}{{ merchant.name }}{% else %}Hello{% endif %}')).toEqual([
      'senderMissing',
    ])
    const mixed =
      '{% if customer.firstName %}{% unless offer.code %}Hello{% else %}{{ merchant.name }}{% endunless %}{% else %}{{ merchant.name }}{% endif %}'
    expect(rules(mixed)).toEqual(['senderMissing'])
    expect(rules('{{ merchant.name }}{% if customer.firstName %}{{ offer.code }}{% endif %}')).toEqual([
      'missingFallback',
    ])
    const push = { title: '{{ merchant.name }}', body: 'Free soup' }
    expect(lintMessage({ push }, CONTEXT).findings).toEqual([])
  })

  it('knows which names a scene has', () => {
    const { offer: _, storeName: __, ...bare } = CONTEXT
    expect(rulesOf('{{ offer.name }}', bare)).toEqual(['unavailableVariable'])
    expect(rulesOf('{{ store.name }}', bare)).toEqual(['unavailableVariable'])
    expect(rulesOf('{{ store.name }}', CONTEXT)).toEqual([])
  })

  it.each(["{{ offer.code | default: '' }}", '{% if offer.code %}Code {{ offer.code }}{% endif %}'])(
    'knows that an offer for the store has no code: %s',
    (body) => {
      const offer = { name: 'Free coffee', isLimited: false, hasEnd: false, hasCode: false }
      expect(rulesOf(`Soup ${body}`, { ...CONTEXT, offer })).toEqual(['unavailableVariable'])
      expect(rulesOf(`Soup ${body}`)).toEqual([])
    },
  )

  it('tells all that is wrong with a text at once', () => {
    const body =
      'ONLY THREE LEFT!!! {{ customer.name }} {{ shop }} {{ customer.firstName }} {{ store.withinM }} https://bit.ly/x'
    const findings = lintMessage({ sms: { body } }, CONTEXT).findings
    expect(findings.map(({ rule, sentence }) => [rule, sentence.split(' ').slice(0, 4).join(' ')])).toEqual([
      ['unknownVariable', 'There is no customer.name.'],
      ['unknownVariable', 'There is no shop.'],
      ['missingFallback', 'customer.firstName is not always'],
      ['missingFallback', 'store.withinM is not always'],
      ['senderMissing', 'The customer must see'],
      ['shouting', 'Capitals and marks in'],
      ['shortLink', 'bit.ly hides where the'],
      ['fakeScarcity', '“ONLY THREE LEFT”: the'],
    ])
    const { offer: _, ...bare } = CONTEXT
    expect(rulesOf(`{{ offer.name }} Guess who? ${'x'.repeat(480)}`, bare)).toEqual([
      'unavailableVariable',
      'disguisedSender',
      'tooManyParts',
    ])
  })

  it('reads the body of a push whose title cannot be read', () => {
    const push = { title: '{{ merchant.name', body: 'Last chance, Café Blau closes' }
    expect(lintMessage({ push }, CONTEXT).findings.map(({ rule }) => rule)).toEqual([
      'syntax',
      'fakeDeadline',
    ])
  })

  it('points at the text, in every language', () => {
    const message = {
      push: { title: 'x'.repeat(66), body: `{{ merchant.name }} ${'y'.repeat(MAX_PUSH_BODY_CHARS)}` },
      locales: { 'zh-Hant': { sms: { body: '最後機會' } } },
    }
    expect(lintMessage(message, CONTEXT).findings.map(({ rule, pointer }) => [rule, pointer])).toEqual([
      ['titleTooLong', '/message/push/title'],
      ['bodyTooLong', '/message/push/body'],
      ['senderMissing', '/message/locales/zh-Hant/sms/body'],
      ['fakeDeadline', '/message/locales/zh-Hant/sms/body'],
    ])
  })

  it('shows what an SMS costs at its longest, with what is added to it', () => {
    const priced = {
      ...CONTEXT,
      smsTextOf: (text: string) => `${text} Reply STOP`,
      smsPrice: { perPart: 0.00645, currency: 'USD' },
    }
    const body = `${'x'.repeat(140)} {{ customer.firstName | default: '' }}`
    expect(lintMessage(sms(body), priced).sms).toEqual([
      { pointer: '/message/sms/body', parts: 2, encoding: 'GSM-7', cost: 0.0129, currency: 'USD' },
    ])
    expect(lintMessage(sms('免费咖啡'), CONTEXT).sms).toEqual([
      { pointer: '/message/sms/body', parts: 1, encoding: 'UCS-2' },
    ])
    expect(rulesOf('x'.repeat(480))).toEqual(['tooManyParts'])
    expect(rulesOf('x'.repeat(480), { ...CONTEXT, maxSmsParts: 4 })).toEqual([])
  })

  const aPiece = fc.constantFrom(
    '{{ merchant.name }}',
    '{{ offer.name }}',
    '{{ offer.code }}',
    "{{ offer.code | default: 'none' }}",
    '{% if customer.firstName %}{{ customer.firstName }}{% endif %}',
    '{{ customer.firstName }}',
    '{{ store.withinM }}',
    '{{ nothing.here }}',
    '{% if offer.code %}',
    '{% if customer.firstName %}',
    '{% unless offer.code %}',
    '{% endunless %}',
    '{% endif %}',
    'soup ',
    'ONLY 3 LEFT ',
  )

  test.prop([fc.array(aPiece, { maxLength: 8 }), fc.boolean(), fc.boolean(), fc.boolean()])(
    'passes nothing that cannot be sent to everybody',
    (pieces, hasName, hasCode, isNear) => {
      const message = { sms: { body: pieces.join('') } }
      const { findings } = lintMessage(message, CONTEXT)
      for (const { rule, sentence } of findings) {
        expect(LINT_RULES).toContain(rule)
        expect(sentence.length).toBeGreaterThan(10)
      }
      if (findings.length > 0) return
      const rendered = renderMessage(compileMessage(message), 'sms', undefined, {
        customer: hasName ? { firstName: 'Bo' } : {},
        merchant: { name: CONTEXT.merchantName },
        store: { name: 'S', ...(isNear ? { withinM: 100 } : {}) },
        offer: { name: 'O', validUntil: 'tomorrow', ...(hasCode ? { code: 'X' } : {}) },
      })
      expect(rendered.kind).toBe('sms')
    },
  )
})
