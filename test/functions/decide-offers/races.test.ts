import { describe, expect, it } from 'vitest'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import { aDeviceItem, anOffer, aProfileItem, aScene, named } from '#test/support/builders.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody } from '#test/support/merchants.ts'

const { tables, clock, stored, deliver, queuedOn } = await startDecideOffers({
  PLATFORM_CAP_PER_DAY: '3',
  PLACE_INDEX: 'places',
})

const customer = async (name: string): Promise<UserId> => {
  const user = named('usr', name)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return user
}
const visits = (user: UserId, visit: string, merchantId = named('mer', 'cafe')) =>
  newsOf(user, { transitions: [{ merchantId, visitId: named('vis', `${user} ${visit}`) }] })
const grantsOf = async (user: UserId) =>
  (await stored.ledgerItems('grant')).filter((item) => item['user'] === user)

type News = Parameters<typeof deliver>[0]

/** All at once; what the function hands back, because others were in its way, is delivered again, as a stream does. */
const deliverAll = async (news: readonly News[]): Promise<void> => {
  let left = news
  for (let round = 0; left.length > 0; round += 1) {
    expect(round, 'rounds of delivery').toBeLessThan(10)
    const failures = await Promise.all(left.map((one) => deliver(one)))
    left = left.filter((_, index) => failures[index]?.length !== 0)
  }
}

describe('many deliveries at once', () => {
  it('never exceed the platform cap of a customer (I4)', async () => {
    await stored.putScenes([aScene('greet')])
    const anna = await customer('anna')
    await deliverAll(Array.from({ length: 20 }, (_, index) => visits(anna, `visit ${index}`)))
    expect(await grantsOf(anna)).toHaveLength(3)
    expect(queuedOn('push')).toHaveLength(3)
    const counts = await stored.countsOf(named('scn', 'greet'))
    expect(counts).toMatchObject({ triggered: 20, granted: 3, suppressed_platformCap: 17 })
  })

  it('of one record grant once (I3)', async () => {
    const bea = await customer('bea')
    await deliverAll(Array.from({ length: 10 }, () => visits(bea, 'only')))
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
    await deliverAll(users.map((user) => visits(user, 'race', offer.merchantId)))
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

  it('give each code of a list of 20 once to 50 customers', async () => {
    const { handler } = await import('#functions/merchant-api/handler.ts')
    const { id: merchantId } = await newMerchant(handler, 'owner')
    const body = offerBody({ codes: 'list', stock: 0 })
    const path = { merchantId }
    const offer = await created(handler, 'POST /v1/merchants/{merchantId}/offers', {
      subject: 'owner',
      path,
      body,
    })
    const codes = Array.from({ length: 20 }, (_, n) => `SUMMER${String(n).padStart(2, '0')}`)
    const added = await callApi(handler, 'POST /v1/merchants/{merchantId}/offers/{offerId}/codes', {
      subject: 'owner',
      path: { merchantId, offerId: offer.id },
      body: { codes },
    })
    expect(added.body).toEqual({ added: 20, duplicates: [], left: 20 })
    const scene = aScene('listed', { merchantId, offerId: offer.id })
    await stored.putScenes([scene])
    const users = await Promise.all(Array.from({ length: 50 }, (_, index) => customer(`listed ${index}`)))
    await deliverAll(users.map((user) => visits(user, 'race', merchantId)))
    const grants = (await stored.ledgerItems('grant')).filter((item) => item['offerId'] === offer.id)
    expect(grants.map((grant) => String(grant['code'])).toSorted()).toEqual(codes)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 20, confirmed: 0 })
    expect(await stored.countsOf(scene.id)).toMatchObject({ granted: 20, suppressed_soldOut: 30 })
    const addAgain = () =>
      callApi(handler, 'POST /v1/merchants/{merchantId}/offers/{offerId}/codes', {
        subject: 'owner',
        path: { merchantId, offerId: offer.id },
        body: { codes },
      })
    expect((await addAgain()).body).toEqual({ added: 0, duplicates: codes, left: 0 })

    // One is given back with its unit, given to the next customer, and redeemed at the till; then it is used up.
    const [back] = grants
    const code = String(back?.['code'])
    const erase = createEraseCustomer(tables, async () => {})
    await erase(id('usr').parse(back?.['user']), clock.nowMs)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 1, reserved: 19, confirmed: 0 })
    const next = await customer('next in line')
    await deliver(visits(next, 'race', merchantId))
    expect(await grantsOf(next)).toMatchObject([{ code }])
    const redeem = () =>
      callApi(handler, 'POST /v1/merchants/{merchantId}/redemptions', {
        subject: 'owner',
        path,
        body: { code: code.toLowerCase().replace('summer', 'Summer-') },
      })
    expect(await redeem()).toMatchObject({ status: 200, body: { offerId: offer.id } })
    expect((await redeem()).status).toBe(409)
    await erase(next, clock.nowMs)
    expect((await addAgain()).body.added).toBe(0)
    expect(JSON.stringify(await stored.ledgerItems('code'))).not.toContain(next)
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
