import { describe, expect, it } from 'vitest'
import { localized, lookUp } from '#shared/domain/messages/localize.ts'

describe('the words for a language', () => {
  it.each([
    ['de', 'German'],
    ['de-CH', 'German'],
    ['DE-ch', 'German'],
    ['pt-BR', 'Brazilian'],
    ['pt', undefined],
    ['zh-Hant-TW', 'Traditional'],
    ['zh', undefined],
    ['fr', undefined],
  ])('%s: %s', (locale, words) => {
    expect(lookUp({ de: 'German', 'pt-BR': 'Brazilian', 'zh-Hant': 'Traditional' }, locale)).toBe(words)
  })

  it('replace title and body, not picture and link; what has no words stays in the first language', () => {
    const content = {
      push: { title: 'Hi', body: 'Come in', deepLink: 'shop://1', imageUrl: 'https://a.example/1.png' },
      sms: { body: 'Come in', code: 'AAAAA' },
      translations: { de: { push: { title: 'Hallo', body: 'Komm rein' } } },
    }
    expect(localized(content, 'de-AT')).toEqual({
      push: { title: 'Hallo', body: 'Komm rein', deepLink: 'shop://1', imageUrl: 'https://a.example/1.png' },
      sms: { body: 'Come in', code: 'AAAAA' },
    })
    expect(localized(content, 'fr')).toEqual({ push: content.push, sms: content.sms })
    expect(localized(content, undefined)).toEqual({ push: content.push, sms: content.sms })
  })
})
