import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fc, test } from '@fast-check/vitest'
import { afterEach, describe, expect, it } from 'vitest'
import { fenceCommand, pingCommand } from '../../bench/tile38/commands.ts'
import { measureTile38, parseAddress } from '../../bench/tile38/measure-tile38.ts'
import { connectResp, createReplyReader, encodeCommand, type Reply } from '../../bench/tile38/resp-client.ts'
import { lotsOf, townOf } from '../../bench/worlds.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A server that answers each command with what `answer` says, as bytes; it remembers what it was sent. */
const aServer = async (answer: (command: Reply) => string) => {
  const commands: Reply[] = []
  const server: Server = createServer((socket: Socket) => {
    const read = createReplyReader()
    socket.on('data', (chunk) => {
      const some = read(chunk)
      commands.push(...some)
      socket.write(some.map(answer).join(''))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const { port } = server.address() as AddressInfo
  return { port, commands }
}

const clientOf = async (port: number) => {
  const client = await connectResp('127.0.0.1', port)
  closing.push(client.close)
  return client
}

const aReply: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply; list: Reply[] }>((tie) => ({
  reply: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.constant(null), tie('list')),
  list: fc.array(tie('reply'), { maxLength: 4 }),
})).reply

const written = (reply: Reply): string => {
  if (reply === null) return '$-1\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`
  if ('error' in reply) return `-${reply.error}\r\n`
  return `*${reply.length}\r\n${reply.map(written).join('')}`
}

describe('the RESP client', () => {
  test.prop([fc.array(aReply, { maxLength: 6 }), fc.array(fc.nat(40), { minLength: 1, maxLength: 30 })])(
    'reads replies however their bytes are cut',
    (replies, cuts) => {
      const bytes = Buffer.from(replies.map(written).join(''))
      const read = createReplyReader()
      const got: Reply[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const end = at + 1 + (cuts[turn % cuts.length] ?? 0)
        got.push(...read(bytes.subarray(at, end)))
        at = end
      }
      expect(got).toEqual(replies)
    },
  )

  it('counts bytes, not characters', () => {
    expect(encodeCommand(['SET', 'é'])).toBe('*2\r\n$3\r\nSET\r\n$2\r\né\r\n')
  })

  it('sends commands at once and hands each sender its own replies in order', async () => {
    const { port, commands } = await aServer((command) => written(Array.isArray(command) ? command[1] : null))
    const client = await clientOf(port)
    const [first, second] = await Promise.all([
      client.send([
        ['ECHO', 'a'],
        ['ECHO', 'b'],
      ]),
      client.send([['ECHO', 'c']]),
    ])
    expect([first, second]).toEqual([['a', 'b'], ['c']])
    expect(commands).toEqual([
      ['ECHO', 'a'],
      ['ECHO', 'b'],
      ['ECHO', 'c'],
    ])
  })

  it('hands on an error as an answer', async () => {
    const { port } = await aServer(() => '-ERR no such command\r\n')
    const client = await clientOf(port)
    expect(await client.send([['NO']])).toEqual([{ error: 'ERR no such command' }])
  })

  it('fails what waits when the server goes away, or does not speak RESP', async () => {
    const { port } = await aServer(() => 'HTTP/1.1 400 Bad Request\r\n')
    const client = await clientOf(port)
    await expect(client.send([['PING']])).rejects.toThrow('not RESP')
    await expect(connectResp('127.0.0.1', 1)).rejects.toThrow()
  })

  const redis = spawnSync('redis-server', ['--version']).status === 0
  it.skipIf(!redis)(`speaks to a Redis server${redis ? '' : ' (skipped: no redis-server)'}`, async () => {
    const port = 20_000 + (process.pid % 10_000)
    const server = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'])
    closing.push(() => server.kill())
    const connect = async (tries: number): Promise<Awaited<ReturnType<typeof clientOf>>> => {
      try {
        return await clientOf(port)
      } catch (error) {
        if (tries === 0) throw error
        await wait(100)
        return connect(tries - 1)
      }
    }
    const client = await connect(50)
    expect(await client.send([['PING'], ['SET', 'a', 'é'], ['GET', 'a'], ['GET', 'b']])).toEqual([
      'PONG',
      'OK',
      'é',
      null,
    ])
  })
})

describe('commands for Tile38', () => {
  it('sets every geofence once and every ping in each run, and deletes what it has set', async () => {
    const { port, commands } = await aServer(() => '+OK\r\n')
    const world = lotsOf(3, { walks: 2, seed: 3 })
    await measureTile38({ host: '127.0.0.1', port }, world, 1)
    const names = commands.map((command) => (Array.isArray(command) ? command[0] : command))
    const times = (name: string): number => names.filter((one) => one === name).length
    // Once to get warm, then one at a time and 16 at a time.
    expect([times('SETCHAN'), times('SET')]).toEqual([3, 3 * 200])
    expect(names.slice(0, 2)).toEqual(names.slice(-2))
    const fence = commands.find((command) => Array.isArray(command) && command[0] === 'SETCHAN')
    expect(fence).toEqual(expect.arrayContaining(['INTERSECTS', 'phones', 'FENCE', 'OBJECT']))
  })

  it('stops with the words of a server that refuses a command', async () => {
    const { port } = await aServer((command) =>
      Array.isArray(command) && command[0] === 'SETCHAN' ? '-ERR invalid argument\r\n' : ':0\r\n',
    )
    const world = townOf(1, { walks: 1, seed: 3 })
    await expect(measureTile38({ host: '127.0.0.1', port }, world, 1)).rejects.toThrow('invalid argument')
  })

  it('draws a circle as a static channel around a point', () => {
    const shape = { kind: 'circle', lat: 33.5, lon: -112.25, radiusM: 200 } as const
    expect(fenceCommand({ id: 'gf_1', shape }).join(' ')).toBe(
      'SETCHAN gf_1 NEARBY phones FENCE DETECT enter,exit POINT 33.5 -112.25 200',
    )
  })

  it('puts latitude before longitude in a ping', () => {
    expect(pingCommand('usr_1', { lat: 33.5, lon: -112.25 }).join(' ')).toBe(
      'SET phones usr_1 POINT 33.5 -112.25',
    )
  })

  it('reads an address', () => {
    expect(parseAddress('localhost:9851')).toEqual({ host: 'localhost', port: 9851 })
    expect(() => parseAddress('9851')).toThrow('HOST:PORT')
  })
})
