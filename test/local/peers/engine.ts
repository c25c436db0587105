import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const DYNOXIDE = new URL('../../../node_modules/@dynoxide/linux-x64/dynoxide', import.meta.url).pathname

/** There is a dynoxide binary for this machine (an optional dependency: Linux x64 only). */
export const hasDynoxide = existsSync(DYNOXIDE)
if (!hasDynoxide) console.log('skipped: no dynoxide binary for this platform')

export type TestEngine = { readonly url: string; stop(): Promise<void> }

const freePort = async (): Promise<number> => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const untilListening = async (child: ChildProcess): Promise<void> => {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('the engine has no output')
  await new Promise<void>((resolve, reject) => {
    for (const stream of [stdout, stderr]) {
      createInterface(stream).on('line', (line) => {
        if (/listening|running/i.test(line)) resolve()
      })
    }
    child.on('exit', (code) => reject(new Error(`dynoxide ended with ${code}`)))
  })
}

/** A dynoxide of its own, in memory. */
export const startTestEngine = async (): Promise<TestEngine> => {
  const port = await freePort()
  const child = spawn(DYNOXIDE, ['serve', '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] })
  await untilListening(child)
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}
