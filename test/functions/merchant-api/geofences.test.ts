import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { toWgs84 } from '#shared/domain/geo/datum.ts'
import { contains as holds } from '#shared/domain/geo/distance.ts'
import { tilesOf } from '#shared/domain/geo/tiles.ts'
import { HOUR } from '#test/support/builders.ts'
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
const allRowsOf = async (geofenceId: string) =>
  (await tables.allOf(tables.catalog)).filter(
    (item) => String(item['pk']).startsWith('TILE#') && item['id'] === geofenceId,
  )
const rowsOf = async (geofenceId: string) =>
  (await allRowsOf(geofenceId)).filter((row) => row['goneAtMs'] === undefined)
const goneRowsOf = async (geofenceId: string) =>
  (await allRowsOf(geofenceId)).filter((row) => row['goneAtMs'] !== undefined)
const geometriesOf = async (geofenceId: string) =>
  (await tables.allOf(tables.catalog)).filter((item) => item['pk'] === `GEOMETRY#${geofenceId}`)
/** Answers as match-pings sees it: a container of its own that reads what is stored. */
const seenAt = async (position: { lat: number; lon: number }, atMs: number) => {
  const cache = createTileCache(tables.client, tables.catalog)
  const names = cache.stale([position], clock.nowMs)
  await cache.refresh(new Map(names.map((name) => [name, -1])), clock.nowMs)
  await cache.loadGeometries([position], clock.nowMs)
  const nearby = cache.geofencesAt(position, atMs)
  const holding = nearby.flatMap(({ inside, test: tested }) => [
    ...inside,
    ...tested.filter(({ shape }) => holds(shape, position)),
  ])
  return {
    inside: holding.map(({ id }) => id),
    gone: nearby.flatMap(({ gone = [] }) => gone.map(({ id }) => id)),
  }
}
const put = (geofenceId: string, changes: Readonly<Record<string, unknown>>) =>
  callApi(handler, 'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}', {
    subject: 'owner',
    path: { merchantId, geofenceId },
    body: geofenceBody(changes),
  })
const get = async (geofenceId: string) =>
  (
    await callApi(handler, 'GET /v1/merchants/{merchantId}/geofences/{geofenceId}', {
      subject: 'owner',
      path: { merchantId, geofenceId },
    })
  ).body
const remove = (geofenceId: string) =>
  callApi(handler, 'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}', {
    subject: 'owner',
    path: { merchantId, geofenceId },
  })
