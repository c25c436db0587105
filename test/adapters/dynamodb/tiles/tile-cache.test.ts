import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, it } from 'vitest'
import { tileRows } from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createTileCache, type TileCache, versionsOf } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { geometryItem } from '#shared/contracts/items/tile-row.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { tileAt, tilesAt } from '#shared/domain/geo/tiles.ts'
import { aGeofence, moved, SECOND, SQUARE, T0 } from '#test/support/builders.ts'
import { starAt } from '#test/support/polygons.ts'

const client: DynamoDBDocumentClient = createDocumentClient()
const mock = mockClient(client)
afterEach(() => mock.reset())

const tile = tileAt(SQUARE, 6)
const rowsOf = (geofence: IndexedGeofence) => tileRows(geofence).filter(({ pk }) => pk === `TILE#${tile}`)
const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => rowsOf(aGeofence(`row ${from + index}`))).flat()
const at = (version: number) =>
  new Map([
    [tile, version] as const,
    ...tilesAt(SQUARE)
      .slice(1)
      .map((name) => [name, 0] as const),
  ])
const listed = (cache: TileCache) => cache.listedAt(SQUARE, T0)

describe('the cache of tiles', () => {
  it('follows pages', async () => {
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    mock
      .on(QueryCommand)
      .resolvesOnce({ Items: rows(2), LastEvaluatedKey: { pk: 'x' } })
      .resolves({ Items: rows(1, 2) })
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(at(1), T0)
    expect(listed(cache)).toHaveLength(3)
  })

  it('reads a tile again when its version has changed, and not before', async () => {
    mock
      .on(GetCommand)
      .resolvesOnce({ Item: { version: 1 } })
      .resolves({ Item: { version: 2 } })
    mock
      .on(QueryCommand)
      .resolvesOnce({ Items: rows(1) })
      .resolves({ Items: rows(2) })
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(at(1), T0)
    await cache.refresh(at(1), T0 + 40 * SECOND)
    expect(listed(cache)).toHaveLength(1)
    await cache.refresh(at(2), T0 + 80 * SECOND)
    expect(listed(cache)).toHaveLength(2)
    expect(mock.commandCalls(QueryCommand)).toHaveLength(2)
  })

  it('asks for versions again after 30 s, also when the clock went back', async () => {
    const cache = createTileCache(client, 'catalog')
    expect(cache.stale([SQUARE, SQUARE], T0)).toEqual(tilesAt(SQUARE))
    await cache.refresh(at(0), T0)
    expect(cache.stale([SQUARE], T0 + 30 * SECOND)).toEqual([])
    expect(cache.stale([SQUARE], T0 + 31 * SECOND)).toEqual(tilesAt(SQUARE))
    expect(cache.stale([SQUARE], T0 - 31 * SECOND)).toEqual(tilesAt(SQUARE))
  })

  it('does not read a tile that lists nothing', async () => {
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(versionsOf(tilesAt(SQUARE), [undefined, undefined, undefined]), T0)
    expect(listed(cache)).toEqual([])
    expect(mock.calls()).toHaveLength(0)
  })

  it('reads a tile that it knows again when an old replica knows of no version', async () => {
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    mock.on(QueryCommand).resolves({ Items: rows(1) })
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(at(1), T0)
    await cache.refresh(at(0), T0 + 40 * SECOND)
    expect(listed(cache)).toHaveLength(1)
  })

  it('reads a tile once for several requests at the same time', async () => {
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    mock.on(QueryCommand).resolves({ Items: rows(1) })
    const cache = createTileCache(client, 'catalog')
    await Promise.all([cache.refresh(at(1), T0), cache.refresh(at(1), T0), cache.refresh(at(1), T0)])
    expect(mock.commandCalls(QueryCommand)).toHaveLength(1)
  })

  it('tries again after a read that failed', async () => {
    mock
      .on(GetCommand)
      .rejectsOnce(new Error('broken'))
      .resolves({ Item: { version: 1 } })
    mock.on(QueryCommand).resolves({ Items: rows(1) })
    const cache = createTileCache(client, 'catalog')
    await expect(cache.refresh(at(1), T0)).rejects.toThrow('broken')
    await cache.refresh(at(1), T0)
    expect(listed(cache)).toHaveLength(1)
  })
})

