import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, REQUEST_ID } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const addMember = (merchantId: string, subject: string, role: string) =>
  tables.client.send(
    new PutCommand({
      TableName: tables.catalog,
      Item: {
        pk: `M#${merchantId}`,
        sk: `MEMBER#${userIdOf(subject)}`,
        kind: 'member',
        role,
        user: userIdOf(subject),
      },
    }),
  )

describe('a merchant', () => {
  test('is created for its owner, who finds, lists and renames it', async () => {
    const answer = await callApi(handler, 'POST /v1/merchants', {
      subject: 'owner',
      body: { name: '  Blue Door ' },
    })
    expect(answer.status).toBe(201)
    expect(answer.headers['x-request-id']).toBe(REQUEST_ID)
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^mer_/),
      name: 'Blue Door',
      revision: 1,
      createdAt: '2026-11-22T10:00:00.000Z',
      updatedAt: '2026-11-22T10:00:00.000Z',
    })
    const merchantId: string = answer.body.id
    expect(answer.headers['location']).toBe(`/v1/merchants/${merchantId}`)

    const path = { merchantId }
    expect(
      (await callApi(handler, 'GET /v1/merchants/{merchantId}', { subject: 'owner', path })).body,
    ).toEqual(answer.body)
    clock.advance(1000)
    const renamed = await callApi(handler, 'PUT /v1/merchants/{merchantId}', {
      subject: 'owner',
      path,
      body: { name: 'Red Door' },
    })
    expect(renamed.body).toMatchObject({
      name: 'Red Door',
      revision: 2,
      updatedAt: '2026-11-22T10:00:01.000Z',
    })
    const list = await callApi(handler, 'GET /v1/merchants', { subject: 'owner' })
    expect(list.body).toEqual({ items: [{ id: merchantId, name: 'Red Door', role: 'owner' }] })
  })

  test('is deleted only when it is empty, and leaves nothing but its audit log', async () => {
    const { id: merchantId } = await newMerchant(handler, 'leaver')
    const path = { merchantId }
    const store = await created(handler, 'POST /v1/merchants/{merchantId}/stores', {
      subject: 'leaver',
      path,
      body: { name: 'One', ...UNION_SQUARE },
    })
    const refused = await callApi(handler, 'DELETE /v1/merchants/{merchantId}', { subject: 'leaver', path })
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({
      code: 'inUse',
      type: 'urn:beckon:problem:in-use',
      heldBy: [{ type: 'store', id: store.id }],
    })

    await callApi(handler, 'DELETE /v1/merchants/{merchantId}/stores/{storeId}', {
      subject: 'leaver',
      path: { merchantId, storeId: store.id },
    })
    const gone = await callApi(handler, 'DELETE /v1/merchants/{merchantId}', { subject: 'leaver', path })
    expect(gone.status).toBe(204)
    expect(gone.body).toBeUndefined()
    const left = (await tables.allOf(tables.catalog)).filter((item) =>
      JSON.stringify(item).includes(merchantId),
    )
    expect(new Set(left.map(({ kind }) => kind))).toEqual(new Set(['audit']))
  })

  test('that is empty and never had anything can be deleted', async () => {
    const { id: merchantId } = await newMerchant(handler, 'brief')
    const call = { subject: 'brief', path: { merchantId } }
    expect((await callApi(handler, 'DELETE /v1/merchants/{merchantId}', call)).status).toBe(204)
    expect((await callApi(handler, 'GET /v1/merchants/{merchantId}', call)).status).toBe(404)
  })
})

describe('lists', () => {
  test('are paged by a cursor that works in its own list only', async () => {
    const ids: string[] = []
    for (let n = 0; n < 5; n += 1) {
      clock.advance(10)
      ids.push((await newMerchant(handler, 'pager', `Shop ${n}`)).id)
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor !== undefined && { cursor }) }
      const { body } = await callApi(handler, 'GET /v1/merchants', { subject: 'pager', query })
      expect(body.items.length).toBeLessThanOrEqual(2)
      seen.push(...body.items.map(({ id }: { id: string }) => id))
      cursor = body.next
    } while (cursor !== undefined)
    expect(seen).toEqual(ids)

    const borrowed = await callApi(handler, 'GET /v1/merchants/{merchantId}/stores', {
      subject: 'pager',
      path: { merchantId: ids[0] ?? '' },
      query: { cursor: Buffer.from('mer_01J0000000000000000000000A').toString('base64url') },
    })
    expect(borrowed.status).toBe(400)
    expect(borrowed.body.errors).toEqual([
      { in: 'query', pointer: '/cursor', detail: 'not a cursor of this list' },
    ])
  })

  test.each([['0'], ['101'], ['-1'], ['x'], ['1e2']])('refuse the limit %s', async (limit) => {
    const { status, body } = await callApi(handler, 'GET /v1/merchants', { query: { limit } })
    expect(status).toBe(400)
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer: '/limit' })
  })
})

