import { globSync, readFileSync } from 'node:fs'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { EXPORTED_KINDS } from '#shared/contracts/items/customer-export.ts'
import { traceItems } from '#shared/contracts/items/trace.ts'
import { hashId } from '#shared/domain/ids.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  clock,
  customerApi,
  matchPings,
  merchantApi,
  merchantId,
  square,
  tables,
} from '#test/functions/customer-api/world.ts'
import { DAY, named, SECOND, SQUARE, T0 } from '#test/support/builders.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, offerBody } from '#test/support/merchants.ts'

const offer = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
  subject: 'owner',
  path: { merchantId },
  body: offerBody(),
})

type Row = Readonly<Record<string, unknown>> & { readonly kind: string }
const open = (subject: string) => callApi(customerApi, 'POST /v1/me/exports', { subject })
const read = (subject: string, exportId: string, query: Record<string, string> = {}) =>
  callApi(customerApi, 'GET /v1/me/exports/{exportId}', { subject, path: { exportId }, query })

const readAll = async (subject: string, exportId: string, limit: string): Promise<Row[]> => {
  const rows: Row[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 200; pages += 1) {
    const { status, body } = await read(subject, exportId, { limit, ...(cursor !== undefined && { cursor }) })
    expect(status).toBe(200)
    rows.push(...body.items)
    cursor = body.next
    if (cursor === undefined) return rows
  }
  throw new Error('endless pages')
}

const put = (subject: string, sk: string, item: object) =>
  tables.client.send(
    new PutCommand({ TableName: tables.ledger, Item: { pk: `U#${userIdOf(subject)}`, sk, ...item } }),
  )

/** One who has a phone, a number, choices, an offer and an event, and stands on the square. */
const liveAs = async (subject: string, code: string, phoneNumber: string) => {
  const send = async (route: string, call: object) => {
    const { status } = await callApi(customerApi, route, { subject, ...call })
    expect(status, route).toBeLessThan(300)
  }
  const token = `push-token-of-${subject}`
  await send('PUT /v1/me/devices/{deviceId}', {
    path: { deviceId: 'pixel' },
    body: { platform: 'fcm', token },
  })
  await send('PUT /v1/me/phone-number', { body: { phoneNumber } })
  await send('PUT /v1/me/consents/push', { body: { granted: true, source: 'app' } })
  await send('PUT /v1/me/preferences', { body: { tastes: { coffee: 'flat white' } } })
  const at = new Date(T0).toISOString()
  const event = { id: `receipt-of-${subject}`, type: 'purchase', at, merchantId }
  await send('POST /v1/events', { body: { events: [event] } })
  await giveGrant(tables.client, tables.ledger, {
    user: userIdOf(subject),
    merchantId,
    offerId: offer.id,
    code,
    grantedAtMs: T0,
  })
  await callApi(matchPings, 'POST /v1/pings', {
    subject,
    scopes: ['customer'],
    body: { pings: [{ at, ...SQUARE }] },
  })
}

const onlyOf = (rows: readonly Row[], kind: string): Row => {
  const [row, ...others] = rows.filter((one) => one.kind === kind)
  expect(others).toEqual([])
  if (row === undefined) throw new Error(`no ${kind}`)
  return row
}

