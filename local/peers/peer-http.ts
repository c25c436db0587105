import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request as a peer sees it: header names in lower case, the body as text. */
export type PeerRequest = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * A peer's answer. `broken` asks the server to break the connection instead of answering (a fault made by a test);
 * a server that does not know it sends the status, 503, instead.
 */
export type PeerResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly broken?: true
}

/** No request to a peer is larger: SNS and Amazon Location both take less than 300 kB. */
export const MAX_BODY_BYTES = 1024 * 1024

/**
 * Reads the body of a request as UTF-8 text.
 *
 * @throws {Error} when it is larger than `MAX_BODY_BYTES`
 */
export const readPeerBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) throw new Error(`request body of more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(part)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The headers of a node request as the flat record that peers take. */
export const peerHeaders = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )

/**
 * Writes a peer's answer to a node response, or breaks the connection when the peer asks for that.
 *
 * @example writePeerResponse(res, await gateway.handle({ method: 'POST', headers: peerHeaders(req), body: await readPeerBody(req) }))
 */
export const writePeerResponse = (response: ServerResponse, answer: PeerResponse): void => {
  if (answer.broken) {
    response.destroy()
    return
  }
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) })
  response.end(answer.body)
}
