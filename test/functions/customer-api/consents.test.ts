import { describe, expect, test } from 'vitest'
import { createPresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { parseProfile } from '#shared/contracts/items/ledger.ts'
import { parsePresence } from '#shared/contracts/items/presence.ts'
import { fold } from '#shared/domain/presence/fold.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  clock,
  customerApi,
  matchPings,
  merchantId,
  square,
  stored,
  tables,
} from '#test/functions/customer-api/world.ts'
import { aFix, aTombstone, nearOf, SECOND, SQUARE, T0 } from '#test/support/builders.ts'
import { callApi } from '#test/support/http-event.ts'

const tiles = createTileCache(tables.client, tables.catalog)
const store = createPresenceStore(tables.client, tables, tiles)

const presenceOf = (subject: string) => stored.presenceOf(userIdOf(subject))
const post = (subject: string, atS: number) => {
  const pings = [{ at: new Date(T0 + atS * SECOND).toISOString(), ...SQUARE }]
  return callApi(matchPings, 'POST /v1/pings', { subject, scopes: ['customer'], body: { pings } })
}
const choose = (subject: string, about: string, granted: boolean, more: object = {}) =>
  callApi(customerApi, `PUT /v1/me/consents/${about}`, { subject, body: { granted, source: 'app', ...more } })
const list = (subject: string, query: Record<string, string> = {}) =>
  callApi(customerApi, 'GET /v1/me/consents', { subject, query })

describe('receipts', () => {
  test('are kept of every choice, also of one taken back, the latest first', async () => {
    await choose('anna', 'push', true, { text: 'Offers when I am near', textVersion: '2026-10' })
    clock.advance(1000)
    await callApi(customerApi, 'PUT /v1/me/consents/sms/{merchantId}', {
      subject: 'anna',
      path: { merchantId },
      body: { granted: true, source: 'till', text: 'Text messages from the shop' },
    })
    clock.advance(1000)
    const { body: withdrawn } = await choose('anna', 'push', false)
    const { body } = await list('anna')
    expect(body.current.push).toEqual(withdrawn)
    expect(body.items).toEqual([
      { about: 'push', ...withdrawn },
      {
        about: 'sms',
        merchantId,
        granted: true,
        source: 'till',
        text: 'Text messages from the shop',
        at: new Date(T0 + 1000).toISOString(),
        receiptId: body.current.sms[merchantId].receiptId,
      },
      {
        about: 'push',
        granted: true,
        source: 'app',
        text: 'Offers when I am near',
        textVersion: '2026-10',
        at: new Date(T0).toISOString(),
        receiptId: expect.stringMatching(/^rcp_/),
      },
    ])
    clock.nowMs = T0
  })

  test('are read page by page', async () => {
    const made: string[] = []
    for (let n = 0; n < 5; n += 1) {
      clock.advance(1)
      made.unshift((await choose('paula', 'push', n % 2 === 0)).body.receiptId)
    }
    const read: string[] = []
    let cursor: string | undefined
    do {
      const { body } = await list('paula', { limit: '2', ...(cursor !== undefined && { cursor }) })
      read.push(...body.items.map((item: { receiptId: string }) => item.receiptId))
      cursor = body.next
    } while (cursor !== undefined)
    expect(read).toEqual(made)
    clock.nowMs = T0
  })

  test('are kept of none whom nobody knows, and not of an erased customer', async () => {
    expect((await list('nobody')).body).toEqual({ current: {}, items: [] })
    const pk = `U#${userIdOf('gone')}`
    await stored.putLedger(aTombstone({ pk, sk: 'PROFILE' }))
    await stored.putPresence(aTombstone({ pk }))
    expect((await list('gone')).status).toBe(410)
    expect((await choose('gone', 'location', false)).status).toBe(410)
    expect(await presenceOf('gone')).toMatchObject({ tombstone: true })
  })
})

describe('consent to positions', () => {
  test('that was never asked for leaves pings alone; granted without a withdrawal it changes nothing', async () => {
    expect((await post('otto', 0)).status).toBe(200)
    const before = await presenceOf('otto')
    expect((await choose('otto', 'location', true)).status).toBe(200)
    expect(await presenceOf('otto')).toEqual(before)
    expect((await post('otto', 20)).status).toBe(200)
  })

  test('withdrawn, presence is gone at once, and pings are refused until it is granted again', async () => {
    await post('wim', 0)
    await choose('wim', 'location', false)
    const mark = await presenceOf('wim')
    expect(mark).toEqual({
      pk: `U#${userIdOf('wim')}`,
      kind: 'withdrawn',
      withdrawn: true,
      at: new Date(T0).toISOString(),
    })
    expect(await post('wim', 20)).toMatchObject({ status: 403, body: { code: 'locationConsentWithdrawn' } })
    expect(await presenceOf('wim')).toEqual(mark)
    const { body } = await callApi(customerApi, 'GET /v1/me', { subject: 'wim' })
    expect(body.consents.location).toMatchObject({ granted: false })

    await choose('wim', 'location', true)
    expect((await post('wim', 40)).body).toMatchObject({ accepted: 1, transitions: [{ type: 'enter' }] })
  })

  test('withdrawn twice is withdrawn, and granting twice forgets nothing', async () => {
    await choose('zita', 'location', false)
    await choose('zita', 'location', false)
    expect((await post('zita', 0)).status).toBe(403)
    await choose('zita', 'location', true)
    await post('zita', 20)
    const before = await presenceOf('zita')
    await choose('zita', 'location', true)
    expect(await presenceOf('zita')).toEqual(before)
  })

  test('withdrawn, a ping that was on its way is written neither before it is granted again nor after', async () => {
    const user = userIdOf('inflight')
    await post('inflight', 0)
    const read = parsePresence(await presenceOf('inflight'))
    if (read.kind !== 'presence') throw new Error('there is presence')
    const folded = fold(user, read.presence, [aFix(20)], nearOf(square), T0)
    const late = () => store.write(user, read.version, folded, T0)
    const first = () => store.write(user, 0, folded, T0)
    await choose('inflight', 'location', false)
    expect(await Promise.all([late(), first()])).toEqual(['conflict', 'conflict'])
    await choose('inflight', 'location', true)
    expect(await Promise.all([late(), first()])).toEqual(['conflict', 'conflict'])
    expect(parsePresence(await presenceOf('inflight'))).toMatchObject({ presence: { fixes: [] } })
  })

  test('withdrawn while pings come in ends without a position, in whichever order they arrive', async () => {
    const subjects = Array.from({ length: 8 }, (_, n) => `racer-${n}`)
    await Promise.all(
      subjects.map(async (subject, n) => {
        const pings = Array.from({ length: 4 }, (_, index) => post(subject, index * 20))
        await Promise.all([
          ...pings.slice(0, n % 4),
          choose(subject, 'location', false),
          ...pings.slice(n % 4),
        ])
        expect(await presenceOf(subject)).toMatchObject({ withdrawn: true })
      }),
    )
  })

  test('withdrawn is known where it is decided', async () => {
    await choose('dora', 'location', false)
    const profile = async () =>
      parseProfile(
        (await tables.allOf(tables.ledger)).find(
          ({ pk, sk }) => pk === `U#${userIdOf('dora')}` && sk === 'PROFILE',
        ),
      )
    expect(await profile()).toMatchObject({ locationWithdrawn: true })
    await choose('dora', 'location', true)
    expect(await profile()).not.toHaveProperty('locationWithdrawn')
  })
})