/** A border of many vertices around a place, some hundred metres wide. */
const borderAt = (lat: number, lon: number, vertices: number) => {
  const ring = Array.from({ length: vertices }, (_, index) => {
    const angle = (-2 * Math.PI * index) / vertices
    const radius = 0.004 * (1 + 0.1 * Math.sin(40 * angle))
    return [
      Number((lon + radius * Math.cos(angle)).toFixed(7)),
      Number((lat + radius * Math.sin(angle)).toFixed(7)),
    ]
  })
  return { type: 'Polygon', coordinates: [[...ring, ring[0]]] }
}
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
    const exit = { bufferM: 30 }
    await put(geofence.id, { name: 'New name', exit })
    for (const row of await rowsOf(geofence.id))
      expect(row).toMatchObject({ revision: 3, effectiveAtMs, exit })
    await put(geofence.id, { name: 'New name' })
    for (const row of await rowsOf(geofence.id)) expect(row).not.toHaveProperty('exit')
  })

  test('that is deleted leaves its tiles', async () => {
    const geofence = await draw()
    const geofencePath = { merchantId, geofenceId: geofence.id }
    const call = { subject: 'owner', path: geofencePath }
    const key = 'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}'
    clock.advance(1000)
    expect((await callApi(handler, key, call)).status).toBe(204)
    expect(await rowsOf(geofence.id)).toEqual([])
    const gone = await goneRowsOf(geofence.id)
    expect(gone).toHaveLength(tilesOf({ kind: 'circle', ...UNION_SQUARE, radiusM: 100 }).length)
    expect(gone[0]).toMatchObject({ goneAtMs: clock.nowMs, ttl: Math.ceil(clock.nowMs / 1000) + 48 * 3600 })
    expect(
      (await callApi(handler, 'GET /v1/merchants/{merchantId}/geofences/{geofenceId}', call)).status,
    ).toBe(404)
  })

  test('stays while a live scene names it', async () => {
    const geofence = await draw()
    const scenes: string[] = []
    for (let n = 0; n < 12; n += 1) {
      const scene = await created(handler, 'POST /v1/merchants/{merchantId}/scenes', {
        subject: 'owner',
        path,
        body: sceneBody({ triggers: [{ type: 'exit', at: { geofenceIds: [geofence.id] } }] }),
      })
      scenes.push(scene.id)
    }
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
    expect(body.heldBy).toEqual(
      scenes
        .toSorted()
        .slice(0, 10)
        .map((id) => ({ type: 'scene', id })),
    )
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
    ['a line', { geometry: { type: 'LineString', coordinates: [] } }, '/geometry/type'],
    ['a radius around a polygon', { geometry: borderAt(0, 0, 10) }, '/radiusM'],
    ['no radius around a point', { radiusM: undefined }, '/radiusM'],
    [
      'a ring that is not closed',
      {
        radiusM: undefined,
        geometry: {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [0.01, 0],
              [0.01, 0.01],
              [0, 0.01],
            ],
          ],
        },
      },
      '/geometry/coordinates/0/3',
    ],
    [
      'a position out of range in a ring',
      {
        radiusM: undefined,
        geometry: {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [0.01, 0],
              [0.01, 91],
              [0, 0],
            ],
          ],
        },
      },
      '/geometry/coordinates/0/2/1',
    ],
    [
      'an area that reaches farther than 5 km',
      {
        radiusM: undefined,
        geometry: {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [0.1, 0],
              [0.1, 0.1],
              [0, 0.1],
              [0, 0],
            ],
          ],
        },
      },
      '/geometry',
    ],
    ['an exit buffer over 140 m', { exit: { bufferM: 141 } }, '/exit/bufferM'],
    ['an unknown datum', { datum: 'nad27' }, '/datum'],
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

