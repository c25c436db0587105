import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokenSigner } from '#local/peers/tokens.ts'
import { type FixtureCloud, startFixtureCloud } from '#test/local/cloud/fixture-cloud.ts'
import { CLIENT_ID, httpApi, ISSUER, START_MS } from '#test/local/cloud/fixture-parts.ts'

const HANDLER = `
  if (event.routeKey === 'GET /throws') throw new Error('no')
  if (event.routeKey === 'GET /slow') await new Promise(() => {})
  if (event.routeKey === 'GET /plain') return { hello: 'you' }
  if (event.routeKey === 'GET /odd') return { statusCode: 'fine' }
  if (event.routeKey === 'GET /binary')
    return { statusCode: 200, headers: { 'Content-Type': 'image/png' }, body: 'AAH/', isBase64Encoded: true, cookies: ['a=1', 'b=2'] }
  return { statusCode: 201, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) }
`
let fixture: FixtureCloud

beforeAll(async () => {
  fixture = await startFixtureCloud({
    handlers: { Work: HANDLER },
    resources: {
      Work: { Type: 'AWS::Lambda::Function', Properties: { Timeout: 2 } },
      ...httpApi('Work', {
        'POST /items/{id}': ['app/write', 'app/all'],
        'POST /items/{id}/parts:find': ['app/write'],
        'GET /items/special': ['app/write'],
        'GET /items/{id}': [],
        'GET /throws': undefined,
        'GET /slow': undefined,
        'GET /plain': undefined,
        'GET /odd': undefined,
        'GET /binary': undefined,
        'POST /open': undefined,
      }),
    },
  })
})
afterAll(() => fixture[Symbol.asyncDispose]())

const call = (path: string, init: RequestInit & { token?: string } = {}) => {
  const { token, ...rest } = init
  return fetch(`${fixture.cloud.url}${path}`, {
    ...rest,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...rest.headers },
  })
}
const tokenFor = (...scopes: string[]) => fixture.cloud.issueToken({ sub: 'maria', scopes })
const post = (
  path: string,
  token: string,
  body: string | Buffer<ArrayBuffer>,
  contentType = 'application/json',
) => call(path, { method: 'POST', token, body, headers: { 'content-type': contentType } })

