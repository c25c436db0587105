import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { decodeTime } from 'ulid'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { handler } from '#functions/merchant-api/handler.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createRequestRecords } from '#shared/adapters/dynamodb/ledger/idempotency-records.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { createAnswerOnce } from '#shared/runtime/http/answer-once.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import {
  type AnswerOnce,
  type HttpRequest,
  type Reply,
  type Route,
  route,
} from '#shared/runtime/http/route.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { DEAD_MS, dieUnanswered } from '#test/support/die-unanswered.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, type HttpCall } from '#test/support/http-event.ts'
import { geofenceBody, newMerchant, offerBody, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT'
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))
const DAY_MS = 24 * 3_600_000

let keys = 0
const newKey = () => {
  keys += 1
  return `key-${keys}`
}
const named = (key: string) => ({ 'idempotency-key': key })

const { id: merchantId } = await newMerchant(handler, 'owner')
const { id: dying } = await newMerchant(handler, 'dying')
const STORES = '/v1/merchants/{merchantId}/stores'
const store = { name: 'Union Square', ...UNION_SQUARE }
const postStore = (key: string, call: HttpCall = {}) =>
  callApi(handler, `POST ${STORES}`, {
    subject: 'owner',
    path: { merchantId },
    body: store,
    headers: named(key),
    ...call,
  })
const storesOf = async (subject: string, id: string): Promise<unknown[]> =>
  (await callApi(handler, `GET ${STORES}`, { subject, path: { merchantId: id } })).body.items