describe('a large polygon', () => {
  const vertices = 400
  const border = starAt(
    SQUARE,
    Array.from({ length: vertices }, (_, index) => 0.004 + 0.0005 * Math.sin(index)),
  )
  const large = aGeofence('large', { shape: border, effectiveAtMs: T0 - 1000 })
  const geometry = geometryItem(large.id, border, large.effectiveAtMs)
  const corner = moved(SQUARE, 0, 900)
  const names = tilesAt(SQUARE)
  const withRows = (geofence: IndexedGeofence = large) => {
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    for (const name of [...names, ...tilesAt(corner)]) {
      const Items = tileRows(geofence).filter(({ pk }) => pk === `TILE#${name}`)
      mock
        .on(QueryCommand, {
          ExpressionAttributeValues: { ':pk': `TILE#${name}`, ':first': 'GEOFENCE#', ':last': 'GONE#~' },
        })
        .resolves({ Items })
    }
  }
  const withGeometry = (Items: readonly unknown[] = [geometry]) =>
    mock.on(BatchGetCommand).resolves({ Responses: { catalog: Items as Record<string, unknown>[] } })
  const loaded = async (cache: TileCache, position: Position, nowMs = T0) => {
    cache.stale([position], nowMs)
    await cache.refresh(new Map(tilesAt(position).map((name) => [name, 1])), nowMs)
    await cache.loadGeometries([position], nowMs)
    return cache.geofencesAt(position, T0).flatMap(({ inside, test }) => [...inside, ...test])
  }

  it('is loaded once, when a position is near it, for all tiles that list it', async () => {
    withRows()
    withGeometry()
    const cache = createTileCache(client, 'catalog')
    const there = await loaded(cache, SQUARE)
    expect(there.map(({ shape }) => shape.kind)).toEqual(['polygon'])
    await loaded(cache, corner)
    await loaded(cache, moved(SQUARE, 30))
    expect(mock.commandCalls(BatchGetCommand)).toHaveLength(1)
    expect(there[0]?.shape).toEqual(border)
  })

  it('is shown by the circle around it while nobody is near', async () => {
    withRows()
    const cache = createTileCache(client, 'catalog')
    const far = moved(SQUARE, 5_000)
    const tile = tilesAt(SQUARE)[0] ?? ''
    await cache.refresh(new Map([[tile, 1], ...tilesAt(far).map((name) => [name, 0] as const)]), T0)
    await cache.loadGeometries([far], T0)
    expect(mock.commandCalls(BatchGetCommand)).toHaveLength(0)
    await cache.refresh(new Map(tilesAt(SQUARE).map((name) => [name, name === tile ? 1 : 0])), T0)
    expect(cache.listedAt(SQUARE, T0)[0]?.shape).toMatchObject({ kind: 'circle', radiusM: border.reachM })
    expect(() => cache.geofencesAt(SQUARE, T0)).toThrow(BusyError)
  })

  it('is loaded once for several requests at the same time', async () => {
    withRows()
    withGeometry()
    const cache = createTileCache(client, 'catalog')
    await Promise.all([loaded(cache, SQUARE), loaded(cache, SQUARE), loaded(cache, SQUARE)])
    expect(mock.commandCalls(BatchGetCommand)).toHaveLength(1)
  })

  it('that is missing has its tile read again, and is an error when it still is', async () => {
    withRows()
    withGeometry([])
    const cache = createTileCache(client, 'catalog')
    await expect(loaded(cache, SQUARE)).rejects.toThrow(BusyError)
    expect(mock.commandCalls(BatchGetCommand)).toHaveLength(2)
    withGeometry()
    expect(await loaded(cache, SQUARE)).toHaveLength(1)
  })

  it('is kept for the request that is under way, however many there are', async () => {
    const many = Array.from({ length: 20 }, (_, index) => ({ ...large, id: aGeofence(`large ${index}`).id }))
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    for (const name of names) {
      const Items = many.flatMap(tileRows).filter(({ pk }) => pk === `TILE#${name}`)
      mock
        .on(QueryCommand, {
          ExpressionAttributeValues: { ':pk': `TILE#${name}`, ':first': 'GEOFENCE#', ':last': 'GONE#~' },
        })
        .resolves({ Items })
    }
    withGeometry(many.map(({ id }) => geometryItem(id, border, large.effectiveAtMs)))
    const cache = createTileCache(client, 'catalog', { maxBytes: 20_000 })
    expect(await loaded(cache, SQUARE)).toHaveLength(20)
    expect(await loaded(cache, SQUARE, T0 + SECOND)).toHaveLength(20)
  })

  it('is let go of, with its tiles, when others need the room', async () => {
    withRows()
    withGeometry()
    const cache = createTileCache(client, 'catalog', { maxBytes: 20_000 })
    await loaded(cache, SQUARE)
    const later = T0 + 60 * SECOND
    const others = Array.from({ length: 60 }, (_, index) => moved(SQUARE, 50_000 + index * 2_000))
    for (const other of others) {
      await cache.refresh(new Map(tilesAt(other).map((name) => [name, 0])), later)
    }
    expect(cache.stale([SQUARE], later)).toContain(tilesAt(SQUARE)[0])
    expect(() => cache.geofencesAt(SQUARE, T0)).toThrow(BusyError)
    expect((await loaded(cache, SQUARE, later)).map(({ shape }) => shape.kind)).toEqual(['polygon'])
  })
})

