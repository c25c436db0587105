import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { routes } from '#functions/merchant-api/routes.ts'
import { customerIndex, relationshipAttributes } from '#shared/contracts/items/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { aRelationship, DAY, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi } from '#test/support/http-event.ts'
import {
  created,
  geofenceBody,
  newMerchant,
  offerBody,
  putMember,
  sceneBody,
  UNION_SQUARE,
} from '#test/support/merchants.ts'

const NOW = Date.UTC(2026, 10, 22, 10)
const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(NOW)

const M = '/v1/merchants/{merchantId}'
const open = async (subject: string, merchantId: string) =>
  await callApi(handler, `POST ${M}/exports`, { subject, path: { merchantId } })
const read = (subject: string, merchantId: string, exportId: string, query = {}) =>
  callApi(handler, `GET ${M}/exports/{exportId}`, { subject, path: { merchantId, exportId }, query })

type Row = { readonly section: string; readonly data: Readonly<Record<string, unknown>> }

const readAll = async (subject: string, merchantId: string, limit: string): Promise<Row[]> => {
  const { body: opened } = await open(subject, merchantId)
  const rows: Row[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 200; pages += 1) {
    const { body } = await read(subject, merchantId, opened.exportId, {
      limit,
      ...(cursor !== undefined && { cursor }),
    })
    rows.push(...body.items)
    cursor = body.next
    if (cursor === undefined) return rows
  }
  throw new Error('endless pages')
}

const relate = (user: UserId, merchantId: MerchantId, acted: boolean) =>
  tables.client.send(
    new PutCommand({
      TableName: tables.ledger,
      Item: {
        pk: `U#${user}`,
        sk: `M#${merchantId}`,
        kind: 'relationship',
        user,
        merchantId,
        visits: 0,
        version: 1,
        ...relationshipAttributes(aRelationship()),
        ...customerIndex(user, merchantId, acted),
        ...(acted && { actedAt: new Date(NOW).toISOString() }),
      },
    }),
  )

