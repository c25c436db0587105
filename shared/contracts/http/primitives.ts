import * as z from 'zod'
import { isIdentityName } from '#shared/domain/customers/preferences.ts'
import type { IdByPrefix, IdPrefix } from '#shared/domain/ids.ts'
import { LOCALE } from '#shared/domain/messages/locale-chain.ts'

const ID_BODY = '[0-9A-HJKMNP-TV-Z]{26}'

/** What an id names, where the member says no more of it. */
const NAMED_BY: Readonly<Record<IdPrefix, string>> = {
  usr: 'A customer or member, by a hash of its account.',
  mer: 'The merchant.',
  sto: 'The store.',
  gf: 'The geofence.',
  scn: 'The scene.',
  off: 'The offer.',
  grt: 'The grant: an offer, or a message alone, that was given to a customer.',
  msg: 'The message.',
  vis: 'The visit.',
  job: 'The job.',
  wrt: 'The decision that began it.',
  reg: 'The node of the region tree.',
  zon: 'The zone.',
  qrc: 'The QR code.',
  rcp: 'The receipt of a choice.',
}

/**
 * An id of one kind, e.g. `gf_01J…`.
 *
 * The pattern is the proof of the brand, so the assertion stands here, in the parser, and nowhere else.
 */
export const idSchema = <P extends IdPrefix>(prefix: P): z.ZodType<IdByPrefix[P], string> =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_${ID_BODY}$`), `not an id of the form ${prefix}_…`)
    .describe(NAMED_BY[prefix]) as unknown as z.ZodType<IdByPrefix[P], string>

export const MAX_LAT = 90
export const MAX_LON = 180
export const latSchema = z
  .number()
  .min(-MAX_LAT)
  .max(MAX_LAT)
  .describe('Degrees north of the equator, negative south of it.')
export const lonSchema = z
  .number()
  .min(-MAX_LON)
  .max(MAX_LON)
  .describe('Degrees east of Greenwich, negative west of it.')

/** WGS-84 degrees. */
export const positionSchema = z.strictObject({ lat: latSchema, lon: lonSchema })

/**
 * Text for people: trimmed, not empty, at most `max` UTF-16 units, without control characters but for line breaks.
 */
export const textSchema = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\u0000-\u0009\u000b-\u001f\u007f]*$/, 'control characters are not allowed')

export const nameSchema = textSchema(100).describe('What it is called, for people.')

const MAX_INSTANT = 40
/** In UTC such a time may lie in a year of five digits or before the first, which is no RFC 3339 any more. */
const EDGE_YEAR = /^(?:0000|9999)/
const instantFormat = z.iso
  .datetime({ offset: true, error: 'not an RFC 3339 time with Z or an offset' })
  .refine((text) => !EDGE_YEAR.test(text), 'a year from 0001 to 9998')

/** An RFC 3339 time with `Z` or an offset. */
export const instantSchema = z.string().max(MAX_INSTANT).pipe(instantFormat)

export const createdAtSchema = instantSchema.describe('When it was made.')
export const updatedAtSchema = instantSchema.describe('When it was last changed.')

const INSTANT = z.core.regexes.datetime({ offset: true })

/** Does `instantSchema` take the value? */
export const isInstant = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= MAX_INSTANT && INSTANT.test(value) && !EDGE_YEAR.test(value)

/** An RFC 3339 time in UTC, as Beckon writes it: `2026-11-22T10:00:00.000Z`. */
export const utcInstantSchema = instantSchema.transform((text) => new Date(text).toISOString())

/** A calendar day, e.g. `2026-11-22`. */
export const daySchema = z
  .string()
  // Nothing more is said of days that are none, as how far they are apart.
  .max(10, { abort: true })
  .pipe(z.iso.date({ error: 'not a day of the calendar, e.g. 2026-11-22', abort: true }))

/** A language as phones tell it: a BCP 47 tag, e.g. `de-CH`. */
export const localeSchema = z.string().max(35).regex(LOCALE, 'not a BCP 47 tag, e.g. de-CH')

/** What something about a customer is called; numbers of identity documents have no place. */
export const factNameSchema = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'a letter, then letters, digits and _')
    .refine((name) => !isIdentityName(name), 'numbers of identity documents are not kept')

export const revisionSchema = z.int().min(1).describe('Counts the changes: 1 when it is created.')

/** The most rows of one page. */
export const MAX_PAGE = 100
const DEFAULT_PAGE = 50

export const pageQuerySchema = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'a whole number from 1 to 100')
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_PAGE))
    .default(DEFAULT_PAGE)
    .describe('The most rows that the page may have.'),
  cursor: z
    .base64url('not a cursor of this list')
    .min(1)
    .max(200)
    .exactOptional()
    .describe('The `next` of the page before; it means nothing to the client.'),
})
export type PageQuery = z.output<typeof pageQuerySchema>

export const nextSchema = z
  .string()
  .max(200)
  .describe('The `cursor` of the next page; without it this is the last.')

/** One page of a list; without `next` it is the last. */
export const pageSchema = <S extends z.ZodType>(item: S) =>
  z.strictObject({
    items: z.array(item).max(MAX_PAGE).describe('The rows of this page.'),
    next: nextSchema.exactOptional(),
  })