describe('a polygon', () => {
  const square = {
    type: 'Polygon',
    coordinates: [
      [
        [-122.41, 37.78],
        [-122.41, 37.79],
        [-122.4, 37.79],
        [-122.4, 37.78],
        [-122.41, 37.78],
      ],
      [
        [-122.406, 37.784],
        [-122.404, 37.784],
        [-122.404, 37.786],
        [-122.406, 37.786],
        [-122.406, 37.784],
      ],
    ],
  }
  const inSquare = { lat: 37.782, lon: -122.408 }
  const inHole = { lat: 37.785, lon: -122.405 }

  test('is shown as it was declared, and holds what is in it but not in its holes', async () => {
    const exit = { bufferM: 0, confirmS: 60 }
    const geofence = await draw({ geometry: square, radiusM: undefined, exit })
    expect(geofence).toMatchObject({ geometry: square, datum: 'wgs84', exit })
    expect(geofence).not.toHaveProperty('radiusM')
    expect(await get(geofence.id)).toEqual(geofence)
    expect((await rowsOf(geofence.id))[0]).toMatchObject({ exit, shape: { kind: 'polygon' } })
    expect(await geometriesOf(geofence.id)).toEqual([])
    expect((await seenAt(inSquare, clock.nowMs)).inside).toContain(geofence.id)
    expect((await seenAt(inHole, clock.nowMs)).inside).not.toContain(geofence.id)
    expect((await contains('owner', merchantId, inSquare)).geofenceIds).toContain(geofence.id)
    expect((await contains('owner', merchantId, inHole)).geofenceIds).not.toContain(geofence.id)
    await remove(geofence.id)
  })

  test('of thousands of vertices stands once beside its tiles, and is left out of lists', async () => {
    const geometry = borderAt(52.5, 13.4, 3000)
    const geofence = await draw({ name: 'Border', geometry, radiusM: undefined })
    expect(geofence.geometry).toEqual(geometry)
    expect(await geometriesOf(geofence.id)).toHaveLength(1)
    const rows = await rowsOf(geofence.id)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row['shape']).not.toHaveProperty('packed')
    expect((await seenAt({ lat: 52.5, lon: 13.4 }, clock.nowMs)).inside).toEqual([geofence.id])
    expect((await seenAt({ lat: 52.5039, lon: 13.4039 }, clock.nowMs)).inside).toEqual([])
    expect((await contains('owner', merchantId, { lat: 52.5, lon: 13.4 })).geofenceIds).toEqual([geofence.id])
    const { body } = await callApi(handler, 'GET /v1/merchants/{merchantId}/geofences', {
      subject: 'owner',
      path,
      query: { limit: '100' },
    })
    const listed = body.items.find(({ id }: { id: string }) => id === geofence.id)
    expect(listed).toMatchObject({ positions: 3001, name: 'Border' })
    expect(listed).not.toHaveProperty('geometry')

    clock.advance(5000)
    expect((await put(geofence.id, { name: 'Renamed', geometry, radiusM: undefined })).status).toBe(200)
    expect(await geometriesOf(geofence.id)).toHaveLength(1)
    expect((await seenAt({ lat: 52.5, lon: 13.4 }, clock.nowMs)).inside).toEqual([geofence.id])

    clock.advance(5000)
    const changedAtMs = clock.nowMs
    const moved = { name: 'Renamed', geometry: borderAt(52.51, 13.4, 2500), radiusM: undefined }
    expect((await put(geofence.id, moved)).status).toBe(200)
    const geometries = await geometriesOf(geofence.id)
    expect(geometries.map(({ ttl }) => ttl)).toEqual([Math.ceil(changedAtMs / 1000) + 48 * 3600, undefined])
    expect((await seenAt({ lat: 52.499, lon: 13.4 }, clock.nowMs)).inside).toEqual([])
    expect((await seenAt({ lat: 52.499, lon: 13.4 }, changedAtMs - 1)).inside).toEqual([geofence.id])
    await put(geofence.id, { ...moved, name: 'Once more' })
    expect((await seenAt({ lat: 52.499, lon: 13.4 }, changedAtMs - 1)).inside).toEqual([geofence.id])
    await remove(geofence.id)
  })

  test('of 30,000 vertices is taken, and shown again', async () => {
    const geometry = borderAt(48.2, 16.37, 30_000)
    const geofence = await draw({ geometry, radiusM: undefined })
    expect((await get(geofence.id)).geometry).toEqual(geometry)
    await remove(geofence.id)
  })

  test('in another datum is converted inside and shown as declared', async () => {
    const geometry = { type: 'Point', coordinates: [116.397452, 39.909187] }
    const geofence = await draw({ geometry, datum: 'gcj02', radiusM: 50 })
    expect(geofence).toMatchObject({ geometry, datum: 'gcj02', radiusM: 50 })
    expect((await rowsOf(geofence.id))[0]).toMatchObject({
      shape: { lat: expect.closeTo(39.907785, 5), lon: expect.closeTo(116.391211, 5) },
    })
    const declared = { lat: 39.909187, lon: 116.397452 }
    const inDatum = { ...declared, datum: 'gcj02' }
    expect((await contains('owner', merchantId, inDatum)).geofenceIds).toEqual([geofence.id])
    expect((await contains('owner', merchantId, declared)).geofenceIds).toEqual([])
    await remove(geofence.id)
  })
})

describe('a geofence in another datum at the edge of the map', () => {
  test('lies on the globe, and does not spoil its tile', async () => {
    const geometry = { type: 'Point', coordinates: [-180, -17] }
    const geofence = await draw({ geometry, datum: 'bd09', radiusM: 50 })
    const { lat, lon } = toWgs84({ lat: -17, lon: -180 }, 'bd09')
    expect((await seenAt({ lat, lon }, clock.nowMs)).inside).toEqual([geofence.id])
    await remove(geofence.id)
  })
})

