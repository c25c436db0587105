import { once } from 'node:events'
import { createServer, request } from 'node:http'

/** A way to the engine with a gate: calls of the closed operation wait until it opens. */
export type Gate = {
  readonly url: string
  /** Holds the next calls of this operation (as `X-Amz-Target` ends). */
  shut(operation: string): void
  open(): void
  /** Resolves when this many calls wait at the gate. */
  untilWaiting(count: number): Promise<void>
  close(): Promise<void>
}

export const startGate = async (target: string): Promise<Gate> => {
  let shut: string | undefined
  let waiting: (() => void)[] = []
  let watchers: { count: number; resolve: () => void }[] = []

  const pass = async (operation: string): Promise<void> => {
    if (shut === undefined || !operation.endsWith(`.${shut}`)) return
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      for (const watcher of watchers) if (waiting.length >= watcher.count) watcher.resolve()
    })
  }
  const server = createServer(async (incoming, response) => {
    await pass(String(incoming.headers['x-amz-target']))
    const call = request(target, { method: 'POST', headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(call)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    shut: (operation) => {
      shut = operation
    },
    open: () => {
      shut = undefined
      watchers = []
      for (const resolve of waiting) resolve()
      waiting = []
    },
    untilWaiting: (count) =>
      new Promise((resolve) => {
        if (waiting.length >= count) resolve()
        else watchers.push({ count, resolve })
      }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
