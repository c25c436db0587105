import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { HttpAnswer } from '#local/cloud/api/http-event.ts'

export type LocalServer = { port: number; close(): Promise<void> }

export class PortInUse extends Error {
  constructor(port: number, cause: unknown) {
    super(`port ${port} is in use: another local cloud may be running (--port takes another)`, { cause })
    this.name = 'PortInUse'
  }
}

export class BodyTooLarge extends Error {
  override name = 'BodyTooLarge'
}

/**
 * Listens on 127.0.0.1 only: tokens are handed out here for the asking.
 *
 * @param port 0 takes any free one
 * @throws {PortInUse}
 */
export const listenLocally = async (
  port: number,
  handle: (request: IncomingMessage, url: URL, response: ServerResponse) => Promise<HttpAnswer | 'answered'>,
): Promise<LocalServer> => {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    handle(request, url, response).then(
      (answer) => {
        if (answer === 'answered') return
        response.writeHead(answer.status, {
          ...answer.headers,
          'content-length': Buffer.byteLength(answer.body),
        })
        response.end(answer.body)
        // A client reads the answer only when it has sent all that it wants to send.
        request.resume()
      },
      (error: unknown) => {
        console.error(error)
        response.writeHead(500, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ message: 'Internal Server Error' }))
      },
    )
  })
  // Clients keep connections between requests; one that Node closes in the moment of use would be an error for them.
  server.keepAliveTimeout = 120_000
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new PortInUse(port, error)
    throw error
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return {
    port: address.port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Reads a request's body. @throws {BodyTooLarge} when it is larger than `maxBytes` */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes) throw new BodyTooLarge()
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    // Not `for await`: leaving that loop early breaks the connection before the answer is out.
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) reject(new BodyTooLarge())
      else chunks.push(chunk)
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}
