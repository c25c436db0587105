import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startProgress } from '#local/progress.ts'
import { readGeofences } from '#local/rehearse/read-geofences.ts'
import { createRehearsal } from '#local/rehearse/rehearse-pings.ts'
import { TABLE_HEAD, tableRow } from '#local/rehearse/table.ts'
import { readPingLines } from '#local/replay/read-pings.ts'
import { ReadError } from '#local/replay/read-table.ts'
import { DATUMS, type Datum } from '#shared/domain/geo/datum.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'

const USAGE = `npm run rehearse -- --geofences FILE --pings FILE [options]

Runs the geofence engine over a file of pings and says what comes of each. Nothing is written anywhere.

  --geofences FILE  GeoJSON: Points with properties.radiusM, Polygons, MultiPolygons; named by their id, else #1, #2 …
  --pings FILE      CSV (user_id, timestamp_utc, lat, lon, accuracy_m …) or NDJSON, also gzipped; or GPX
  --datum NAME      what both files' coordinates are given in: wgs84, gcj02 or bd09 (wgs84)
  --format NAME     ndjson, one object a ping, or table (ndjson)

The answers come on stdout in the order of the pings; with \`npm run --silent\` nothing else does. Bad lines are named on
stderr and left out; the exit code is 1 then, and 2 when the command itself is wrong.
`

const FORMATS = ['ndjson', 'table'] as const

type Options = {
  readonly geofences: string
  readonly pings: string
  readonly datum: Datum
  readonly format: (typeof FORMATS)[number]
}

class UsageError extends Error {
  override readonly name = 'UsageError'
}

const fileOf = (name: string, file: string | undefined): string => {
  if (file === undefined) throw new UsageError(`--${name} is needed`)
  if (!existsSync(file)) throw new UsageError(`--${name}: there is no file ${file}`)
  return file
}

const oneOf = <Choice extends string>(name: string, text: string, choices: readonly Choice[]): Choice => {
  const choice = choices.find((known) => known === text)
  if (choice === undefined) throw new UsageError(`--${name} is one of ${choices.join(', ')}`)
  return choice
}

const readOptions = (args: readonly string[]): Options | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      geofences: { type: 'string' },
      pings: { type: 'string' },
      datum: { type: 'string', default: 'wgs84' },
      format: { type: 'string', default: 'ndjson' },
    },
  })
  if (values.help) return 'help'
  return {
    geofences: fileOf('geofences', values.geofences),
    pings: fileOf('pings', values.pings),
    datum: oneOf('datum', values.datum, DATUMS),
    format: oneOf('format', values.format, FORMATS),
  }
}

/** Lines are handed to stdout in pieces of this size: one write a line would cost more than the engine does. */
const CHUNK_CHARACTERS = 64 * 1024

const lineWriter = () => {
  let held = ''
  const flush = async (): Promise<void> => {
    const text = held
    held = ''
    // Whoever reads slowly is waited for, so that nothing piles up here.
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
  }
  return {
    flush,
    write: async (line: string): Promise<void> => {
      held += `${line}\n`
      if (held.length >= CHUNK_CHARACTERS) await flush()
    },
  }
}

/** @returns what was left out, in words; undefined when nothing was */
const rehearse = async ({ geofences, pings, datum, format }: Options): Promise<string | undefined> => {
  const read = await readGeofences(geofences, datum)
  for (const fault of read.faults) console.error(fault.message)
  const rehearsal = createRehearsal(indexOf(read.geofences), read.nameOf, datum)
  const progress = startProgress('pings', statSync(pings).size, ' bytes')
  const out = lineWriter()
  let bad = 0
  if (format === 'table') await out.write(TABLE_HEAD)
  for await (const line of readPingLines(pings, (bytes) => progress.increment(bytes))) {
    if (line.kind === 'bad') {
      bad += 1
      console.error(line.error.message)
      continue
    }
    const rehearsed = rehearsal.take(line.ping)
    await out.write(format === 'table' ? tableRow(rehearsed) : JSON.stringify(rehearsed))
  }
  await out.flush()
  progress.stop()
  if (rehearsal.forgotten() > 0) {
    console.error(`More users than can be held at once: ${rehearsal.forgotten()} times one was forgotten.`)
  }
  return leftOut(read.faults.length, bad)
}

const counted = (count: number, one: string): string[] =>
  count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`]

const leftOut = (features: number, lines: number): string | undefined => {
  const parts = [...counted(features, 'bad feature'), ...counted(lines, 'bad line')]
  if (parts.length === 0) return undefined
  return `${parts.join(' and ')} ${features + lines === 1 ? 'was' : 'were'} left out`
}

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(USAGE)
    return
  }
  const bad = await rehearse(options)
  if (bad === undefined) return
  console.error(`rehearse: ${bad}`)
  process.exitCode = 1
}

// Whoever reads the answers may have seen enough (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

main().catch((error: unknown) => {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  if (isUsage) console.error(`rehearse: ${error.message}\n\n${USAGE}`)
  else console.error(error instanceof ReadError ? `rehearse: ${error.message}` : error)
  process.exitCode = isUsage ? 2 : 1
})
