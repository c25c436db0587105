import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { LAWFUL_HOURS_TABLE } from '#shared/domain/schedule/lawful-hours-table.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, geofenceBody, newMerchant, putMember, sceneBody } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
setClock(Date.UTC(2026, 10, 22, 10))

const P = '/v1/platform/merchants/{merchantId}'
const M = '/v1/merchants/{merchantId}'
const operate = (routeKey: string, merchantId: string, body?: unknown) =>
  callApi(handler, routeKey, {
    subject: 'operator',
    scopes: ['operator'],
    path: { merchantId },
    ...(body !== undefined && { body }),
  })
const ask = (routeKey: string, merchantId: string, body?: unknown, subject = 'owner') =>
  callApi(handler, routeKey, { subject, path: { merchantId }, ...(body !== undefined && { body }) })
const setCount = (merchantId: string, name: string, count: number) =>
  tables.client.send(
    new UpdateCommand({
      TableName: tables.catalog,
      Key: { pk: `M#${merchantId}`, sk: 'VERSION' },
      UpdateExpression: 'SET #name = :count',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: { ':count': count },
    }),
  )

describe('quotas', () => {
  test('are shown with what there is, and raised for one merchant', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const { id: other } = await newMerchant(handler, 'owner')
    for (const merchantId of [id, other]) {
      await created(handler, `POST ${M}/geofences`, {
        subject: 'owner',
        path: { merchantId },
        body: geofenceBody(),
      })
      await setCount(merchantId, 'geofences', 1000)
    }
    const draw = (merchantId: string) => ask(`POST ${M}/geofences`, merchantId, geofenceBody())
    expect((await draw(id)).body).toMatchObject({
      code: 'limitReached',
      quota: 'geofences',
      limit: 1000,
    })
    const raised = await operate(`PUT ${P}/quotas`, id, { geofences: 1001 })
    expect(raised.body.geofences).toEqual({ used: 1000, limit: 1001 })
    expect((await draw(id)).status).toBe(201)
    expect((await draw(id)).body).toMatchObject({ detail: 'a merchant has at most 1001 geofences' })
    expect((await draw(other)).body).toMatchObject({ limit: 1000 })
    expect((await ask(`GET ${M}/quotas`, id)).body).toEqual((await operate(`GET ${P}/quotas`, id)).body)
    expect((await operate(`PUT ${P}/quotas`, id, {})).body.geofences.limit).toBe(1000)
  })

  test('of QR codes are met by one of many that are made at once, and raised', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const body = {
      name: 'Window',
      action: { type: 'signUp' },
      caption: 'Scan for a free coffee',
      placement: { label: 'Shop window', kind: 'offline' },
    }
    const make = () => ask(`POST ${M}/qr-codes`, id, body)
    await setCount(id, 'qrCodes', 999)
    const all = await Promise.all(Array.from({ length: 6 }, make))
    expect(all.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409, 409])
    expect(all.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'limitReached',
      detail: 'a merchant has at most 1000 QR codes',
      quota: 'qrCodes',
      limit: 1000,
    })
    const raised = await operate(`PUT ${P}/quotas`, id, { qrCodes: 1001 })
    expect(raised.body.qrCodes).toEqual({ used: 1000, limit: 1001 })
    const one = await make()
    expect([one.status, (await make()).status]).toEqual([201, 409])
    const path = { merchantId: id, qrCodeId: one.body.id }
    await callApi(handler, `DELETE ${M}/qr-codes/{qrCodeId}`, { subject: 'owner', path })
    expect((await make()).status).toBe(201)
    expect((await operate(`PUT ${P}/quotas`, id, { qrCodes: 10_001 })).status).toBe(400)
  })

  test('of a tile and of a radius are raised, too', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const far = geofenceBody({
      geometry: { type: 'Point', coordinates: [20.5, 44.8] },
      radiusM: 6000,
    })
    const refused = await ask(`POST ${M}/geofences`, id, far)
    expect([refused.status, refused.body.errors[0].pointer, refused.body.limit]).toEqual([
      400,
      '/radiusM',
      5000,
    ])
    await operate(`PUT ${P}/quotas`, id, { radiusM: 6000, tileRows: 201 })
    expect((await ask(`POST ${M}/geofences`, id, far)).status).toBe(201)
    const tiles = (await tables.allOf(tables.catalog)).filter(
      ({ pk, sk, rows }) => String(pk).startsWith('TILE#') && sk === 'VERSION' && rows === 1,
    )
    for (const { pk, sk } of tiles) {
      await tables.client.send(
        new UpdateCommand({
          TableName: tables.catalog,
          Key: { pk, sk },
          UpdateExpression: 'SET #rows = :full',
          ExpressionAttributeNames: { '#rows': 'rows' },
          ExpressionAttributeValues: { ':full': 200 },
        }),
      )
    }
    const { id: other } = await newMerchant(handler, 'owner')
    await operate(`PUT ${P}/quotas`, other, { radiusM: 6000 })
    expect((await ask(`POST ${M}/geofences`, other, far)).body).toMatchObject({
      quota: 'tileRows',
      limit: 200,
    })
    expect((await ask(`POST ${M}/geofences`, id, far)).status).toBe(201)
    expect((await ask(`POST ${M}/geofences`, id, far)).body).toMatchObject({ limit: 201 })
  })

  test('are raised within what the system is built for, for merchants that there are', async () => {
    const { id } = await newMerchant(handler, 'owner')
    expect((await operate(`PUT ${P}/quotas`, id, { scenes: 501 })).status).toBe(400)
    expect((await operate(`PUT ${P}/quotas`, id, { scenes: 99 })).status).toBe(400)
    expect((await operate(`PUT ${P}/quotas`, 'mer_01J0000000000000000000000A', {})).status).toBe(404)
  })
})

