import { afterEach, describe, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { problemSchema } from '#shared/contracts/http/problem.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { openRoute } from '#shared/runtime/http/open-route.ts'
import { jsonPointer, MAX_BODY_BYTES } from '#shared/runtime/http/parse-input.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import { type Route, route } from '#shared/runtime/http/route.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { callApi, httpEvent, lambdaContext, REQUEST_ID } from '#test/support/http-event.ts'

// Powertools then logs to the global console, where the test sees it.
process.env['POWERTOOLS_DEV'] = 'true'

type Services = { readonly work: (signal: AbortSignal) => Promise<unknown> }

const body = z.strictObject({
  'a/b': z.strictObject({ '~': z.number() }).optional(),
  name: z.string().max(5),
})

const routes: Readonly<Record<string, Route<Services>>> = {
  'POST /v1/echo': route({
    operationId: 'echo',
    summary: 'Answers what it is given',
    scopes: ['merchant'],
    body,
    use: () => async (request) => ({ status: 200, body: { ...request.body, user: request.caller.user } }),
  }),
  'GET /v1/tagged': route({
    operationId: 'tagged',
    summary: 'Answers with an entity tag',
    isTagged: true,
    scopes: ['merchant'],
    use: () => async () => ({ status: 200, body: { n: 7 }, headers: { etag: '"7"' } }),
  }),
  'POST /form': openRoute({
    operationId: 'form',
    summary: 'Answers the text that it is given',
    body: { mediaType: 'application/x-www-form-urlencoded', schema: z.string() },
    use:
      () =>
      async ({ body: text }) => ({ status: 200, text }),
  }),
  'GET /v1/work': route({
    operationId: 'work',
    summary: 'Works',
    scopes: ['merchant', 'till'],
    use:
      ({ work }: Services) =>
      async ({ signal }) => ({ status: 200, body: { did: await work(signal) } }),
  }),
}

const handlerWith = (work: Services['work']) =>
  httpHandler({ name: 'test', routes, services: async () => ({ work }) })
const handler = handlerWith(async () => 'work')
const failing = (error: unknown) => handlerWith(() => Promise.reject(error))

const logged: string[] = []
vi.spyOn(console, 'error').mockImplementation((line: string) => void logged.push(line))
afterEach(() => {
  logged.length = 0
})

describe('a request', () => {
  test('reaches its use case as its caller, with what it says', async () => {
    const answer = await callApi(handler, 'POST /v1/echo', { subject: 'bob', body: { name: 'x' } })
    expect(answer).toEqual({
      status: 200,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-request-id': REQUEST_ID,
      },
      body: { name: 'x', user: userIdOf('bob') },
    })
  })

  test('may be base64, as API Gateway sends some bodies, with a charset', async () => {
    const answer = await callApi(handler, 'POST /v1/echo', {
      body: { name: 'é' },
      base64: true,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })
    expect(answer.body.name).toBe('é')
  })

  test('may hold the character that stands for what could not be read', async () => {
    for (const base64 of [true, false]) {
      const answer = await callApi(handler, 'POST /v1/echo', { body: { name: '\ufffd' }, base64 })
      expect(answer.body.name).toBe('\ufffd')
    }
  })

  test.each([
    ['brackets in a text', '{"name":"[[{"}', { name: '[[{' }],
    ['an escaped quote', '{"name":"\\"[\\\\"}', { name: '"[\\' }],
    ['a pair of surrogates', '{"name":"\\ud83d\\ude00"}', { name: '😀' }],
    ['a number that is as good as none', '{"name":"x","a/b":{"~":5e-324}}', { name: 'x', 'a/b': { '~': 0 } }],
    ['a small number', '{"name":"x","a/b":{"~":1e-10}}', { name: 'x', 'a/b': { '~': 1e-10 } }],
    ['a member twice: the last one counts', '{"name":"y","name":"x"}', { name: 'x' }],
  ])('may hold %s', async (_, rawBody, read) => {
    const answer = await callApi(handler, 'POST /v1/echo', { rawBody })
    expect(answer.body).toMatchObject(read)
  })

  test('for another route is not found', async () => {
    expect((await callApi(handler, 'GET /v1/nowhere')).status).toBe(404)
    expect((await callApi(handler, 'toString')).status).toBe(404)
  })
})

