import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  type PeerRequest,
  type PeerResponse,
  peerHeaders,
  readPeerBody,
  writePeerResponse,
} from '#local/peers/peer-http.ts'

export type PeerServer = { readonly url: string; close(): Promise<void> }

/** A small HTTP server around a peer's `handle`, on any free port. */
export const servePeer = async (
  handle: (request: PeerRequest & { path: string }) => Promise<PeerResponse>,
): Promise<PeerServer> => {
  const server = createServer(async (request, response) => {
    const body = await readPeerBody(request)
    const { method = 'GET', url: path = '/' } = request
    writePeerResponse(response, await handle({ method, path, headers: peerHeaders(request), body }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What SDK clients and the CLI are given: a region and keys that open nothing. */
export const dummyAws = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
}
