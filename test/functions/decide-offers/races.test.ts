import { describe, expect, it } from 'vitest'
import type { UserId } from '#shared/domain/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import { aDeviceItem, anOffer, aProfileItem, aScene, named } from '#test/support/builders.ts'

const { stored, deliver, queuedOn } = await startDecideOffers({ PLATFORM_CAP_PER_DAY: '3' })

const customer = async (name: string): Promise<UserId> => {
  const user = named('usr', name)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return user
}
const visits = (user: UserId, visit: string, merchantId = named('mer', 'cafe')) =>
  newsOf(user, { transitions: [{ merchantId, visitId: named('vis', `${user} ${visit}`) }] })
const grantsOf = async (user: UserId) =>
  (await stored.ledgerItems('grant')).filter((item) => item['user'] === user)

describe('many deliveries at once', () => {
  it('never exceed the platform cap of a customer (I4)', async () => {
    await stored.putScenes([aScene('greet')])
    const anna = await customer('anna')
    const failures = await Promise.all(
      Array.from({ length: 20 }, (_, index) => deliver(visits(anna, `visit ${index}`))),
    )
    expect(failures.flat()).toEqual([])
    expect(await grantsOf(anna)).toHaveLength(3)
    expect(queuedOn('push')).toHaveLength(3)
    const counts = await stored.countsOf(named('scn', 'greet'))
    expect(counts).toMatchObject({ triggered: 20, granted: 3, suppressed_platformCap: 17 })
  })

  it('of one record grant once (I3)', async () => {
    const bea = await customer('bea')
    await Promise.all(Array.from({ length: 10 }, () => deliver(visits(bea, 'only'))))
    expect(await grantsOf(bea)).toHaveLength(1)
    const ids = queuedOn('push').map(({ body }) => JSON.stringify(body))
    expect(ids.length).toBeGreaterThan(0)
    expect(new Set(ids).size).toBe(1)
  })

  it('share a stock of 7 between 50 customers: exactly 7 get one (I6)', async () => {
    const offer = anOffer('seven', { merchantId: named('mer', 'seven'), stock: 7, stockShards: 4 })
    const scene = aScene('seven', { merchantId: offer.merchantId, offerId: offer.id })
    await stored.putScenes([scene], [offer])
    const users = await Promise.all(Array.from({ length: 50 }, (_, index) => customer(`racer ${index}`)))
    const failures = await Promise.all(users.map((user) => deliver(visits(user, 'race', offer.merchantId))))
    expect(failures.flat()).toEqual([])
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 7, confirmed: 0 })
    const grants = (await stored.ledgerItems('grant')).filter((item) => item['offerId'] === offer.id)
    expect(grants).toHaveLength(7)
    expect(new Set(grants.map((grant) => grant['code'])).size).toBe(7)
    expect(await stored.countsOf(scene.id)).toMatchObject({
      triggered: 50,
      granted: 7,
      suppressed_soldOut: 43,
    })
  })

  it('leave the next best scene to a customer whose offer was sold out', async () => {
    const offer = anOffer('none', { merchantId: named('mer', 'next'), stock: 0 })
    const best = aScene('best', { merchantId: offer.merchantId, offerId: offer.id, priority: 90 })
    const next = aScene('next', { merchantId: offer.merchantId, priority: 10 })
    await stored.putScenes([best, next], [offer])
    const carl = await customer('carl')
    await deliver(visits(carl, 'first', offer.merchantId))
    expect(await grantsOf(carl)).toMatchObject([{ sceneId: next.id }])
  })
})
