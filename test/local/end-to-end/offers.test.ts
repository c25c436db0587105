import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  addScene,
  FAR_AWAY,
  openShop,
  ping,
  pushCustomer,
  SQUARE,
  smsCustomer,
  startWorld,
  type World,
} from '#test/local/end-to-end/world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world?.close())

const receivedSince = (seq: number) => world.cloud.phones.received().filter((message) => message.seq > seq)
const lastSeq = () => world.cloud.phones.received().at(-1)?.seq ?? 0

describe('from a ping to a phone', () => {
  it('sends a push when a customer enters, once, and tells the customer of the offer', async () => {
    const shop = await openShop(world, 'Push shop')
    await addScene(world, shop.merchantId, { offerId: shop.offerId })
    const maria = await pushCustomer(world, 'maria')
    const before = lastSeq()

    await ping(world, maria, FAR_AWAY)
    await world.pass(60)
    const answer = await ping(world, maria, SQUARE)

    expect(answer.transitions.map(({ type }: { type: string }) => type)).toEqual(['enter'])
    const received = receivedSince(before)
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({
      channel: 'push',
      title: 'Push shop',
      text: 'A coffee is waiting for you',
    })
    const { items } = await world.api.get<{ items: object[] }>('/v1/me/offers', maria)
    expect(items).toMatchObject([{ merchantId: shop.merchantId, offerName: 'Coffee', state: 'reserved' }])
    expect((await world.itemsOf('ledger', 'message')).at(-1)).toMatchObject({
      state: 'sent',
      channel: 'push',
    })

    await world.pass(60)
    await ping(world, maria, SQUARE)
    expect(receivedSince(before)).toHaveLength(1)
  })

  it('sends a text message, with the code, to a customer who consented to those of this merchant only', async () => {
    const shop = await openShop(world, 'SMS shop')
    await addScene(world, shop.merchantId, { offerId: shop.offerId })
    const ahmed = await smsCustomer(world, 'ahmed', shop.merchantId)
    const before = lastSeq()

    await ping(world, ahmed, SQUARE)

    const received = receivedSince(before)
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({ channel: 'sms', phoneNumber: '+14155550123' })
    expect(JSON.stringify(received[0])).toMatch(
      /SMS shop: a coffee is waiting for you\. Code [0-9A-Z]{5}-[0-9A-Z]{5}/,
    )
  })

  it('sends nothing to a customer who never consented, and keeps the reason', async () => {
    const stranger = await world.api.token('stranger', ['customer'])
    const before = lastSeq()

    await ping(world, stranger, SQUARE)

    expect(receivedSince(before)).toEqual([])
    const traces = await world.itemsOf('ledger', 'trace')
    expect(JSON.stringify(traces)).toContain('"result":"consent"')
  })
})

describe('from an app event to the till', () => {
  it('grants on the event, redeems the code once, and says when and where it was redeemed', async () => {
    const shop = await openShop(world, 'Scan shop')
    await addScene(world, shop.merchantId, {
      offerId: shop.offerId,
      triggers: [{ type: 'event', eventType: 'qr_scan' }],
      // It answers the customer's own act, so nobody has to know whose evening it is.
      message: {
        push: { title: '{{ merchant.name }}', body: 'A coffee is waiting for you' },
        kind: 'service',
        ttlS: 3600,
      },
    })
    const lin = await pushCustomer(world, 'lin')
    const before = lastSeq()
    const event = {
      id: 'scan-1',
      type: 'qr_scan',
      at: new Date(world.cloud.clock.nowMs()).toISOString(),
      merchantId: shop.merchantId,
    }

    await world.api.post('/v1/events', { events: [event] }, lin)
    await world.api.post('/v1/events', { events: [event] }, lin)
    await world.cloud.drain()

    expect(receivedSince(before)).toHaveLength(1)
    const { items } = await world.api.get<{ items: { code: string; state: string }[] }>('/v1/me/offers', lin)
    expect(items).toHaveLength(1)
    const redemption = { code: items[0]?.code ?? '' }
    await world.api.post(`${shop.path}/redemptions`, redemption, world.merchantToken)
    await expect(
      world.api.post(`${shop.path}/redemptions`, redemption, world.merchantToken),
    ).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('redeemedAt'),
    })
    const stock = (await world.itemsOf('ledger', 'stock')).filter(({ offerId }) => offerId === shop.offerId)
    expect(stock).toMatchObject([{ free: 9, reserved: 0, confirmed: 1 }])
  })
})

