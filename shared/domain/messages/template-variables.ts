/** What a template may name. What is optional needs a `default` or an `if` around it. */
export type MessageVariables = {
  readonly customer: { readonly firstName?: string }
  /** The sender. */
  readonly merchant: { readonly name: string }
  readonly store?: {
    readonly name: string
    /** The store is no farther than so many metres: 100, 200, 500 or 1000. Absent farther away. */
    readonly withinM?: number
  }
  readonly offer?: {
    readonly name: string
    /** Where a grant has a code. */
    readonly code?: string
    /** Until when it can be redeemed, as people of the locale write it. */
    readonly validUntil: string
  }
}

/** The names of the variables; `customer.firstName`, `store.withinM` and `offer.code` may be missing. */
export const TEMPLATE_VARIABLES = [
  'customer.firstName',
  'merchant.name',
  'store.name',
  'store.withinM',
  'offer.name',
  'offer.code',
  'offer.validUntil',
] as const
export type TemplateVariable = (typeof TEMPLATE_VARIABLES)[number]

/** How long a name in a message may be; the rest is cut off. */
export const MAX_VALUE_CHARS = 60

// Names come from customers and merchants: no line breaks, no characters that turn or hide text.
const UNWANTED = /[\p{Cc}\u200b\u202a-\u202e\u2066-\u2069]+/gu

/**
 * A name as it may stand in a message: one line, at most `MAX_VALUE_CHARS` characters.
 *
 * @example cleanValue('Anna\n') // 'Anna'
 */
export const cleanValue = (text: string): string =>
  [...text.replace(UNWANTED, ' ').replace(/ {2,}/g, ' ').trim()].slice(0, MAX_VALUE_CHARS).join('')

const WITHIN_M = [100, 200, 500, 1000]

/**
 * A distance as a message may name it: the next larger of 100, 200, 500 and 1000 m; undefined farther away.
 *
 * @example distanceWithinM(120) // 200
 */
export const distanceWithinM = (distanceM: number): number | undefined =>
  WITHIN_M.find((within) => Math.max(0, distanceM) <= within)

/**
 * A moment as people of a language write it, on the clock of a place.
 *
 * @throws {RangeError} for an unknown zone or tag
 * @example validUntilText(Date.UTC(2026, 4, 1, 17), 'en-GB', 'Europe/London') // '1 May 2026, 18:00'
 */
export const validUntilText = (atMs: number, locale: string, timeZone: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(atMs)
