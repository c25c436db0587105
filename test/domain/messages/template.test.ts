import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { localeChain, pickByLocale } from '#shared/domain/messages/locale-chain.ts'
import {
  compileMessage,
  compileTemplate,
  isCompiled,
  MAX_RENDERED_CHARS,
  type Rendered,
  renderMessage,
  renderTemplate,
  templatesFor,
} from '#shared/domain/messages/template.ts'
import {
  cleanValue,
  distanceWithinM,
  type MessageVariables,
  validUntilText,
} from '#shared/domain/messages/template-variables.ts'

const VARIABLES: MessageVariables = {
  customer: { firstName: 'Anna' },
  merchant: { name: 'Café Blau' },
  store: { name: 'Union Square', withinM: 200 },
  offer: { name: 'Free coffee', code: '7ZK3P-Q4X10', validUntil: '1 May 2026, 18:00' },
}
const render = (source: string, variables: MessageVariables = VARIABLES): Rendered => {
  const compiled = compileTemplate(source)
  if (!isCompiled(compiled)) throw new Error(compiled.fault)
  return renderTemplate(compiled, variables)
}
const fault = (source: string): string | undefined => {
  const compiled = compileTemplate(source)
  return isCompiled(compiled) ? undefined : compiled.fault
}

describe('templates', () => {
  it('fill in names', () => {
    expect(render('{{ merchant.name }}: {{ offer.name }} within {{ store.withinM }} m')).toEqual({
      kind: 'text',
      text: 'Café Blau: Free coffee within 200 m',
    })
  })

  it('are given up where they take more memory than a message, though what they print is short', () => {
    const merchant = { name: 'x'.repeat(80) }
    const grown = `{{ merchant.name${' | append: merchant.name'.repeat(38)} | truncate: 10 }}`
    expect(render(grown, { ...VARIABLES, merchant })).toEqual({ kind: 'failed', reason: 'limit' })
    const short = `{{ merchant.name${' | append: merchant.name'.repeat(3)} | truncate: 10 }}`
    expect(render(short, { ...VARIABLES, merchant })).toEqual({ kind: 'text', text: 'xxxxxxx...' })
  })

  it('that may not be used are told: too long, or with loops, files and ranges', () => {
    expect(fault('x'.repeat(1_000))).toBeUndefined()
    for (const source of [
      'x'.repeat(1_001),
      '{% for n in (1..9) %}x{% endfor %}',
      '{% include "a" %}',
      '{% if (1..1000000) %}x{% endif %}',
      '{% assign a = 1 %}',
    ])
      expect(fault(source), source.slice(0, 40)).toBeDefined()
  })

  it('ask for what may be missing, and fail to print it', () => {
    const nobody = { ...VARIABLES, customer: {} }
    const polite = '{% if customer.firstName %}Dear {{ customer.firstName }}{% else %}Hello{% endif %}'
    expect(render(polite)).toEqual({ kind: 'text', text: 'Dear Anna' })
    expect(render(polite, nobody)).toEqual({ kind: 'text', text: 'Hello' })
    expect(render("{{ customer.firstName | default: 'you' }}", nobody)).toEqual({ kind: 'text', text: 'you' })
    expect(render('Hi {{ customer.firstName }}', nobody)).toEqual({
      kind: 'failed',
      reason: 'missingVariable',
      variable: 'customer.firstName',
    })
    expect(render('{{ customer.constructor }}')).toMatchObject({ reason: 'missingVariable' })
  })

  it.each([
    '{% for a in b %}x{% endfor %}',
    '{% assign a = "x" %}',
    '{% capture a %}x{% endcapture %}',
    '{% include "a" %}',
    '{% render "a" %}',
    '{% layout "a" %}',
    '{% tablerow a in b %}{% endtablerow %}',
    '{{ "a" | upcase }}',
    '{{ "a" | replace: "a", "b" }}',
    '{{ (1..1000000) }}',
    '{{ (1..1000000) | append: "" }}',
    '{{ "a"',
    '{% if a %}',
    'x'.repeat(1001),
  ])('refuse %s', (source) => {
    expect(fault(source)).toBeTypeOf('string')
  })

  it('name their variables', () => {
    const compiled = compileTemplate('{% if a.b %}{{ c.d | default: e["f"] }}{% endif %}{{ a[c.d] }}')
    expect(isCompiled(compiled) && compiled.variables).toEqual(['a.b', 'a.[…]', 'c.d', 'e.f'])
  })

  it('clean the names of line breaks and of marks that hide or turn text', () => {
    const name = 'Evil\nCafé \u202eknab ruoY\u202c  '
    expect(render('{{ merchant.name }}!', { customer: {}, merchant: { name } })).toEqual({
      kind: 'text',
      text: 'Evil Café knab ruoY!',
    })
    expect(cleanValue('x'.repeat(100)).length).toBe(60)
    expect(cleanValue('😀'.repeat(100))).toBe('😀'.repeat(60))
  })

  it('keep lines and lose superfluous space', () => {
    expect(render('  a \u202f b\t\n\n\n\nc  ')).toEqual({ kind: 'text', text: 'a b\n\nc' })
    expect(render(' {% if customer.lastName %}x{% endif %} ')).toEqual({ kind: 'failed', reason: 'empty' })
  })

  test.prop([
    fc.array(
      fc.constantFrom(
        '{{ merchant.name }}',
        "{{ offer.name | append: 'aaaaaaaaaaaaaaaaaaaaaaa' | append: merchant.name }}",
        '{% if customer.firstName %}',
        '{% endif %}',
        '{{ "x" | times: 99999999999 }}',
        '{{',
        '{%',
        '}}',
        '| truncate: 999999999',
        'text ',
      ),
      { maxLength: 30 },
    ),
    fc.string(),
  ])('are refused, fail or stay small, whatever is written', (pieces, name) => {
    const compiled = compileTemplate(pieces.join(''))
    if (!isCompiled(compiled)) return
    const result = renderTemplate(compiled, { ...VARIABLES, merchant: { name } })
    if (result.kind === 'text') expect(result.text.length).toBeLessThanOrEqual(MAX_RENDERED_CHARS)
  })

  test.prop([fc.string({ maxLength: 50 })])('never read names as templates', (name) => {
    const expected = cleanValue(`{{ merchant.name }}${name}`)
    expect(
      render('a{{ merchant.name }}b', { customer: {}, merchant: { name: `{{ merchant.name }}${name}` } }),
    ).toEqual({ kind: 'text', text: `a${expected}b`.replace(/[\p{Zs}\t\r]+/gu, ' ') })
  })
})