describe('a waiting list', () => {
  it('takes who left back by the own wish, and calls up when units return', async () => {
    const { merchantId } = await openShop(world, 'Sold-out shop')
    const { merchants } = world.clientOf(world.merchantToken)
    const { data: store } = await merchants.createStore(merchantId, { name: 'Sold-out shop', ...SQUARE })
    const { data: offer } = await merchants.createOffer(merchantId, {
      name: 'Last cup',
      kind: 'coupon',
      description: 'The last cup of the day',
      stock: 1,
      validityS: 86_400,
      hasWaitingList: true,
    })
    await addScene(world, merchantId, {
      offerId: offer.id,
      triggers: [{ type: 'event', eventType: 'qr_scan' }],
    })
    const [olga, pia] = [await pushCustomer(world, 'olga'), await pushCustomer(world, 'pia')]
    for (const token of [olga, pia]) {
      const at = new Date(world.cloud.clock.nowMs()).toISOString()
      const scan = { id: 'cup', type: 'qr_scan', at, merchantId, storeId: store.id } as const
      await world.clientOf(token).customers.postEvents({ events: [scan] })
      await world.cloud.drain()
    }
    const { customers } = world.clientOf(pia)
    const { data: decisions } = await customers.listMyDecisions({})
    expect(decisions.items).toMatchObject([
      {
        outcomes: [{ result: 'soldOut', offerId: offer.id, explanation: expect.stringContaining('run out') }],
      },
    ])
    await customers.leaveWaitingList(offer.id)
    expect((await customers.listMyWaits({})).data.items).toEqual([])
    const { data: place } = await customers.joinWaitingList(offer.id)
    expect(place).toMatchObject({ merchantId, offerName: 'Last cup' })
    await expect(world.clientOf(olga).customers.joinWaitingList(offer.id)).rejects.toMatchObject({
      status: 404,
    })

    const before = lastSeq()
    await merchants.changeStock(merchantId, offer.id, { add: 1 })
    await world.pass(180)
    expect(receivedSince(before)).toHaveLength(1)
    await expect(customers.joinWaitingList(offer.id)).rejects.toMatchObject({ status: 409 })
    expect((await world.recount()).differences).toEqual([])
  })
})

describe('what the operator and the merchant see', () => {
  it('is every decision with its reason; the kill switch ends them all', async () => {
    const shop = await openShop(world, 'Watched shop')
    const sceneId = await addScene(world, shop.merchantId, {})
    const operator = await world.api.token('the operator', ['operator'])
    const set = (on: boolean) => world.api.put('/v1/platform/kill-switch', { on }, operator)
    type Decision = { outcomes: { result: string; passed: string[] }[]; user?: string }
    const nora = await pushCustomer(world, 'nora')
    await set(true)
    await world.pass(10)
    const before = lastSeq()
    await ping(world, nora, SQUARE)
    await set(false)
    expect(receivedSince(before)).toEqual([])
    const mine = await world.api.get<{ items: Decision[] }>('/v1/me/decisions', nora)
    const results = new Set(mine.items.flatMap(({ outcomes }) => outcomes.map(({ result }) => result)))
    expect(results).toEqual(new Set(['killSwitch']))
    const { items } = await world.api.get<{ items: Decision[] }>(
      `${shop.path}/scenes/${sceneId}/decisions`,
      world.merchantToken,
    )
    expect(items).toMatchObject([{ outcomes: [{ result: 'killSwitch', passed: [] }] }])
    // She has only walked by: the merchant does not learn who she is.
    expect(items[0]).not.toHaveProperty('user')
    await world.pass(10)
  })
})

describe('without a ping', () => {
  it('finds that a silent customer has stayed', async () => {
    const shop = await openShop(world, 'Dwell shop')
    await addScene(world, shop.merchantId, { triggers: [{ type: 'dwell', dwellS: 1200 }] })
    const noor = await pushCustomer(world, 'noor')
    await ping(world, noor, SQUARE)
    const before = lastSeq()

    await world.pass(1190)
    expect(receivedSince(before)).toEqual([])
    await world.pass(20)

    expect(receivedSince(before)).toHaveLength(1)
  })

  it('reminds a customer N days after the last visit, once', async () => {
    const shop = await openShop(world, 'Revisit shop')
    await addScene(world, shop.merchantId, {
      triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days: 3 } }],
    })
    const tomas = await pushCustomer(world, 'tomas')
    await ping(world, tomas, SQUARE)
    await world.pass(60)
    await ping(world, tomas, FAR_AWAY)
    await world.pass(60)
    await ping(world, tomas, FAR_AWAY)
    await world.pass(2 * 86_400)
    const before = lastSeq()

    await world.pass(2 * 86_400)

    expect(receivedSince(before)).toHaveLength(1)
    await world.pass(2 * 86_400)
    expect(receivedSince(before)).toHaveLength(1)
  })
})

describe('the counters after all of this', () => {
  it('say what the facts say', async () => {
    const { differences, compared } = await world.recount()
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(10)
  })
})
