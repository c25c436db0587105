import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { printTable, type Table } from './table.ts'
import { parseAddress, type Tile38Address } from './tile38/measure-tile38.ts'

const USAGE = `npm run bench -- [options]

Measures the geofence engine and prints one table a part.

  --json FILE          writes the tables there, too
  --tile38 HOST:PORT   measures a Tile38 server beside the engine; what it holds is deleted
  --only LIST          only these parts: 1 engine, 2 request, 3 units and cost, 4 footprint (1,2,3,4)
  --quick              fewer and smaller: shows that it works, not how fast it is
`

const PARTS = ['1', '2', '3', '4'] as const
type Part = (typeof PARTS)[number]

type Options = {
  readonly parts: readonly Part[]
  readonly quick: boolean
  readonly runs: number
  readonly json?: string | undefined
  readonly tile38?: Tile38Address | undefined
}

const RUNS = 5
const QUICK_RUNS = 2

class UsageError extends Error {
  override readonly name = 'UsageError'
}

const partsOf = (list: string): Part[] =>
  list.split(',').map((text) => {
    const part = PARTS.find((known) => known === text.trim())
    if (part === undefined) throw new UsageError(`--only takes parts of ${PARTS.join(', ')}, not ${text}`)
    return part
  })

const readOptions = (args: string[]): Options | 'help' => {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'string' },
      tile38: { type: 'string' },
      only: { type: 'string', default: PARTS.join(',') },
      quick: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    parts: partsOf(values.only),
    quick: values.quick,
    runs: values.quick ? QUICK_RUNS : RUNS,
    json: values.json,
    tile38: values.tile38 === undefined ? undefined : parseAddress(values.tile38),
  }
}

// Each part is loaded when it is its turn: what one loads must not weigh on the other.
const MEASURES: Readonly<Record<Part, (options: Options) => Promise<readonly Table[]>>> = {
  1: async (options) => [await (await import('./engine.ts')).engineTable(options)],
  2: async (options) => [await (await import('./request.ts')).requestTable(options)],
  3: async (options) => await (await import('./units.ts')).unitTables(options),
  4: async (options) => await (await import('./footprint.ts')).footprintTables(options),
}

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(USAGE)
    return
  }
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`
  const at = new Date().toISOString()
  console.log(`${machine}, ${at}`)
  const tables: Table[] = []
  for (const part of options.parts) {
    for (const table of await MEASURES[part](options)) {
      tables.push(table)
      printTable(table)
    }
  }
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ machine, at, tables }, null, 2)}\n`)
}

main().catch((error: unknown) => {
  const isUsage =
    error instanceof UsageError ||
    error instanceof RangeError ||
    (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  console.error(isUsage ? `bench: ${(error as Error).message}\n\n${USAGE}` : error)
  process.exitCode = isUsage ? 2 : 1
})
