import { describe, expect, test } from 'vitest'
import { handler } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { createVisitStore } from '#shared/adapters/dynamodb/ledger/visit-store.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { waitersPk, waitingKey } from '#shared/contracts/items/waiting-list.ts'
import type { GeofenceId, OfferId, StoreId } from '#shared/domain/ids.ts'
import { type ClosedVisit, visitIdOf } from '#shared/domain/presence/visit.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aTombstone, HOUR, MINUTE, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { dueStoreOf } from '#test/support/due-store.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PRESENCE_TABLE'] = tables.presence
process.env['PLACE_INDEX'] = 'places'
process.env['JOBS_QUEUE_URL'] = 'http://127.0.0.1:1/123456789012/jobs'
process.env['SMS_ANSWERS_TOPIC_ARN'] = 'arn:aws:sns:us-east-1:123456789012:answers'
const clock = setClock(Date.UTC(2026, 10, 22, 10))
const T = clock.nowMs

const stored = storedIn(tables)
const { id: merchantId, name: merchantName } = await newMerchant(merchantApi, 'owner')
const owner = { subject: 'owner', path: { merchantId } }
const store = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
  ...owner,
  body: { name: 'Union Square', ...UNION_SQUARE },
})
const storeId = store.id as StoreId
const iso = (atMs: number) => new Date(atMs).toISOString()
const erase = (subject: string) =>
  stored.putLedger(aTombstone({ pk: `U#${userIdOf(subject)}`, sk: 'PROFILE' }))

/** Follows `next` to the last page; a list that never ends is a failure. */
const readAll = async (routeKey: string, subject: string, limit: string) => {
  const read: Record<string, unknown>[] = []
  let cursor: string | undefined
  for (let page = 0; page < 20; page += 1) {
    const query = { limit, ...(cursor !== undefined && { cursor }) }
    const { body } = await callApi(handler, routeKey, { subject, query })
    read.push(...body.items)
    cursor = body.next
    if (cursor === undefined) return read
  }
  throw new Error('the list has no end')
}

describe('my visits', () => {
  const { recordVisits } = createVisitStore(tables.client, tables.ledger, 1)
  const geofenceId: GeofenceId = named('gf', 'square')
  const visit = (subject: string, enteredAtMs: number, rest: Partial<ClosedVisit> = {}): ClosedVisit => ({
    visitId: visitIdOf(userIdOf(subject), geofenceId, enteredAtMs),
    geofenceId,
    merchantId,
    timeZone: 'UTC',
    enteredAtMs,
    lastInsideAtMs: enteredAtMs + 10 * MINUTE,
    end: 'unknown',
    ...rest,
  })
  const record = (subject: string, ...visits: ClosedVisit[]) =>
    recordVisits(userIdOf(subject), visits, { scenesOf: () => [] }, () => true, T)
  const list = (subject: string, query: Record<string, string> = {}) =>
    callApi(handler, 'GET /v1/me/visits', { subject, query })

  test('say where, when and how they ended, and never a position', async () => {
    const left = visit('anna', T - 3 * HOUR, {
      storeId,
      end: 'exit',
      exitedAtMs: T - 3 * HOUR + 11 * MINUTE + 500,
    })
    const silent = visit('anna', T - 2 * HOUR, { storeId: named('sto', 'gone') })
    await record('anna', left, silent)
    const { status, body } = await list('anna')
    expect(status).toBe(200)
    expect(body).toEqual({
      items: [
        {
          visitId: silent.visitId,
          merchantId,
          merchantName,
          storeId: named('sto', 'gone'),
          geofenceId,
          enteredAt: iso(T - 2 * HOUR),
          lastInsideAt: iso(T - 2 * HOUR + 10 * MINUTE),
          end: 'unknown',
        },
        {
          visitId: left.visitId,
          merchantId,
          merchantName,
          storeId,
          storeName: store.name,
          geofenceId,
          enteredAt: iso(T - 3 * HOUR),
          lastInsideAt: iso(T - 3 * HOUR + 10 * MINUTE),
          leftAt: iso(T - 3 * HOUR + 11 * MINUTE + 500),
          durationS: 660,
          end: 'exit',
        },
      ],
    })
  })

  test('are read page by page, the latest first, in whatever order they settled', async () => {
    const hours = [5, 2, 9, 1, 7, 3, 8]
    for (const hour of hours) await record('bea', visit('bea', T - hour * HOUR))
    await record('bea', visit('bea', T - 9 * HOUR))
    const read = await readAll('GET /v1/me/visits', 'bea', '2')
    expect(read.map(({ enteredAt }) => enteredAt)).toEqual(
      hours.toSorted((a, b) => a - b).map((hour) => iso(T - hour * HOUR)),
    )
  })

  test('are the caller’s own, also by a borrowed cursor; one that was made up is refused', async () => {
    await record('carl', visit('carl', T - HOUR), visit('carl', T - 2 * HOUR))
    const { next } = (await list('carl', { limit: '1' })).body
    expect((await list('dora', { cursor: next })).body).toEqual({ items: [] })
    const madeUp = Buffer.from('2026-11-22T10:00:00Z#vis_1').toString('base64url')
    expect((await list('carl', { cursor: madeUp })).status).toBe(400)
  })

  test('of an erased customer are gone', async () => {
    await erase('erased visitor')
    expect((await list('erased visitor')).status).toBe(410)
  })
})