describe('a row that has expired', () => {
  it('is left out, though DynamoDB still has it', async () => {
    const gone = aGeofence('gone', { goneAtMs: T0 })
    const Items = rowsOf(gone).map((item) => ({ ...item, ttl: T0 / 1000 + 3600 }))
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    mock.on(QueryCommand).resolves({ Items })
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(at(1), T0)
    expect(cache.geofencesAt(SQUARE, T0).flatMap(({ gone: departed = [] }) => departed)).toHaveLength(1)
    const later = createTileCache(client, 'catalog')
    await later.refresh(at(1), T0 + 3600 * SECOND)
    expect(later.geofencesAt(SQUARE, T0).flatMap(({ gone: departed = [] }) => departed)).toHaveLength(0)
  })
})

describe('a tile that many geofences have left', () => {
  it('is read no further than what is there and the latest that left', async () => {
    const gone = Array.from({ length: 1000 }, (_, index) =>
      rowsOf(aGeofence(`gone ${index}`, { goneAtMs: T0 - index })),
    ).flat()
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    mock
      .on(QueryCommand)
      .resolvesOnce({ Items: [...rows(3), ...gone.slice(0, 10)], LastEvaluatedKey: { pk: 'x' } })
      .resolves({ Items: gone, LastEvaluatedKey: { pk: 'x' } })
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(at(1), T0)
    expect(mock.commandCalls(QueryCommand)).toHaveLength(2)
    expect(listed(cache)).toHaveLength(3)
  })
})

describe('a row of another form', () => {
  const [row = {}] = rowsOf(aGeofence('one', { exit: { bufferM: 5 } }))
  it.each([
    ['id', 'gf_1'],
    ['merchantId', 'gf_01J0000000000000000000000A'],
    ['storeId', 7],
    ['shape', { kind: 'square', lat: 1, lon: 1 }],
    ['shape', { kind: 'circle', lat: 91, lon: 1, radiusM: 5 }],
    ['shape', { kind: 'polygon', lat: 1, lon: 1, reachM: Number.NaN, radiusM: 5 }],
    ['exit', { bufferM: 141 }],
    ['timeZone', 'x'.repeat(65)],
    ['revision', '1'],
    ['effectiveAtMs', undefined],
    ['former', { shape: null, effectiveAtMs: 1 }],
    ['cover', 'text'],
    ['cover', new Uint8Array(20).fill(255)],
  ])('in %s is refused', async (name, value) => {
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    mock.on(QueryCommand).resolves({ Items: [{ ...row, effectiveAtMs: T0, [name]: value }] })
    await expect(createTileCache(client, 'catalog').refresh(at(1), T0)).rejects.toThrow()
  })
})
