import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { counterKey } from '#shared/contracts/items/counter.ts'
import type { MerchantId, SceneId, StoreId } from '#shared/domain/ids.ts'
import type { CountPlace } from '#shared/domain/loop/count.ts'
import { named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
setClock(Date.UTC(2026, 10, 22, 10))

const { id: merchantId }: { id: MerchantId } = await newMerchant(handler, 'owner')
const path = { merchantId }
const newScene = async (name: string): Promise<SceneId> =>
  (
    await created(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'owner',
      path,
      body: sceneBody({ name }),
    })
  ).id
const { id: storeId }: { id: StoreId } = await created(handler, 'POST /v1/merchants/{merchantId}/stores', {
  subject: 'owner',
  path,
  body: { name: 'North', ...UNION_SQUARE },
})
const count = (place: CountPlace, customer: string, counts: Record<string, number>) =>
  tables.client.send(
    new PutCommand({
      TableName: tables.ledger,
      Item: { ...counterKey(place, named('usr', customer)), kind: 'count', ...counts },
    }),
  )
const get = (
  report: string,
  rest: Record<string, string>,
  query: Record<string, string>,
  subject = 'owner',
) =>
  callApi(handler, `GET /v1/merchants/{merchantId}/reports/${report}`, {
    subject,
    path: { ...path, ...rest },
    query,
  })
const DAYS = { from: '2026-11-20', to: '2026-11-22' }

describe('the report of a scene', () => {
  test('sums shards, stores and days, both ends included', async () => {
    const sceneId = await newScene('Reported')
    const at = (day: string, arm: 'treated' | 'holdout' = 'treated', at?: StoreId): CountPlace => ({
      of: 'scene',
      sceneId,
      day,
      arm,
      storeId: at,
    })
    await count(at('2026-11-19'), 'anna', { granted: 1000, sent: 1000 })
    await count(at('2026-11-20'), 'anna', { granted: 30, sent: 30, visited: 4, suppressed_hours: 19 })
    await count(at('2026-11-20'), 'bea', { granted: 15, sent: 15, visited: 17 })
    await count(at('2026-11-22', 'treated', storeId), 'cara', {
      granted: 20,
      sent: 20,
      redeemed: 2,
      revenue_EUR: 990,
    })
    await count(at('2026-11-22', 'holdout'), 'dana', { heldOut: 41 })
    await count(at('2026-11-23'), 'anna', { granted: 1000, sent: 1000 })
    const { status, body } = await get('scenes/{sceneId}', { sceneId }, { ...DAYS, currency: 'EUR' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      sceneId,
      ...DAYS,
      roundedDownTo: 20,
      treated: { granted: 60, sent: 60, visited: 20, redeemed: 2, revenue_EUR: 990 },
      holdout: { heldOut: 40 },
      revenue: { EUR: 990 },
      rates: { visited: { numerator: 20, denominator: 60 } },
      lift: { visited: { holdout: { numerator: 0, denominator: 40 } } },
      byStore: expect.arrayContaining([
        { arm: 'treated', storeId, counts: { granted: 20, sent: 20, redeemed: 2, revenue_EUR: 990 } },
      ]),
    })
    expect(body.byDay.map(({ day, arm }: { day: string; arm: string }) => [day, arm])).toEqual([
      ['2026-11-20', 'treated'],
      ['2026-11-22', 'treated'],
      ['2026-11-22', 'holdout'],
    ])
  })

  test.each([
    ['2026-11-22', '2026-11-21', '/to'],
    ['2026-01-01', '2026-11-21', '/to'],
    ['2026-02-30', '2026-03-01', '/from'],
    ['yesterday', '2026-03-01', '/from'],
  ])('refuses the days %s to %s', async (from, to, pointer) => {
    const { status, body } = await get('scenes/{sceneId}', { sceneId: named('scn', 'none') }, { from, to })
    expect(status).toBe(400)
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer })
  })

  test('is there for none but the merchant’s own', async () => {
    const sceneId = await newScene('Own')
    expect((await get('scenes/{sceneId}', { sceneId: named('scn', 'none') }, DAYS)).status).toBe(404)
    expect((await get('scenes/{sceneId}', { sceneId }, DAYS, 'somebody else')).status).toBe(404)
    await newMerchant(handler, 'rival')
    expect((await get('stores/{storeId}', { storeId: named('sto', 'none') }, DAYS)).status).toBe(404)
  })
})

test('the report of a store goes from who entered to who acted', async () => {
  const day = '2026-11-21'
  await count({ of: 'store', merchantId, storeId, day }, 'anna', { entered: 70, reachable: 50, acted: 3 })
  await count({ of: 'store', merchantId, storeId, day }, 'bea', { entered: 30, exposed: 20, revenue_EUR: 5 })
  const { status, body } = await get('stores/{storeId}', { storeId }, DAYS)
  expect(status).toBe(200)
  expect(body).toEqual({
    storeId,
    ...DAYS,
    roundedDownTo: 20,
    counts: { entered: 100, reachable: 40, exposed: 20, acted: 3, revenue_EUR: 5 },
    funnel: [
      { step: 'entered', count: 100, lost: 0 },
      { step: 'reachable', count: 40, lost: 60 },
      { step: 'exposed', count: 20, lost: 20 },
      { step: 'acted', count: 3, lost: 17 },
    ],
    rates: expect.objectContaining({ acted: expect.objectContaining({ numerator: 3, denominator: 20 }) }),
    revenue: { EUR: 5 },
    byDay: [{ day, counts: { entered: 100, reachable: 40, exposed: 20, acted: 3, revenue_EUR: 5 } }],
  })
})

test('the summary says how many of the new customers came back, overall and after a free trial', async () => {
  const read = async () => (await get('summary', {}, DAYS)).body.secondDeals
  expect(await read()).toEqual({})
  const of = (day: string): CountPlace => ({ of: 'store', merchantId, day })
  await count(of('2026-11-19'), 'anna', { firstDeals: 500 })
  await count(of('2026-11-20'), 'anna', { firstDeals: 2, secondDeals: 1 })
  expect(Object.keys(await read())).toEqual(['all'])
  await count(of('2026-11-22'), 'bea', { firstDeals: 6, secondDeals: 2, firstDealsOfTrials: 3 })
  expect(await read()).toEqual({
    all: {
      numerator: 3,
      denominator: 8,
      value: 0.375,
      low95: expect.closeTo(0.1368),
      high95: expect.closeTo(0.6943),
    },
    trialStarters: { numerator: 0, denominator: 3, value: 0, low95: 0, high95: expect.closeTo(0.5615) },
  })
})

test('the summary has a line for each scene, and flags one that brought nobody', async () => {
  const sceneId = await newScene('In vain')
  await count({ of: 'scene', sceneId, day: '2026-11-21', arm: 'treated' }, 'anna', {
    granted: 100,
    sent: 100,
  })
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const { status, body } = await get('summary', {}, { ...DAYS, limit: '2', ...(cursor && { cursor }) })
    expect(status).toBe(200)
    for (const row of body.items) {
      seen.push(row.name)
      expect(row.flags).toEqual(row.sceneId === sceneId ? ['noVisits'] : [])
    }
    cursor = body.next
  } while (cursor !== undefined)
  expect(seen.toSorted()).toEqual(['In vain', 'Own', 'Reported'])
})
