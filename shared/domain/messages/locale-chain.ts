/** A BCP 47 tag as phones tell it, e.g. `de-CH`, `zh-Hant-TW`. */
export const LOCALE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/

/** As far as languages, scripts and regions go. */
const TAG = /^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?$/i

const withoutLast = (locale: string): string => locale.split('-').slice(0, -1).join('-')

/**
 * The language tags to look for in order, from the customer's own to the bare language (RFC 4647, lookup). Script and
 * region that the tag leaves open are filled in as CLDR's likely subtags have them; variants are left out.
 *
 * @returns nothing for what is no language tag
 * @example localeChain('zh-TW') // ['zh-TW', 'zh-Hant-TW', 'zh-Hant', 'zh']
 */
export const localeChain = (locale: string): string[] => {
  if (locale === '') return []
  if (!TAG.test(locale)) return localeChain(withoutLast(locale))
  const own = new Intl.Locale(locale)
  const { language, script, region } = own.maximize()
  const parts = [
    [own.toString()],
    [language, script, region],
    [language, script],
    [language, region],
    [language],
  ]
  return [...new Set(parts.map((tags) => tags.filter((tag) => tag !== undefined).join('-')))]
}

/**
 * What is given for a customer's language, else the default.
 *
 * @param locale undefined where it is not known
 * @example pickByLocale({ 'zh-Hant': 'a', zh: 'b' }, 'zh-Hant-TW', 'c') // { locale: 'zh-Hant', picked: 'a' }
 */
export const pickByLocale = <T>(
  byLocale: Readonly<Record<string, T>> | undefined,
  locale: string | undefined,
  fallback: T,
): { readonly locale?: string; readonly picked: T } => {
  if (byLocale === undefined || locale === undefined) return { picked: fallback }
  const byLowerCase = new Map(
    Object.entries(byLocale).map(([tag, value]) => [tag.toLowerCase(), { tag, value }]),
  )
  for (const tag of localeChain(locale)) {
    const found = byLowerCase.get(tag.toLowerCase())
    if (found !== undefined) return { locale: found.tag, picked: found.value }
  }
  return { picked: fallback }
}