describe('a merchant that is suspended', () => {
  test('keeps its data: its members read, change and export it as before', async () => {
    const { id: merchantId } = await newMerchant(handler, 'paula')
    const call = { subject: 'paula', path: { merchantId } }
    await created(handler, `POST ${M}/geofences`, { ...call, body: geofenceBody() })
    await created(handler, `POST ${M}/offers`, { ...call, body: offerBody() })
    const scene = await created(handler, `POST ${M}/scenes`, {
      ...call,
      body: sceneBody({ state: 'active' }),
    })
    await putMember(handler, 'paula', merchantId, 'quin', 'auditor')
    await relate(named('usr', 'regular'), merchantId, true)
    const exported = async (subject: string) =>
      (await readAll(subject, merchantId, '100')).filter(({ section }) => section !== 'audit')
    const before = await exported('paula')
    const suspend = (suspended: boolean) =>
      callApi(handler, 'PUT /v1/platform/merchants/{merchantId}/suspension', {
        subject: 'operator',
        scopes: ['operator'],
        path: { merchantId },
        body: { suspended, ...(suspended && { reason: 'spam' }) },
      })
    expect((await suspend(true)).status).toBe(200)
    expect(await exported('paula')).toEqual(before)
    expect(await exported('quin')).toEqual(before)
    const reads = Object.keys(routes).filter((key) =>
      /^GET \/v1\/merchants\/\{merchantId\}(\/[^{/]+)?$/.test(key),
    )
    expect(reads.length).toBeGreaterThan(8)
    for (const key of reads) {
      const path = { merchantId }
      expect([key, (await callApi(handler, key, { subject: 'paula', path })).status]).toEqual([key, 200])
    }
    const changed = await callApi(handler, `PUT ${M}/scenes/{sceneId}`, {
      subject: 'paula',
      path: { merchantId, sceneId: scene.id },
      body: sceneBody({ state: 'active', name: 'Better' }),
    })
    expect([changed.status, changed.body.state]).toEqual([200, 'active'])
    await suspend(false)
    const state = await callApi(handler, `GET ${M}/scenes/{sceneId}`, {
      subject: 'paula',
      path: { merchantId, sceneId: scene.id },
    })
    expect(state.body).toMatchObject({ state: 'active', name: 'Better' })
  })
})

describe('an export', () => {
  test('holds all that the merchant has, each thing once, and nothing of anybody else', async () => {
    const { id: merchantId } = await newMerchant(handler, 'anna')
    const { id: other } = await newMerchant(handler, 'bert')
    const offers = new Map<string, string>()
    for (const [subject, id] of [
      ['anna', merchantId],
      ['bert', other],
    ] as const) {
      const call = { subject, path: { merchantId: id } }
      await created(handler, `POST ${M}/stores`, { ...call, body: { name: 'One', ...UNION_SQUARE } })
      await created(handler, `POST ${M}/regions`, { ...call, body: { name: 'City' } })
      for (const name of ['A', 'B', 'C'])
        await created(handler, `POST ${M}/geofences`, { ...call, body: geofenceBody({ name }) })
      const offer = await created(handler, `POST ${M}/offers`, { ...call, body: offerBody() })
      offers.set(id, offer.id)
      await created(handler, `POST ${M}/scenes`, { ...call, body: sceneBody() })
    }
    const buyer = named('usr', 'buyer')
    const passerBy = named('usr', 'passer-by')
    await relate(buyer, merchantId, true)
    await relate(buyer, other, true)
    await relate(passerBy, merchantId, false)
    for (const [id, code] of [
      [merchantId, 'AAAAAAAAAA'],
      [other, 'BBBBBBBBBB'],
    ] as const)
      await giveGrant(tables.client, tables.ledger, {
        user: buyer,
        merchantId: id,
        offerId: offers.get(id) ?? '',
        code,
        grantedAtMs: NOW,
      })

    for (const limit of ['1', '2', '100']) {
      const rows = (await readAll('anna', merchantId, limit)).filter(({ section }) => section !== 'audit')
      const sections = rows.map(({ section }) => section)
      expect(sections).toEqual([
        'merchant',
        'member',
        'region',
        'store',
        'geofence',
        'geofence',
        'geofence',
        'offer',
        'scene',
        'sceneRevision',
        'customer',
      ])
      const { data: customer } = rows.at(-1) ?? { data: {} }
      expect(customer).toMatchObject({ userId: buyer, grants: [{ merchantId, state: 'reserved' }] })
      const text = JSON.stringify(rows)
      for (const foreign of [other, passerBy, 'BBBBBBBBBB', 'AAAAAAAAAA']) expect(text).not.toContain(foreign)
    }
  })

  test('is told in the audit log, ends after a day, and is for owners and auditors', async () => {
    const { id: merchantId } = await newMerchant(handler, 'carl')
    await putMember(handler, 'carl', merchantId, 'manager', 'manager')
    await putMember(handler, 'carl', merchantId, 'auditor', 'auditor')
    expect((await open('manager', merchantId)).status).toBe(403)
    const { status, body, headers } = await open('auditor', merchantId)
    expect(status).toBe(201)
    expect(body).toEqual({
      exportId: body.exportId,
      createdAt: '2026-11-22T10:00:00.000Z',
      expiresAt: '2026-11-23T10:00:00.000Z',
    })
    expect(headers['location']).toBe(`/v1/merchants/${merchantId}/exports/${body.exportId}`)
    const rows = await readAll('carl', merchantId, '100')
    expect(rows).toContainEqual({
      section: 'audit',
      data: expect.objectContaining({ action: 'export', object: body.exportId, role: 'auditor' }),
    })
    expect((await read('auditor', merchantId, body.exportId)).status).toBe(200)
    clock.advance(DAY)
    expect((await read('auditor', merchantId, body.exportId)).status).toBe(404)
    clock.advance(-DAY)
  })

  test('of another merchant is none, and a cursor leads nowhere else', async () => {
    const { id: mine } = await newMerchant(handler, 'dora')
    const { id: theirs } = await newMerchant(handler, 'emil')
    const { body } = await open('emil', theirs)
    expect((await read('dora', mine, body.exportId)).status).toBe(404)
    const { body: own } = await open('dora', mine)
    const cursor = Buffer.from('secret|').toString('base64url')
    expect((await read('dora', mine, own.exportId, { cursor })).status).toBe(400)
  })
})