describe('a POST that names itself', () => {
  test('and is sent again gets the first answer again, marked, and does nothing', async () => {
    const key = newKey()
    const before = (await storesOf('owner', merchantId)).length
    const first = await postStore(key)
    clock.advance(DAY_MS - 1000)
    const second = await postStore(key)
    expect(first.status).toBe(201)
    expect(first.headers).not.toHaveProperty('idempotency-replayed')
    expect(second).toEqual({ ...first, headers: { ...first.headers, 'idempotency-replayed': 'true' } })
    expect(await storesOf('owner', merchantId)).toHaveLength(before + 1)
  })

  test('is forgotten after 24 hours', async () => {
    const key = newKey()
    const first = await postStore(key)
    clock.advance(DAY_MS + 1000)
    const second = await postStore(key)
    expect(second.status).toBe(201)
    expect(second.body.id).not.toBe(first.body.id)
  })

  test('with another body is refused, whatever the order of its members', async () => {
    const key = newKey()
    const first = await postStore(key)
    const turned = Object.fromEntries(Object.entries(store).toReversed())
    expect((await postStore(key, { body: turned })).body).toEqual(first.body)
    const other = await postStore(key, { body: { ...store, name: 'Other' } })
    expect([other.status, other.body.code]).toEqual([422, 'keyReused'])
  })

  test('has nothing to do with another caller, or another place, of the same key', async () => {
    const key = newKey()
    const { id: rivals } = await newMerchant(handler, 'rival')
    const mine = await postStore(key)
    const stranger = await postStore(key, { subject: 'rival' })
    expect(stranger.status).toBe(404)
    const theirs = await postStore(key, { subject: 'rival', path: { merchantId: rivals } })
    expect(theirs.status).toBe(201)
    expect(theirs.body.id).not.toBe(mine.body.id)
  })

  test('and is refused may use its key again, put right', async () => {
    const key = newKey()
    const unknown = { ...store, regionId: 'reg_00000000000000000000000000' }
    expect((await postStore(key, { body: unknown })).status).toBe(422)
    expect((await postStore(key, { body: { ...store, lat: 91 } })).status).toBe(400)
    expect((await postStore(key)).status).toBe(201)
  })

  test('keeps no key, caller or merchant in the name of what is kept', async () => {
    const key = newKey()
    await postStore(key)
    const kept = (await tables.allOf(tables.ledger)).filter(({ kind }) => kind === 'idempotency')
    expect(kept.length).toBeGreaterThan(0)
    for (const { answer: _, ...plain } of kept) {
      expect(plain['pk']).toMatch(/^IDEMPOTENCY#[A-Za-z0-9+/]{43}=$/)
      expect(plain['ttl']).toBeLessThanOrEqual(clock.nowMs / 1000 + 86_400)
      const text = JSON.stringify(plain)
      for (const secret of [key, merchantId, userIdOf('owner')]) expect(text).not.toContain(secret)
    }
  })

  test('may have a key of 64 visible characters and no more', async () => {
    expect((await postStore('k'.repeat(64))).status).toBe(201)
    for (const key of ['', 'k'.repeat(65), 'a b', 'é']) expect((await postStore(key)).status).toBe(400)
  })
})

const dieLeaving = async (): Promise<void> => {
  await dieUnanswered(tables)
  clock.advance(DEAD_MS)
}

describe('what a function created that died before it answered', () => {
  const M = '/v1/merchants/{merchantId}'
  const creates: [string, unknown][] = [
    [`POST ${STORES}`, store],
    [`POST ${M}/geofences`, geofenceBody()],
    [`POST ${M}/scenes`, sceneBody()],
    [`POST ${M}/offers`, offerBody()],
    [`POST ${M}/regions`, { name: 'West' }],
    [
      `POST ${M}/qr-codes`,
      {
        name: 'Window',
        placement: { kind: 'offline', label: 'Shop window' },
        action: { type: 'signUp' },
        caption: 'Join us',
      },
    ],
    ['POST /v1/merchants', { name: 'Blue Door' }],
  ]

  test.each(creates)('by %s is met by the next try, and not made again', async (routeKey, created) => {
    const key = newKey()
    const post = () =>
      callApi(handler, routeKey, {
        subject: 'dying',
        body: created,
        headers: named(key),
        ...(routeKey !== 'POST /v1/merchants' && { path: { merchantId: dying } }),
      })
    const rows = async () =>
      (await tables.allOf(tables.catalog)).filter(({ kind }) => kind !== 'audit').length
    const first = await post()
    expect(first.status).toBe(201)
    const before = await rows()
    await dieLeaving()
    const second = await post()
    expect(second).toEqual(first)
    expect(await rows()).toBe(before)
    expect((await post()).headers['idempotency-replayed']).toBe('true')
  })

  test('is answered as it is by then, and made anew once it was deleted', async () => {
    const key = newKey()
    const at = { subject: 'owner', path: { merchantId, storeId: (await postStore(key)).body.id } }
    await callApi(handler, `PUT ${STORES}/{storeId}`, { ...at, body: { ...store, name: 'Renamed' } })
    await dieLeaving()
    expect((await postStore(key)).body).toMatchObject({ id: at.path.storeId, name: 'Renamed', revision: 2 })
    await callApi(handler, `DELETE ${STORES}/{storeId}`, at)
    await dieLeaving()
    expect((await postStore(key)).body).toMatchObject({ name: store.name, revision: 1 })
  })

  test('is met also where there are as many as there may be', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const key = newKey()
    const first = await postStore(key, { path: { merchantId: id } })
    await tables.client.send(
      new UpdateCommand({
        TableName: tables.catalog,
        Key: { pk: `M#${id}`, sk: 'VERSION' },
        UpdateExpression: 'SET stores = :many',
        ExpressionAttributeValues: { ':many': 1_000_000 },
      }),
    )
    await dieLeaving()
    expect((await postStore(newKey(), { path: { merchantId: id } })).body.code).toBe('limitReached')
    expect((await postStore(key, { path: { merchantId: id } })).body).toEqual(first.body)
  })
})

type Services = { readonly work: (request: HttpRequest) => Promise<Reply>; readonly answerOnce: AnswerOnce }
const body = z.strictObject({ n: z.number() })
const routes: Readonly<Record<string, Route<Services>>> = {
  'POST /v1/merchants-work': route({
    operationId: 'workForMerchant',
    summary: 'Works',
    scopes: ['merchant'],
    body,
    use:
      ({ work }: Services) =>
      (request) =>
        work(request),
  }),
  'POST /v1/my-work': route({
    operationId: 'workForMe',
    summary: 'Works',
    scopes: ['customer'],
    body,
    use:
      ({ work }: Services) =>
      (request) =>
        work(request),
  }),
}
const recordsOf = createRequestRecords({ client: tables.client, ledger: tables.ledger }, nowMs)
const workingWith = (work: Services['work'], answerOnce = createAnswerOnce(recordsOf)) =>
  httpHandler({
    name: 'test',
    routes,
    services: async () => ({ work, answerOnce }),
    answerOnce: (services) => services.answerOnce,
  })
