import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, it } from 'vitest'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createTileCache, versionsOf } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { tileAt } from '#shared/domain/geo/tiles.ts'
import { aGeofence, SECOND, SQUARE, T0 } from '#test/support/builders.ts'

const client: DynamoDBDocumentClient = createDocumentClient()
const mock = mockClient(client)
afterEach(() => mock.reset())

const tile = tileAt(SQUARE, 6)
const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ pk: 'x', sk: 'y', ...aGeofence(`row ${from + index}`) }))
const at = (version: number) => new Map([[tile, version]])

describe('the cache of tiles', () => {
  it('follows pages', async () => {
    mock.on(GetCommand).resolves({ Item: { version: 1 } })
    mock
      .on(QueryCommand)
      .resolvesOnce({ Items: rows(2), LastEvaluatedKey: { pk: 'x' } })
      .resolves({ Items: rows(1, 2) })
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(at(1), T0)
    expect(cache.near(SQUARE)).toHaveLength(3)
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
    expect(cache.near(SQUARE)).toHaveLength(1)
    await cache.refresh(at(2), T0 + 80 * SECOND)
    expect(cache.near(SQUARE)).toHaveLength(2)
    expect(mock.commandCalls(QueryCommand)).toHaveLength(2)
  })

  it('asks for versions again after 30 s, also when the clock went back', async () => {
    const cache = createTileCache(client, 'catalog')
    expect(cache.stale([tile, tile], T0)).toEqual([tile])
    await cache.refresh(at(0), T0)
    expect(cache.stale([tile], T0 + 30 * SECOND)).toEqual([])
    expect(cache.stale([tile], T0 + 31 * SECOND)).toEqual([tile])
    expect(cache.stale([tile], T0 - 31 * SECOND)).toEqual([tile])
  })

  it('does not read a tile that lists nothing', async () => {
    const cache = createTileCache(client, 'catalog')
    await cache.refresh(versionsOf([tile], [undefined]), T0)
    expect(cache.near(SQUARE)).toEqual([])
    expect(mock.calls()).toHaveLength(0)
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
    expect(cache.near(SQUARE)).toHaveLength(1)
  })
})
