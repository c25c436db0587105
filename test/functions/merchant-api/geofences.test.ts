import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { tilesOf } from '#shared/domain/geo/tiles.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, geofenceBody, newMerchant, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const { id: merchantId } = await newMerchant(handler, 'owner')
const path = { merchantId }
const draw = (changes?: Readonly<Record<string, unknown>>) =>
  created(handler, 'POST /v1/merchants/{merchantId}/geofences', {
    subject: 'owner',
    path,
    body: geofenceBody(changes),
  })
const rowsOf = async (geofenceId: string) =>
  (await tables.allOf(tables.catalog)).filter(
    (item) => String(item['pk']).startsWith('TILE#') && item['sk'] === `GEOFENCE#${geofenceId}`,
  )
const tileVersion = async (tile: string) =>
  Number(
    (await tables.allOf(tables.catalog)).find(
      (item) => item['pk'] === `TILE#${tile}` && item['sk'] === 'VERSION',
    )?.['version'],
  )
const contains = async (subject: string, id: string, position: { lat: number; lon: number }) =>
  (
    await callApi(handler, 'POST /v1/merchants/{merchantId}/geofences:contains', {
      subject,
      path: { merchantId: id },
      body: position,
    })
  ).body

describe('a geofence', () => {
  test('is listed in every tile it touches, with the tile versions counted', async () => {
    const geofence = await draw()
    expect(geofence).toMatchObject({
      merchantId,
      geometry: { type: 'Point', coordinates: [UNION_SQUARE.lon, UNION_SQUARE.lat] },
      radiusM: 100,
      timeZone: 'America/Los_Angeles',
      revision: 1,
    })
    const rows = await rowsOf(geofence.id)
    const tiles = tilesOf({ kind: 'circle', ...UNION_SQUARE, radiusM: 100 })
    expect(rows.map((row) => row['pk']).toSorted()).toEqual(tiles.map((tile) => `TILE#${tile}`).toSorted())
    expect(rows[0]).toMatchObject({
      id: geofence.id,
      merchantId,
      shape: { kind: 'circle', ...UNION_SQUARE, radiusM: 100 },
      timeZone: 'America/Los_Angeles',
      revision: 1,
      effectiveAtMs: clock.nowMs,
    })
    for (const tile of tiles) expect(await tileVersion(tile)).toBeGreaterThan(0)
  })

  test('that moves leaves its old tiles, and acts from now on', async () => {
    const geofence = await draw({ name: 'Mover' })
    const [oldTile = ''] = tilesOf({ kind: 'circle', ...UNION_SQUARE, radiusM: 100 })
    const before = await tileVersion(oldTile)
    clock.advance(5000)
    const { status, body } = await callApi(handler, 'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}', {
      subject: 'owner',
      path: { merchantId, geofenceId: geofence.id },
      body: geofenceBody({
        name: 'Mover',
        geometry: { type: 'Point', coordinates: [2.3522, 48.8566] },
        radiusM: 50,
      }),
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ revision: 2, timeZone: 'Europe/Paris', createdAt: geofence.createdAt })
    const rows = await rowsOf(geofence.id)
    const tiles = tilesOf({ kind: 'circle', lat: 48.8566, lon: 2.3522, radiusM: 50 })
    expect(rows.map((row) => row['pk']).toSorted()).toEqual(tiles.map((tile) => `TILE#${tile}`).toSorted())
    expect(rows[0]).toMatchObject({
      revision: 2,
      effectiveAtMs: clock.nowMs,
      former: { shape: { lat: expect.any(Number) }, effectiveAtMs: expect.any(Number) },
    })
    expect(await tileVersion(oldTile)).toBe(before + 1)
  })

  test('that is only renamed keeps the moment from which it acts', async () => {
    const effectiveAtMs = clock.nowMs
    const geofence = await draw({ name: 'Old name' })
    clock.advance(5000)
    await callApi(handler, 'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}', {
      subject: 'owner',
      path: { merchantId, geofenceId: geofence.id },
      body: geofenceBody({ name: 'New name' }),
    })
    expect((await rowsOf(geofence.id))[0]).toMatchObject({ revision: 2, effectiveAtMs })
  })

  test('that is deleted leaves its tiles', async () => {
    const geofence = await draw()
    const geofencePath = { merchantId, geofenceId: geofence.id }
    const call = { subject: 'owner', path: geofencePath }
    const key = 'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}'
    expect((await callApi(handler, key, call)).status).toBe(204)
    expect(await rowsOf(geofence.id)).toEqual([])
    expect(
      (await callApi(handler, 'GET /v1/merchants/{merchantId}/geofences/{geofenceId}', call)).status,
    ).toBe(404)
  })

  test('stays while a live scene names it', async () => {
    const geofence = await draw()
    await created(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'owner',
      path,
      body: sceneBody({ triggers: [{ type: 'exit', at: { geofenceIds: [geofence.id] } }] }),
    })
    const { status, body } = await callApi(
      handler,
      'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}',
      {
        subject: 'owner',
        path: { merchantId, geofenceId: geofence.id },
      },
    )
    expect(status).toBe(409)
    expect(body.code).toBe('inUse')
  })

  test('of a store that the merchant does not have is refused, and nothing of it is kept', async () => {
    const { status, body } = await callApi(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      subject: 'owner',
      path,
      body: geofenceBody({ name: 'Orphan', storeId: 'sto_01J0000000000000000000000A' }),
    })
    expect(status).toBe(422)
    expect(body.errors).toEqual([{ pointer: '/storeId', detail: 'the merchant has none with this id' }])
    const kept = (await tables.allOf(tables.catalog)).filter((item) => item['name'] === 'Orphan')
    expect(kept).toEqual([])
  })

  test.each([
    ['a radius below 10 m', { radiusM: 9 }, '/radiusM'],
    ['a radius over 5 km', { radiusM: 5001 }, '/radiusM'],
    [
      'a latitude in the place of a longitude',
      { geometry: { type: 'Point', coordinates: [0, 91] } },
      '/geometry/coordinates/1',
    ],
    ['a polygon', { geometry: { type: 'Polygon', coordinates: [] } }, '/geometry/type'],
    ['a third coordinate', { geometry: { type: 'Point', coordinates: [0, 0, 0] } }, '/geometry/coordinates'],
    ['an unknown member', { colour: 'red' }, '/colour'],
  ])('with %s is refused', async (_, changes, pointer) => {
    const { status, body } = await callApi(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      subject: 'owner',
      path,
      body: geofenceBody(changes),
    })
    expect(status).toBe(400)
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
  })
})