describe('who calls', () => {
  test.each([
    ['an ID token', { claims: { token_use: 'id', aud: 'app' } }, 401],
    ['an ID token without an audience', { claims: { token_use: 'id' } }, 401],
    ['a token of another issuer', { claims: { iss: 'https://issuer.example' } }, 401],
    ['a token for a client of somebody else', { claims: { client_id: 'game' } }, 401],
    ['a token for another audience', { claims: { aud: '[game other]' } }, 401],
    ['a token for one of our audiences', { claims: { aud: '[game console]' }, scopes: ['merchant'] }, 200],
    ['an empty subject', { subject: '' }, 401],
    ['no scope', { scopes: [] }, 403],
    ['the scope of somebody else', { scopes: ['customer'] }, 403],
    ['one of the scopes', { scopes: ['till'] }, 200],
    ['a scope whose name only ends alike', { scopes: ['notmerchant'] }, 403],
    [
      'a list of scopes as the gateway writes it',
      { scopes: [], claims: { scp: '[openid beckon/merchant]' } },
      200,
    ],
    [
      'the scope of another resource server',
      { scopes: [], claims: { scope: 'merchant other/merchant' } },
      403,
    ],
  ])('with %s gets %o → %i', async (_, call, status) => {
    const answer = await callApi(handler, 'GET /v1/work', call)
    expect(answer.status).toBe(status)
    expect(answer.headers['x-request-id']).toBe(REQUEST_ID)
  })

  test('who was not looked at by the authorizer is nobody', async () => {
    const { requestContext, ...event } = httpEvent('GET /v1/work')
    const { authorizer: _, ...context } = requestContext
    const answer = await handler({ ...event, requestContext: context } as never, lambdaContext())
    expect(answer.statusCode).toBe(401)
  })

  test('is asked before the body is looked at', async () => {
    expect((await callApi(handler, 'POST /v1/echo', { scopes: ['till'], rawBody: '{' })).status).toBe(403)
  })
})