describe('languages', () => {
  it.each([
    ['zh-Hant-TW', ['zh-Hant-TW', 'zh-Hant', 'zh-TW', 'zh']],
    ['zh-TW', ['zh-TW', 'zh-Hant-TW', 'zh-Hant', 'zh']],
    ['en-GB', ['en-GB', 'en-Latn-GB', 'en-Latn', 'en']],
    ['pt', ['pt', 'pt-Latn-BR', 'pt-Latn', 'pt-BR']],
    ['not a tag', []],
    ['', []],
  ])('%s looks for %j', (locale, chain) => {
    expect(localeChain(locale)).toEqual(chain)
  })

  it('leave out what no template is written for', () => {
    expect(localeChain('de-CH-1996')).toEqual(localeChain('de-CH'))
    expect(localeChain('DE-x')).toEqual(localeChain('de'))
    expect(localeChain('nonsense')).toEqual([])
  })

  it('fall back to the scene’s own templates', () => {
    expect(pickByLocale({ 'zh-hant': 'a', zh: 'b' }, 'zh-Hant-TW', 'c')).toEqual({
      locale: 'zh-hant',
      picked: 'a',
    })
    expect(pickByLocale({ 'zh-Hant': 'a', zh: 'b' }, 'zh-CN', 'c')).toEqual({ locale: 'zh', picked: 'b' })
    expect(pickByLocale({ zh: 'b' }, 'en', 'c')).toEqual({ picked: 'c' })
    expect(pickByLocale({ zh: 'b' }, undefined, 'c')).toEqual({ picked: 'c' })
  })

  const message = compileMessage({
    push: { title: '{{ merchant.name }}', body: 'Hello', deepLink: 'app://offer' },
    sms: { body: '{{ merchant.name }}: hello' },
    locales: { de: { push: { title: '{{ merchant.name }}', body: 'Hallo' } } },
  })

  it('have a channel only where they have a template for it', () => {
    expect(renderMessage(message, 'sms', 'en', VARIABLES)).toEqual({
      kind: 'sms',
      sms: { body: 'Café Blau: hello' },
    })
    expect(renderMessage(message, 'push', 'en', VARIABLES)).toEqual({
      kind: 'push',
      push: { title: 'Café Blau', body: 'Hello', deepLink: 'app://offer' },
    })
    expect(renderMessage(message, 'push', 'de-AT', VARIABLES)).toEqual({
      kind: 'push',
      push: { title: 'Café Blau', body: 'Hallo' },
      locale: 'de',
    })
    expect(renderMessage(message, 'sms', 'de-AT', VARIABLES)).toEqual({
      kind: 'failed',
      reason: 'noTemplate',
    })
    expect(Object.keys(templatesFor(message, 'de').picked)).toEqual(['push'])
  })

  it('are refused as a whole when one template is wrong', () => {
    expect(() => compileMessage({ locales: { de: { sms: { body: '{{' } } } })).toThrow(SyntaxError)
  })
})

describe('values', () => {
  it('show distances in steps', () => {
    expect([-5, 0, 100, 101, 999, 1001].map(distanceWithinM)).toEqual([100, 100, 100, 200, 1000, undefined])
  })

  it('show times as people write them', () => {
    expect(validUntilText(Date.UTC(2026, 4, 1, 17), 'en-GB', 'Europe/London')).toBe('1 May 2026, 18:00')
    expect(validUntilText(Date.UTC(2026, 4, 1, 17), 'zh-Hant-TW', 'Asia/Taipei')).toContain('2026年5月2日')
  })
})
