import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type ApiClient, createApiClient } from '#local/api-client.ts'
import { startLocalCloud } from '#local/cloud/start-local-cloud.ts'
import { startProgress } from '#local/progress.ts'
import { type Batch, batchesOf } from '#local/replay/batches.ts'
import { importStores } from '#local/replay/import-stores.ts'
import { playObedient } from '#local/replay/play-obedient.ts'
import { createStage, playPings } from '#local/replay/play-pings.ts'
import { readOutcome } from '#local/replay/read-outcome.ts'
import { readPings } from '#local/replay/read-pings.ts'
import { readStores, type TraceStore } from '#local/replay/read-stores.ts'
import { ReadError } from '#local/replay/read-table.ts'
import { CHANNELS, type ReplayChannel, registerCustomers } from '#local/replay/register-customers.ts'
import { type Stats, summary } from '#local/replay/summary.ts'

const USAGE = `npm run replay -- --stores FILE --pings FILE [options]

Plays a trace through the HTTP API of a local cloud and says what came of it.

  --stores FILE     CSV, CSV.gz (id, brand, lat, lon) or GeoJSON (Points with id and properties.brand)
  --pings FILE      CSV, CSV.gz (user_id, timestamp_utc, lat, lon) or GPX
  --radius M        radius of each store's geofence in metres (200)
  --limit N         play only the first N pings
  --batch N         pings a phone sends at once, 1 to 100 (10)
  --phone NAME      obedient: phones send what docs/phone-contract.md asks for; eager: they send all (eager)
  --cool-down S     a brand writes to a customer at most once in this time, in seconds (86400)
  --stock N         how much each brand has to give (25)
  --channel NAME    push, sms or mixed: what the customers can be reached by (push)
  --data-dir DIR    keep the state there; a replay that was cut off goes on where it was
  --dynamodb NAME   dynoxide, local or a URL
  --port N          the local cloud's port (4000): one that runs there is used, else one is started
`

const PHONES = ['eager', 'obedient'] as const

type Options = {
  readonly stores: string
  readonly pings: string
  readonly radiusM: number
  readonly limit: number
  readonly batch: number
  readonly phone: (typeof PHONES)[number]
  readonly coolDownS: number
  readonly stock: number
  readonly channel: ReplayChannel
  readonly dataDir?: string
  readonly dynamodb?: string
  readonly port: number
}

class UsageError extends Error {
  override readonly name = 'UsageError'
}

const whole = (name: string, text: string, min: number, max: number): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not ${text}`)
  }
  return value
}

const fileOf = (name: string, file: string | undefined): string => {
  if (file === undefined) throw new UsageError(`--${name} is needed`)
  if (!existsSync(file)) throw new UsageError(`--${name}: there is no file ${file}`)
  return file
}

const readOptions = (args: readonly string[]): Options | 'help' => {
  const string = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      stores: string,
      pings: string,
      radius: { ...string, default: '200' },
      limit: { ...string, default: '100000000' },
      batch: { ...string, default: '10' },
      phone: { ...string, default: 'eager' },
      'cool-down': { ...string, default: '86400' },
      stock: { ...string, default: '25' },
      channel: { ...string, default: 'push' },
      'data-dir': string,
      dynamodb: string,
      port: { ...string, default: '4000' },
    },
  })
  if (values.help) return 'help'
  const channel = CHANNELS.find((known) => known === values.channel)
  if (channel === undefined) throw new UsageError(`--channel is one of ${CHANNELS.join(', ')}`)
  const phone = PHONES.find((known) => known === values.phone)
  if (phone === undefined) throw new UsageError(`--phone is one of ${PHONES.join(', ')}`)
  return {
    stores: fileOf('stores', values.stores),
    pings: fileOf('pings', values.pings),
    radiusM: whole('radius', values.radius, 10, 5000),
    limit: whole('limit', values.limit, 1, 100_000_000),
    // An obedient phone decides ping by ping.
    batch: phone === 'obedient' ? 1 : whole('batch', values.batch, 1, 100),
    phone,
    coolDownS: whole('cool-down', values['cool-down'], 0, 30 * 86_400),
    stock: whole('stock', values.stock, 1, 10_000_000),
    channel,
    ...(values['data-dir'] === undefined ? {} : { dataDir: values['data-dir'] }),
    ...(values.dynamodb === undefined ? {} : { dynamodb: values.dynamodb }),
    port: whole('port', values.port, 0, 65_535),
  }
}

type Target = { readonly url: string; readonly api: ApiClient; readonly close: () => Promise<void> }

const runningCloud = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/_local/health`, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    // Nobody listens: one is started.
    return false
  }
}

