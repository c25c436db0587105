import { XMLParser } from 'fast-xml-parser'
import {
  column,
  numberColumn,
  type OnBytes,
  optionalColumn,
  ReadError,
  type Row,
  readLines,
  readNumberedRows,
  readText,
} from '#local/replay/read-table.ts'

/** One position report of a trace. */
export type TracePing = {
  readonly user: string
  readonly atMs: number
  readonly lat: number
  readonly lon: number
  readonly accuracyM?: number
  readonly speedMps?: number
  readonly mocked?: boolean
}

/** A ping of a file, or what is wrong with the line that should have been one. */
export type ReadPing =
  | { readonly kind: 'ping'; readonly ping: TracePing }
  | { readonly kind: 'bad'; readonly error: ReadError }

const instant = (text: string, where: string): number => {
  // A time without a zone is taken for UTC, as the column's name says.
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text.replace(' ', 'T')}Z`
  const atMs = Date.parse(zoned)
  if (Number.isNaN(atMs)) throw new ReadError(`${where}: not a time: ${text}`)
  return atMs
}

const pingOfRow = (row: Row, where: string): TracePing => {
  const accuracyM = optionalNumber(row, ['accuracy_m', 'accuracy', 'accuracym'], where)
  const speedMps = optionalNumber(row, ['speed_mps', 'speed', 'speedmps'], where)
  const mocked = optionalColumn(row, ['mocked'])
  return {
    user: column(row, ['user_id', 'user'], where),
    atMs: instant(column(row, ['timestamp_utc', 'timestamp', 'time', 'at'], where), where),
    lat: numberColumn(row, ['lat', 'latitude'], 90, where),
    lon: numberColumn(row, ['lon', 'lng', 'longitude'], 180, where),
    ...(accuracyM === undefined ? {} : { accuracyM }),
    ...(speedMps === undefined ? {} : { speedMps }),
    ...(mocked === undefined ? {} : { mocked: /^(true|1|yes)$/i.test(mocked) }),
  }
}

const optionalNumber = (row: Row, names: readonly string[], where: string): number | undefined =>
  optionalColumn(row, names) === undefined ? undefined : numberColumn(row, names, Number.MAX_VALUE, where)

const attempt = (read: () => TracePing): ReadPing => {
  try {
    return { kind: 'ping', ping: read() }
  } catch (error) {
    if (error instanceof ReadError) return { kind: 'bad', error }
    throw error
  }
}

const asList = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

/** Each track of a GPX 1.1 file is a user, named by its name or number (https://www.topografix.com/GPX/1/1/). */
const readGpx = async function* (file: string): AsyncGenerator<ReadPing> {
  const document: unknown = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(
    await readText(file),
  )
  for (const [index, track] of asList(field(field(document, 'gpx'), 'trk')).entries()) {
    const user = String(field(track, 'name') ?? `track-${index + 1}`)
    const points = asList(field(track, 'trkseg')).flatMap((segment) => asList(field(segment, 'trkpt')))
    for (const [number, point] of points.entries()) {
      const where = `${file}: track ${index + 1}, point ${number + 1}`
      const row = {
        user_id: user,
        time: String(field(point, 'time') ?? ''),
        lat: String(field(point, 'lat')),
        lon: String(field(point, 'lon')),
      }
      yield attempt(() => pingOfRow(row, where))
    }
  }
}

const rowOfJson = (text: string, where: string): Row => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ReadError(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  if (typeof value !== 'object' || value === null) throw new ReadError(`${where}: not a JSON object`)
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [name.toLowerCase(), String(content ?? '')]),
  )
}

const readNdjson = async function* (file: string, onBytes?: OnBytes): AsyncGenerator<ReadPing> {
  let line = 0
  for await (const text of readLines(file, onBytes)) {
    line += 1
    const where = `${file}:${line}`
    if (text.trim() !== '') yield attempt(() => pingOfRow(rowOfJson(text, where), where))
  }
}

const readCsv = async function* (file: string, onBytes?: OnBytes): AsyncGenerator<ReadPing> {
  for await (const { row, line } of readNumberedRows(file, onBytes))
    yield attempt(() => pingOfRow(row, `${file}:${line}`))
}

/**
 * The pings of a trace, line by line, bad ones among them: CSV with the columns `user_id` (or `user`), `timestamp_utc`
 * (or `timestamp`, `time`, `at`), `lat` (`latitude`), `lon` (`lng`, `longitude`) and optionally `accuracy_m`,
 * `speed_mps`, `mocked`; NDJSON (`.ndjson`, `.jsonl`) with fields of these names; both also gzipped; or GPX, one track a
 * user.
 *
 * @param onBytes told how far the file was read
 * @throws {ReadError} when the file as a whole cannot be read
 */
export const readPingLines = (file: string, onBytes?: OnBytes): AsyncGenerator<ReadPing> => {
  if (/\.gpx(\.gz)?$/i.test(file)) return readGpx(file)
  if (/\.(ndjson|jsonl)(\.gz)?$/i.test(file)) return readNdjson(file, onBytes)
  return readCsv(file, onBytes)
}

/**
 * The pings of a trace, in any of the forms of `readPingLines`.
 *
 * @throws {ReadError} naming file, line and column of the first fault
 * @example for await (const ping of readPings('trace.csv.gz')) console.log(ping.user)
 */
export const readPings = async function* (file: string): AsyncGenerator<TracePing> {
  for await (const read of readPingLines(file)) {
    if (read.kind === 'bad') throw read.error
    yield read.ping
  }
}
