import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, REQUEST_ID } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, putMember, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))

type Entry = Readonly<Record<string, unknown>>

const logOf = async (subject: string, merchantId: string): Promise<Entry[]> =>
  (await callApi(handler, 'GET /v1/merchants/{merchantId}/audit-log', { subject, path: { merchantId } })).body
    .items

const brief = ({ role, action, object, before, after, detail }: Entry) =>
  [role, action, object, before ?? '-', after ?? '-', detail ?? ''].join(' ').trim()

describe('the audit log', () => {
  test('tells who changed what, the latest first, with the request', async () => {
    const { id: merchantId } = await newMerchant(handler, 'anna')
    clock.advance(1000)
    await putMember(handler, 'anna', merchantId, 'bert', 'manager')
    clock.advance(1000)
    const path = { merchantId }
    const store = await created(handler, 'POST /v1/merchants/{merchantId}/stores', {
      subject: 'bert',
      path,
      body: { name: 'One', ...UNION_SQUARE },
    })
    clock.advance(1000)
    const storePath = { merchantId, storeId: store.id }
    const STORE = '/v1/merchants/{merchantId}/stores/{storeId}'
    const body = { name: 'Two', ...UNION_SQUARE }
    await callApi(handler, `PUT ${STORE}`, { subject: 'bert', path: storePath, body })
    clock.advance(1000)
    await callApi(handler, `DELETE ${STORE}`, { subject: 'bert', path: storePath })
    const log = await logOf('anna', merchantId)
    expect(log.map(brief)).toEqual([
      `manager delete ${store.id} 2 -`,
      `manager replace ${store.id} 1 2`,
      `manager create ${store.id} - 1`,
      `owner create ${userIdOf('bert')} - - manager`,
      `owner create ${merchantId} - 1`,
    ])
    expect(log[0]).toMatchObject({
      at: '2026-11-22T10:00:04.000Z',
      user: userIdOf('bert'),
      requestId: REQUEST_ID,
    })
  })

  test('is paged, and every change is on exactly one page', async () => {
    const { id: merchantId } = await newMerchant(handler, 'pager')
    for (let n = 0; n < 6; n += 1) {
      await created(handler, 'POST /v1/merchants/{merchantId}/offers', {
        subject: 'pager',
        path: { merchantId },
        body: offerBody(),
      })
    }
    const seen: unknown[] = []
    let cursor: string | undefined
    do {
      const query: Record<string, string> = { limit: '3', ...(cursor !== undefined && { cursor }) }
      const { body } = await callApi(handler, 'GET /v1/merchants/{merchantId}/audit-log', {
        subject: 'pager',
        path: { merchantId },
        query,
      })
      seen.push(...body.items.map(({ object }: Entry) => object))
      cursor = body.next
    } while (cursor !== undefined)
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(7)
  })

  test('holds nothing of a change that was refused', async () => {
    const { id: merchantId } = await newMerchant(handler, 'refused')
    const answer = await callApi(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      subject: 'refused',
      path: { merchantId },
      body: {
        name: 'Nowhere',
        storeId: 'sto_01J0000000000000000000000A',
        geometry: { type: 'Point', coordinates: [0, 0] },
        radiusM: 100,
      },
    })
    expect(answer.status).toBe(422)
    expect(await logOf('refused', merchantId)).toHaveLength(1)
  })

  test('ends after 13 months', async () => {
    const { id: merchantId } = await newMerchant(handler, 'old')
    clock.advance(395 * 86_400_000)
    expect(await logOf('old', merchantId)).toHaveLength(1)
    clock.advance(2 * 86_400_000)
    expect(await logOf('old', merchantId)).toEqual([])
  })

  test('of the operator tells what it did to a merchant, and to all; a merchant that is gone too', async () => {
    const { id: merchantId } = await newMerchant(handler, 'suspended')
    const operator = { subject: 'operator', scopes: ['operator'] }
    const path = { merchantId }
    clock.advance(1000)
    await callApi(handler, 'PUT /v1/platform/merchants/{merchantId}/suspension', {
      ...operator,
      path,
      body: { suspended: true, reason: 'spam' },
    })
    clock.advance(1000)
    await callApi(handler, 'DELETE /v1/merchants/{merchantId}', { subject: 'suspended', path })
    const KEY = 'GET /v1/platform/merchants/{merchantId}/audit-log'
    const { body } = await callApi(handler, KEY, { ...operator, path })
    expect(body.items.map(brief)).toEqual([
      `owner delete ${merchantId} 1 -`,
      `operator suspend ${merchantId} - - spam`,
      `owner create ${merchantId} - 1`,
    ])

    for (const on of [true, false]) {
      clock.advance(1000)
      await callApi(handler, 'PUT /v1/platform/kill-switch', { ...operator, body: { on, reason: 'drill' } })
    }
    const zone = 'zon_01J0000000000000000000000A'
    clock.advance(1000)
    await callApi(handler, 'PUT /v1/platform/zones/{zoneId}', {
      ...operator,
      path: { zoneId: zone },
      body: { kind: 'exclusion', name: 'School', area: { kind: 'circle', ...UNION_SQUARE, radiusM: 200 } },
    })
    const platform = await callApi(handler, 'GET /v1/platform/audit-log', operator)
    expect(platform.body.items.map(brief)).toEqual([
      `operator create ${zone} - -`,
      'operator revive platform - - drill',
      'operator kill platform - - drill',
    ])
  })
})
