import { beforeEach, describe, expect, test } from 'vitest'
import { createWaitRecords } from '#shared/adapters/dynamodb/customers/wait-records.ts'
import type { OfferId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anOffer,
  aProfileItem,
  aScene,
  aTombstone,
  DAY,
  MINUTE,
  named,
  T0,
} from '#test/support/builders.ts'
import { dueStoreOf } from '#test/support/due-store.ts'
import { callApi } from '#test/support/http-event.ts'

const { tables, stored, deliver, clock } = await startDecideOffers({
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
})
const { handler } = await import('#functions/customer-api/handler.ts')
const due = dueStoreOf(tables, 2)
const iso = (atMs: number) => new Date(atMs).toISOString()

beforeEach(() => {
  clock.nowMs = T0
})

const ROUTE = '/v1/me/waiting-list/{offerId}'
const join = (subject: string, offerId: OfferId) =>
  callApi(handler, `PUT ${ROUTE}`, { subject, path: { offerId } })
const leave = (subject: string, offerId: OfferId) =>
  callApi(handler, `DELETE ${ROUTE}`, { subject, path: { offerId } })
const waitsOf = async (subject: string) =>
  (await callApi(handler, 'GET /v1/me/waiting-list', { subject })).body.items

/** A merchant with a scene that gives one unit to whoever comes first. */
const openShop = async (name: string, offer: Partial<Offer> = {}, scene: Partial<Scene> = {}) => {
  const merchantId = named('mer', name)
  const given = anOffer(`${name} offer`, { merchantId, stock: 1, hasWaitingList: true, ...offer })
  const own = aScene(`${name} scene`, { merchantId, offerId: given.id, ...scene })
  await stored.putScenes([own], [given])
  /** As the merchant edits both. */
  const change = async (newOffer: Partial<Offer>, newScene: Partial<Scene> = {}) =>
    stored.putCatalog(
      { pk: `M#${merchantId}`, sk: `OFFER#${given.id}`, ...given, ...newOffer },
      { pk: `M#${merchantId}`, sk: `SCENE#${own.id}`, kind: 'scene', ...own, ...newScene },
    )
  const { hasWaitingList: _, ...unlisted } = given
  const endList = () => stored.putCatalog({ pk: `M#${merchantId}`, sk: `OFFER#${given.id}`, ...unlisted })
  return { merchantId, offerId: given.id, sceneId: own.id, change, endList }
}
type Shop = Awaited<ReturnType<typeof openShop>>

let visits = 0
/** A customer, new or not, walks into the shop. */
const comeTo = async ({ merchantId }: Shop, subject: string) => {
  const user = userIdOf(subject)
  if ((await stored.ledgerItem(`U#${user}`, 'PROFILE')) === undefined)
    await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  visits += 1
  const visitId = named('vis', `visit ${visits}`)
  await deliver(newsOf(user, { transitions: [{ merchantId, visitId, atMs: clock.nowMs }] }))
}
/** The first customer takes the only unit; the others find it sold out, a minute after one another. */
const sellOut = async (shop: Shop, ...subjects: readonly string[]) => {
  await comeTo(shop, `${shop.merchantId} first`)
  for (const subject of subjects) {
    clock.advance(MINUTE)
    await comeTo(shop, subject)
  }
}

/** The minute schedule looks at the offer; who is called up is decided on. */
const look = async (offerId: OfferId, { decides = true } = {}) => {
  const known = new Set((await stored.ledgerItems('event')).map(({ sk }) => sk))
  const hours = [clock.nowMs, clock.nowMs - 60 * MINUTE].map((atMs) => iso(atMs).slice(0, 13))
  for (const hour of hours)
    for (const shard of [0, 1])
      for (const item of (await due.dueIn(hour, shard, clock.nowMs, undefined)).items)
        if (item.kind === 'waiting' && item.offerId === offerId) await due.serveWaiters(item, clock.nowMs)
  const raised = (await stored.ledgerItems('event')).filter(({ sk }) => !known.has(sk))
  if (decides) await deliver(...raised)
  return raised.map(({ user }) => user)
}
const restock = async (offerId: OfferId, units = 1, options: { decides?: boolean } = {}) => {
  await stored.addStock(offerId, units)
  clock.advance(MINUTE)
  return look(offerId, options)
}
const messagesOf = async (subject: string) =>
  (await stored.ledgerItems('message')).filter(({ user }) => user === userIdOf(subject))

