import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PortInUse } from '#local/cloud/http-server.ts'
import { type LocalCloud, startLocalCloud } from '#local/cloud/start-local-cloud.ts'
import { DataDirInUse } from '#local/cloud/state.ts'
import { demoSteps, nightNote, phoneLine } from '#local/demo/demo-guide.ts'
import { loadDemo } from '#local/demo/load-demo.ts'
import { parseStartOptions, START_USAGE, type StartOptions, UsageError } from '#local/demo/start-options.ts'

const SECOND_MS = 1_000
/** On the virtual clock the demo's geofences have stood for a while: its requests look back a few minutes. */
const DEMO_STANDS_MS = 600_000

/** `npm start`: Beckon on this machine with a small demo, until Ctrl-C. */
const main = async (): Promise<void> => {
  const options = parseStartOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(START_USAGE)
    return
  }
  const startedMs = performance.now()
  const progress = (line: string) =>
    console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s  ${line}`)
  const cloud = await startLocalCloud(cloudOptions(options, progress))
  stopOnSignal(cloud)
  try {
    progress('loading the demo …')
    const demo = await loadDemo(cloud)
    // `date` knows whole seconds only, and a ping from before a geofence was drawn does not enter it.
    if (options.clock.kind === 'wall') await wait(SECOND_MS - (Date.now() % SECOND_MS))
    else await cloud.advanceTo(cloud.clock.nowMs() + DEMO_STANDS_MS)
    progress(`ready: ${cloud.url}`)
    console.log('\nThree merchants at Union Square, San Francisco, and a customer with a phone. Try:\n')
    for (const [index, { title, curl }] of demoSteps(cloud, demo).entries()) {
      console.log(`# ${index + 1}. ${title}\n${curl}\n`)
    }
    const note = nightNote(cloud.clock.nowMs())
    if (note !== undefined) console.log(`${note}\n`)
    console.log('What the phone receives appears below. Ctrl-C stops everything.\n')
  } catch (error) {
    await cloud.close()
    throw error
  }
}

const cloudOptions = (options: StartOptions, onProgress: (line: string) => void) => ({
  port: options.port,
  clock: options.clock,
  dynamodb: options.dynamodb,
  background: true,
  onProgress,
  onPhone: (message: Parameters<typeof phoneLine>[0]) => console.log(phoneLine(message)),
  ...(options.dataDir !== undefined && { dataDir: resolve(options.dataDir) }),
  ...(options.logs && { onLog: (name: string, line: string) => console.log(`${name}  ${line}`) }),
})

const stopOnSignal = (cloud: LocalCloud): void => {
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      console.log('\nstopping …')
      void cloud.close().then(() => process.exit(0))
    })
  }
}

const explain = (error: unknown): string => {
  if (error instanceof UsageError) return `${error.message}\n\n${START_USAGE}`
  if (error instanceof PortInUse || error instanceof DataDirInUse) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

main().catch((error: unknown) => {
  console.error(explain(error))
  process.exit(error instanceof UsageError ? 2 : 1)
})
