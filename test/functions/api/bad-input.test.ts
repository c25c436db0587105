import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { problemSchema } from '#shared/contracts/http/problem.ts'
import { oddTimesIn } from '#test/support/answer-times.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { fillIn, hostileValues, jsonOf, spoilt } from '#test/support/generate-json.ts'
import { httpEvent, lambdaContext, REQUEST_ID } from '#test/support/http-event.ts'
import { newMerchant } from '#test/support/merchants.ts'
import { handlerOf, type Operation, readOperations, serveAllRoutes } from '#test/support/operations.ts'
import { withWrites } from '#test/support/write-log.ts'

/** BECKON_FUZZ_REQUESTS sends more or fewer; BECKON_FUZZ_SEED repeats a run. */
const REQUESTS = Number(process.env['BECKON_FUZZ_REQUESTS'] ?? 20_000)
const SEED = Number(process.env['BECKON_FUZZ_SEED'] ?? Math.floor(Math.random() * 0x7fffffff))

const tables = await createTables()
afterAll(await serveAllRoutes(tables))
setClock(Date.UTC(2026, 10, 22, 10))
const { operations, schemas } = await readOperations()

type Request = {
  readonly path: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: { readonly text?: string; readonly value?: unknown; readonly base64: boolean }
  readonly headers: Readonly<Record<string, string>>
  readonly subject: string
  readonly scopes: readonly string[]
}

type Sent = { readonly routeKey: string; readonly request: Request }

const odd = <T>(usual: fc.Arbitrary<T>, others: fc.Arbitrary<T>, weight = 15): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, others)

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  hostileValues.map((value) => JSON.stringify(value)),
)

const pathOf = (one: Operation): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(
      one.path.map(({ name, schema }) => [name, odd<unknown>(jsonOf(schema, schemas), oddText)]),
    ),
  )

const queryOf = (one: Operation): fc.Arbitrary<Record<string, unknown>> => {
  const known = Object.fromEntries(
    one.query.map(({ name, schema }) => [name, odd<unknown>(jsonOf(schema, schemas), oddText, 6)]),
  )
  return odd(
    fc.record(known, { requiredKeys: [] }),
    fc.dictionary(fc.constantFrom('limit', 'cursor', '__proto__', 'x', 'from'), oddText, { maxKeys: 2 }),
  )
}

const jsonBodies = (values: fc.Arbitrary<unknown>): fc.Arbitrary<Request['body']> =>
  fc.record({ value: values, base64: fc.constant(false) })