describe('joining a waiting list', () => {
  test('takes who left to the end of it, and the offer comes once', async () => {
    const shop = await openShop('bakery')
    await sellOut(shop, 'ben', 'cleo')
    expect((await leave('ben', shop.offerId)).status).toBe(204)
    clock.advance(MINUTE)
    const { status, body } = await join('ben', shop.offerId)
    expect([status, body]).toEqual([
      200,
      {
        offerId: shop.offerId,
        offerName: 'bakery offer',
        merchantId: shop.merchantId,
        since: iso(clock.nowMs),
      },
    ])
    expect(await waitsOf('ben')).toEqual([body])
    expect(await restock(shop.offerId)).toEqual([userIdOf('cleo')])
    expect(await restock(shop.offerId)).toEqual([userIdOf('ben')])
    for (const subject of ['ben', 'cleo']) expect(await messagesOf(subject)).toHaveLength(1)
    expect(await stored.stockOf(shop.offerId)).toEqual({ free: 0, reserved: 3, confirmed: 0 })
  })

  test('is for what was sold out before there was a list; the decision says of what', async () => {
    const shop = await openShop('florist')
    await shop.endList()
    await sellOut(shop, 'dora')
    const { body } = await callApi(handler, 'GET /v1/me/decisions', { subject: 'dora' })
    expect(body.items).toMatchObject([{ outcomes: [{ result: 'soldOut', offerId: shop.offerId }] }])
    expect((await join('dora', shop.offerId)).status).toBe(404)
    await shop.change({})
    expect((await join('dora', shop.offerId)).status).toBe(200)
    expect(await restock(shop.offerId)).toEqual([userIdOf('dora')])
    expect(await messagesOf('dora')).toHaveLength(1)
  })

  test('neither loses nor betters a place that somebody has', async () => {
    const shop = await openShop('grocer')
    await sellOut(shop, 'emil', 'fay')
    const [place] = await waitsOf('emil')
    clock.advance(MINUTE)
    for (let time = 0; time < 2; time++) {
      const { status, body } = await join('emil', shop.offerId)
      expect([status, body]).toEqual([200, place])
    }
    expect(await restock(shop.offerId)).toEqual([userIdOf('emil')])
  })

  test('is refused to who was called up, or has had the offer', async () => {
    const shop = await openShop('tailor')
    await sellOut(shop, 'gus', 'hal')
    const codeOf = async (subject: string) => {
      const { status, body } = await join(subject, shop.offerId)
      return [status, body.code]
    }
    await restock(shop.offerId, 1, { decides: false })
    expect(await codeOf('gus')).toEqual([409, 'alreadyCalledUp'])
    // Who left, and got it at the next visit, waits for nothing.
    await leave('hal', shop.offerId)
    await shop.endList()
    await stored.addStock(shop.offerId, 1)
    clock.advance(MINUTE)
    await comeTo(shop, 'hal')
    await shop.change({})
    expect(await messagesOf('hal')).toHaveLength(1)
    expect(await codeOf('hal')).toEqual([409, 'alreadyCalledUp'])
    expect(await waitsOf('hal')).toEqual([])
  })

  test('of any other offer is not found, whatever the reason', async () => {
    const open = await openShop('open shop')
    const ended = await openShop('ended', { until: iso(T0 + 30 * MINUTE) })
    const paused = await openShop('archived')
    const moved = await openShop('moved')
    const counted = await openShop('counted', { stock: 9, perCustomer: 1 })
    const old = await openShop('old')
    for (const shop of [ended, paused, moved, old]) {
      await sellOut(shop, 'ida')
      await leave('ida', shop.offerId)
    }
    await sellOut(open, 'jan')
    await comeTo(counted, 'ida')
    await comeTo(counted, 'ida')
    await paused.change({}, { state: 'archived' })
    await moved.change({}, { offerId: named('off', 'another') })
    clock.advance(30 * MINUTE)
    const answers = [await join('ida', named('off', 'nobody has made'))]
    for (const shop of [open, ended, paused, moved, counted]) answers.push(await join('ida', shop.offerId))
    clock.advance(30 * DAY)
    answers.push(await join('ida', old.offerId), await join('nobody', open.offerId))
    for (const { status, body } of answers) {
      const { instance: _, requestId, ...rest } = body
      expect([status, rest]).toEqual([
        404,
        {
          type: 'urn:beckon:problem:not-found',
          title: 'There is no such resource',
          status: 404,
          code: 'notFound',
          detail:
            'no decision of the last 30 days found an offer with this id and a waiting list sold out for the customer',
        },
      ])
      expect(requestId).toEqual(expect.any(String))
    }
    expect(await waitsOf('ida')).toEqual([])
  })

  test('of an erased customer is refused, and leaves nothing', async () => {
    const shop = await openShop('cobbler')
    await sellOut(shop, 'kim')
    await leave('kim', shop.offerId)
    await stored.putLedger(aTombstone({ pk: `U#${userIdOf('kim')}`, sk: 'PROFILE' }))
    expect((await join('kim', shop.offerId)).status).toBe(410)
    expect(await stored.ledgerItem(`U#${userIdOf('kim')}`, `WAIT#${shop.offerId}`)).toBeUndefined()
  })
})

