import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { newId } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, type HttpAnswer } from '#test/support/http-event.ts'
import { created, newMerchant } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
setClock(Date.UTC(2026, 10, 22, 10))

type Body = Readonly<Record<string, unknown>>
type Kind = {
  readonly route: string
  readonly path: () => Promise<Readonly<Record<string, string>>>
  /** Three states that are unlike. */
  readonly bodies: readonly [Body, Body, Body]
}

const ofMerchant = async () => ({ merchantId: (await newMerchant(handler, 'owner')).id })
const zoneAt = (name: string): Body => ({
  kind: 'venue',
  name,
  area: { kind: 'circle', lat: 37.7631, lon: -122.4577, radiusM: 300 },
  capPerDay: 2,
})

const KINDS: Readonly<Record<string, Kind>> = {
  'kill switch': {
    route: '/v1/platform/kill-switch',
    path: async () => ({}),
    bodies: [{ on: true, reason: 'one' }, { on: false }, { on: true, reason: 'three' }],
  },
  zone: {
    route: '/v1/platform/zones/{zoneId}',
    path: async () => ({ zoneId: newId('zon') }),
    bodies: [zoneAt('One'), zoneAt('Two'), zoneAt('Three')],
  },
  suspension: {
    route: '/v1/platform/merchants/{merchantId}/suspension',
    path: ofMerchant,
    bodies: [{ suspended: true, reason: 'one' }, { suspended: false }, { suspended: true, reason: 'three' }],
  },
  'set of quotas': {
    route: '/v1/platform/merchants/{merchantId}/quotas',
    path: ofMerchant,
    bodies: [{ scenes: 201 }, { scenes: 202 }, { scenes: 203 }],
  },
}

const tagOf = ({ headers }: HttpAnswer): string => String(headers['etag'])

const callerOf =
  (route: string, path: Readonly<Record<string, string>>) =>
  (method: string, body?: Body, headers: Readonly<Record<string, string>> = {}) =>
    callApi(handler, `${method} ${route}`, {
      subject: 'operator',
      scopes: ['operator'],
      path,
      headers,
      ...(body && { body }),
    })

describe.each(Object.entries(KINDS))('a %s', (_, { route, path, bodies: [one, two, three] }) => {
  test('has the same tag when it is put and read, another after each change', async () => {
    const call = callerOf(route, await path())
    const first = await call('PUT', one)
    expect(tagOf(first)).toMatch(/^"[\w-]{1,22}"$/)
    expect(tagOf(await call('GET'))).toBe(tagOf(first))
    expect(tagOf(await call('PUT', two))).not.toBe(tagOf(first))
  })

  test('is not sent again to who has it', async () => {
    const call = callerOf(route, await path())
    const tag = tagOf(await call('PUT', one))
    const known = await call('GET', undefined, { 'if-none-match': tag })
    expect([known.status, known.body]).toEqual([304, undefined])
    await call('PUT', two)
    expect((await call('GET', undefined, { 'if-none-match': tag })).status).toBe(200)
  })

  test('is replaced only in the state that the client knows', async () => {
    const call = callerOf(route, await path())
    const tag = tagOf(await call('PUT', one))
    expect((await call('PUT', two, { 'if-match': tag })).status).toBe(200)
    const late = await call('PUT', three, { 'if-match': tag })
    expect([late.status, late.body.code]).toEqual([412, 'preconditionFailed'])
    const there = await call('GET')
    expect((await call('PUT', three, { 'if-match': '*' })).status).toBe(200)
    expect((await call('GET')).body).not.toEqual(there.body)
  })

  test('that two replace at once is replaced by one of them', async () => {
    const call = callerOf(route, await path())
    const tag = tagOf(await call('PUT', one))
    const answers = await Promise.all([two, three].map((body) => call('PUT', body, { 'if-match': tag })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412])
    const winner = answers.find(({ status }) => status === 200)
    expect((await call('GET')).body).toEqual(winner?.body)
  })
})

