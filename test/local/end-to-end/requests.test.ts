import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  addScene,
  openShop,
  ping,
  pushCustomer,
  SQUARE,
  startWorld,
  type World,
} from '#test/local/end-to-end/world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world?.close())

type Answer = { status: number; type: string | null; body: Record<string, unknown> }

const request = async (method: string, path: string, token?: string, body?: unknown): Promise<Answer> => {
  const response = await fetch(`${world.cloud.url}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}

const pings = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    at: new Date(world.cloud.clock.nowMs() - index * 1000).toISOString(),
    ...SQUARE,
  }))

describe('a bad request', () => {
  it("without a token, or with a wrong one, is refused in API Gateway's own form", async () => {
    const unauthorized = { status: 401, body: { message: 'Unauthorized' } }
    expect(await request('POST', '/v1/pings', undefined, { pings: pings(1) })).toMatchObject(unauthorized)
    expect(await request('POST', '/v1/pings', 'no.such.token', { pings: pings(1) })).toMatchObject(
      unauthorized,
    )
  })

  it('with a token of another role is forbidden', async () => {
    const customer = await world.api.token('role', ['customer'])
    expect(await request('GET', '/v1/merchants', customer)).toMatchObject({ status: 403 })
    expect(await request('POST', '/v1/pings', world.merchantToken, { pings: pings(1) })).toMatchObject({
      status: 403,
    })
  })

  it('names each bad field, and a fault in one ping stores nothing of the batch', async () => {
    const customer = await world.api.token('faulty', ['customer'])
    const batch = pings(20).map((one, index) => (index === 17 ? { ...one, lat: 95, speed: 3 } : one))
    const answer = await request('POST', '/v1/pings', customer, { pings: batch })
    expect(answer).toMatchObject({ status: 400, type: 'application/problem+json' })
    expect(answer.body).toMatchObject({ status: 400, code: 'invalidRequest', requestId: expect.any(String) })
    expect((answer.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).toSorted()).toEqual(
      ['/pings/17/lat', '/pings/17/speed'],
    )
    expect(await world.itemsOf('presence')).toEqual([])
  })

  it('for a path or a method that there is not is a problem like others, with a token or without', async () => {
    const customer = await world.api.token('lost', ['customer'])
    for (const token of [undefined, customer]) {
      for (const [method, path] of [
        ['GET', '/v1/nowhere'],
        ['DELETE', '/v1/pings'],
        ['GET', '/'],
      ] as const) {
        const answer = await request(method, path, token)
        expect(answer).toMatchObject({ status: 404, type: 'application/problem+json' })
        expect(answer.body).toMatchObject({ code: 'notFound', requestId: expect.stringMatching(/./) })
      }
    }
  })

  it('tells nothing internal', async () => {
    const answer = await request('POST', '/v1/merchants', world.merchantToken, '{"name":')
    expect(answer).toMatchObject({ status: 400, type: 'application/problem+json' })
    expect(JSON.stringify(answer.body)).not.toMatch(/\bat \S+:\d+|node_modules|SyntaxError|dynamodb/i)
  })

  it('for a merchant of somebody else looks like one for a merchant that does not exist', async () => {
    const shop = await openShop(world, 'Mine')
    const stranger = await world.api.token('another merchant', ['merchant', 'till'])
    const withoutIds = ({ body }: Answer) => ({ ...body, instance: '', requestId: '' })
    const absent = shop.merchantId.replace(/.{4}$/, 'ZZZZ')
    for (const rest of ['', '/scenes', '/geofences', '/offers', '/stores']) {
      const foreign = await request('GET', `/v1/merchants/${shop.merchantId}${rest}`, stranger)
      const missing = await request('GET', `/v1/merchants/${absent}${rest}`, stranger)
      expect(foreign.status).toBe(404)
      expect(withoutIds(foreign)).toEqual(withoutIds(missing))
    }
  })
})

describe('a store', () => {
  it('can be given by its address', async () => {
    const shop = await openShop(world, 'Addressed')
    const made = await request('POST', `${shop.path}/stores`, world.merchantToken, {
      name: 'Downtown',
      address: 'Stockton Street, San Francisco, CA',
    })
    expect(made).toMatchObject({ status: 201, body: { timeZone: 'America/Los_Angeles' } })
    expect(Number(made.body['lat'])).toBeCloseTo(37.77, 1)
  })

  it('whose address nobody knows is refused with its pointer', async () => {
    const shop = await openShop(world, 'Lost')
    const refused = await request('POST', `${shop.path}/stores`, world.merchantToken, {
      name: 'X',
      address: 'Xyzzyplugh 99',
    })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/address' }] } })
  })
})

describe('a merchant', () => {
  it('learns which of its geofences contain a place', async () => {
    const shop = await openShop(world, 'Containing')
    const inside = await request('POST', `${shop.path}/geofences:contains`, world.merchantToken, SQUARE)
    expect(inside.body).toMatchObject({ geofenceIds: [shop.geofenceId] })
    const outside = await request('POST', `${shop.path}/geofences:contains`, world.merchantToken, {
      lat: 0,
      lon: 0,
    })
    expect(outside.body).toMatchObject({ geofenceIds: [] })
  })
})

describe('erasure', () => {
  it('leaves the hashed tombstones only, deletes the phone at SNS, and nothing brings the customer back', async () => {
    const shop = await openShop(world, 'Erasing')
    await addScene(world, shop.merchantId, { offerId: shop.offerId })
    const zoe = await pushCustomer(world, 'zoe')
    await ping(world, zoe, SQUARE)
    const { user } = await world.api.get<{ user: string }>('/v1/me', zoe)
    const mine = async () =>
      (await Promise.all([world.itemsOf('presence'), world.itemsOf('ledger')]))
        .flat()
        .filter((item) => JSON.stringify(item).includes(user))
    expect((await mine()).length).toBeGreaterThan(4)

    expect(await request('DELETE', '/v1/me', zoe)).toMatchObject({ status: 202 })
    await world.pass(600)

    expect((await mine()).map(({ kind }) => kind)).toEqual(['tombstone', 'tombstone'])
    expect(await request('POST', '/v1/pings', zoe, { pings: pings(1) })).toMatchObject({ status: 410 })
    expect(await request('PUT', '/v1/me/consents/push', zoe, { granted: true, source: 'app' })).toMatchObject(
      { status: 410 },
    )
    await world.pass(60)
    expect((await mine()).map(({ kind }) => kind)).toEqual(['tombstone', 'tombstone'])
    const stock = (await world.itemsOf('ledger', 'stock')).filter(({ offerId }) => offerId === shop.offerId)
    expect(stock).toMatchObject([{ free: 10, reserved: 0, confirmed: 0 }])
  })
})
