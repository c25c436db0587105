import { XMLParser } from 'fast-xml-parser'
import {
  column,
  numberColumn,
  optionalColumn,
  ReadError,
  type Row,
  readRows,
  readText,
} from '#local/replay/read-table.ts'

/** One position report of a trace. */
export type TracePing = {
  readonly user: string
  readonly atMs: number
  readonly lat: number
  readonly lon: number
  readonly accuracyM?: number
}

const instant = (text: string, where: string): number => {
  // A time without a zone is taken for UTC, as the column's name says.
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text.replace(' ', 'T')}Z`
  const atMs = Date.parse(zoned)
  if (Number.isNaN(atMs)) throw new ReadError(`${where}: not a time: ${text}`)
  return atMs
}

const pingOfRow = (row: Row, where: string): TracePing => {
  const accuracy = optionalColumn(row, ['accuracy_m', 'accuracy'])
  return {
    user: column(row, ['user_id', 'user'], where),
    atMs: instant(column(row, ['timestamp_utc', 'timestamp', 'time', 'at'], where), where),
    lat: numberColumn(row, ['lat', 'latitude'], 90, where),
    lon: numberColumn(row, ['lon', 'lng', 'longitude'], 180, where),
    ...(accuracy === undefined ? {} : { accuracyM: Number(accuracy) }),
  }
}

const asList = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

/** Each track of a GPX 1.1 file is a user, named by its name or number (https://www.topografix.com/GPX/1/1/). */
const readGpx = async function* (file: string): AsyncGenerator<TracePing> {
  const document: unknown = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(
    await readText(file),
  )
  for (const [index, track] of asList(field(field(document, 'gpx'), 'trk')).entries()) {
    const user = String(field(track, 'name') ?? `track-${index + 1}`)
    const points = asList(field(track, 'trkseg')).flatMap((segment) => asList(field(segment, 'trkpt')))
    for (const [number, point] of points.entries()) {
      const where = `${file}: track ${index + 1}, point ${number + 1}`
      yield pingOfRow(
        {
          user_id: user,
          time: String(field(point, 'time') ?? ''),
          lat: String(field(point, 'lat')),
          lon: String(field(point, 'lon')),
        },
        where,
      )
    }
  }
}

/**
 * The pings of a trace: CSV or CSV.gz with the columns `user_id` (or `user`), `timestamp_utc` (or `timestamp`, `time`,
 * `at`), `lat` (`latitude`), `lon` (`lng`, `longitude`) and optionally `accuracy_m`; or GPX, one track a user.
 *
 * @throws {ReadError} naming file, line and column of the first fault
 * @example for await (const ping of readPings('trace.csv.gz')) console.log(ping.user)
 */
export const readPings = async function* (file: string): AsyncGenerator<TracePing> {
  if (/\.gpx(\.gz)?$/i.test(file)) {
    yield* readGpx(file)
    return
  }
  let line = 1
  for await (const row of readRows(file)) {
    line += 1
    yield pingOfRow(row, `${file}:${line}`)
  }
}