describe('isolation', () => {
  test('a foreign merchant and an unknown one look the same, on every route', async () => {
    const { id: foreign } = await newMerchant(handler, 'somebody')
    const unknown = 'mer_01J0000000000000000000000A'
    const ids = {
      storeId: 'sto_01J0000000000000000000000A',
      geofenceId: 'gf_01J0000000000000000000000A',
      sceneId: 'scn_01J0000000000000000000000A',
      offerId: 'off_01J0000000000000000000000A',
    }
    const bodies: Readonly<Record<string, unknown>> = {
      'PUT /v1/merchants/{merchantId}': { name: 'Mine now' },
      'POST /v1/merchants/{merchantId}/stores': { name: 'One', ...UNION_SQUARE },
      'POST /v1/merchants/{merchantId}/scenes': sceneBody(),
      'POST /v1/merchants/{merchantId}/offers': offerBody(),
      'PUT /v1/merchants/{merchantId}/offers/{offerId}': offerBody(),
      'POST /v1/merchants/{merchantId}/geofences:contains': UNION_SQUARE,
      'POST /v1/merchants/{merchantId}/redemptions': { code: 'ABCDE-FGHJK' },
      'GET /v1/merchants/{merchantId}/scenes/{sceneId}': undefined,
      'DELETE /v1/merchants/{merchantId}': undefined,
      'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}': undefined,
    }
    for (const [routeKey, body] of Object.entries(bodies)) {
      const names = [...routeKey.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const pathOf = (merchantId: string) =>
        Object.fromEntries(Object.entries({ ...ids, merchantId }).filter(([name]) => names.includes(name)))
      const call = { subject: 'stranger', ...(body !== undefined && { body }) }
      const theirs = await callApi(handler, routeKey, { ...call, path: pathOf(foreign) })
      const nobodys = await callApi(handler, routeKey, { ...call, path: pathOf(unknown) })
      expect(theirs.status, routeKey).toBe(404)
      expect(theirs, routeKey).toEqual(nobodys)
    }
  })

  test('a member of one merchant reaches nothing of another through its own', async () => {
    const { id: mine } = await newMerchant(handler, 'me')
    const { id: theirs } = await newMerchant(handler, 'them')
    const offer = await created(handler, 'POST /v1/merchants/{merchantId}/offers', {
      subject: 'them',
      path: { merchantId: theirs },
      body: offerBody(),
    })
    const got = await callApi(handler, 'GET /v1/merchants/{merchantId}/offers/{offerId}', {
      subject: 'me',
      path: { merchantId: mine, offerId: offer.id },
    })
    expect(got.status).toBe(404)
    const scene = await callApi(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'me',
      path: { merchantId: mine },
      body: sceneBody({ offerId: offer.id }),
    })
    expect(scene.status).toBe(422)
    expect(scene.body.errors).toEqual([{ pointer: '/offerId', detail: 'the merchant has none with this id' }])
  })
})

describe('roles', () => {
  test('staff read and redeem, managers edit, owners end', async () => {
    const { id: merchantId } = await newMerchant(handler, 'boss')
    await addMember(merchantId, 'manager', 'manager')
    await addMember(merchantId, 'staff', 'staff')
    const path = { merchantId }
    const store = { name: 'One', ...UNION_SQUARE }
    const statusOf = async (subject: string, routeKey: string, body?: unknown) =>
      (await callApi(handler, routeKey, { subject, path, ...(body !== undefined && { body }) })).status

    expect(await statusOf('staff', 'GET /v1/merchants/{merchantId}/stores')).toBe(200)
    expect(await statusOf('staff', 'POST /v1/merchants/{merchantId}/stores', store)).toBe(403)
    expect(
      await statusOf('staff', 'POST /v1/merchants/{merchantId}/redemptions', { code: 'ABCDE-FGHJK' }),
    ).toBe(404)
    expect(await statusOf('manager', 'POST /v1/merchants/{merchantId}/stores', store)).toBe(201)
    expect(await statusOf('manager', 'PUT /v1/merchants/{merchantId}', { name: 'Mine' })).toBe(403)
    expect(await statusOf('manager', 'DELETE /v1/merchants/{merchantId}')).toBe(403)
  })

  test('renaming fails whole when a membership is broken, and says busy', async () => {
    const { id: merchantId } = await newMerchant(handler, 'broken')
    await addMember(merchantId, 'half', 'staff')
    const answer = await callApi(handler, 'PUT /v1/merchants/{merchantId}', {
      subject: 'broken',
      path: { merchantId },
      body: { name: 'Other' },
    })
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
  })
})

test('a stored item of another form is an internal error without a word of it', async () => {
  const { id: merchantId } = await newMerchant(handler, 'odd')
  await tables.client.send(
    new UpdateCommand({
      TableName: tables.catalog,
      Key: { pk: `M#${merchantId}`, sk: 'MERCHANT' },
      UpdateExpression: 'SET revision = :odd',
      ExpressionAttributeValues: { ':odd': 'secret' },
    }),
  )
  const { status, body } = await callApi(handler, 'GET /v1/merchants/{merchantId}', {
    subject: 'odd',
    path: { merchantId },
  })
  expect(status).toBe(500)
  expect(body).toEqual({
    type: 'urn:beckon:problem:internal',
    title: 'Something went wrong on our side',
    status: 500,
    instance: `urn:beckon:request:${encodeURIComponent(REQUEST_ID)}`,
    code: 'internal',
    requestId: REQUEST_ID,
  })
})