describe('the HTTP API', () => {
  test('hands a request on in payload format 2.0', async () => {
    const response = await post('/items/a%2Fb?x=1&x=2&y=%20', await tokenFor('write'), '{"n":1}')
    expect(response.status).toBe(201)
    expect(response.headers.get('apigw-requestid')).toMatch(/^[\w-]{15}$/)
    expect(await response.json()).toMatchObject({
      version: '2.0',
      routeKey: 'POST /items/{id}',
      rawPath: '/items/a/b',
      rawQueryString: 'x=1&x=2&y=%20',
      queryStringParameters: { x: '1,2', y: ' ' },
      pathParameters: { id: 'a/b' },
      headers: { 'content-type': 'application/json' },
      requestContext: {
        http: { method: 'POST', path: '/items/a/b' },
        timeEpoch: START_MS,
        stage: '$default',
        authorizer: {
          jwt: {
            claims: {
              sub: 'maria',
              client_id: CLIENT_ID,
              iss: ISSUER,
              scope: 'app/write',
              exp: expect.stringMatching(/^\d+$/),
            },
            scopes: ['app/write'],
          },
        },
      },
      body: '{"n":1}',
      isBase64Encoded: false,
    })
  })

  test('takes a colon in a path literally and prefers literal paths', async () => {
    const token = await tokenFor('write')
    const found = await (await post('/items/7/parts:find', token, '{}')).json()
    expect(found).toMatchObject({ routeKey: 'POST /items/{id}/parts:find', pathParameters: { id: '7' } })
    expect(await (await call('/items/special', { token })).json()).toMatchObject({
      routeKey: 'GET /items/special',
    })
    expect((await call('/items/', { token })).status).toBe(404)
  })

  test.each([
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'image/png',
    'application/json; charset=iso-8859-1',
  ])('hands a body of %s on in base 64', async (contentType) => {
    const event = await (await post('/open', '', 'a=1', contentType)).json()
    expect(event).toMatchObject({ body: Buffer.from('a=1').toString('base64'), isBase64Encoded: true })
  })

  test.each(['application/json', 'application/json;charset=UTF-8', 'text/plain; charset="utf-8"'])(
    'hands a body of %s on as text, with the length that was sent',
    async (contentType) => {
      const sent = Buffer.from('"caf\u00e9"', 'latin1')
      const event = await (await post('/open', '', sent, contentType)).json()
      expect(event).toMatchObject({
        body: '"caf\ufffd"',
        isBase64Encoded: false,
        headers: { 'content-length': String(sent.length) },
      })
    },
  )

  test('answers what the function answers, in each of its forms', async () => {
    const plain = await call('/plain')
    expect([plain.status, plain.headers.get('content-type'), await plain.json()]).toEqual([
      200,
      'application/json',
      { hello: 'you' },
    ])
    const binary = await call('/binary')
    expect(new Uint8Array(await binary.arrayBuffer())).toEqual(Uint8Array.of(0, 1, 255))
    expect(binary.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test.each([
    ['a function that throws', '/throws', 500, 'Internal Server Error'],
    ['an answer without sense', '/odd', 500, 'Internal Server Error'],
    ['a function that runs into its time-out', '/slow', 500, 'Internal Server Error'],
    ['an unknown path', '/nowhere', 404, 'Not Found'],
    ['a malformed path', '/items/%E0%A4%A', 400, 'Bad Request'],
  ])('answers for %s in its own form', async (_name, path, status, message) => {
    const response = await call(path, { token: await tokenFor('write') })
    expect([response.status, await response.json()]).toEqual([status, { message }])
  })

  test('refuses a body of more than 10 MB', async () => {
    const response = await post('/open', '', Buffer.alloc(10 * 1024 * 1024 + 1))
    expect([response.status, await response.json()]).toEqual([413, { message: 'Request Entity Too Large' }])
    expect(response.headers.get('apigw-requestid')).toMatch(/./)
  })

  describe('answers a body of 11 MB so that the client reads it, and goes on with the connection', () => {
    const PIECE = Buffer.alloc(64 * 1024, 'a')
    const PIECES = 11 * 16
    const sized = { headers: `content-length: ${PIECES * PIECE.length}`, body: [PIECE], end: '' }
    const chunked = {
      headers: 'transfer-encoding: chunked',
      body: [Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')],
      end: '0\r\n\r\n',
    }
    /** Sends all, then asks for `/plain` on the same connection; answers the status lines. */
    const statusesOf = async (path: string, sent: typeof sized, token?: string): Promise<string[]> => {
      const { hostname, port } = new URL(fixture.cloud.url)
      const socket = connect(Number(port), hostname)
      let answered = ''
      socket.on('data', (data) => {
        answered += data
      })
      const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`
      const json = 'content-type: application/json\r\n'
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\n${authorization}${json}${sent.headers}\r\n\r\n`)
      for (let n = 0; n < PIECES; n += 1) {
        for (const part of sent.body) if (!socket.write(part)) await once(socket, 'drain')
      }
      socket.write(`${sent.end}GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
      await once(socket, 'close')
      return [...answered.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)
    }

    test.each([
      ['of a length that is told', sized],
      ['in chunks', chunked],
    ])('%s', async (_, sent) => {
      expect(await statusesOf('/open', sent)).toEqual(['413', '200'])
      expect(await statusesOf('/items/1', sent, await tokenFor('write'))).toEqual(['413', '200'])
      expect(await statusesOf('/items/1', sent)).toEqual(['401', '200'])
      expect(await statusesOf('/nowhere', sent)).toEqual(['404', '200'])
    })
  })
})

describe('the JWT authorizer', () => {
  const unauthorized = async (token: string | undefined) => {
    const response = await call('/items/1', token === undefined ? {} : { token })
    expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }])
  }
  const signed = async (change: { issuer?: string; clientId?: string; expiresInS?: number }) => {
    // The same key as the cloud's would be needed for a good signature; the claims are wrong before that matters.
    const entries = new Map<string, string>()
    const store = {
      get: (key: string) => entries.get(key),
      put: (key: string, value: string) => void entries.set(key, value),
      delete: (key: string) => void entries.delete(key),
      entries: () => [...entries],
    }
    const signer = await createTokenSigner({ store, nowMs: Date.now })
    return signer.issue({
      issuer: ISSUER,
      clientId: CLIENT_ID,
      sub: 'maria',
      scopes: ['app/write'],
      ...change,
    })
  }

  test('lets nobody in without a token, or with something else', async () => {
    await unauthorized(undefined)
    await unauthorized('')
    await unauthorized('abc')
    await unauthorized('a.b.c')
  })

  test('lets nobody in with an expired token', async () => {
    await unauthorized(await fixture.cloud.issueToken({ sub: 'maria', scopes: ['write'], expiresInS: -10 }))
  })

  test('lets nobody in with a token of another key', async () => {
    await unauthorized(await signed({}))
  })

  test('lets any good token in where a route names no scope, also without "Bearer"', async () => {
    const token = await tokenFor('all')
    const response = await fetch(`${fixture.cloud.url}/items/1`, { headers: { authorization: token } })
    expect(response.status).toBe(201)
    expect((await response.json()) as object).toMatchObject({
      requestContext: { authorizer: { jwt: { scopes: null } } },
    })
  })

  test('wants one of the route’s scopes', async () => {
    expect((await post('/items/1', await tokenFor('all'), '{}')).status).toBe(201)
    const response = await post('/items/1/parts:find', await tokenFor('all'), '{}')
    expect([response.status, await response.json()]).toEqual([403, { message: 'Forbidden' }])
  })

  test('issues no token for a scope that the templates do not have', async () => {
    await expect(tokenFor('everything')).rejects.toThrow(/no scope everything/)
  })
})

describe('pages of other origins', () => {
  const PAGE = 'https://merchants.example.com'
  const withPages = (others: Record<string, undefined> = {}) => {
    const routes = { 'GET /items/{id}': ['app/write'], 'GET /plain': undefined, ...others }
    const { Api, ...rest } = httpApi('Work', routes)
    const CorsConfiguration = {
      AllowOrigins: [PAGE],
      AllowMethods: ['GET', 'PUT'],
      AllowHeaders: ['Authorization', 'if-match'],
      ExposeHeaders: ['etag'],
      MaxAge: 3600,
    }
    const { Type = '', Properties } = Api ?? {}
    return startFixtureCloud({
      handlers: { Work: HANDLER },
      resources: {
        Work: { Type: 'AWS::Lambda::Function', Properties: { Timeout: 2 } },
        ...rest,
        Api: { Type, Properties: { ...Properties, CorsConfiguration } },
      },
    })
  }
  const accessOf = ({ headers }: Response) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))

  test('may call where the template names them, and ask first', async () => {
    await using own = await withPages()
    const preflight = { method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'PUT' } }
    const asked = await fetch(`${own.cloud.url}/items/1`, preflight)
    expect([asked.status, accessOf(asked)]).toEqual([
      204,
      {
        'access-control-allow-origin': PAGE,
        'access-control-allow-methods': 'GET,PUT',
        'access-control-allow-headers': 'authorization,if-match',
        'access-control-max-age': '3600',
      },
    ])
    // Refusals are for the page's script to read, too.
    for (const path of ['/plain', '/items/1', '/nowhere']) {
      const answer = await fetch(`${own.cloud.url}${path}`, { headers: { origin: PAGE } })
      expect(accessOf(answer)).toEqual({
        'access-control-allow-origin': PAGE,
        'access-control-expose-headers': 'etag',
      })
    }
  })

  test('ask first at the gateway, also where a $default route takes every other request', async () => {
    await using own = await withPages({ $default: undefined })
    const send = (path: string, method: string, headers: Record<string, string> = {}) =>
      fetch(`${own.cloud.url}${path}`, { method, headers: { origin: PAGE, ...headers } })
    for (const path of ['/items/1', '/nowhere']) {
      const asked = await send(path, 'OPTIONS', { 'access-control-request-method': 'PUT' })
      expect([asked.status, await asked.text()]).toEqual([204, ''])
    }
    for (const [path, method] of [
      ['/nowhere', 'GET'],
      ['/items/1/parts', 'GET'],
      ['/items/1', 'PATCH'],
      ['/plain', 'OPTIONS'],
    ] as const) {
      const answer = await send(path, method)
      expect(await answer.json()).toMatchObject({ routeKey: '$default', rawPath: path })
      expect(accessOf(answer)).toHaveProperty('access-control-allow-origin')
    }
    expect((await send('/items/1', 'GET')).status).toBe(401)
    expect(await (await send('/plain', 'GET')).json()).toEqual({ hello: 'you' })
  })

  test('of other names get no such headers', async () => {
    await using own = await withPages()
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' }
    expect(accessOf(await fetch(`${own.cloud.url}/items/1`, { method: 'OPTIONS', headers }))).toEqual({})
    expect(accessOf(await fetch(`${own.cloud.url}/plain`, { headers }))).toEqual({})
    // Without a configuration OPTIONS is a method like others.
    expect((await fetch(`${fixture.cloud.url}/plain`, { method: 'OPTIONS', headers })).status).toBe(404)
  })
})

describe('the controls', () => {
  test('tell the state, move the clock, issue tokens', async () => {
    await using own = await startFixtureCloud({
      handlers: { Work: HANDLER },
      resources: httpApi('Work', { 'GET /items/{id}': ['app/write'] }),
    })
    const control = async (path: string, body?: object) => {
      const response = await fetch(`${own.cloud.url}/_local/${path}`, {
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      })
      const answered: unknown = await response.json()
      return [response.status, answered]
    }
    expect(await control('health')).toMatchObject([
      200,
      { status: 'ready', clock: { kind: 'virtual', atMs: START_MS } },
    ])
    expect(await control('advance', { to: '2026-01-05T00:10:00Z' })).toEqual([200, { invocations: [] }])
    expect(await control('clock')).toMatchObject([200, { at: '2026-01-05T00:10:00.000Z' }])
    expect(await control('advance', { to: START_MS })).toEqual([400, { message: 'time does not go back' }])
    expect(await control('clock', { kind: 'virtual', at: '2026-02-01T00:00:00+01:00' })).toMatchObject([
      200,
      { at: '2026-01-31T23:00:00.000Z' },
    ])
    expect(await control('clock', { kind: 'sundial' })).toMatchObject([400, {}])
    expect(await control('tokens', {})).toEqual([
      400,
      { message: 'sub: a name is needed, e.g. "maria"; scopes: a list is needed, e.g. ["customer"]' },
    ])
    const [, issued] = await control('tokens', { sub: 'maria', scopes: ['write'] })
    const response = await fetch(`${own.cloud.url}/items/1`, {
      headers: { authorization: String(Reflect.get(Object(issued), 'token')) },
    })
    expect(response.status).toBe(201)
    expect(await control('phones')).toEqual([200, { messages: [] }])
    expect(await control('drain', {})).toEqual([200, { invocations: [] }])
    expect(await control('stats')).toMatchObject([200, { functions: { Work: { invocations: 1 } } }])
    expect(await control('nothing')).toMatchObject([404, {}])
  })
})
