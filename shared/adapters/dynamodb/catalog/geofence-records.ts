import * as z from 'zod'
import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { createEntityRecords, type EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { isNamedAnywhere } from '#shared/adapters/dynamodb/catalog/is-named.ts'
import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import type { Geofence, IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import { tilesOf } from '#shared/domain/geo/tiles.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'

/** The attributes that a tile's row and the geofence's own item share. */
export const indexedGeofenceSchema = z.object({
  id: idSchema('gf'),
  merchantId: idSchema('mer'),
  storeId: idSchema('sto').exactOptional(),
  shape: z.object({ kind: z.literal('circle'), lat: z.number(), lon: z.number(), radiusM: z.number() }),
  timeZone: z.string().max(64),
  revision: z.int(),
  effectiveAtMs: z.int(),
})

const storedGeofenceSchema = indexedGeofenceSchema.extend({
  name: z.string().max(100),
  createdAt: z.string().max(40),
  updatedAt: z.string().max(40),
})

const tilePk = (tile: string): string => `TILE#${tile}`
const rowKey = (tile: string, id: GeofenceId) => ({ pk: tilePk(tile), sk: `GEOFENCE#${id}` })

const indexed = ({
  id,
  merchantId,
  storeId,
  shape,
  timeZone,
  revision,
  effectiveAtMs,
}: Geofence): IndexedGeofence => ({
  id,
  merchantId,
  ...(storeId !== undefined && { storeId }),
  shape,
  timeZone,
  revision,
  effectiveAtMs,
})

const nextTileVersion = (catalog: string, tile: string): TransactItem => ({
  Update: {
    TableName: catalog,
    Key: { pk: tilePk(tile), sk: 'VERSION' },
    UpdateExpression: 'SET kind = :kind ADD version :one',
    ExpressionAttributeValues: { ':kind': 'tileVersion', ':one': 1 },
  },
})

/**
 * The rows of the tiles before and after a change, and the next VERSION of each tile: match-pings caches by it. At most
 * 2 × 16 tiles.
 */
const tileItems = (
  catalog: string,
  before: Geofence | undefined,
  after: Geofence | undefined,
): TransactItem[] => {
  const listed = after ? tilesOf(after.shape) : []
  const left = before ? tilesOf(before.shape).filter((tile) => !listed.includes(tile)) : []
  const puts = after
    ? listed.map((tile): TransactItem => {
        const Item = { ...rowKey(tile, after.id), kind: 'tileRow', ...indexed(after) }
        return { Put: { TableName: catalog, Item } }
      })
    : []
  const deletes = before
    ? left.map((tile): TransactItem => ({ Delete: { TableName: catalog, Key: rowKey(tile, before.id) } }))
    : []
  return [...puts, ...deletes, ...[...listed, ...left].map((tile) => nextTileVersion(catalog, tile))]
}

/** A merchant's geofences, with their rows in the tiles. One that a scene names stays. */
export const createGeofenceRecords = (tables: CatalogTables): EntityRecords<GeofenceId, Geofence> =>
  createEntityRecords(tables, {
    type: 'GEOFENCE',
    parse: (item): Geofence => storedGeofenceSchema.parse(item),
    references: ({ storeId }) =>
      storeId === undefined ? [] : [{ type: 'STORE', id: storeId, pointer: '/storeId' }],
    isNamed: (merchantId, id, signal) => isNamedAnywhere(tables, merchantId, id, ['SCENE#'], signal),
    along: async (before, after) => tileItems(tables.catalog, before, after),
  })
