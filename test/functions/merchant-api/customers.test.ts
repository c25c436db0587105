import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { beforeAll, describe, expect, test } from 'vitest'
import { handler as customerHandler } from '#functions/customer-api/handler.ts'
import { handler } from '#functions/merchant-api/handler.ts'
import { markActed } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { transact } from '#shared/adapters/dynamodb/transactions.ts'
import { customerIndex, relationshipAttributes } from '#shared/contracts/items/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { aRelationship, aTombstone, DAY, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { newMerchant, putMember } from '#test/support/merchants.ts'

const NOW = Date.UTC(2026, 10, 22, 10)
const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PRESENCE_TABLE'] = tables.presence
process.env['PLACE_INDEX'] = 'places'
process.env['JOBS_QUEUE_URL'] = 'http://127.0.0.1:1/000000000000/jobs'
process.env['SMS_ANSWERS_TOPIC_ARN'] = 'arn:aws:sns:us-east-1:123456789012:answers'
const clock = setClock(NOW)

const M = '/v1/merchants/{merchantId}'
const CUSTOMER = `${M}/customers/{userId}`
let merchantId: MerchantId

beforeAll(async () => {
  merchantId = (await newMerchant(handler, 'owner')).id
})

const relate = async (
  user: UserId,
  acted: boolean,
  rest: Parameters<typeof aRelationship>[0] = {},
  merchant = merchantId,
  attributes: object = {},
): Promise<UserId> => {
  const item = {
    pk: `U#${user}`,
    sk: `M#${merchant}`,
    kind: 'relationship',
    user,
    merchantId: merchant,
    visits: 0,
    version: 1,
    ...relationshipAttributes(aRelationship(rest)),
    ...customerIndex(user, merchant, acted),
    ...(acted && { actedAt: new Date(NOW).toISOString() }),
    ...attributes,
  }
  await tables.client.send(new PutCommand({ TableName: tables.ledger, Item: item }))
  return user
}

const call = (routeKey: string, userId: UserId, body?: unknown, subject = 'owner') =>
  callApi(handler, routeKey, { subject, path: { merchantId, userId }, ...(body !== undefined && { body }) })

const allCustomers = async (merchant: MerchantId, subject: string, limit = '2') => {
  const seen: string[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 50; pages += 1) {
    const { body } = await callApi(handler, `GET ${M}/customers`, {
      subject,
      path: { merchantId: merchant },
      query: { limit, ...(cursor !== undefined && { cursor }) },
    })
    expect(body.items.length).toBeLessThanOrEqual(Number(limit))
    seen.push(...body.items.map(({ userId }: { userId: string }) => userId))
    cursor = body.next
    if (cursor === undefined) return seen
    // The place tells of nobody who is not listed.
    const place = Buffer.from(cursor, 'base64url').toString('utf8').split('.')[1] ?? ''
    expect(place === '' || seen.includes(place)).toBe(true)
  }
  throw new Error('endless pages')
}

describe('customers', () => {
  test('are listed once they have acted with the merchant, on exactly one page', async () => {
    const { id: shop } = await newMerchant(handler, 'lister')
    const { id: other } = await newMerchant(handler, 'neighbour')
    const acted: UserId[] = []
    for (let n = 0; n < 11; n += 1) {
      acted.push(await relate(named('usr', `acted ${n}`), true, {}, shop))
      await relate(named('usr', `passer-by ${n}`), false, {}, shop)
      await relate(named('usr', `neighbour's ${n}`), true, {}, other)
    }
    for (const limit of ['1', '2', '3', '100']) {
      expect((await allCustomers(shop, 'lister', limit)).toSorted()).toEqual(acted.toSorted())
    }
  })

  test('are all listed, also when so much is known of them that a page of the table holds few', async () => {
    const { id } = await newMerchant(handler, 'host')
    const handled = Array.from({ length: 400 }, (_, n) => ({
      key: `${named('scn', 'visit plan')}#${n}`.padEnd(90, '#'),
      untilMs: NOW,
    }))
    const users = Array.from({ length: 120 }, (_, n) => named('usr', `regular ${n}`))
    for (const user of users) await relate(user, true, {}, id, { handled })
    expect((await allCustomers(id, 'host', '100')).toSorted()).toEqual(users.toSorted())
  })

  test('come into the list by their own act', async () => {
    const { id: shop } = await newMerchant(handler, 'late')
    const user = await relate(named('usr', 'late'), false, {}, shop)
    expect(await allCustomers(shop, 'late')).toEqual([])
    await transact(tables.client, [markActed(tables.ledger, user, shop, NOW)], { random: () => 0 })
    expect(await allCustomers(shop, 'late')).toEqual([user])
  })

  test('are shown with what the merchant knows, and where it knows it from', async () => {
    const user = await relate(named('usr', 'known'), true, {
      visits: {
        count: 3,
        firstAtMs: NOW - 9 * DAY,
        lastAtMs: NOW - DAY,
        recentAtMs: [NOW - 9 * DAY, NOW - DAY],
        dwellS: 1200,
        timedCount: 2,
        hourOfWeek: Array.from({ length: 168 }, () => 0),
      },
      spend: { EUR: { count: 2, totalMinor: 1500, lastMinor: 500, lastAtMs: NOW - DAY } },
      tags: ['vip'],
      preferences: { size: { value: 'L', source: 'staff', atMs: NOW - DAY } },
    })
    const { status, body } = await call(`GET ${CUSTOMER}`, user)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      userId: user,
      actedAt: '2026-11-22T10:00:00.000Z',
      visits: { count: 3, lastAt: '2026-11-21T10:00:00.000Z', meanS: 600 },
      spend: { EUR: { count: 2, totalMinor: 1500 } },
      tags: ['vip'],
      preferences: { size: { value: 'L', source: 'staff', at: '2026-11-21T10:00:00.000Z' } },
    })
  })

  test("that only passed by, of another merchant, and nobody's are the same", async () => {
    const passerBy = await relate(named('usr', 'only seen'), false)
    const { id: other } = await newMerchant(handler, 'other')
    const theirs = await relate(named('usr', 'theirs'), true, {}, other)
    const answers = []
    for (const user of [passerBy, theirs, named('usr', 'nobody')]) {
      answers.push(await call(`GET ${CUSTOMER}`, user))
      answers.push(await call(`PUT ${CUSTOMER}`, user, { tags: [] }))
      answers.push(await call(`PUT ${CUSTOMER}/block`, user, { reason: 'no' }))
      answers.push(await call(`DELETE ${CUSTOMER}/block`, user))
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]?.status).toBe(404)
  })

  test('are tagged; one that was erased meanwhile is not', async () => {
    const user = await relate(named('usr', 'tagged'), true)
    expect((await call(`PUT ${CUSTOMER}`, user, { tags: ['vip', 'Stammgast'] })).status).toBe(200)
    expect((await call(`GET ${CUSTOMER}`, user)).body.tags).toEqual(['vip', 'Stammgast'])
    const erased = await relate(named('usr', 'erased'), true)
    const Item = aTombstone({ pk: `U#${erased}`, sk: 'PROFILE' })
    await tables.client.send(new PutCommand({ TableName: tables.ledger, Item }))
    expect((await call(`PUT ${CUSTOMER}`, erased, { tags: ['vip'] })).status).toBe(404)
  })
})

