import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { AssetCode } from 'aws-cdk-lib/aws-lambda'
import { buildSync } from 'esbuild'
import * as z from 'zod'
import {
  BUNDLING,
  type FunctionCode,
  type FunctionName,
  functionNames,
  withBundledFunctions,
} from '#infra/constructs/function-code.ts'
import { median } from './rounds.ts'
import { cents, figure, type Table } from './table.ts'

const BARE = 'bare DynamoDB client'
const BARE_SOURCE = `
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
const client = new DynamoDBClient({})
export const handler = () => client.send(new GetItemCommand({ TableName: 'T', Key: { pk: { S: '1' } } }))
`
const ROOT = join(import.meta.dirname, '..')
const CHILD_TIMEOUT_MS = 300_000

type Options = { readonly runs: number }

const child = (args: readonly string[], env: NodeJS.ProcessEnv = {}): unknown =>
  JSON.parse(
    execFileSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: CHILD_TIMEOUT_MS,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )

const measured = <S extends z.ZodType>(schema: S, what: string): z.output<S> =>
  schema.parse(
    child([
      '--expose-gc',
      '--max-old-space-size=8192',
      join(import.meta.dirname, 'footprint-child.ts'),
      what,
    ]),
  )

const memorySchema = z.object({ objectBytes: z.number(), indexBytes: z.number() })

const memoryTable = (): Table => ({
  title: '4a. Memory a geofence: heap after garbage collection, in a process of its own, in bytes',
  rows: [
    { geofences: '100,000 circles of 200 m', ...memoryRow('circles') },
    { geofences: '5,000 polygons of 100 vertices', ...memoryRow('polygons') },
  ],
  notes: [
    'A container holds the tiles it meets and drops the least recently used ones beyond its bound in bytes.',
  ],
})

const memoryRow = (what: string) => {
  const { objectBytes, indexBytes } = measured(memorySchema, what)
  return { 'as an object': figure(objectBytes), 'in the index': figure(indexBytes) }
}

const tileSchema = z.object({ rows: z.number(), loads: z.array(z.number()) })

const tileTable = (): Table => {
  const { rows, loads } = measured(tileSchema, 'tile')
  const [first = Number.NaN, ...later] = loads
  return {
    title: `4b. Loading a full tile of ${figure(rows)} rows: processor time in ms, network in memory`,
    rows: [
      { 'first, in a new process': figure(first), 'median later': figure(median(later)), target: '< 1,000' },
    ],
    notes: [
      'A function of 1,769 MB has one vCPU, so this is its time; one of 512 MB takes 3.5 times as long.',
    ],
  }
}

/** Bundles the bare client as the functions are bundled. */
const bundleBare = (folder: string): string => {
  const file = join(folder, 'bare', 'index.mjs')
  buildSync({
    ...BUNDLING,
    absWorkingDir: ROOT,
    stdin: { contents: BARE_SOURCE, resolveDir: ROOT },
    outfile: file,
    logLevel: 'warning',
  })
  return file
}

const IMPORT = `
const startedMs = performance.now()
const before = process.cpuUsage()
await import(process.argv[1])
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ wallMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 }))
`
const importSchema = z.object({ wallMs: z.number(), cpuMs: z.number() })
const ENVIRONMENT = { AWS_REGION: 'us-east-1', POWERTOOLS_METRICS_NAMESPACE: 'Bench', NODE_OPTIONS: '' }

const importOnce = (file: string) =>
  importSchema.parse(child(['--input-type=module', '--eval', IMPORT, pathToFileURL(file).href], ENVIRONMENT))

type Bundle = { readonly name: string; readonly file: string }

const bundleRows = (bundles: readonly Bundle[], runs: number) => {
  const walls = new Map(bundles.map(({ name }): [string, number[]] => [name, []]))
  const cpus = new Map(bundles.map(({ name }): [string, number[]] => [name, []]))
  for (let run = 0; run < runs; run++) {
    for (const { name, file } of bundles) {
      const { wallMs, cpuMs } = importOnce(file)
      walls.get(name)?.push(wallMs)
      cpus.get(name)?.push(cpuMs)
    }
  }
  const bareMs = median(cpus.get(BARE) ?? [])
  return bundles.map(({ name, file }) => {
    const bytes = readFileSync(file)
    const cpuMs = median(cpus.get(name) ?? [])
    return {
      bundle: name,
      kB: figure(bytes.length / 1000),
      'kB gzipped': figure(gzipSync(bytes).length / 1000),
      'import ms': figure(median(walls.get(name) ?? [])),
      'CPU ms': figure(cpuMs),
      'to the bare client': cents(cpuMs / bareMs),
    }
  })
}

const bundleOf = (codeOf: FunctionCode, name: FunctionName): string => {
  const code = codeOf(name)
  if (!(code instanceof AssetCode)) throw new Error(`${name} is no bundle`)
  return join(code.path, 'index.mjs')
}

const bundleTable = ({ runs }: Options): Table => {
  const folder = mkdtempSync(join(tmpdir(), 'beckon-bench-'))
  try {
    const bare = { name: BARE, file: bundleBare(folder) }
    const rows = withBundledFunctions((codeOf) => {
      const bundles = functionNames.map((name) => ({ name, file: bundleOf(codeOf, name) }))
      return bundleRows([bare, ...bundles], runs)
    })
    return {
      title: `4c. The functions' bundles, medians of ${runs} imports, each in a new process`,
      rows,
      notes: [
        'Import: until the module is evaluated; a handler is ready then and makes its clients at its first event.',
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Part 4: what the engine takes of a container's memory and of its start. */
export const footprintTables = async (options: Options): Promise<readonly Table[]> => [
  memoryTable(),
  tileTable(),
  bundleTable(options),
]