/** The local cloud that runs on the port, put on virtual time, or one that is started for this replay. */
const openTarget = async (options: Options, startMs: number, resume: boolean): Promise<Target> => {
  const url = `http://127.0.0.1:${options.port}`
  if (options.port !== 0 && (await runningCloud(url))) {
    const own = options.dataDir === undefined ? options.dynamodb && '--dynamodb' : '--data-dir'
    if (own) throw new UsageError(`${own}: the local cloud on port ${options.port} has its own`)
    console.error(`Using the local cloud at ${url}; its clock shows the trace's time meanwhile.`)
    const api = createApiClient(url)
    const before = await api.get<{ kind: 'wall' | 'virtual'; atMs: number }>('/_local/clock')
    const given = before.kind === 'wall' ? { kind: 'wall' } : { kind: 'virtual', at: before.atMs }
    await api.post('/_local/clock', { kind: 'virtual', at: startMs })
    return { url, api, close: () => api.post('/_local/clock', given) }
  }
  const cloud = await startLocalCloud({
    port: options.port,
    clock: { kind: 'virtual', atMs: startMs },
    dynamodb: options.dynamodb ?? 'dynoxide',
    proxy: 'meter',
    onProgress: (line) => console.error(line),
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
  })
  // A data directory may hold a later time: a new replay begins at its own beginning all the same.
  if (!resume) cloud.clock.setVirtual(startMs)
  return { url: cloud.url, api: createApiClient(cloud.url), close: cloud.close }
}

/** Where a data directory remembers whether its last replay came to its end. */
const progressFile = (dataDir: string): string => path.join(dataDir, 'replay.json')

const wasCutOff = (options: Options): boolean => {
  if (options.dataDir === undefined || !existsSync(progressFile(options.dataDir))) return false
  const note: unknown = JSON.parse(readFileSync(progressFile(options.dataDir), 'utf8'))
  return JSON.stringify(note) === JSON.stringify(progressNote(options, 'playing'))
}

const progressNote = ({ pings, stores, batch, phone, limit }: Options, state: 'playing' | 'finished') => ({
  pings: path.resolve(pings),
  stores: path.resolve(stores),
  batch,
  phone,
  limit,
  state,
})

const noteProgress = (options: Options, state: 'playing' | 'finished'): void => {
  if (options.dataDir === undefined) return
  mkdirSync(options.dataDir, { recursive: true })
  writeFileSync(progressFile(options.dataDir), JSON.stringify(progressNote(options, state)))
}

/** The import happens this long before the first ping, so that every geofence is there when it comes. */
const IMPORT_BEFORE_MS = 60_000

const play = async (
  options: Options,
  stores: readonly TraceStore[],
  batches: readonly Batch[],
  target: Target,
): Promise<string> => {
  const { api, url } = target
  let refused = 0
  const importing = startProgress('stores', stores.length)
  const merchantIds = await importStores(
    api,
    stores,
    { radiusM: options.radiusM, coolDownS: options.coolDownS, stock: options.stock, ttlS: 3600 },
    () => importing.increment(),
    () => {
      refused += 1
    },
  )
  importing.stop()
  if (refused > 0)
    console.error(`${refused} stores were left out: their part of the map, or their brand, is full.`)
  const users = [...new Set(batches.map(({ user }) => user))].toSorted()
  const tokens = await registerCustomers(api, users, options.channel, merchantIds)

  const clock = await api.get<{ atMs: number }>('/_local/clock')
  // Batches before the clock's time were answered by an earlier run; the one at its very time may not have been.
  const left = batches.filter(({ atMs }) => atMs >= clock.atMs)
  const { endpoints, tables } = await api.get<{
    endpoints: { streams: string }
    tables: { LedgerTable: string }
  }>('/_local/health')
  const stateNow = async () => ({
    outcome: await readOutcome(endpoints.streams, tables.LedgerTable),
    stats: await api.get<Stats>('/_local/stats'),
  })
  const before = await stateNow()
  const playing = startProgress(
    'pings ',
    left.reduce((sum, { pings }) => sum + pings.length, 0),
  )
  const play = options.phone === 'obedient' ? playObedient : playPings
  const played = await play(createStage(api, url, tokens), left, (pings) => playing.increment(pings))
  playing.stop()
  // The last visits settle a quarter of an hour after their end, and what is queued finds its end.
  const end = Math.max(clock.atMs, batches.at(-1)?.atMs ?? 0)
  await api.post('/_local/advance', { to: end + 3_600_000 })
  return summary(played, before, await stateNow())
}

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(USAGE)
    return
  }
  const batches = await batchesOf(readPings(options.pings), options.batch, options.limit)
  const first = batches[0]
  if (first === undefined) throw new UsageError(`--pings: ${options.pings} holds no ping`)
  const stores = await readStores(options.stores)
  if (stores.length === 0) throw new UsageError(`--stores: ${options.stores} holds no store`)
  const startMs = Math.min(...batches.map(({ pings }) => pings[0]?.atMs ?? first.atMs)) - IMPORT_BEFORE_MS
  const resume = wasCutOff(options)
  if (resume) console.error('Going on with the replay that was cut off in this data directory.')
  noteProgress(options, 'playing')
  const target = await openTarget(options, startMs, resume)
  process.once('SIGINT', () => void target.close().then(() => process.exit(130)))
  process.once('SIGTERM', () => void target.close().then(() => process.exit(143)))
  try {
    console.log(await play(options, stores, batches, target))
    noteProgress(options, 'finished')
  } finally {
    await target.close()
  }
}

main().catch((error: unknown) => {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  if (isUsage) console.error(`replay: ${(error as Error).message}\n\n${USAGE}`)
  else console.error(error instanceof ReadError ? `replay: ${error.message}` : error)
  process.exitCode = isUsage ? 2 : 1
})