describe('a block', () => {
  test('has a reason and an end that the customer reads, appeals against once, and is answered', async () => {
    const user = await relate(userIdOf('blocked'), true)
    const until = new Date(NOW + 7 * DAY).toISOString()
    const blocked = await call(`PUT ${CUSTOMER}/block`, user, { reason: 'three no-shows', until })
    expect(blocked.body).toEqual({ reason: 'three no-shows', since: '2026-11-22T10:00:00.000Z', until })

    const me = { subject: 'blocked', scopes: ['customer'] }
    const mine = await callApi(customerHandler, 'GET /v1/me/blocks', me)
    expect(mine.body.items).toEqual([{ merchantId, ...blocked.body }])
    const appeal = () =>
      callApi(customerHandler, 'PUT /v1/me/blocks/{merchantId}/appeal', {
        ...me,
        path: { merchantId },
        body: { text: 'I was ill' },
      })
    expect((await appeal()).body.appeal).toEqual({
      state: 'open',
      text: 'I was ill',
      at: '2026-11-22T10:00:00.000Z',
    })
    expect((await appeal()).body.code).toBe('limitReached')
    expect((await call(`GET ${CUSTOMER}`, user)).body.block.appeal.state).toBe('open')

    const changed = await call(`PUT ${CUSTOMER}/block`, user, { reason: 'no-shows', appeal: 'rejected' })
    expect(changed.body).toMatchObject({ reason: 'no-shows', appeal: { state: 'rejected' } })
    expect(changed.body.until).toBeUndefined()
    expect((await call(`DELETE ${CUSTOMER}/block`, user)).status).toBe(204)
    expect((await callApi(customerHandler, 'GET /v1/me/blocks', me)).body.items).toEqual([])
    expect((await appeal()).status).toBe(404)
  })

  test('ends by itself', async () => {
    const user = await relate(userIdOf('short'), true)
    const until = new Date(NOW + DAY).toISOString()
    await call(`PUT ${CUSTOMER}/block`, user, { reason: 'today only', until })
    const rows = async () =>
      (
        await callApi(handler, `GET ${M}/customers`, { subject: 'owner', path: { merchantId } })
      ).body.items.find(({ userId }: { userId: string }) => userId === user)
    expect(await rows()).toMatchObject({ isBlocked: true })
    clock.advance(DAY)
    expect(await rows()).toMatchObject({ isBlocked: false })
    const me = { subject: 'short', scopes: ['customer'] }
    expect((await callApi(customerHandler, 'GET /v1/me/blocks', me)).body.items).toEqual([])
    expect((await call(`PUT ${CUSTOMER}/block`, user, { reason: 'late', until })).status).toBe(400)
    clock.advance(-DAY)
  })

  test('is in the audit log, which does not say whose it is', async () => {
    await putMember(handler, 'owner', merchantId, 'manager', 'manager')
    const user = await relate(named('usr', 'quiet'), true)
    await call(`PUT ${CUSTOMER}/block`, user, { reason: 'rude' }, 'manager')
    const { body } = await callApi(handler, `GET ${M}/audit-log`, { subject: 'owner', path: { merchantId } })
    expect(body.items).toContainEqual(
      expect.objectContaining({ role: 'manager', action: 'block', object: 'customer' }),
    )
    expect(JSON.stringify(await tables.allOf(tables.catalog))).not.toContain(user)
  })
})