describe('the export of a customer', () => {
  test('holds everything, each thing once on pages of any size, and nothing of anybody else', async () => {
    await liveAs('vera', 'AAAAAAAAAA', '+14155550101')
    await liveAs('walt', 'BBBBBBBBBB', '+14155550102')
    const { body } = await open('vera')
    const whole = await readAll('vera', body.exportId, '100')
    for (const limit of ['1', '3']) expect(await readAll('vera', body.exportId, limit)).toEqual(whole)

    expect(whole.map(({ kind }) => kind).toSorted()).toEqual([
      'consentReceipt',
      'customerExport',
      'device',
      'event',
      'exposure',
      'grant',
      'presence',
      'profile',
      'relationship',
    ])
    expect(onlyOf(whole, 'presence')).toMatchObject({
      openVisits: [{ geofenceId: square.id, enteredAtMs: T0 }],
      fixes: [{ atMs: T0, ...SQUARE }],
    })
    expect(onlyOf(whole, 'profile')).toMatchObject({
      phoneNumber: '+14155550101',
      consents: { push: { granted: true } },
      preferences: { tastes: { coffee: 'flat white' } },
    })
    expect(onlyOf(whole, 'grant')).toMatchObject({ merchantId, offerId: offer.id, code: 'AAAAAAAAAA' })
    expect(onlyOf(whole, 'event')).toMatchObject({ eventId: 'receipt-of-vera', type: 'purchase' })
    expect(onlyOf(whole, 'device')).toEqual({
      kind: 'device',
      deviceId: 'pixel',
      platform: 'fcm',
      enabled: true,
      updatedAt: new Date(T0).toISOString(),
    })
    const text = JSON.stringify(whole)
    for (const foreign of ['walt', 'BBBBBBBBBB', '+14155550102', userIdOf('walt'), 'push-token'])
      expect(text).not.toContain(foreign)
  })

  test('tells of no kind its keys, leases and shards, of one that is not known the kind alone, and of what is over nothing', async () => {
    const internal = Object.fromEntries(
      [
        'user',
        'duePk',
        'dueSk',
        'merchantPk',
        'merchantSk',
        'lease',
        'leaseUntilMs',
        'stockShard',
        'tallies',
        'endpointArn',
        'token',
        'stopCode',
        'redeemedBy',
        'redemptionKey',
        'snsMessageId',
        'version',
        'answer',
      ].map((name) => [name, 'INTERNAL']),
    )
    const kinds = [...EXPORTED_KINDS, 'novelty']
    const ttl = T0 / 1000 + 60
    const outcomes: unknown[] = []
    const decidedAt = new Date(T0).toISOString()
    for (const kind of kinds)
      await put('xena', `KIND#${kind}`, {
        ...internal,
        user: named('usr', 'xena'),
        kind,
        outcomes,
        decidedAt,
        ttl,
      })
    await put('xena', 'OVER', { kind: 'event', eventId: 'long-ago', ttl: T0 / 1000 })
    const { body } = await open('xena')
    const rows = await readAll('xena', body.exportId, '7')
    const told = rows.filter(({ keptUntil }) => keptUntil === new Date(ttl * 1000).toISOString())
    expect(told.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted())
    const text = JSON.stringify(rows)
    for (const hidden of ['INTERNAL', 'KIND#', 'long-ago', named('usr', 'xena')])
      expect(text).not.toContain(hidden)
    expect(onlyOf(rows, 'novelty')).toEqual({ kind: 'novelty', keptUntil: expect.any(String) })
  })

  test('counts say what they are of, decisions what the customer may read of them', async () => {
    await put('yuri', 'HELD#off_1', { kind: 'tally', given: 2 })
    await put('yuri', 'LAST-SCAN#mer_1', { kind: 'lastScan', atMs: T0, scanHash: 'ab' })
    await put('yuri', 'TESTSENDS#2026-11-22', { kind: 'testSends', sent: 1 })
    const ref = { user: userIdOf('yuri'), decisionId: hashId('wrt', 'yuri'), atMs: T0, part: 0 }
    const { whole } = traceItems(ref, { outcomes: [] }, undefined, T0)
    await put('yuri', whole.sk, whole)
    const { body } = await open('yuri')
    const rows = await readAll('yuri', body.exportId, '100')
    expect(onlyOf(rows, 'tally')).toEqual({ kind: 'tally', given: 2, of: 'off_1' })
    expect(onlyOf(rows, 'lastScan')).toEqual({ kind: 'lastScan', atMs: T0, of: 'mer_1' })
    expect(onlyOf(rows, 'testSends')).toEqual({ kind: 'testSends', sent: 1, of: '2026-11-22' })
    expect(onlyOf(rows, 'trace')).toMatchObject({ decidedAt: new Date(T0).toISOString(), outcomes: [] })
  })

  test('is the caller’s alone, and ends after a day', async () => {
    await liveAs('zoe', 'CCCCCCCCCC', '+14155550103')
    const { status, headers, body } = await open('zoe')
    expect(status).toBe(201)
    expect(headers['location']).toBe(`/v1/me/exports/${body.exportId}`)
    expect(body).toEqual({
      exportId: body.exportId,
      createdAt: new Date(T0).toISOString(),
      expiresAt: new Date(T0 + DAY).toISOString(),
    })
    expect((await read('adam', body.exportId)).status).toBe(404)
    const { body: first } = await read('zoe', body.exportId)
    const { body: own } = await open('adam')
    const { body: borrowed } = await read('adam', own.exportId, { cursor: first.next })
    expect(borrowed.items.map(({ kind }: Row) => kind)).toEqual(['customerExport'])
    const cursor = Buffer.from('secret|').toString('base64url')
    expect((await read('zoe', body.exportId, { cursor })).status).toBe(400)
    clock.advance(DAY - SECOND)
    expect((await read('zoe', body.exportId)).status).toBe(200)
    clock.advance(SECOND)
    expect((await read('zoe', body.exportId)).status).toBe(404)
    clock.advance(-DAY)
  })

  test('is gone with the customer, as soon as the erasure begins', async () => {
    await liveAs('bea', 'DDDDDDDDDD', '+14155550104')
    const { body } = await open('bea')
    const { body: first } = await read('bea', body.exportId)
    const erase = createEraseCustomer(tables, () => Promise.resolve())
    await put('bea', 'PROFILE', { kind: 'profile', tombstone: true })
    for (const query of [{}, { cursor: first.next }])
      expect((await read('bea', body.exportId, query)).status).toBe(410)
    expect((await open('bea')).status).toBe(410)
    await erase(userIdOf('bea'), T0)
    const left = (await tables.allOf(tables.ledger)).filter(({ pk }) => pk === `U#${userIdOf('bea')}`)
    expect(left.map(({ sk }) => sk)).toEqual(['PROFILE'])
  })
})

/** Kinds of items that stand elsewhere: in the other tables, or in the Ledger under no customer’s key. */
const ELSEWHERE = [
  'audit',
  'code',
  'count',
  'cursor',
  'geometry',
  'grantOwner',
  'phoneOwner',
  'phoneWriter',
  'platform',
  'presence',
  'replan',
  'scan',
  'scanCount',
  'shareCode',
  'signingKey',
  'signingSecret',
  'stopCode',
  'suppressed',
  'tokenOwner',
  'waiting',
  'withdrawn',
]

test('an export knows every kind of item that is written under a customer', () => {
  const files = globSync('shared/{adapters/dynamodb/{customers,ledger},contracts/items}/*.ts')
  const written = files.flatMap((file) =>
    [
      ...readFileSync(file, 'utf8').matchAll(
        /(?:\bpk\b|\bsk\b|[kK]ey(?:Of)?\(|\.\.\.(?:key|item|CURSOR)\b)[^\n]*\n?[^\n]*\bkind: '(\w+)'|\.\.\.\w+, kind: '(\w+)'|':kind': '(\w+)'/g,
      ),
    ].flatMap(([, ...kinds]) => kinds.filter((kind) => kind !== undefined)),
  )
  const known = [...EXPORTED_KINDS, ...ELSEWHERE]
  expect([...new Set(written)].toSorted()).toEqual(known.toSorted())
})
