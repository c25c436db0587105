import { afterAll, describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, geofenceBody, newMerchant, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'
import { type PeerReply, startPeer } from '#test/support/peers.ts'

const tables = await createTables()
const json = { 'content-type': 'application/json' }
const place = (lon: number, lat: number) => ({
  Summary: { Text: '', DataSource: 'test' },
  Results: [{ Place: { Label: 'There', Geometry: { Point: [lon, lat] } }, Relevance: 0.9 }],
})

const answerSearch = (text: string): PeerReply | Promise<PeerReply> => {
  if (text.startsWith('Hang')) return new Promise(() => {})
  if (text.startsWith('Broken')) return { status: 500, body: '{}', headers: json }
  const found = text.startsWith('1 Chome') ? place(139.7671, 35.6812) : { ...place(0, 0), Results: [] }
  return { status: 200, body: JSON.stringify(found), headers: json }
}
const location = await startPeer(({ body }) => answerSearch((JSON.parse(body) as { Text: string }).Text))
afterAll(() => location.close())

process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
process.env['AWS_ENDPOINT_URL_LOCATION'] = location.url
setClock(Date.UTC(2026, 10, 22, 10))

const { id: merchantId } = await newMerchant(handler, 'owner')
const path = { merchantId }
const post = (body: unknown) =>
  callApi(handler, 'POST /v1/merchants/{merchantId}/stores', { subject: 'owner', path, body })

describe('a store', () => {
  test('at coordinates gets the time zone of the place', async () => {
    const { status, body } = await post({ name: 'Union Square', ...UNION_SQUARE })
    expect(status).toBe(201)
    expect(body).toMatchObject({ merchantId, ...UNION_SQUARE, timeZone: 'America/Los_Angeles', revision: 1 })
  })

  test('at an address gets its position, longitude first from the place index', async () => {
    const { status, body } = await post({ name: 'Tokyo', address: '1 Chome Marunouchi, Tokyo' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      lat: 35.6812,
      lon: 139.7671,
      address: '1 Chome Marunouchi, Tokyo',
      timeZone: 'Asia/Tokyo',
    })
    expect(location.requests.at(-1)?.path).toBe('/places/v0/indexes/places/search/text')
  })

  test('at an address that nobody knows is refused', async () => {
    const { status, body } = await post({ name: 'Nowhere', address: 'Nowhere at all' })
    expect(status).toBe(422)
    expect(body).toMatchObject({
      code: 'addressNotFound',
      errors: [{ pointer: '/address', detail: 'no place was found' }],
    })
  })

  test('whose address cannot be looked up now may be sent again', async () => {
    const { status, body } = await post({ name: 'Later', address: 'Broken Street 1' })
    expect(status).toBe(503)
    expect(body.code).toBe('busy')
  })

  test('is answered before the function ends when the place index hangs', async () => {
    const { status, body } = await callApi(handler, 'POST /v1/merchants/{merchantId}/stores', {
      subject: 'owner',
      path,
      body: { name: 'Never', address: 'Hanging Gardens' },
      remainingMs: 500,
    })
    expect(status).toBe(503)
    expect(body.code).toBe('busy')
  })

  test('with neither coordinates nor address, or half of them, is refused', async () => {
    expect((await post({ name: 'No place' })).body.errors).toEqual([
      { pointer: '/lat', detail: 'lat and lon, or address' },
      { pointer: '/lon', detail: 'lat and lon, or address' },
    ])
    expect((await post({ name: 'Half', lat: 1, address: 'x' })).body.errors).toEqual([
      { pointer: '/lon', detail: 'lat and lon, or address' },
    ])
  })

  test('is replaced, keeping its id and beginning', async () => {
    const store = (await post({ name: 'Old', ...UNION_SQUARE })).body
    const { status, body } = await callApi(handler, 'PUT /v1/merchants/{merchantId}/stores/{storeId}', {
      subject: 'owner',
      path: { merchantId, storeId: store.id },
      body: { name: 'New', lat: 51.5, lon: -0.12 },
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id: store.id,
      name: 'New',
      timeZone: 'Europe/London',
      revision: 2,
      createdAt: store.createdAt,
    })
  })

  test('names its state: it is shown, replaced and left off again', async () => {
    const store = await post({ name: 'Stated', ...UNION_SQUARE, subdivision: 'US-CA' })
    expect(store.status).toBe(201)
    expect(store.body['subdivision']).toBe('US-CA')
    const at = { subject: 'owner', path: { merchantId, storeId: store.body.id } }
    const put = (body: object) =>
      callApi(handler, 'PUT /v1/merchants/{merchantId}/stores/{storeId}', { ...at, body })
    await put({ name: 'Seattle', lat: 47.61, lon: -122.33, subdivision: 'US-WA' })
    const shown = await callApi(handler, 'GET /v1/merchants/{merchantId}/stores/{storeId}', at)
    expect(shown.body).toMatchObject({ subdivision: 'US-WA', revision: 2 })
    expect((await put({ name: 'Unsaid', ...UNION_SQUARE })).body).not.toHaveProperty('subdivision')
  })

  test.each(['CA', 'us-ca', 'US-', 'US-CALI', 'California'])(
    'is refused with the state %s',
    async (subdivision) => {
      const { status, body } = await post({ name: 'Unclear', ...UNION_SQUARE, subdivision })
      expect(status).toBe(400)
      expect(body.errors).toEqual([
        { pointer: '/subdivision', detail: 'a country and its state as in ISO 3166-2, for example US-CA' },
      ])
    },
  )

  test.each(['US-NY', 'US-ZZ', 'FR-IDF'])(
    'is refused in %s when its clock is none of there',
    async (subdivision) => {
      const { status, body } = await post({ name: 'Elsewhere', ...UNION_SQUARE, subdivision })
      expect(status).toBe(422)
      expect(body.errors).toEqual([
        {
          pointer: '/subdivision',
          detail: `${subdivision} is no state on the clock of the place, America/Los_Angeles`,
        },
      ])
    },
  )

  test('stays while a geofence or a live scene names it', async () => {
    const store = (await post({ name: 'Named', ...UNION_SQUARE })).body
    const storePath = { merchantId, storeId: store.id }
    const remove = () =>
      callApi(handler, 'DELETE /v1/merchants/{merchantId}/stores/{storeId}', {
        subject: 'owner',
        path: storePath,
      })
    const geofence = await created(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      subject: 'owner',
      path,
      body: geofenceBody({ storeId: store.id }),
    })
    const first = await remove()
    expect([first.status, first.body.heldBy]).toEqual([409, [{ type: 'geofence', id: geofence.id }]])
    await callApi(handler, 'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}', {
      subject: 'owner',
      path: { merchantId, geofenceId: geofence.id },
    })
    const body = sceneBody({ triggers: [{ type: 'enter', at: { storeIds: [store.id] } }] })
    const scene = await created(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'owner',
      path,
      body,
    })
    const second = await remove()
    expect([second.status, second.body.heldBy]).toEqual([409, [{ type: 'scene', id: scene.id }]])
    for (const state of ['paused', 'archived']) {
      await callApi(handler, 'PUT /v1/merchants/{merchantId}/scenes/{sceneId}', {
        subject: 'owner',
        path: { merchantId, sceneId: scene.id },
        body: { ...body, state },
      })
    }
    expect((await remove()).status).toBe(204)
    expect((await remove()).status).toBe(404)
  })
})

test('every change counts the version of the merchant, for those who cache it', async () => {
  const version = async () =>
    (await tables.allOf(tables.catalog)).find(
      (item) => item['pk'] === `M#${merchantId}` && item['sk'] === 'VERSION',
    )?.['version']
  const before = Number(await version())
  await post({ name: 'One more', ...UNION_SQUARE })
  expect(await version()).toBe(before + 1)
})

test('stores created at the same time all stand', async () => {
  const { id } = await newMerchant(handler, 'rush')
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      callApi(handler, 'POST /v1/merchants/{merchantId}/stores', {
        subject: 'rush',
        path: { merchantId: id },
        body: { name: `Store ${n}`, ...UNION_SQUARE },
      }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 201))
})