describe('my waiting list', () => {
  const newOffer = async () => {
    const body = offerBody({ stock: 5 })
    const offer = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', { ...owner, body })
    return { id: offer.id as OfferId, name: String(offer.name) }
  }
  const wait = (subject: string, offerId: OfferId, sinceMs: number) => {
    const user = userIdOf(subject)
    return stored.putLedger({
      pk: `U#${user}`,
      sk: `WAIT#${offerId}`,
      kind: 'wait',
      user,
      merchantId,
      sceneId: named('scn', 'sold out'),
      offerId,
      occasion: `vis ${subject}`,
      storeId,
      merchantPk: waitersPk(merchantId, offerId),
      merchantSk: `${iso(sinceMs)}#${user}`,
    })
  }
  const list = async (subject: string) =>
    (await callApi(handler, 'GET /v1/me/waiting-list', { subject })).body.items
  const leave = (subject: string, offerId: OfferId) =>
    callApi(handler, 'DELETE /v1/me/waiting-list/{offerId}', { subject, path: { offerId } })
  /** Units are there again, and the minute schedule looks. */
  const restock = async (offerId: OfferId) => {
    await stored.putLedger(
      { pk: `OFFER#${offerId}#0`, sk: 'STOCK', kind: 'stock', offerId, free: 5, reserved: 0, confirmed: 0 },
      {
        ...waitingKey(offerId),
        kind: 'waiting',
        offerId,
        merchantId,
        stockShards: 1,
        ...dueKey(T, offerId, 0),
      },
    )
    const due = dueStoreOf(tables, 1)
    for (const item of (await due.dueIn(iso(T).slice(0, 13), 0, T, undefined)).items)
      if (item.kind === 'waiting') await due.serveWaiters(item, T)
  }
  const calledUp = async (offerId: OfferId) =>
    (await stored.ledgerItems('event'))
      .filter((item) => item['offerId'] === offerId)
      .map((item) => item['user'])

  test('says for what, of whom and since when; each customer sees the own places', async () => {
    const offer = await newOffer()
    await wait('emil', offer.id, T - HOUR)
    expect(await list('emil')).toEqual([
      { offerId: offer.id, offerName: offer.name, merchantId, merchantName, storeId, since: iso(T - HOUR) },
    ])
    expect(await list('fay')).toEqual([])
  })

  test('is read page by page', async () => {
    const ids = Array.from({ length: 5 }, (_, n) => named('off', `waited ${n}`))
    for (const offerId of ids) await wait('gus', offerId, T)
    const read = await readAll('GET /v1/me/waiting-list', 'gus', '2')
    expect(read.map(({ offerId }) => offerId)).toEqual(ids.toSorted())
  })

  test('serves who stayed, and not who left', async () => {
    const offer = await newOffer()
    await wait('hal', offer.id, T - 2 * HOUR)
    await wait('ida', offer.id, T - HOUR)
    expect((await leave('hal', offer.id)).status).toBe(204)
    expect(await list('hal')).toEqual([])
    await restock(offer.id)
    expect(await calledUp(offer.id)).toEqual([userIdOf('ida')])
    // Whoever was called up waits no more, and cannot leave.
    expect(await list('ida')).toEqual([])
    expect((await leave('ida', offer.id)).status).toBe(404)
  })

  test('is not left twice, nor by somebody else, nor one on which nobody stands', async () => {
    const offer = await newOffer()
    await wait('jan', offer.id, T)
    expect((await leave('kim', offer.id)).status).toBe(404)
    expect(await list('jan')).toHaveLength(1)
    expect((await leave('jan', offer.id)).status).toBe(204)
    expect((await leave('jan', offer.id)).status).toBe(404)
  })

  test('of an erased customer is gone', async () => {
    await erase('erased waiter')
    const { status } = await callApi(handler, 'GET /v1/me/waiting-list', { subject: 'erased waiter' })
    expect(status).toBe(410)
  })
})
