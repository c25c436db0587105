import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { runJobsEnv } from '#functions/run-jobs/env.ts'
import { runJob } from '#functions/run-jobs/run-job.ts'
import { buildServices } from '#functions/run-jobs/services.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { fillIn, jsonOf, type KnownIds } from '#test/support/generate-json.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi, httpEvent, lambdaContext } from '#test/support/http-event.ts'
import {
  created,
  geofenceBody,
  newMerchant,
  offerBody,
  sceneBody,
  UNION_SQUARE,
} from '#test/support/merchants.ts'
import { handlerOf, type Operation, readOperations, serveAllRoutes } from '#test/support/operations.ts'
import { withWrites } from '#test/support/write-log.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 10)
const tables = await createTables()
afterAll(await serveAllRoutes(tables))
setClock(NOW_MS)
const { operations, schemas } = await readOperations()
const jobs = buildServices(parseEnv(runJobsEnv, process.env))

type Values = Readonly<Record<string, string>>

/** A merchant with one thing of every kind, by the names of path parameters. */
const furnish = async (owner: string, code: string): Promise<Values> => {
  const { id: merchantId } = await newMerchant(merchantApi, owner)
  const make = async (list: string, body: unknown): Promise<string> => {
    const key = `POST /v1/merchants/{merchantId}/${list}`
    return (await created(merchantApi, key, { subject: owner, path: { merchantId }, body })).id
  }
  const regionId = await make('regions', { name: 'West' })
  const offerId = await make('offers', offerBody())
  const user = userIdOf(`customer of ${owner}`)
  const grant = { user, merchantId, offerId, code, grantedAtMs: NOW_MS }
  const { grantId } = await giveGrant(tables.client, tables.ledger, grant)
  // From then on the customer is known to the merchant.
  await callApi(merchantApi, 'POST /v1/merchants/{merchantId}/redemptions', {
    subject: owner,
    path: { merchantId },
    body: { code },
  })
  const platform = 'fcm'
  await callApi(customerApi, 'PUT /v1/me/devices/{deviceId}', {
    subject: `customer of ${owner}`,
    path: { deviceId: `phone-of-${owner}` },
    body: { platform, token: `token-${owner}` },
  })
  const asked = await callApi(merchantApi, 'POST /v1/merchants/{merchantId}/exports', {
    subject: owner,
    path: { merchantId },
  })
  const exportId = asked.body.exportId
  await runJob(jobs, { kind: 'export', merchantId, jobId: exportId })
  return {
    merchantId,
    regionId,
    offerId,
    storeId: await make('stores', { name: 'Union Square', regionId, ...UNION_SQUARE }),
    geofenceId: await make('geofences', geofenceBody()),
    sceneId: await make('scenes', sceneBody()),
    userId: userIdOf(owner),
    customerId: user,
    grantId,
    deviceId: `phone-of-${owner}`,
    exportId,
    part: '1',
  }
}

const foreign = await furnish('landlord', 'AAAAABBBBB')
const own = await furnish('stranger', 'CCCCCDDDDD')
const prefixOf = (id: string): string => (/^[a-z]+_/.exec(id)?.[0] ?? '').slice(0, -1)
const ABSENT_BODY = '0123456789ABCDEFGHJKMNPQRS'
const absent: Values = Object.fromEntries(
  Object.entries(foreign).map(([name, id]) => {
    const prefix = prefixOf(id)
    if (name === 'part') return [name, id]
    return [name, prefix === '' ? 'phone-of-nobody' : `${prefix}_${ABSENT_BODY}`]
  }),
)
const idsIn = (values: Values): KnownIds =>
  new Map(Object.values(values).map((id): [string, string[]] => [prefixOf(id), [id]]))

/** A value for every parameter; of kinds that the world has none of, some well-formed one. */
const pathFor = ({ routeKey, path }: Operation, values: Values): Values =>
  Object.fromEntries(
    path.map(({ name, schema }) => {
      const [some] = fc.sample(jsonOf(schema, schemas), { numRuns: 1, seed: 1 })
      const kind = routeKey.includes('/customers/{userId}') && name === 'userId' ? 'customerId' : name
      return [name, values[kind] ?? String(fillIn(some, idsIn(absent)))]
    }),
  )