describe('a bad body', () => {
  test.each([
    ['that is no JSON', { rawBody: '{"name": secret}' }, 400, 'malformedJson'],
    ['that is missing', {}, 415, 'unsupportedMediaType'],
    ['that is empty', { rawBody: '' }, 400, 'malformedJson'],
    [
      'of another type',
      { rawBody: 'a=b', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupportedMediaType',
    ],
    ['that is too large', { rawBody: `"${'x'.repeat(MAX_BODY_BYTES)}"` }, 413, 'tooLarge'],
    [
      'that is too large in base64',
      { rawBody: `"${'x'.repeat(MAX_BODY_BYTES)}"`, base64: true },
      413,
      'tooLarge',
    ],
    ['that is a list', { body: [] }, 400, 'invalidRequest'],
    ['that is nested too deep', { rawBody: `${'['.repeat(33)}${']'.repeat(33)}` }, 400, 'invalidRequest'],
    ['that is nested far too deep', { rawBody: '{"a":'.repeat(50_000) }, 400, 'invalidRequest'],
    ['with half a character', { rawBody: '{"name":"\\ud83d"}' }, 400, 'malformedJson'],
    ['with half a character in a name', { rawBody: '{"\\udc00":1}' }, 400, 'malformedJson'],
    ['with a member for the prototype', { rawBody: '{"name":"x","__proto__":{}}' }, 400, 'invalidRequest'],
    ['with a member called constructor', { rawBody: '{"name":"x","constructor":1}' }, 400, 'invalidRequest'],
  ])('%s is refused with %i', async (_, call, status, code) => {
    const answer = await callApi(handler, 'POST /v1/echo', call)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(problemSchema.parse(answer.body)).toMatchObject({ status, code, requestId: REQUEST_ID })
    expect(JSON.stringify(answer.body)).not.toContain('secret')
  })

  test.each([
    ['a byte of Latin-1', Buffer.from('{"name":"caf\u00e9"}', 'latin1')],
    ['a byte that stands nowhere in UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a character cut off', Buffer.concat([Buffer.from('{"name":"é"}').subarray(0, 10), Buffer.from('"}')])],
    ['half a character as bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ])('with %s is refused as no UTF-8, however the gateway hands it on', async (_, bytes) => {
    for (const base64 of [true, false]) {
      const answer = await callApi(handler, 'POST /v1/echo', { bytes, base64 })
      expect([answer.status, answer.body.code]).toEqual([400, 'malformedJson'])
      expect(answer.body.errors).toEqual([{ pointer: '', detail: 'not UTF-8' }])
    }
  })

  test('of an open route is refused as no UTF-8, too', async () => {
    const call = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, base64: true }
    expect((await callApi(handler, 'POST /form', { ...call, rawBody: 'a=é' })).body).toBe('a=é')
    const { status, body: problem } = await callApi(handler, 'POST /form', {
      ...call,
      bytes: Buffer.from('a=é', 'latin1'),
    })
    expect([status, problem.code]).toEqual([400, 'invalidRequest'])
  })

  test('names every fault by a JSON pointer, escaped', async () => {
    const answer = await callApi(handler, 'POST /v1/echo', {
      body: { 'a/b': { '~': 'x', y: 1 }, name: 'too long', z: 1 },
    })
    expect(answer.body).toEqual({
      type: 'urn:beckon:problem:invalid-request',
      title: 'The request is not valid',
      status: 400,
      code: 'invalidRequest',
      instance: 'urn:beckon:request:JKJaXmPLvHcESHA%3D',
      requestId: REQUEST_ID,
      errors: [
        { pointer: '/a~1b/~0', detail: 'a number, not a string' },
        { pointer: '/a~1b/y', detail: 'unknown member' },
        { pointer: '/name', detail: 'at most 5 characters' },
        { pointer: '/z', detail: 'unknown member' },
      ],
    })
  })

  test('never gets a longer answer than it deserves', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}${'k'.repeat(500)}`, n]))
    const { body: problem } = await callApi(handler, 'POST /v1/echo', { rawBody: JSON.stringify(unknown) })
    expect(problemSchema.parse(problem).errors).toHaveLength(50)
  })

  test('an unknown query parameter is a fault of the query', async () => {
    const { status, body: problem } = await callApi(handler, 'GET /v1/work', { query: { verbose: '1' } })
    expect(status).toBe(400)
    expect(problem.errors).toEqual([{ in: 'query', pointer: '/verbose', detail: 'unknown parameter' }])
  })
})

describe('an answer with an entity tag', () => {
  const get = (ifNoneMatch?: string) =>
    callApi(handler, 'GET /v1/tagged', {
      headers: { ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }) },
    })

  test.each([undefined, '"6"', '"77", W/"8"'])('is whole to a client that knows %s', async (known) => {
    const answer = await get(known)
    expect([answer.status, answer.body]).toEqual([200, { n: 7 }])
    expect(answer.headers).toMatchObject({ etag: '"7"', 'cache-control': 'private, no-cache' })
  })

  test.each(['"7"', 'W/"7"', '"6", "7"', '*'])('is 304 to a client that knows %s', async (known) => {
    const answer = await get(known)
    expect([answer.status, answer.body]).toEqual([304, undefined])
    const { headers } = await get()
    expect(answer.headers).toEqual(headers)
    expect(headers).toMatchObject({
      etag: '"7"',
      'content-type': 'application/json',
      'x-request-id': REQUEST_ID,
    })
  })

  test.each(['7', '"7', '', `"${'x'.repeat(500)}"`])('is refused to a client that says %s', async (known) => {
    const answer = await get(known)
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toEqual([
      { in: 'header', pointer: '/if-none-match', detail: 'neither * nor a list of entity tags' },
    ])
  })
})

describe('the limit of the gateway', () => {
  afterEach(() => {
    delete process.env['RATE_LIMIT_POLICY']
  })

  test('is told by every answer, good or bad', async () => {
    process.env['RATE_LIMIT_POLICY'] = '"all-callers";q=100;w=1'
    const own = handlerWith(async () => 'work')
    for (const scopes of [['merchant'], []]) {
      const { headers } = await callApi(own, 'GET /v1/work', { scopes })
      expect(headers['ratelimit-policy']).toBe('"all-callers";q=100;w=1')
    }
  })

  test('is not made up where there is none', async () => {
    expect(
      (
        await callApi(
          handlerWith(async () => 'work'),
          'GET /v1/work',
        )
      ).headers,
    ).not.toHaveProperty('ratelimit-policy')
  })
})

describe('what goes wrong', () => {
  test('on purpose is answered as it is and not logged', async () => {
    const { status, body: problem } = await callApi(
      failing(new Problem('conflict', { detail: 'look again', members: { revision: 3 } })),
      'GET /v1/work',
    )
    expect(status).toBe(409)
    expect(problem).toMatchObject({ code: 'conflict', detail: 'look again', revision: 3 })
    expect(logged).toEqual([])
  })

  test('for a while is 503, to be sent again', async () => {
    const answer = await callApi(failing(new BusyError('throttled')), 'GET /v1/work')
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
  })

  test('unforeseen is 500 with a code and a request id, and is logged without what was sent', async () => {
    const cause = Object.assign(new Error('the item is +14155550123'), {
      $metadata: { requestId: 'aws-1' },
      Item: { phone: '+14155550123' },
    })
    const { status, body: problem } = await callApi(failing(new Error('broken', { cause })), 'GET /v1/work')
    expect(status).toBe(500)
    expect(problem).toMatchObject({ code: 'internal', requestId: REQUEST_ID })
    expect(JSON.stringify(problem)).not.toContain('broken')
    expect(logged).toHaveLength(1)
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      message: 'http.failed',
      requestId: REQUEST_ID,
      routeKey: 'GET /v1/work',
      error: { name: 'Error', message: 'broken', cause: { name: 'Error', awsRequestId: 'aws-1' } },
    })
    expect(logged.join()).not.toContain('+1415')
  })

  test('by being too slow is answered before the function ends, and what it asked for is aborted', async () => {
    let aborted = false
    const slow = handlerWith(
      (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true
          })
        }),
    )
    const { status } = await callApi(slow, 'GET /v1/work', { remainingMs: 320 })
    expect(status).toBe(503)
    expect(aborted).toBe(true)
  })
})

test('a cold start that fails is tried again by the next request', async () => {
  let tries = 0
  const services = lazy(() => {
    tries += 1
    if (tries === 1) throw new Error('not yet')
    return { work: async () => tries }
  })
  const moody = httpHandler({ name: 'test', routes, services })
  expect((await callApi(moody, 'GET /v1/work')).status).toBe(500)
  expect((await callApi(moody, 'GET /v1/work')).body).toEqual({ did: 2 })
  expect((await callApi(moody, 'GET /v1/work')).body).toEqual({ did: 2 })
})

test('a JSON pointer is escaped as RFC 6901 says', () => {
  expect(jsonPointer([])).toBe('')
  expect(jsonPointer(['pings', 3, 'lat'])).toBe('/pings/3/lat')
  expect(jsonPointer(['a/b', '~'])).toBe('/a~1b/~0')
})