describe('a zone', () => {
  const route = '/v1/platform/zones/{zoneId}'
  const path = async () => ({ zoneId: newId('zon') })

  test('is deleted only in the state that the client knows', async () => {
    const call = callerOf(route, await path())
    const tag = tagOf(await call('PUT', zoneAt('One')))
    const next = tagOf(await call('PUT', zoneAt('Two')))
    expect((await call('DELETE', undefined, { 'if-match': tag })).status).toBe(412)
    expect((await call('DELETE', undefined, { 'if-match': next })).status).toBe(204)
    expect((await call('GET')).status).toBe(404)
  })

  test('that is not there meets no condition, and is put or deleted without one', async () => {
    const call = callerOf(route, await path())
    for (const tag of ['*', '"1"']) {
      const { status, body } = await call('PUT', zoneAt('One'), { 'if-match': tag })
      expect([status, body.detail]).toEqual([412, 'there is none'])
      expect((await call('DELETE', undefined, { 'if-match': tag })).status).toBe(412)
    }
    expect((await call('DELETE')).status).toBe(204)
    expect((await call('PUT', zoneAt('One'))).status).toBe(200)
  })

  test('is only created, and not replaced, for who says so; of two at once one does', async () => {
    const call = callerOf(route, await path())
    const create = (name: string) => call('PUT', zoneAt(name), { 'if-none-match': '*' })
    const both = await Promise.all([create('One'), create('Two')])
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412])
    const late = await create('Three')
    expect([late.status, late.body.code, late.body.detail]).toEqual([
      412,
      'preconditionFailed',
      'there is one',
    ])
    expect((await call('GET')).body).toEqual(both.find(({ status }) => status === 200)?.body)
  })

  test.each([{ 'if-none-match': '"1"' }, { 'if-none-match': '*', 'if-match': '*' }])(
    'is not put on a condition that says nothing (%o)',
    async (headers) => {
      const call = callerOf(route, await path())
      const { status, body } = await call('PUT', zoneAt('One'), headers)
      expect([status, body.errors[0].pointer]).toEqual([400, '/if-none-match'])
      expect((await call('GET')).status).toBe(404)
    },
  )

  test('that four draw at once is drawn by all, and told of as created once', async () => {
    const zone = await path()
    const call = callerOf(route, zone)
    const names = ['A', 'B', 'C', 'D']
    const answers = await Promise.all(names.map((name) => call('PUT', zoneAt(name))))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const log = await callerOf('/v1/platform/audit-log', {})('GET')
    const told = log.body.items.filter(({ object }: { object: string }) => object === zone.zoneId)
    expect(told.map(({ action }: { action: string }) => action).toSorted()).toEqual([
      'create',
      'replace',
      'replace',
      'replace',
    ])
  })
})

test('quotas are shown under another tag when the merchant has more', async () => {
  const { id: merchantId } = await newMerchant(handler, 'owner')
  const call = callerOf('/v1/platform/merchants/{merchantId}/quotas', { merchantId })
  const before = await call('GET')
  await created(handler, 'POST /v1/merchants/{merchantId}/stores', {
    subject: 'owner',
    path: { merchantId },
    body: { name: 'Union Square', lat: 37.7879, lon: -122.4074 },
  })
  const after = await call('GET')
  expect(after.body.stores.used).toBe(before.body.stores.used + 1)
  expect(tagOf(after)).not.toBe(tagOf(before))
})

test('a suspension gets another tag by the merchant’s appeal', async () => {
  const { id: merchantId } = await newMerchant(handler, 'owner')
  const call = callerOf('/v1/platform/merchants/{merchantId}/suspension', { merchantId })
  const tag = tagOf(await call('PUT', { suspended: true, reason: 'spam' }))
  await callApi(handler, 'PUT /v1/merchants/{merchantId}/suspension/appeal', {
    subject: 'owner',
    path: { merchantId },
    body: { text: 'That was another shop' },
  })
  const late = await call('PUT', { suspended: true, reason: 'spam', appeal: 'rejected' }, { 'if-match': tag })
  expect(late.status).toBe(412)
})
