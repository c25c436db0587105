import { expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, sceneBody } from '#test/support/merchants.ts'

const tables = await createTables()
Object.assign(process.env, {
  CATALOG_TABLE: tables.catalog,
  PRESENCE_TABLE: tables.presence,
  LEDGER_TABLE: tables.ledger,
  PLACE_INDEX: 'places',
  JOBS_QUEUE_URL: 'http://127.0.0.1:1/000000000000/jobs',
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
})
setClock(Date.UTC(2026, 10, 22, 10))
const { id: merchantId } = await newMerchant(merchantApi, 'owner')
const { id: sceneId } = await created(merchantApi, 'POST /v1/merchants/{merchantId}/scenes', {
  subject: 'owner',
  path: { merchantId },
  body: sceneBody(),
})

/** None of them was given out; a list starts somewhere then, or says that it is none of its cursors. */
const PLACES = ['!', '1', '2', 'A', 'MERCHANT', 'TRACE#', 'TRACE', 'U', 'z', '~', '~~', '0.', '3.']

test.each(
  PLACES.flatMap((place) =>
    [
      'GET /v1/merchants/{merchantId}/scenes/{sceneId}/decisions',
      'GET /v1/merchants/{merchantId}/scenes/{sceneId}/revisions',
      'GET /v1/merchants/{merchantId}/audit-log',
      'GET /v1/merchants/{merchantId}/customers',
      'GET /v1/merchants/{merchantId}/redemptions/double-uses',
      'GET /v1/merchants/{merchantId}/qr-codes',
      'GET /v1/merchants',
    ].map((routeKey) => [routeKey, place] as const),
  ),
)('%s starts at the made-up cursor %s or refuses it', async (routeKey, place) => {
  const cursor = Buffer.from(place).toString('base64url')
  const all = { merchantId, sceneId }
  const path = Object.fromEntries(Object.entries(all).filter(([name]) => routeKey.includes(`{${name}}`)))
  const { status } = await callApi(merchantApi, routeKey, { subject: 'owner', path, query: { cursor } })
  expect([200, 400]).toContain(status)
})

test.each(
  PLACES.flatMap((place) =>
    ['GET /v1/me/decisions', 'GET /v1/me/offers', 'GET /v1/me/blocks', 'GET /v1/me/consents'].map(
      (routeKey) => [routeKey, place] as const,
    ),
  ),
)('%s starts at the made-up cursor %s or refuses it', async (routeKey, place) => {
  const cursor = Buffer.from(place).toString('base64url')
  const { status } = await callApi(customerApi, routeKey, {
    subject: 'alice',
    scopes: ['customer'],
    query: { cursor },
  })
  expect([200, 400]).toContain(status)
})
