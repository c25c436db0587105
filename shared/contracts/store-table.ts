import { parse as parseCsv } from 'csv-parse/sync'
import * as z from 'zod'
import { type BadRow, MAX_IMPORT_ROWS } from '#shared/contracts/http/imports.ts'
import {
  COLUMNS,
  field,
  ImportError,
  type ImportRow,
  type ImportSettings,
  NoStoresError,
  numberOf,
  ownRadiusOf,
  type Raw,
  readRow,
} from '#shared/contracts/import-row.ts'

const POINTER = '/csv'

/** @throws {NoStoresError} that names the columns which are not there */
const requireColumns = (header: readonly string[]): void => {
  const missing = Object.entries(COLUMNS).flatMap(([column, names]) =>
    names.some((name) => header.includes(name)) ? [] : [column],
  )
  if (missing.length === 0) return
  const hint = header.length === 1 && header[0]?.includes(';') ? '; commas part columns, not semicolons' : ''
  throw new NoStoresError(POINTER, `the header lacks ${missing.join(', ')}${hint}`)
}

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
    throw new ImportError(POINTER, `not a CSV table: ${String(code)} at line ${String(line)}`, { cause })
  }
}

/**
 * Reads the stores of a CSV table.
 *
 * @throws {NoStoresError} for a table without a column that each store needs
 * @throws {ImportError} for what is no table, has no row, or too many
 */
export const readStoreTable = (csv: string, settings: ImportSettings): (ImportRow | BadRow)[] => {
  const { header, rows } = readTable(csv)
  requireColumns(header)
  if (rows.length === 0) throw new ImportError(POINTER, 'there is no row below the header')
  if (rows.length > MAX_IMPORT_ROWS)
    throw new ImportError(POINTER, `at most ${MAX_IMPORT_ROWS} stores at once`)
  return rows.map((raw) => {
    const { lat, latitude, lon, lng, longitude } = raw.values
    const radiusM = ownRadiusOf(raw) ?? settings.radiusM
    return readRow(
      raw,
      { lat: numberOf(lat ?? latitude), lon: numberOf(lon ?? lng ?? longitude), radiusM },
      settings,
    )
  })
}
