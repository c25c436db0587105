import { afterAll, beforeAll, expect, it } from 'vitest'
import { addScene, openShop, startWorld, type World } from '#test/local/end-to-end/world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld({ maxWorkers: 6 })
})
afterAll(() => world?.close())

/** More than the workers of one queue hold at once: two batches of ten. */
const EACH = 30
const SLOW_MS = 5000

const register = async (index: number) => {
  const customer = await world.api.token(`customer ${index}`, ['customer'])
  const token = Buffer.from(`customer ${index}`.padEnd(32, '.')).toString('hex')
  const platform = index % 2 === 0 ? 'apns' : 'fcm'
  await world.api.put('/v1/me/devices/phone', { platform, token }, customer)
  await world.api.put('/v1/me/consents/push', { granted: true, source: 'app' }, customer)
  return customer
}

it('one slow platform holds up no other: all of Google’s phones have theirs before the first of Apple’s', async () => {
  const shop = await openShop(world, 'Two platforms')
  // The answer to an own act may come at any hour.
  const push = { title: '{{ merchant.name }}', body: 'Thank you' }
  const message = { kind: 'service' as const, push, ttlS: 3600 }
  await addScene(world, shop.merchantId, { triggers: [{ type: 'event', eventType: 'qr_scan' }], message })
  const customers = await Promise.all(Array.from({ length: 2 * EACH }, (_, index) => register(index)))
  world.cloud.phones.setFault({ kind: 'slow', forMs: SLOW_MS, when: { platform: 'APNS' }, times: EACH })

  const at = new Date(world.cloud.clock.nowMs()).toISOString()
  const event = { id: 'scan', type: 'qr_scan', at, merchantId: shop.merchantId }
  await Promise.all(customers.map((token) => world.api.post('/v1/events', { events: [event] }, token)))
  await world.cloud.drain()

  const platforms = world.cloud.phones
    .received()
    .map((one) => (one.channel === 'push' ? one.platform : 'SMS'))
  expect(platforms).toEqual([...Array(EACH).fill('GCM'), ...Array(EACH).fill('APNS')])
}, 600_000)