/** Bodies that the route's contract takes, with the ids of these things in them. */
const drawnBodies = new Map<string, readonly unknown[]>()
const bodiesFor = (one: Operation, wanted: number): readonly unknown[] => {
  const drawn = drawnBodies.get(one.routeKey) ?? drawBodies(one)
  drawnBodies.set(one.routeKey, drawn)
  return drawn.slice(0, wanted)
}

const drawBodies = ({ routeKey, body }: Operation): unknown[] => {
  const contract = ALL_ROUTES[routeKey]?.schemas.body
  if (body === undefined || contract === undefined) return [undefined]
  const drawn = fc.sample(jsonOf(body, schemas), { numRuns: 400, seed: 1 })
  const good = drawn.filter((one) => contract.safeParse(fillIn(one, idsIn(foreign))).success)
  if (good.length === 0) throw new Error(`${routeKey}: no body was found`)
  // Those that name most, first.
  const named = (one: unknown): number => JSON.stringify(one).split('"@').length
  return good.toSorted((a, b) => named(b) - named(a))
}

/** A query that the route's contract takes: what must be named is. */
const queryFor = ({ routeKey, query }: Operation): Values => {
  const contract = ALL_ROUTES[routeKey]?.schemas.query
  const required = fc.record(
    Object.fromEntries(query.map(({ name, schema }) => [name, jsonOf(schema, schemas)])),
    { requiredKeys: query.filter(({ required: isNeeded }) => isNeeded).map(({ name }) => name) },
  )
  const drawn = fc.sample(required, { numRuns: 400, seed: 1 })
  const texts = drawn.map((one) =>
    Object.fromEntries(Object.entries(one).map(([name, value]) => [name, String(value)])),
  )
  const [first] = texts
    .filter((one) => one['cursor'] === undefined && contract?.safeParse(one).success)
    .toSorted((a, b) => Object.keys(a).length - Object.keys(b).length)
  if (first === undefined) throw new Error(`${routeKey}: no query was found`)
  return first
}

const NO_ROUTE = {
  code: 'notFound',
  detail: 'no such path, or not with this method',
  requestId: expect.any(String),
}

test('a request that no route fits is answered alike, whoever sends it', async () => {
  for (const scopes of [[], ['operator']]) {
    const { result, writes } = await withWrites(() => callApi(customerApi, '$default', { scopes }))
    expect(result).toMatchObject({ status: 404, body: NO_ROUTE })
    expect(writes).toEqual([])
  }
})

const ALL_SCOPES = ['customer', 'merchant', 'till']
const asStranger = (one: Operation, path: Values, body: unknown) =>
  withWrites(() =>
    callApi(handlerOf(one.routeKey), one.routeKey, {
      subject: 'stranger',
      scopes: ALL_SCOPES,
      path,
      query: queryFor(one),
      ...(body !== undefined && { body }),
    }),
  )

const closed = operations.filter(({ scopes }) => scopes.length > 0)
const ofMerchants = closed.filter(({ routeKey }) => routeKey.includes(' /v1/merchants/{merchantId}'))
const asCases = (some: readonly Operation[]): [string, Operation][] => some.map((one) => [one.routeKey, one])

describe('a caller', () => {
  test.each(asCases(closed))('without a token is nobody: %s', async (routeKey, one) => {
    const [body] = bodiesFor(one, 1)
    const path = pathFor(one, foreign)
    const { requestContext, ...event } = httpEvent(routeKey, { path, ...(body !== undefined && { body }) })
    const { authorizer: _, ...context } = requestContext
    const { result, writes } = await withWrites(() =>
      handlerOf(routeKey)({ ...event, requestContext: context } as never, lambdaContext()),
    )
    expect(result.statusCode).toBe(401)
    expect(writes).toEqual([])
  })

  test.each(asCases(closed))('without the scope is refused: %s', async (routeKey, one) => {
    const [body] = bodiesFor(one, 1)
    const scopes = ['customer', 'merchant', 'till', 'operator'].filter((scope) => !one.scopes.includes(scope))
    const { status } = await callApi(handlerOf(routeKey), routeKey, {
      subject: 'landlord',
      scopes,
      path: pathFor(one, foreign),
      ...(body !== undefined && { body: fillIn(body, idsIn(foreign)) }),
    })
    expect(status).toBe(403)
  })
})