describe('a suspension', () => {
  test('says why, is appealed against once, and is answered', async () => {
    const { id } = await newMerchant(handler, 'owner')
    expect((await operate(`PUT ${P}/suspension`, id, { suspended: true })).status).toBe(400)
    const suspended = await operate(`PUT ${P}/suspension`, id, { suspended: true, reason: 'spam' })
    expect(suspended.body).toEqual({
      suspended: true,
      reason: 'spam',
      at: '2026-11-22T10:00:00.000Z',
    })
    expect((await ask(`GET ${M}/suspension`, id)).body).toEqual(suspended.body)
    await putMember(handler, 'owner', id, 'manager', 'manager')
    const text = { text: 'That was another shop' }
    expect((await ask(`PUT ${M}/suspension/appeal`, id, text, 'manager')).status).toBe(403)
    expect((await ask(`PUT ${M}/suspension/appeal`, id, text)).body.appeal.state).toBe('open')
    expect((await ask(`PUT ${M}/suspension/appeal`, id, text)).body.code).toBe('limitReached')
    const rejected = { suspended: true, reason: 'spam', appeal: 'rejected' }
    await operate(`PUT ${P}/suspension`, id, rejected)
    expect((await ask(`GET ${M}/suspension`, id)).body.appeal).toMatchObject({
      state: 'rejected',
      text: 'That was another shop',
    })
    await operate(`PUT ${P}/suspension`, id, { suspended: false })
    expect((await ask(`GET ${M}/suspension`, id)).body).toEqual({ suspended: false })
    expect((await ask(`PUT ${M}/suspension/appeal`, id, text)).status).toBe(404)
    const log = await operate(`GET ${P}/audit-log`, id)
    expect(log.body.items.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['suspend', 'appeal', 'reinstate']),
    )
  })

  test('ends tests, too: they reach whatever number a member has entered', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const { id: sceneId } = await created(handler, `POST ${M}/scenes`, {
      subject: 'owner',
      path: { merchantId: id },
      body: sceneBody(),
    })
    const detailOf = async () => {
      const path = { merchantId: id, sceneId }
      const call = { subject: 'owner', path, body: { channel: 'push' } }
      const { status, body } = await callApi(handler, `POST ${M}/scenes/{sceneId}/test-sends`, call)
      return [status, body.detail]
    }
    await operate(`PUT ${P}/suspension`, id, { suspended: true, reason: 'spam' })
    expect(await detailOf()).toEqual([422, expect.stringContaining('suspended')])
    await operate(`PUT ${P}/suspension`, id, { suspended: false })
    expect(await detailOf()).toEqual([422, expect.stringContaining('no phone for pushes')])
  })
})

test('the operator lists all merchants by pages, under their names of today', async () => {
  const { id } = await newMerchant(handler, 'owner', 'Before')
  await ask(`PUT ${M}`, id, { name: 'After' })
  await operate(`PUT ${P}/suspension`, id, { suspended: true, reason: 'spam' })
  const { id: gone } = await newMerchant(handler, 'owner', 'Gone')
  await ask(`DELETE ${M}`, gone)
  const all = []
  let cursor: string | undefined
  do {
    const { body } = await callApi(handler, 'GET /v1/platform/merchants', {
      subject: 'operator',
      scopes: ['operator'],
      query: { limit: '2', ...(cursor !== undefined && { cursor }) },
    })
    all.push(...body.items)
    cursor = body.next
  } while (cursor !== undefined)
  expect(all).toContainEqual({ id, name: 'After', suspension: expect.objectContaining({ suspended: true }) })
  expect(all.map((one) => one.id)).not.toContain(gone)
  expect(new Set(all.map((one) => one.id)).size).toBe(all.length)
})

test('the operator reads the table of lawful hours with its sources', async () => {
  const { body } = await callApi(handler, 'GET /v1/platform/lawful-hours', {
    subject: 'operator',
    scopes: ['operator'],
  })
  expect(body.rows).toHaveLength(LAWFUL_HOURS_TABLE.length)
  expect(body.rows).toContainEqual(
    expect.objectContaining({ country: 'US', subdivision: 'FL', source: expect.any(String) }),
  )
})

test('a merchant that does not exist has no quotas, suspension or log; one that is gone keeps its log', async () => {
  const absent = 'mer_01J0000000000000000000000A'
  const { id } = await newMerchant(handler, 'owner')
  expect((await ask(`DELETE ${M}`, id)).status).toBe(204)
  for (const what of ['quotas', 'suspension']) {
    expect((await operate(`GET ${P}/${what}`, absent)).status).toBe(404)
    expect((await operate(`GET ${P}/${what}`, id)).status).toBe(404)
  }
  expect((await operate(`GET ${P}/audit-log`, absent)).status).toBe(404)
  expect((await operate(`GET ${P}/audit-log`, id)).body.items).toHaveLength(2)
})
