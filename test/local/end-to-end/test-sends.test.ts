import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addScene, openShop, pushCustomer, startWorld, type World } from '#test/local/end-to-end/world.ts'

let world: World
let path: string
let offerId: string
let sceneId: string

beforeAll(async () => {
  world = await startWorld()
  const shop = await openShop(world, 'Test shop', 3)
  path = shop.path
  offerId = shop.offerId
  sceneId = await addScene(world, shop.merchantId, { offerId })
})
afterAll(() => world?.close())

const testSend = (body: object, token = world.merchantToken) =>
  world.api.post<{ messageId: string }>(`${path}/scenes/${sceneId}/test-sends`, body, token)

/** What is said of limits beside the status. */
const saidOf = async (idempotencyKey: string) => {
  const response = await fetch(`${world.cloud.url}${path}/scenes/${sceneId}/test-sends`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${world.merchantToken}`,
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
    },
    body: JSON.stringify({ channel: 'push' }),
  })
  const { status, headers } = response
  await response.body?.cancel()
  return {
    status,
    limits: (headers.get('ratelimit') ?? '').replace(/"caller";r=\d+;t=\d+/, '"caller"'),
    policies: headers.get('ratelimit-policy'),
    retryAfter: headers.get('retry-after'),
  }
}

describe('a test send', () => {
  it('needs a phone of the member’s own', async () => {
    await expect(testSend({ channel: 'push' })).rejects.toMatchObject({ status: 422 })
    await expect(testSend({ channel: 'sms' })).rejects.toMatchObject({ status: 422 })
    await expect(testSend({ channel: 'pigeon' })).rejects.toMatchObject({ status: 400 })
  })

  it('reaches it by push and by SMS, and burns and counts nothing', async () => {
    const ledgerBefore = await world.itemsOf('ledger')
    // The merchant's owner, as a customer with the same account; no consent is given.
    const owner = await world.api.token('a merchant', ['customer'])
    const token = Buffer.from('owner').toString('hex').padEnd(64, '0')
    await world.api.put('/v1/me/devices/own', { platform: 'apns', token }, owner)
    await world.api.put('/v1/me/phone-number', { phoneNumber: '+14155550181' }, owner)
    const { messageId } = await testSend({ channel: 'push' })
    await testSend({ channel: 'sms' })
    await world.cloud.drain()
    const received = world.cloud.phones.received().toSorted((a, b) => (a.channel < b.channel ? -1 : 1))
    expect(received).toMatchObject([
      { channel: 'push', title: 'Test shop', collapseKey: messageId },
      { channel: 'sms', text: expect.stringContaining('Code TEST0-TEST0 Reply STOP to opt out.') },
    ])
    const ledger = await world.itemsOf('ledger')
    const of = (kind: string, items = ledger) => items.filter((item) => item['kind'] === kind)
    expect(of('message')).toMatchObject([{ state: 'sent' }, { state: 'sent' }])
    expect(of('grant')).toEqual([])
    expect(of('count')).toEqual([])
    expect(of('stock')).toEqual(of('stock', ledgerBefore))
    expect(of('stock').filter((item) => item['offerId'] === offerId)).toMatchObject([
      { free: 3, reserved: 0 },
    ])
    expect(of('profile').flatMap((item) => item['recentSends'] ?? [])).toEqual([])
  })

  it('is for those who may edit the scene, 20 times a day', async () => {
    const stranger = await world.api.token('a stranger', ['merchant'])
    await expect(testSend({ channel: 'push' }, stranger)).rejects.toMatchObject({ status: 404 })
    for (let time = 2; time < 19; time += 1) await testSend({ channel: 'push' })
    const last = await saidOf('the-last-one')
    expect(last).toMatchObject({
      status: 202,
      limits: expect.stringMatching(/^"caller", "test-sends";r=0;t=\d+$/),
      policies: '"all-callers";q=100;w=1, "caller";q=60000;w=60, "test-sends";q=20;w=86400',
    })
    // Sent again it is the same one; how many were left then is not said again.
    expect(await saidOf('the-last-one')).toMatchObject({ status: 202, limits: '"caller"' })
    const tooMany = await saidOf('one-more')
    expect(tooMany).toMatchObject({ status: 429, limits: last.limits })
    expect(last.limits.endsWith(`;t=${tooMany.retryAfter}`)).toBe(true)
    await world.pass(86_400)
    await testSend({ channel: 'push' })
    await world.cloud.drain()
  })

  it('does not fall back to another channel', async () => {
    await pushCustomer(world, 'nobody')
    const before = world.cloud.phones.received().length
    world.cloud.phones.setFault({ kind: 'disableEndpoint' })
    const { messageId } = await testSend({ channel: 'push' })
    await world.cloud.drain()
    expect(world.cloud.phones.received()).toHaveLength(before)
    const messages = await world.itemsOf('ledger', 'message')
    expect(messages.find((item) => item['messageId'] === messageId)).toMatchObject({
      state: 'failed',
      reason: 'noChannel',
    })
  })
})
