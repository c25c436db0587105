import * as z from 'zod'
import { clearMessage } from '#shared/contracts/http/clear-message.ts'
import { exitSchema, MIN_MERCHANT_RADIUS_M, shownAreaSchema } from '#shared/contracts/http/geofences.ts'
import type { BadRow } from '#shared/contracts/http/imports.ts'
import { idSchema, latSchema, lonSchema, nameSchema, textSchema } from '#shared/contracts/http/primitives.ts'
import { subdivisionSchema } from '#shared/contracts/http/stores.ts'
import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'
import { HIGHEST_QUOTAS } from '#shared/domain/merchants/quotas.ts'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'
import { isSubdivisionOnClock } from '#shared/domain/schedule/lawful-hours.ts'

const MAX_EXTERNAL_ID = 100

/** One store of an import, as it is kept until it is written; coordinates in the datum that the import declares. */
export const importRowSchema = z.strictObject({
  line: z.int().min(1),
  externalId: textSchema(MAX_EXTERNAL_ID),
  name: nameSchema,
  lat: latSchema,
  lon: lonSchema,
  /** The file names no place: it was found in the area. */
  isPlacedByArea: z.literal(true).exactOptional(),
  address: textSchema(200).exactOptional(),
  regionId: idSchema('reg').exactOptional(),
  subdivision: subdivisionSchema.exactOptional(),
  isFlagship: z.literal(true).exactOptional(),
  /** Draws a circle around the store. */
  radiusM: z.number().min(MIN_MERCHANT_RADIUS_M).max(HIGHEST_QUOTAS.radiusM).exactOptional(),
  /** Drawn instead of a circle. */
  area: shownAreaSchema.exactOptional(),
  /** Of the geofence, as it is given out. */
  exit: exitSchema.exactOptional(),
})
export type ImportRow = z.output<typeof importRowSchema>

/** A file that cannot be read: what a person has to mend, and where. */
export class ImportError extends Error {
  override readonly name: string = 'ImportError'
  /** Into the request's body. */
  readonly pointer: string

  constructor(pointer: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.pointer = pointer
  }
}

/** A file of which no row can be a store. */
export class NoStoresError extends ImportError {
  override readonly name = 'NoStoresError'
}

/** What each store needs, and under which names it is looked for. */
export const COLUMNS = {
  id: ['id', 'store_number', 'location_id'],
  name: ['name', 'brand_name', 'brand'],
  lat: ['lat', 'latitude'],
  lon: ['lon', 'lng', 'longitude'],
} as const satisfies Record<string, readonly string[]>

/** A row as it stands in the file, by the names of its columns. */
export type Raw = { readonly line: number; readonly values: Readonly<Record<string, unknown>> }

/** What holds for all rows of an import. */
export type ImportSettings = {
  readonly datum: Datum
  /** Of the circle around a store that says none of its own. */
  readonly radiusM?: number
  /** How far a geofence of the merchant may reach, in metres. */
  readonly limitM: number
}

/** The member of an object of any form. */
export const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''

/** The first of these columns that says something. */
export const firstOf = ({ values }: Raw, ...names: readonly string[]): unknown =>
  names.map((name) => values[name]).find((value) => isText(value) || typeof value === 'number')

/** Cells are texts: a number is one that reads as such whole. */
export const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*[-+]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value

/** The radius that a row says itself. */
export const ownRadiusOf = (raw: Raw): unknown => numberOf(firstOf(raw, 'radius_m', 'radiusM'))

const flagOf = (value: unknown): unknown =>
  value === true || (typeof value === 'string' && /^(true|yes|1)$/i.test(value)) ? true : undefined

const textOf = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value)

const present = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ''))

/** Cells have no such thing; a text of this name means something else. */
const exitOf = ({ exit }: Raw['values']): unknown =>
  typeof exit === 'object' && exit !== null ? exit : undefined

/** A row that is left out, in the bounds of the report. */
export const bad = (line: number, pointer: string, reason: string): BadRow => ({
  line,
  pointer: pointer.slice(0, 100),
  reason: reason.slice(0, 200),
})
export const isBad = (row: ImportRow | BadRow): row is BadRow => 'reason' in row

/** Where the store is, and what is drawn around it. */
type Place = {
  readonly lat: unknown
  readonly lon: unknown
  readonly isPlacedByArea?: true
  readonly radiusM?: unknown
  readonly area?: unknown
}

/** Files call the merchant's own id `id`. */
const columnOf = (path: readonly PropertyKey[]): string => {
  const member = path.join('/')
  return member === 'externalId' ? '/id' : `/${member}`
}

/** In a time zone that its state has, and not too large; or what is wrong. */
const checked = (row: ImportRow, { datum, limitM }: ImportSettings): ImportRow | BadRow => {
  const { line, subdivision, radiusM = 0 } = row
  if (radiusM > limitM) return bad(line, '/radiusM', `at most ${limitM}`)
  if (subdivision === undefined) return row
  const timeZone = timeZoneOf(toWgs84(row, datum))
  return isSubdivisionOnClock(subdivision, timeZone)
    ? row
    : bad(line, '/subdivision', `${subdivision} is no state on the clock of the place, ${timeZone}`)
}

/** What a row says by the names of its columns, at its place; all other columns mean nothing here. */
export const readRow = (raw: Raw, place: Place, settings: ImportSettings): ImportRow | BadRow => {
  const row = present({
    ...place,
    line: raw.line,
    externalId: textOf(firstOf(raw, ...COLUMNS.id)),
    name: firstOf(raw, ...COLUMNS.name),
    address: firstOf(raw, 'address'),
    regionId: firstOf(raw, 'region_id', 'regionId'),
    subdivision: firstOf(raw, 'subdivision'),
    isFlagship: flagOf(firstOf(raw, 'is_flagship') ?? raw.values['isFlagship']),
    exit: exitOf(raw.values),
  })
  const parsed = importRowSchema.safeParse(row, { error: clearMessage })
  if (parsed.success) return checked(parsed.data, settings)
  const [issue] = parsed.error.issues
  return bad(raw.line, columnOf(issue?.path ?? []), issue?.message ?? 'not a store')
}