const rawBodies: fc.Arbitrary<Request['body']> = fc.oneof(
  fc.record({ text: fc.string({ unit: 'binary', maxLength: 200 }), base64: fc.boolean() }),
  fc.record({
    text: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    base64: fc.constant(true),
  }),
  fc.constantFrom(
    { base64: false },
    { text: '', base64: false },
    { text: '[1e400]', base64: false },
    { text: '{"a":1,"a":2}', base64: false },
    { text: '\ufeff{}', base64: false },
    { text: '['.repeat(100_000), base64: false },
    { text: `${'['.repeat(100_000)}${']'.repeat(100_000)}`, base64: false },
    { text: `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, base64: false },
    { text: `"${'x'.repeat(300 * 1024)}"`, base64: false },
    { text: `{"name":"${'é'.repeat(140 * 1024)}"}`, base64: false },
  ),
)

const bodyOf = (one: Operation): fc.Arbitrary<Request['body']> => {
  const schema = one.body
  if (schema === undefined) return odd<Request['body']>(fc.constant({ base64: false }), rawBodies)
  const good = jsonOf(schema, schemas)
  return fc.oneof(
    { weight: 8, arbitrary: jsonBodies(good) },
    { weight: 5, arbitrary: jsonBodies(spoilt(good)) },
    { weight: 1, arbitrary: jsonBodies(hostileValues) },
    { weight: 1, arbitrary: rawBodies },
  )
}

const headersOf: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    'content-type': odd(
      fc.constant('application/json'),
      fc.oneof(fc.constantFrom('text/plain', 'application/json; charset=utf-16', ''), oddText),
      25,
    ),
    'idempotency-key': odd(
      fc.nat(200).map((n) => `key-${n}`),
      oddText,
    ),
    'if-match': odd(fc.constantFrom('*', '"1"', '"2"'), oddText),
    'if-none-match': odd(fc.constantFrom('*', '"1"', 'W/"2"'), oddText),
    'accept-language': oddText,
  },
  { requiredKeys: ['content-type'] },
)

const requestOf = (one: Operation): fc.Arbitrary<Request> =>
  fc.record({
    path: pathOf(one),
    query: queryOf(one),
    body: bodyOf(one),
    headers: headersOf,
    // Customers come and go; the merchants' people stay.
    subject: one.routeKey.includes('/me')
      ? fc.nat(400).map((n) => `customer-${n}`)
      : fc.constantFrom('owner', 'owner', 'owner', 'rival'),
    scopes: odd<readonly string[]>(
      fc.constant(one.scopes),
      fc.constantFrom([], ['customer'], ['merchant'], ['operator']),
    ),
  })

const requests: fc.Arbitrary<Sent> = fc.oneof(
  ...operations.map((one) => ({
    // So that there is enough to be named.
    weight: one.routeKey.startsWith('POST ') ? 3 : 1,
    arbitrary: requestOf(one).map((request) => ({ routeKey: one.routeKey, request })),
  })),
)

/** The latest ids of each kind. */
const known = new Map<string, string[]>()
const remember = (id: unknown): void => {
  if (typeof id !== 'string' || !/^[a-z]{2,3}_/.test(id)) return
  const prefix = id.split('_')[0] ?? ''
  known.set(prefix, [id, ...(known.get(prefix) ?? [])].slice(0, 4))
}

const textValues = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )

const send = async ({ routeKey, request }: Sent) => {
  const { path, query, body, headers, subject, scopes } = fillIn(request, known)
  const event = httpEvent(routeKey, {
    path: textValues(path),
    query: textValues(query),
    headers,
    subject,
    scopes,
    ...(body.text === undefined ? { body: body.value } : { rawBody: body.text }),
  })
  // A body that is base64 already.
  const sent = { ...event, isBase64Encoded: body.base64 }
  return withWrites(() => handlerOf(routeKey)(sent, lambdaContext(20_000)))
}

/** What only we should read. */
const INSIDE =
  /\bat .{1,200}\.(?:ts|js|mjs):\d|node_modules|#shared|#functions|aws-sdk|smithy|DynamoDB|dynamoDb|ConditionalCheck|ValidationException|SerializationException|ZodError|(?:Type|Range|Reference|Syntax)Error|is not a function|Cannot read prop|Unexpected token|in JSON at position/

const answerOf = new Map(operations.map(({ routeKey, answer }) => [routeKey, answer]))
const oddTimesOf = (routeKey: string, text: string) => {
  const answer = answerOf.get(routeKey)
  return answer === undefined || text === '' ? [] : oddTimesIn(answer, JSON.parse(text), schemas)
}

const own = (writes: readonly string[]): string[] => writes.filter((write) => !write.includes('IDEMPOTENCY#'))

const check = async (one: Sent): Promise<number> => {
  const { result, writes } = await send(one)
  const status = result.statusCode ?? 0
  const text = result.isBase64Encoded ? '' : (result.body ?? '')
  expect(status).toBeGreaterThanOrEqual(200)
  expect(status, text).toBeLessThan(500)
  expect(result.headers?.['x-request-id']).toBe(REQUEST_ID)
  if (status < 400) {
    expect(oddTimesOf(one.routeKey, text)).toEqual([])
    if (status === 201) remember((JSON.parse(text) as { id?: unknown }).id)
    return status
  }
  expect(result.headers?.['content-type']).toBe('application/problem+json')
  expect(problemSchema.parse(JSON.parse(text)).status).toBe(status)
  expect(INSIDE.exec(text)?.[0]).toBeUndefined()
  expect(own(writes)).toEqual([])
  return status
}

beforeAll(async () => {
  for (const subject of ['owner', 'rival', 'owner']) remember((await newMerchant(merchantApi, subject)).id)
})

describe('requests made from the OpenAPI document, good and bad', () => {
  test(`get an answer that is no fault of ours, and are stored only when they are taken (seed ${SEED}, ${REQUESTS})`, async () => {
    const statuses = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(requests, async (one) => {
        const status = await check(one)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }),
      { numRuns: REQUESTS, seed: SEED },
    )
    const counted = Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b))
    console.log(`seed ${SEED}: ${JSON.stringify(counted)}`)
    // A generator whose every request is refused would prove nothing.
    expect((counted[200] ?? 0) + (counted[201] ?? 0)).toBeGreaterThan(REQUESTS / 50)
    for (const status of [201, 204, 400, 403, 404, 415]) expect(counted[status]).toBeGreaterThan(0)
  }, 1_200_000)
})
