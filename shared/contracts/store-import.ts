import { parse as parseCsv } from 'csv-parse/sync'
import * as z from 'zod'
import { roundGeometry } from '#shared/contracts/declared-geometry.ts'
import { clearMessage } from '#shared/contracts/http/clear-message.ts'
import { MAX_MERCHANT_RADIUS_M, MIN_MERCHANT_RADIUS_M } from '#shared/contracts/http/geofences.ts'
import { type BadRow, type ImportRequest, MAX_IMPORT_ROWS } from '#shared/contracts/http/imports.ts'
import { idSchema, latSchema, lonSchema, nameSchema, textSchema } from '#shared/contracts/http/primitives.ts'
import { subdivisionSchema } from '#shared/contracts/http/stores.ts'
import { type DeclaredGeofence, shapeDeclared } from '#shared/contracts/items/geofence.ts'
import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'
import { hashId, type MerchantId, type StoreId } from '#shared/domain/ids.ts'
import type { Store } from '#shared/domain/merchants/merchant.ts'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'
import { isSubdivisionOnClock } from '#shared/domain/schedule/lawful-hours.ts'

const MAX_EXTERNAL_ID = 100

/** One store of an import, as it is kept until it is written. */
export const importRowSchema = z.strictObject({
  line: z.int().min(1),
  externalId: textSchema(MAX_EXTERNAL_ID),
  name: nameSchema,
  lat: latSchema,
  lon: lonSchema,
  address: textSchema(200).exactOptional(),
  regionId: idSchema('reg').exactOptional(),
  subdivision: subdivisionSchema.exactOptional(),
  isFlagship: z.literal(true).exactOptional(),
  radiusM: z.number().min(MIN_MERCHANT_RADIUS_M).max(MAX_MERCHANT_RADIUS_M).exactOptional(),
})
export type ImportRow = z.output<typeof importRowSchema>

/** A file that is no table or collection at all. */
export class ImportError extends Error {
  override readonly name: string = 'ImportError'
}

/** A table of which no row can be a store. */
export class HeaderError extends ImportError {
  override readonly name = 'HeaderError'
}

/** What each store needs, and under which names it is looked for. */
const COLUMNS = {
  id: ['id', 'store_number', 'location_id'],
  name: ['name', 'brand_name', 'brand'],
  lat: ['lat', 'latitude'],
  lon: ['lon', 'lng', 'longitude'],
} as const satisfies Record<string, readonly string[]>

/** @throws {HeaderError} that names the columns which are not there */
const requireColumns = (header: readonly string[]): void => {
  const missing = Object.entries(COLUMNS).flatMap(([column, names]) =>
    names.some((name) => header.includes(name)) ? [] : [column],
  )
  if (missing.length === 0) return
  const hint = header.length === 1 && header[0]?.includes(';') ? '; commas part columns, not semicolons' : ''
  throw new HeaderError(`the header lacks ${missing.join(', ')}${hint}`)
}

export type ReadImport = {
  readonly rows: readonly ImportRow[]
  readonly bad: readonly BadRow[]
}

type Raw = { readonly line: number; readonly values: Readonly<Record<string, unknown>> }

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''

/** The first of these that says something. */
const firstOf = (values: Readonly<Record<string, unknown>>, ...names: readonly string[]): unknown =>
  names.map((name) => values[name]).find((value) => isText(value) || typeof value === 'number')

/** Cells are texts: a number is one that reads as such whole. */
const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*[-+]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value

const flagOf = (value: unknown): unknown =>
  value === true || (typeof value === 'string' && /^(true|yes|1)$/i.test(value)) ? true : undefined

const textOf = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value)

const present = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ''))

/** What a row says by the names of its columns; all other columns mean nothing here. */
const rowOf = ({ line, values }: Raw, lat: unknown, lon: unknown, radiusM: number | undefined) =>
  present({
    line,
    externalId: textOf(firstOf(values, ...COLUMNS.id)),
    name: firstOf(values, ...COLUMNS.name),
    lat: numberOf(lat),
    lon: numberOf(lon),
    address: firstOf(values, 'address'),
    regionId: firstOf(values, 'region_id', 'regionId'),
    subdivision: firstOf(values, 'subdivision'),
    isFlagship: flagOf(firstOf(values, 'is_flagship') ?? values['isFlagship']),
    radiusM: numberOf(firstOf(values, 'radius_m', 'radiusM')) ?? radiusM,
  })

const bad = (line: number, pointer: string, reason: string): BadRow => ({
  line,
  pointer: pointer.slice(0, 100),
  reason: reason.slice(0, 200),
})

/** In WGS-84 and in a time zone that its state has; or what is wrong. */
const placed = (row: ImportRow, datum: Datum): ImportRow | BadRow => {
  const position = toWgs84(row, datum)
  const { subdivision } = row
  const timeZone = timeZoneOf(position)
  return subdivision === undefined || isSubdivisionOnClock(subdivision, timeZone)
    ? row
    : bad(row.line, '/subdivision', `${subdivision} is no state on the clock of the place, ${timeZone}`)
}

/** Files call the merchant's own id `id`. */
const columnOf = (path: readonly PropertyKey[]): string => {
  const member = path.join('/')
  return member === 'externalId' ? '/id' : `/${member}`
}