describe('at the same moment', () => {
  const ROUNDS = 12
  const subjects = (name: string) => Array.from({ length: ROUNDS }, (_, round) => `${name} ${round}`)

  test('joining and leaving end in a place, or none, as both were told', async () => {
    const shop = await openShop('fair')
    const all = subjects('lea')
    await sellOut(shop, ...all)
    clock.advance(MINUTE)
    for (const subject of all) {
      const [before] = await waitsOf(subject)
      const [joined, left] = await Promise.all([join(subject, shop.offerId), leave(subject, shop.offerId)])
      expect([joined.status, left.status]).toEqual([200, 204])
      // Who was told the old place has left it; who was told a new one has it.
      const isNew = joined.body.since !== before?.since
      expect(joined.body.since).toBe(isNew ? iso(clock.nowMs) : before?.since)
      expect(await waitsOf(subject)).toEqual(isNew ? [joined.body] : [])
    }
  })

  test('two requests take one place', async () => {
    const shop = await openShop('twins')
    await sellOut(shop)
    const { client, ledger } = tables
    const waits = createWaitRecords({ client, ledger }, 2)
    for (const subject of subjects('max')) {
      const { merchantId, sceneId, offerId } = shop
      const wish = { merchantId, sceneId, offerId, user: userIdOf(subject), occasion: 'a visit' }
      const [first, second] = await Promise.all([waits.join(wish, 1, T0), waits.join(wish, 1, T0 + 1)])
      expect(second).toEqual(first)
      expect(await waitsOf(subject)).toMatchObject([first])
    }
  })

  test('coming back and being called up end in one call, or in a place behind the others', async () => {
    const shop = await openShop('mill')
    const all = subjects('nora')
    await sellOut(shop, ...all)
    const callsOf = async (subject: string) =>
      (await stored.ledgerItems('event')).filter(({ user }) => user === userIdOf(subject))
    const comeBack = async (subject: string) => {
      const left = await leave(subject, shop.offerId)
      return { left, joined: await join(subject, shop.offerId) }
    }
    for (const subject of all) {
      const [{ left, joined }] = await Promise.all([comeBack(subject), restock(shop.offerId, 1)])
      const calls = await callsOf(subject)
      expect(calls.length).toBeLessThanOrEqual(1)
      // Called up first, it can neither leave nor join; a place that was taken is there until it is called up.
      if (left.status === 404) expect([joined.status, calls.length]).toEqual([409, 1])
      if (joined.status === 200) expect((await waitsOf(subject)).length + calls.length).toBe(1)
    }
    for (let minute = 0; minute < 2 * ROUNDS; minute++) await restock(shop.offerId, 2)
    for (const subject of all) {
      expect(await waitsOf(subject)).toEqual([])
      expect((await messagesOf(subject)).length).toBe(1)
    }
  })
})