const send = (
  work: Services['work'],
  key: string,
  { routeKey = 'POST /v1/merchants-work', ...call }: HttpCall & { routeKey?: string } = {},
) => callApi(workingWith(work), routeKey, { body: { n: 1 }, headers: named(key), ...call })

const done = async (): Promise<Reply> => ({ status: 200, body: { did: 'it' } })
const notAgain = () => Promise.reject(new Error('done twice'))
const gate = () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

describe('the same request', () => {
  test('while it is being answered is a conflict, to be sent again later', async () => {
    const key = newKey()
    const begun = gate()
    const hold = gate()
    const first = send(async () => {
      begun.open()
      await hold.opened
      return done()
    }, key)
    await begun.opened
    const second = await send(notAgain, key)
    expect([second.status, second.body.code, second.headers['retry-after']]).toEqual([
      409,
      'requestRunning',
      '1',
    ])
    const other = await send(notAgain, key, { body: { n: 2 } })
    expect([other.status, other.body.code]).toEqual([422, 'keyReused'])
    hold.open()
    expect((await first).status).toBe(200)
    expect((await send(notAgain, key)).headers['idempotency-replayed']).toBe('true')
  })

  test('sent many times at once is done once', async () => {
    const key = newKey()
    let times = 0
    const work = async (): Promise<Reply> => {
      times += 1
      return done()
    }
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(work, key)))
    expect(times).toBe(1)
    for (const { status } of answers) expect([200, 409]).toContain(status)
  })

  test('after a failure is tried anew', async () => {
    const key = newKey()
    for (const error of [new BusyError('throttled'), new Error('broken'), new Problem('conflict')]) {
      expect((await send(() => Promise.reject(error), key)).status).toBeGreaterThanOrEqual(409)
    }
    expect((await send(done, key)).headers).not.toHaveProperty('idempotency-replayed')
  })

  test('makes the same ids in each try, others with another body, under another key, and on another day', async () => {
    const ids: string[] = []
    const failing = async ({ newId }: HttpRequest): Promise<Reply> => {
      ids.push(newId('sto'))
      throw new BusyError('no answer came')
    }
    const key = newKey()
    const { nowMs: startMs } = clock
    for (let tries = 0; tries < 3; tries += 1) {
      await send(failing, key)
      clock.advance(60_000)
    }
    const [first = ''] = ids
    expect(ids).toEqual([first, first, first])
    expect(decodeTime(first.slice('sto_'.length))).toBe(startMs)
    await send(failing, key, { body: { n: 2 } })
    await send(failing, newKey())
    await send(failing, key, { subject: 'somebody else' })
    clock.advance(DAY_MS)
    await send(failing, key)
    expect(new Set(ids).size).toBe(5)
  })

  test('of a function that died is answered by the next one, which the dead one does not overwrite', async () => {
    const key = newKey()
    const hold = gate()
    // Answered 503 just before its end; what it was at goes on behind its back.
    const first = await send(
      async () => {
        await hold.opened
        return { status: 200, body: { did: 'late' } }
      },
      key,
      { remainingMs: 320 },
    )
    expect(first.status).toBe(503)
    expect((await send(notAgain, key)).status).toBe(409)
    clock.advance(320 + 1001)
    expect((await send(done, key)).body).toEqual({ did: 'it' })
    hold.open()
    await wait(50)
    expect((await send(notAgain, key)).body).toEqual({ did: 'it' })
  })

  test('whose answer is too large to be kept is not done again, either', async () => {
    const key = newKey()
    const large = randomBytes(450 * 1024).toString('base64')
    expect((await send(async () => ({ status: 200, body: { large } }), key)).status).toBe(200)
    const again = await send(notAgain, key)
    expect([again.status, again.body.code]).toEqual([409, 'answerNotKept'])
    const other = newKey()
    const fits = large.slice(0, 450 * 1024)
    await send(async () => ({ status: 200, body: { large: fits } }), other)
    expect((await send(notAgain, other)).body).toEqual({ large: fits })
  })

  test('that was done is answered so, even if its answer could not be kept', async () => {
    const key = newKey()
    const failing = createAnswerOnce((options) => {
      const record = recordsOf(options)
      record.saveSuccess = () => Promise.reject(new BusyError('throttled'))
      return record
    })
    const answer = await callApi(workingWith(done, failing), 'POST /v1/merchants-work', {
      body: { n: 1 },
      headers: named(key),
    })
    expect([answer.status, answer.body]).toEqual([200, { did: 'it' }])
  })
})

