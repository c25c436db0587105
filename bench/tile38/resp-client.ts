import { connect, type Socket } from 'node:net'

/** An answer of a server that speaks RESP 2; errors are answers here. */
export type Reply = string | number | null | readonly Reply[] | { readonly error: string }

const CR = 13

/**
 * A command as RESP wants it: an array of bulk strings.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 * @example encodeCommand(['PING']) // '*1\r\n$4\r\nPING\r\n'
 */
export const encodeCommand = (parts: readonly string[]): string =>
  `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`

type Read = { readonly reply: Reply; readonly next: number }

/** One reply from `at`; undefined when its end has not come yet. */
const readReply = (bytes: Buffer, at: number): Read | undefined => {
  const end = bytes.indexOf(CR, at)
  if (end === -1 || end + 2 > bytes.length) return undefined
  const text = bytes.toString('utf8', at + 1, end)
  const next = end + 2
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '+':
      return { reply: text, next }
    case '-':
      return { reply: { error: text }, next }
    case ':':
      return { reply: Number(text), next }
    case '$':
      return readBulk(bytes, Number(text), next)
    case '*':
      return readArray(bytes, Number(text), next)
    default:
      throw new Error('not RESP: is this a Tile38 server?')
  }
}

const readBulk = (bytes: Buffer, length: number, at: number): Read | undefined => {
  if (length < 0) return { reply: null, next: at }
  if (bytes.length < at + length + 2) return undefined
  return { reply: bytes.toString('utf8', at, at + length), next: at + length + 2 }
}

const readArray = (bytes: Buffer, count: number, at: number): Read | undefined => {
  const replies: Reply[] = []
  let next = at
  for (let index = 0; index < count; index++) {
    const read = readReply(bytes, next)
    if (read === undefined) return undefined
    replies.push(read.reply)
    next = read.next
  }
  return { reply: replies, next }
}

/**
 * Cuts replies out of a stream of bytes that may break anywhere.
 *
 * @example createReplyReader()(Buffer.from('+OK\r\n:1\r\n')) // ['OK', 1]
 */
export const createReplyReader = (): ((chunk: Buffer) => Reply[]) => {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const replies: Reply[] = []
    let at = 0
    for (let read = readReply(bytes, at); read !== undefined; read = readReply(bytes, at)) {
      replies.push(read.reply)
      at = read.next
      if (at >= bytes.length) break
    }
    pending = bytes.subarray(at)
    return replies
  }
}

export type RespClient = {
  /** Sends commands at once and waits for all their replies. */
  readonly send: (commands: readonly (readonly string[])[]) => Promise<readonly Reply[]>
  readonly close: () => void
}

const CONNECT_TIMEOUT_MS = 3_000

const opened = (host: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error(`${host}:${port} does not answer`)))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(socket)
    })
  })

/**
 * A connection to a Redis or Tile38 server.
 *
 * @param onPushed told of what comes without being asked for, as to a subscriber
 * @throws {Error} when nobody listens, or nobody answers within 3 s
 * @example const client = await connectResp('127.0.0.1', 9851)
 */
export const connectResp = async (
  host: string,
  port: number,
  onPushed: (reply: Reply) => void = () => {},
): Promise<RespClient> => {
  const socket = await opened(host, port)
  const waiting: { readonly count: number; readonly replies: Reply[]; settle: (error?: Error) => void }[] = []
  const read = createReplyReader()
  const fail = (error: Error): void => {
    for (const one of waiting.splice(0)) one.settle(error)
  }
  const take = (reply: Reply): void => {
    const first = waiting[0]
    if (first === undefined) {
      onPushed(reply)
      return
    }
    first.replies.push(reply)
    if (first.replies.length < first.count) return
    waiting.shift()
    first.settle()
  }
  socket.on('data', (chunk) => {
    try {
      for (const reply of read(chunk)) take(reply)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server has closed the connection')))
  return {
    send: (commands) =>
      new Promise((resolve, reject) => {
        const replies: Reply[] = []
        const settle = (error?: Error) => (error ? reject(error) : resolve(replies))
        if (commands.length === 0) return resolve(replies)
        if (socket.destroyed) return reject(new Error('the connection is closed'))
        waiting.push({ count: commands.length, replies, settle })
        socket.write(commands.map(encodeCommand).join(''))
      }),
    close: () => void socket.destroy(),
  }
}
