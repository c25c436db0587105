import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'

export type PeerRequest = {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
export type PeerReply = {
  readonly status: number
  readonly body: string
  readonly headers?: Record<string, string>
}
export type Peer = {
  readonly url: string
  readonly requests: PeerRequest[]
  readonly close: () => Promise<void>
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

/**
 * A small HTTP server in the place of an AWS service, for one test file. It keeps what it was asked; a `reply` that
 * stays pending is a service that hangs.
 *
 * @example
 * const sqs = await startPeer(takeAll)
 * process.env['AWS_ENDPOINT_URL_SQS'] = sqs.url
 */
export const startPeer = async (
  reply: (request: PeerRequest) => PeerReply | Promise<PeerReply>,
): Promise<Peer> => {
  const requests: PeerRequest[] = []
  const server = createServer(async (incoming, outgoing) => {
    const request = { path: incoming.url ?? '', headers: incoming.headers, body: await textOf(incoming) }
    requests.push(request)
    const { status, body, headers } = await reply(request)
    outgoing.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the peer has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Answers SQS's SendMessageBatch: every entry was taken. */
export const takeAll = ({ body }: PeerRequest): PeerReply => {
  const { Entries = [] } = JSON.parse(body) as { Entries?: { Id: string; MessageBody: string }[] }
  const Successful = Entries.map(({ Id, MessageBody }) => ({
    Id,
    MessageId: `m-${Id}`,
    // The SDK compares it with what it sent.
    MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
  }))
  return {
    status: 200,
    body: JSON.stringify({ Successful, Failed: [] }),
    headers: { 'content-type': 'application/x-amz-json-1.0' },
  }
}

/** The bodies of the messages that were sent to a peer in the place of SQS. */
export const sentTo = (peer: Peer): unknown[] =>
  peer.requests.flatMap(({ body }) => {
    const { Entries = [] } = JSON.parse(body) as { Entries?: { MessageBody: string }[] }
    return Entries.map(({ MessageBody }) => JSON.parse(MessageBody) as unknown)
  })