describe('what is kept of a customer’s own request', () => {
  const routeKey = 'POST /v1/my-work'
  const erase = createEraseCustomer(tables, () => Promise.resolve())
  const keptOf = async (subject: string) =>
    (await tables.allOf(tables.ledger)).filter(({ pk }) => pk === `U#${userIdOf(subject)}`)

  test('goes with the customer', async () => {
    await send(done, newKey(), { routeKey, subject: 'carla' })
    expect(await keptOf('carla')).toMatchObject([{ kind: 'idempotency' }])
    await erase(userIdOf('carla'), clock.nowMs)
    expect(await keptOf('carla')).toMatchObject([{ tombstone: true }])
  })

  test('is not brought back by a request that was under way', async () => {
    const answer = await send(
      async () => {
        await erase(userIdOf('dora'), clock.nowMs)
        return done()
      },
      newKey(),
      { routeKey, subject: 'dora' },
    )
    expect(answer.status).toBe(200)
    expect(await keptOf('dora')).toMatchObject([{ tombstone: true }])
  })

  test('is nothing, for one who was erased', async () => {
    await erase(userIdOf('emil'), clock.nowMs)
    const gone = () => Promise.reject(new Problem('gone'))
    expect((await send(gone, newKey(), { routeKey, subject: 'emil' })).status).toBe(410)
    expect(await keptOf('emil')).toMatchObject([{ tombstone: true }])
  })
})

test('an item of another form is a fault of ours, not of the client', async () => {
  const key = newKey()
  await send(done, key)
  for (const item of await tables.allOf(tables.ledger)) {
    if (item['kind'] !== 'idempotency') continue
    const { bodyHash: _, ...Item } = item
    await tables.client.send(new PutCommand({ TableName: tables.ledger, Item }))
  }
  expect((await send(notAgain, key)).status).toBe(500)
})

test('every POST is repeatable by nature, or its function answers once', () => {
  const exempt = Object.entries(ALL_ROUTES)
    .filter(([key, { repeatable }]) => key.startsWith('POST ') && repeatable)
    .map(([key]) => key)
  expect(exempt.toSorted()).toEqual([
    'POST /q/{code}/scans',
    'POST /v1/events',
    'POST /v1/me/offers/{grantId}/claim',
    'POST /v1/me/offers/{grantId}/redemption-tokens',
    'POST /v1/me/offers/{grantId}/share',
    'POST /v1/me/scans',
    'POST /v1/merchants/{merchantId}/audience:estimate',
    'POST /v1/merchants/{merchantId}/geofences:contains',
    'POST /v1/merchants/{merchantId}/offers/{offerId}/codes',
    'POST /v1/merchants/{merchantId}/redemptions',
    'POST /v1/merchants/{merchantId}/redemptions:sync',
    'POST /v1/merchants/{merchantId}/scenes/{sceneId}/activate',
    'POST /v1/merchants/{merchantId}/scenes/{sceneId}/pause',
    'POST /v1/merchants/{merchantId}/scenes/{sceneId}/rehearsals',
    'POST /v1/merchants/{merchantId}/scenes:preview',
    'POST /v1/pings',
    'POST /v1/sms-answers',
    'POST /v1/stop/{code}',
  ])
  // match-pings has nothing that answers once.
  for (const { repeatable } of Object.values(pingRoutes)) expect(repeatable).toBe(true)
})