describe('geofences:contains', () => {
  test('finds the geofences around a position, the innermost first, the boundary included', async () => {
    const { id } = await newMerchant(handler, 'finder')
    const drawAt = (name: string, lat: number, lon: number, radiusM: number) =>
      created(handler, 'POST /v1/merchants/{merchantId}/geofences', {
        subject: 'finder',
        path: { merchantId: id },
        body: { name, geometry: { type: 'Point', coordinates: [lon, lat] }, radiusM },
      })
    const wide = await drawAt('Wide', 37.79, -122.41, 5000)
    const near = await drawAt('Near', 37.788, -122.4075, 100)
    await drawAt('Far', 37.8, -122.4, 50)
    const found = await contains('finder', id, UNION_SQUARE)
    expect(found.geofenceIds).toEqual([wide.id, near.id])
    expect(found.geofences).toEqual([
      { id: wide.id, name: 'Wide', distanceM: expect.closeTo(-4687, -2) },
      { id: near.id, name: 'Near', distanceM: -100 },
    ])
  })

  test('finds across the antimeridian', async () => {
    const { id } = await newMerchant(handler, 'fiji')
    const geofence = await created(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      subject: 'fiji',
      path: { merchantId: id },
      body: geofenceBody({ geometry: { type: 'Point', coordinates: [179.9999, -16.8] }, radiusM: 500 }),
    })
    expect((await contains('fiji', id, { lat: -16.8, lon: -179.9999 })).geofenceIds).toEqual([geofence.id])
  })

  test("does not find another merchant's", async () => {
    const { id } = await newMerchant(handler, 'neighbour')
    expect(await contains('neighbour', id, UNION_SQUARE)).toEqual({ geofenceIds: [], geofences: [] })
  })
})

