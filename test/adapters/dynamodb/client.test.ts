import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createItemClient, operationOf } from '#shared/adapters/dynamodb/client.ts'

type Call = { readonly key: string; readonly request: IncomingMessage; readonly response: ServerResponse }

const calls: Call[] = []
const server = createServer(async (request, response) => {
  const { Key } = JSON.parse(await text(request))
  calls.push({ key: Key.pk.S, request, response })
  server.emit('called')
})

const answer = ({ key, response }: Call): void => {
  response.setHeader('content-type', 'application/x-amz-json-1.0')
  response.end(JSON.stringify({ Item: { pk: { S: key } } }))
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has a port')
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${address.port}`)
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(() => {
  calls.length = 0
})
afterAll(() => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
})

const called = async (count: number): Promise<void> => {
  while (calls.length < count) await once(server, 'called')
}

describe('an operation whose way through the SDK is resolved once', () => {
  const getItem = () => {
    const get = operationOf(createItemClient(), GetItemCommand)
    return (key: string, signal?: AbortSignal) =>
      get({ TableName: 'Presence', Key: { pk: { S: key } } }, signal)
  }

  test('sends each call’s own input, and gives each its own answer', async () => {
    const get = getItem()
    const both = Promise.all([get('a'), get('b')])
    await called(2)
    for (const call of calls.toReversed()) answer(call)
    expect((await both).map(({ Item }) => Item)).toEqual([{ pk: { S: 'a' } }, { pk: { S: 'b' } }])
  })

  test('is aborted by the signal of its own call alone', async () => {
    const get = getItem()
    const stop = new AbortController()
    const stopped = get('a', stop.signal).catch((error: unknown) => error)
    const other = get('b', new AbortController().signal)
    await called(2)
    stop.abort()
    expect(await stopped).toMatchObject({ name: expect.stringMatching(/Abort|Busy/) })
    for (const call of calls) if (call.key === 'b') answer(call)
    expect((await other).Item).toEqual({ pk: { S: 'b' } })
    expect(calls).toHaveLength(2)
  })

  test('sends nothing once its time is over, and goes on with the next call', async () => {
    const get = getItem()
    await expect(get('a', AbortSignal.abort())).rejects.toThrow()
    expect(calls).toEqual([])
    const next = get('b')
    await called(1)
    for (const call of calls) answer(call)
    expect((await next).Item).toEqual({ pk: { S: 'b' } })
  })

  test('signs what it sends', async () => {
    const next = getItem()('a')
    await called(1)
    expect(calls[0]?.request.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=test\//)
    for (const call of calls) answer(call)
    await next
  })
})
