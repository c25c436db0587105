import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'

/** A file that cannot be read as what it should be; the message names file, line and column. */
export class ReadError extends Error {
  override readonly name = 'ReadError'
}

const explain = (file: string, cause: unknown): ReadError =>
  cause instanceof ReadError
    ? cause
    : new ReadError(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause })

/** A row by column name, in lower case. */
export type Row = Readonly<Record<string, string>>

// `pipeline` hands the error of one stream on to the next, so that whoever reads the last one hears of it; the callback
// is its form that does not wait.
const ignoreHere = () => {}

/** Told how many bytes of the file have been read since it was told last. */
export type OnBytes = (bytes: number) => void

const open = (file: string, onBytes?: OnBytes): Readable => {
  const raw = createReadStream(file)
  if (onBytes) raw.on('data', (chunk) => onBytes(chunk.length))
  return file.endsWith('.gz') ? pipeline(raw, createGunzip(), ignoreHere) : raw
}

/** A row of a file, and the number of the line on which it ends. */
export type NumberedRow = { readonly row: Row; readonly line: number }

type Parsed = { readonly record: Row; readonly info: { readonly lines: number } }

/** The rows of a CSV file with a header line, gzipped when its name ends in `.gz`; one at a time, whatever its size. */
export const readNumberedRows = async function* (
  file: string,
  onBytes?: OnBytes,
): AsyncGenerator<NumberedRow> {
  const parser = parse({
    bom: true,
    trim: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    columns: (names: string[]) => names.map((name) => name.toLowerCase()),
  })
  pipeline(open(file, onBytes), parser, ignoreHere)
  try {
    const rows: AsyncIterable<Parsed> = parser
    for await (const { record, info } of rows) yield { row: record, line: info.lines }
  } catch (error) {
    throw explain(file, error)
  }
}

/** The rows of a CSV file, without their lines. */
export const readRows = async function* (file: string): AsyncGenerator<Row> {
  for await (const { row } of readNumberedRows(file)) yield row
}

/** The lines of a text file, gunzipped when its name ends in `.gz`; one at a time, whatever its size. */
export const readLines = async function* (file: string, onBytes?: OnBytes): AsyncGenerator<string> {
  const input = open(file, onBytes)
  let failure: unknown
  // The reader of lines ends quietly when its input fails.
  input.on('error', (error) => {
    failure = error
  })
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  if (failure !== undefined) throw explain(file, failure)
}

/** The whole text of a file, gunzipped when its name ends in `.gz`. */
export const readText = async (file: string): Promise<string> => {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of open(file)) chunks.push(Buffer.from(chunk))
  } catch (error) {
    throw explain(file, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * The value of the first of these columns that a row has.
 *
 * @throws {ReadError} naming the columns when there is none
 */
export const column = (row: Row, names: readonly string[], where: string): string => {
  const value = optionalColumn(row, names)
  if (value === undefined) throw new ReadError(`${where}: no value in a column named ${names.join(' or ')}`)
  return value
}

export const optionalColumn = (row: Row, names: readonly string[]): string | undefined =>
  names.map((name) => row[name]).find((value) => value !== undefined && value !== '')

/**
 * A number from a column.
 *
 * @throws {ReadError} naming column and value when it is none, or out of range
 */
export const numberColumn = (row: Row, names: readonly string[], limit: number, where: string): number => {
  const text = column(row, names, where)
  const value = Number(text)
  if (!Number.isFinite(value) || Math.abs(value) > limit)
    throw new ReadError(`${where}: ${names[0]} is ${text}`)
  return value
}