describe('geofences are bounded', () => {
  const setCount = (pk: string, attribute: string, count: number) =>
    tables.client.send(
      new UpdateCommand({
        TableName: tables.catalog,
        Key: { pk, sk: 'VERSION' },
        UpdateExpression: 'SET #count = :count',
        ExpressionAttributeNames: { '#count': attribute },
        ExpressionAttributeValues: { ':count': count },
      }),
    )
  const countOf = async (pk: string, attribute: string) =>
    (await tables.allOf(tables.catalog)).find((item) => item['pk'] === pk && item['sk'] === 'VERSION')?.[
      attribute
    ]
  const post = (id: string, at: readonly [number, number]) =>
    callApi(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      subject: 'owner',
      path: { merchantId: id },
      body: geofenceBody({ geometry: { type: 'Point', coordinates: at }, radiusM: 50 }),
    })
  const move = (id: string, geofenceId: string, at: readonly [number, number]) =>
    callApi(handler, 'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}', {
      subject: 'owner',
      path: { merchantId: id, geofenceId },
      body: geofenceBody({ geometry: { type: 'Point', coordinates: at }, radiusM: 50 }),
    })
  const remove = (id: string, geofenceId: string) =>
    callApi(handler, 'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}', {
      subject: 'owner',
      path: { merchantId: id, geofenceId },
    })
  const tileOf = ([lon, lat]: readonly [number, number]) =>
    `TILE#${tilesOf({ kind: 'circle', lat, lon, radiusM: 50 })[0]}`

  test('to 1,000 of a merchant; deleting one makes room', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const at = [13.4, 52.52] as const
    const { body: first } = await post(id, at)
    expect(await countOf(`M#${id}`, 'geofences')).toBe(1)
    await setCount(`M#${id}`, 'geofences', 999)
    expect((await post(id, at)).status).toBe(201)
    const { status, body } = await post(id, at)
    expect([status, body.code, body.detail]).toEqual([
      409,
      'limitReached',
      'a merchant has at most 1000 geofences',
    ])
    expect((await move(id, first.id, [13.41, 52.52])).status).toBe(200)
    expect((await remove(id, first.id)).status).toBe(204)
    expect(await countOf(`M#${id}`, 'geofences')).toBe(999)
    expect((await post(id, at)).status).toBe(201)
  })

  test('to 200 in a tile, of all merchants together', async () => {
    const { id: mine } = await newMerchant(handler, 'owner')
    const { id: other } = await newMerchant(handler, 'owner')
    const full = [11.58, 48.14] as const
    const elsewhere = [9.18, 48.78] as const
    const { body: first } = await post(mine, full)
    await post(other, full)
    expect(await countOf(tileOf(full), 'rows')).toBe(2)
    await setCount(tileOf(full), 'rows', 199)
    expect((await post(other, full)).status).toBe(201)
    const refused = await post(mine, full)
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      409,
      'limitReached',
      'this part of the map has 200 geofences already, the most that all merchants together may draw there',
    ])
    expect(await countOf(`M#${mine}`, 'geofences')).toBe(1)

    // What is listed there already may be renamed or leave; what comes from elsewhere may not enter.
    expect((await move(mine, first.id, full)).status).toBe(200)
    const { body: second } = await post(mine, elsewhere)
    expect((await move(mine, second.id, full)).body.code).toBe('limitReached')
    expect(await countOf(tileOf(elsewhere), 'rows')).toBe(1)
    expect((await move(mine, first.id, elsewhere)).status).toBe(200)
    expect(await countOf(tileOf(full), 'rows')).toBe(199)
    expect((await move(mine, second.id, full)).status).toBe(200)
    expect(await countOf(tileOf(elsewhere), 'rows')).toBe(1)
    expect((await remove(mine, first.id)).status).toBe(204)
    expect(await countOf(tileOf(elsewhere), 'rows')).toBe(0)
  })

  test('exactly, however many ask at once', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const at = [2.35, 48.85] as const
    await post(id, at)
    await setCount(`M#${id}`, 'geofences', 998)
    const answers = await Promise.all(Array.from({ length: 4 }, () => post(id, at)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409])
  })
})
