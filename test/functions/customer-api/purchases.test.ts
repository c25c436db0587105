import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { counterKey } from '#shared/contracts/items/counter.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
Object.assign(process.env, {
  CATALOG_TABLE: tables.catalog,
  PRESENCE_TABLE: tables.presence,
  LEDGER_TABLE: tables.ledger,
  PLACE_INDEX: 'places',
  JOBS_QUEUE_URL: 'http://127.0.0.1:1/000000000000/jobs',
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
})
const clock = setClock(Date.UTC(2026, 10, 22, 10))
const { id: merchantId } = await newMerchant(merchantApi, 'owner')
const path = { merchantId }
const { id: storeId } = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
  subject: 'owner',
  path,
  body: { name: 'North', ...UNION_SQUARE },
})

/** The same customer buys so often, for so much. */
const buy = (count: number, currency: string, amountMinor: number, from = 0) =>
  callApi(customerApi, 'POST /v1/events', {
    subject: 'mallory',
    scopes: ['customer'],
    body: {
      events: Array.from({ length: count }, (_, n) => ({
        id: `${currency}-${from + n}`,
        type: 'purchase',
        at: new Date(clock.nowMs).toISOString(),
        merchantId,
        storeId,
        properties: { currency, amountMinor },
      })),
    },
  })

const day = '2026-11-22'
const reported = async () => {
  const { status, body } = await callApi(
    merchantApi,
    'GET /v1/merchants/{merchantId}/reports/stores/{storeId}',
    { subject: 'owner', path: { ...path, storeId }, query: { from: day, to: day } },
  )
  expect(status).toBe(200)
  return body.counts
}

test('a purchase that cost more than anything does is kept, and its amount counted nowhere', async () => {
  expect(await buy(1, 'EUR', 1e12)).toMatchObject({ status: 200, body: { accepted: 1 } })
  expect(await buy(50, 'CZK', 1e15)).toMatchObject({ status: 200, body: { accepted: 50 } })
  const counts = await reported()
  expect(counts).toMatchObject({ purchases: 51, revenue_EUR: 1e12 })
  expect(counts).not.toHaveProperty('revenue_CZK')
})

test('money that has added up to more than a number holds exactly is still reported', async () => {
  const place = { of: 'store', merchantId, storeId, day } as const
  const Item = { ...counterKey(place, userIdOf('rich')), kind: 'count', revenue_SEK: 2n ** 60n }
  await tables.client.send(new PutCommand({ TableName: tables.ledger, Item }))
  expect((await reported())['revenue_SEK']).toBe(Number.MAX_SAFE_INTEGER)
})
