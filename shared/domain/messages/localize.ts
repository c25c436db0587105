import type { MessageContent, Translation } from '#shared/domain/messages/message.ts'

/** A BCP 47 tag as phones tell it, e.g. `de-CH`, `zh-Hant-TW`. */
export const LOCALE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/

/**
 * The best entry for a locale, by the look-up of RFC 4647 section 3.4: the tag itself, then the same without its last
 * part, down to the language; case does not count.
 *
 * @example lookUp({ de: 1, 'pt-BR': 2 }, 'de-CH') // 1
 */
export const lookUp = <T>(byLocale: Readonly<Record<string, T>>, locale: string): T | undefined => {
  const entries = new Map(Object.entries(byLocale).map(([tag, value]) => [tag.toLowerCase(), value]))
  for (let parts = locale.toLowerCase().split('-'); parts.length > 0; parts = parts.slice(0, -1)) {
    const found = entries.get(parts.join('-'))
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * What a message says to somebody who reads this language; in the words of its first language where it has no others.
 *
 * @example localized({ push: { title: 'Hi', body: 'Come in' }, translations: { de: { push: { title: 'Hallo', body: 'Komm rein' } } } }, 'de-AT').push
 * // { title: 'Hallo', body: 'Komm rein' }
 */
export const localized = (content: MessageContent, locale: string | undefined): MessageContent => {
  const { push, sms, translations = {} } = content
  const words: Translation = (locale === undefined ? undefined : lookUp(translations, locale)) ?? {}
  return {
    ...(push && { push: { ...push, ...words.push } }),
    ...(sms && { sms: { ...sms, ...words.sms } }),
  }
}