const readRow = (raw: Raw, values: Record<string, unknown>, datum: Datum): ImportRow | BadRow => {
  const parsed = importRowSchema.safeParse(values, { error: clearMessage })
  if (parsed.success) return placed(parsed.data, datum)
  const [issue] = parsed.error.issues
  return bad(raw.line, columnOf(issue?.path ?? []), issue?.message ?? 'not a store')
}

const isBad = (row: ImportRow | BadRow): row is BadRow => 'reason' in row

type Table = { readonly header: readonly string[]; readonly rows: readonly Raw[] }

const readTable = (csv: string): Table => {
  try {
    let header: readonly string[] = []
    const records: unknown[] = parseCsv(csv, {
      columns: (names: string[]) => {
        header = names.map((name) => name.trim())
        return [...header]
      },
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 20_000,
      to: MAX_IMPORT_ROWS + 1,
    })
    const rows = records.map((one) => ({
      line: Number(field(field(one, 'info'), 'lines')),
      values: z.record(z.string(), z.unknown()).parse(field(one, 'record')),
    }))
    return { header, rows }
  } catch (cause) {
    const code = field(cause, 'code')
    const line = field(cause, 'lines')
    throw new ImportError(`not a CSV table: ${String(code)} at line ${String(line)}`, { cause })
  }
}

const csvRows = (csv: string): readonly Raw[] => {
  const { header, rows } = readTable(csv)
  requireColumns(header)
  return rows
}

const featureRow = (feature: unknown, index: number): Raw & { readonly position: readonly unknown[] } => {
  const geometry = field(feature, 'geometry')
  const properties = field(feature, 'properties')
  const id = field(feature, 'id')
  const coordinates = field(geometry, 'coordinates')
  const isPoint = field(geometry, 'type') === 'Point' && Array.isArray(coordinates)
  return {
    line: index + 1,
    values: {
      ...(typeof properties === 'object' && properties !== null ? properties : {}),
      ...(id !== undefined && { id }),
    },
    position: isPoint ? coordinates : [],
  }
}

/** Each id once: the first row that has it counts. */
const distinct = (all: readonly (ImportRow | BadRow)[]): (ImportRow | BadRow)[] => {
  const lines = new Map<string, number>()
  return all.map((row) => {
    if (isBad(row)) return row
    const first = lines.get(row.externalId)
    if (first !== undefined) return bad(row.line, '/id', `line ${first} has this id already`)
    lines.set(row.externalId, row.line)
    return row
  })
}

/**
 * Reads the stores of an import, and what is wrong with the rows that are none.
 *
 * @throws {HeaderError} for a table without a column that each store needs
 * @throws {ImportError} for a file that is no table, has no row, or more than 10,000
 * @example readImport({ format: 'csv', datum: 'wgs84', csv: 'id,name,lat,lon\n1,Café,37.7,-122.4' }).rows.length // 1
 */
export const readImport = (request: ImportRequest): ReadImport => {
  const { datum, radiusM } = request
  const raws =
    request.format === 'csv'
      ? csvRows(request.csv).map((raw) => {
          const { lat, latitude, lon, lng, longitude } = raw.values
          return readRow(raw, rowOf(raw, lat ?? latitude, lon ?? lng ?? longitude, radiusM), datum)
        })
      : request.stores.features.map((feature, index) => {
          const raw = featureRow(feature, index)
          const [lon, lat] = raw.position
          return readRow(raw, rowOf(raw, lat, lon, radiusM), datum)
        })
  if (raws.length === 0) throw new ImportError('there is no row below the header')
  if (raws.length > MAX_IMPORT_ROWS) throw new ImportError(`at most ${MAX_IMPORT_ROWS} stores at once`)
  const read = distinct(raws)
  return {
    rows: read.flatMap((row) => (isBad(row) ? [] : [row])),
    bad: read.flatMap((row) => (isBad(row) ? [row] : [])),
  }
}

const storeIdOf = (merchantId: MerchantId, externalId: string): StoreId =>
  hashId('sto', merchantId, externalId)

/** The store that a row describes. Its id follows from the merchant's own: the same row is the same store each time. */
export const storeOfRow = (row: ImportRow, merchantId: MerchantId, datum: Datum, nowMs: number): Store => {
  const { line, lat, lon, radiusM, externalId, ...rest } = row
  const position = toWgs84({ lat, lon }, datum)
  const now = new Date(nowMs).toISOString()
  return {
    id: storeIdOf(merchantId, externalId),
    merchantId,
    externalId,
    ...rest,
    ...position,
    timeZone: timeZoneOf(position),
    revision: 1,
    createdAt: now,
    updatedAt: now,
  }
}

/** The geofence around a row's store; undefined where the row wants none. */
export const geofenceOfRow = (
  row: ImportRow,
  merchantId: MerchantId,
  datum: Datum,
  nowMs: number,
): DeclaredGeofence | undefined => {
  const { lat, lon, radiusM, externalId, name } = row
  if (radiusM === undefined) return undefined
  const declared = { datum, radiusM, geometry: roundGeometry({ type: 'Point', coordinates: [lon, lat] }) }
  const shape = shapeDeclared(declared)
  const now = new Date(nowMs).toISOString()
  return {
    id: hashId('gf', merchantId, externalId),
    merchantId,
    storeId: storeIdOf(merchantId, externalId),
    name,
    declared,
    shape,
    timeZone: timeZoneOf(shape),
    revision: 1,
    effectiveAtMs: nowMs,
    createdAt: now,
    updatedAt: now,
  }
}