describe('a geofence that changes', () => {
  const here = { lat: 47.37, lon: 8.54 }
  const there = { lat: 47.38, lon: 8.6 }
  const pointAt = ({ lat, lon }: typeof here) => ({ geometry: { type: 'Point', coordinates: [lon, lat] } })

  test('over a pole, where it is in all tiles, is deleted or changed there, but not moved away', async () => {
    const pole = { geometry: { type: 'Point', coordinates: [0, 90] } }
    const geofence = await draw(pole)
    expect(await rowsOf(geofence.id)).toHaveLength(32)
    const { status, body } = await put(geofence.id, pointAt(here))
    expect([status, body.code, body.detail]).toEqual([
      409,
      'limitReached',
      'this change touches too much at once; delete what it changes and create it anew',
    ])
    expect((await put(geofence.id, { ...pole, radiusM: 50 })).status).toBe(200)
    expect((await remove(geofence.id)).status).toBe(204)
    expect(await rowsOf(geofence.id)).toEqual([])

    const ring = Array.from({ length: 400 }, (_, index) => [index * 0.9 - 180, 89.98 + (index % 7) * 1e-4])
    const border = { type: 'Polygon', coordinates: [[...ring, ring[0]]] }
    const large = await draw({ geometry: border, radiusM: undefined })
    expect(await geometriesOf(large.id)).toHaveLength(1)
    expect((await remove(large.id)).status).toBe(204)
  })

  test('is seen by earlier fixes where it was, by later ones where it is', async () => {
    const geofence = await draw(pointAt(here))
    clock.advance(60_000)
    const movedAtMs = clock.nowMs
    await put(geofence.id, pointAt(there))
    expect(await seenAt(here, movedAtMs - 1)).toEqual({ inside: [geofence.id], gone: [] })
    expect(await seenAt(here, movedAtMs)).toEqual({ inside: [], gone: [geofence.id] })
    expect(await seenAt(there, movedAtMs - 1)).toEqual({ inside: [], gone: [] })
    expect(await seenAt(there, movedAtMs)).toEqual({ inside: [geofence.id], gone: [] })

    clock.advance(60_000)
    const deletedAtMs = clock.nowMs
    await remove(geofence.id)
    expect(await seenAt(there, deletedAtMs - 1)).toEqual({ inside: [geofence.id], gone: [] })
    expect(await seenAt(there, deletedAtMs)).toEqual({ inside: [], gone: [geofence.id] })
    expect(await goneRowsOf(geofence.id)).not.toEqual([])
    clock.advance(49 * HOUR)
    expect(await seenAt(there, deletedAtMs)).toEqual({ inside: [], gone: [] })
  })

  test('twice in quick succession is seen by each fix as it was at its time', async () => {
    const startMs = clock.nowMs
    const near = { lat: here.lat + 0.003, lon: here.lon }
    const geofence = await draw(pointAt(here))
    clock.advance(60_000)
    await put(geofence.id, pointAt(near))
    clock.advance(60_000)
    await put(geofence.id, { ...pointAt(near), radiusM: 50 })
    expect(await seenAt(here, startMs)).toEqual({ inside: [geofence.id], gone: [] })
    expect(await seenAt(near, startMs)).toEqual({ inside: [], gone: [] })
    expect(await seenAt(near, startMs + 60_000)).toEqual({ inside: [geofence.id], gone: [] })
    expect(await seenAt(near, clock.nowMs)).toEqual({ inside: [geofence.id], gone: [] })
    expect(await seenAt(here, clock.nowMs)).toEqual({ inside: [], gone: [] })
    await remove(geofence.id)
    expect(await seenAt(here, startMs)).toEqual({ inside: [geofence.id], gone: [] })
    expect(await seenAt(near, startMs + 60_000)).toEqual({ inside: [geofence.id], gone: [] })
    expect(await seenAt(near, clock.nowMs + 1)).toEqual({ inside: [], gone: [geofence.id] })
  })

  test('that is renamed keeps the tiles in which its rows are', async () => {
    const geofence = await draw(pointAt(here))
    const key = { pk: `M#${merchantId}`, sk: `GEOFENCE#${geofence.id}` }
    const [tile] = tilesOf({ kind: 'circle', ...here, radiusM: 100 })
    await tables.client.send(
      new UpdateCommand({
        TableName: tables.catalog,
        Key: key,
        UpdateExpression: 'SET tiles = :tiles',
        ExpressionAttributeValues: { ':tiles': [tile] },
      }),
    )
    await put(geofence.id, { ...pointAt(here), name: 'Renamed' })
    const renamed = (await tables.allOf(tables.catalog)).find(({ pk, sk }) => pk === key.pk && sk === key.sk)
    expect(renamed).toMatchObject({ name: 'Renamed', tiles: [tile] })
    await remove(geofence.id)
  })

  test('twice in the same millisecond has two times', async () => {
    const geofence = await draw(pointAt(here))
    await put(geofence.id, { ...pointAt(here), radiusM: 60 })
    await put(geofence.id, { ...pointAt(here), radiusM: 70 })
    expect((await rowsOf(geofence.id))[0]).toMatchObject({ effectiveAtMs: clock.nowMs + 2 })
    await remove(geofence.id)
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
    expect(found.geofences[0].distanceM).toBe(Math.round(found.geofences[0].distanceM * 10) / 10)
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
      'this part of the map has 200 geofences already (a polygon counts once more for every 2,000 vertices), ' +
        'the most that all merchants together may draw there',
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

  test('where a polygon counts once more for every 2,000 vertices', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const at = [4.9, 52.37] as const
    const ring = Array.from({ length: 5000 }, (_, index) => {
      const angle = (index / 5000) * 2 * Math.PI
      return [at[0] + 0.002 * Math.cos(angle), at[1] + 0.001 * Math.sin(angle)]
    })
    const border = { name: 'Border', geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]]] } }
    const draw = () =>
      callApi(handler, 'POST /v1/merchants/{merchantId}/geofences', {
        subject: 'owner',
        path: { merchantId: id },
        body: border,
      })
    const drawn = await draw()
    expect(drawn.status).toBe(201)
    expect(await countOf(tileOf(at), 'rows')).toBe(3)
    await setCount(tileOf(at), 'rows', 198)
    expect((await draw()).body.code).toBe('limitReached')
    await setCount(tileOf(at), 'rows', 3)
    expect((await remove(id, drawn.body.id)).status).toBe(204)
    expect(await countOf(tileOf(at), 'rows')).toBe(0)
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

test('geofences go out as a FeatureCollection in WGS-84, page by page', async () => {
  const { id: merchantId } = await newMerchant(handler, 'exporter')
  const call = { subject: 'exporter', path: { merchantId } }
  for (const [name, datum] of [
    ['Beijing', 'gcj02'],
    ['Elsewhere', 'wgs84'],
  ]) {
    clock.advance(1000)
    await created(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      ...call,
      body: geofenceBody({
        name,
        datum,
        geometry: { type: 'Point', coordinates: [116.397452, 39.909187] },
      }),
    })
  }
  const KEY = 'GET /v1/merchants/{merchantId}/geofences:geojson'
  const { body: first } = await callApi(handler, KEY, { ...call, query: { limit: '1' } })
  expect(first).toMatchObject({
    type: 'FeatureCollection',
    features: [{ type: 'Feature', properties: { name: 'Beijing', radiusM: 100 } }],
  })
  const [lon, lat] = first.features[0].geometry.coordinates
  expect(lat).toBeCloseTo(39.907785, 4)
  expect(lon).toBeCloseTo(116.391211, 4)
  const { body: second } = await callApi(handler, KEY, {
    ...call,
    query: { limit: '1', cursor: first.next },
  })
  expect(second.features[0].geometry.coordinates).toEqual([116.397452, 39.909187])
})
