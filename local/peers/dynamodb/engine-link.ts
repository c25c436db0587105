import { Agent, type OutgoingHttpHeaders, request } from 'node:http'

/** The engine's answer; of its headers only what clients look at. */
export type EngineAnswer = {
  readonly status: number
  readonly contentType: string
  readonly requestId: string
  readonly body: Buffer
}

export type EngineLink = {
  /** Sends a call on with the caller's own (dummy) signature headers. */
  send(headers: OutgoingHttpHeaders, body: Buffer): Promise<EngineAnswer>
  close(): void
}

const MAX_SOCKETS = 256
const TIMEOUT_MS = 60_000
/** Idle connections are closed from this side first: an engine that closes one (Jetty after 30 s) would break the next call. */
const IDLE_MS = 10_000
/** DynamoDB answers at most 16 MB (BatchGetItem). */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024

const firstOf = (header: string | string[] | undefined): string =>
  Array.isArray(header) ? (header[0] ?? '') : (header ?? '')

/** A keep-alive HTTP connection to the engine. */
export const createEngineLink = (target: string): EngineLink => {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo', timeout: IDLE_MS })
  return {
    send: (headers, body) =>
      new Promise((resolve, reject) => {
        const call = request({
          agent,
          hostname,
          port,
          method: 'POST',
          path: '/',
          timeout: TIMEOUT_MS,
          headers: { ...headers, connection: 'keep-alive', 'content-length': body.length },
        })
        call.on('response', (response) => {
          const chunks: Buffer[] = []
          let bytes = 0
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length
            if (bytes > MAX_ANSWER_BYTES) call.destroy(new Error('the engine answers too much'))
            else chunks.push(chunk)
          })
          response.on('error', reject)
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 500,
              contentType: firstOf(response.headers['content-type']),
              requestId: firstOf(response.headers['x-amzn-requestid']),
              body: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
            }),
          )
        })
        call.on('timeout', () => call.destroy(new Error(`no answer from the engine in ${TIMEOUT_MS} ms`)))
        call.on('error', reject)
        call.end(body)
      }),
    close: () => agent.destroy(),
  }
}