describe('a stranger to a merchant', () => {
  test.each(asCases(ofMerchants))('finds nothing, be it there or not: %s', async (_, one) => {
    for (const body of bodiesFor(one, 3)) {
      const there = await asStranger(one, pathFor(one, foreign), fillIn(body, idsIn(foreign)))
      const nowhere = await asStranger(one, pathFor(one, absent), fillIn(body, idsIn(absent)))
      expect(there.result.status).toBe(404)
      expect(there.result).toEqual(nowhere.result)
      expect([...there.writes, ...nowhere.writes]).toEqual([])
    }
  })

  const ofThings = ofMerchants.filter(({ path }) => path.length > 1)
  test.each(asCases(ofThings))('does not reach its things through an own merchant: %s', async (_, one) => {
    const { merchantId = '' } = own
    const [body] = bodiesFor(one, 1)
    const filled = fillIn(body, idsIn(own))
    const there = await asStranger(one, { ...pathFor(one, foreign), merchantId }, filled)
    const nowhere = await asStranger(one, { ...pathFor(one, absent), merchantId }, filled)
    expect(there.result.status).toBe(nowhere.result.status)
    if (there.result.status >= 400) {
      expect(there.result).toEqual(nowhere.result)
      expect([...there.writes, ...nowhere.writes]).toEqual([])
    }
    const said = JSON.stringify(there.result.body ?? '')
    for (const [name, id] of Object.entries(foreign)) {
      // A member may be invited by id, whoever that is, and is then named.
      if (!['userId', 'part'].includes(name)) expect(said).not.toContain(id)
    }
  })

  const withBodies = ofMerchants.filter(({ body }) => body !== undefined)
  test.each(asCases(withBodies))('learns nothing by naming its things: %s', async (_, one) => {
    for (const body of bodiesFor(one, 12)) {
      const there = await asStranger(one, pathFor(one, own), fillIn(body, idsIn(foreign)))
      const nowhere = await asStranger(one, pathFor(one, own), fillIn(body, idsIn(absent)))
      expect(there.result.status).toBe(nowhere.result.status)
      if (there.result.status >= 400) expect(there.result).toEqual(nowhere.result)
    }
  })
})

describe('another customer', () => {
  // That there is a merchant is no secret: customers choose whose SMS they want.
  const isPublic = ({ path }: Operation) => path.some(({ name }) => name === 'merchantId')
  const ofCustomers = closed.filter(
    (one) =>
      one.routeKey.includes(' /v1/me/') &&
      one.path.length > 0 &&
      !one.routeKey.startsWith('PUT ') &&
      !isPublic(one),
  )
  test.each(asCases(ofCustomers))('finds nothing, be it there or not: %s', async (_, one) => {
    const [body] = bodiesFor(one, 1)
    const there = await asStranger(one, pathFor(one, foreign), body)
    const nowhere = await asStranger(one, pathFor(one, absent), body)
    expect(there.result.status).toBe(404)
    expect(there.result).toEqual(nowhere.result)
    expect([...there.writes, ...nowhere.writes]).toEqual([])
  })
})

test('the world of these tests is there for its owner', async () => {
  const mine = ofMerchants.filter(
    ({ routeKey, path }) => routeKey.startsWith('GET ') && path.every(({ name }) => name in foreign),
  )
  expect(mine.length).toBeGreaterThan(10)
  for (const one of mine) {
    const { status } = await callApi(handlerOf(one.routeKey), one.routeKey, {
      subject: 'landlord',
      path: pathFor(one, foreign),
      query: queryFor(one),
    })
    expect(status, one.routeKey).toBe(200)
  }
})
