import * as z from 'zod'
import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type CountChange, nextVersion } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import {
  type Along,
  createEntityRecords,
  type EntityRecords,
} from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { isNamedAnywhere } from '#shared/adapters/dynamodb/catalog/is-named.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import type { Geofence, IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import { tilesOf } from '#shared/domain/geo/tiles.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'

const MAX_GEOFENCES_PER_MERCHANT = 1000
/** Of all merchants: a ping looks at every row of its tiles. */
const MAX_ROWS_PER_TILE = 200
const TILE_IS_FULL =
  `this part of the map has ${MAX_ROWS_PER_TILE} geofences already, ` +
  'the most that all merchants together may draw there'

const shapeSchema = z.object({
  kind: z.literal('circle'),
  lat: z.number(),
  lon: z.number(),
  radiusM: z.number(),
})

/** The attributes that a tile's row and the geofence's own item share. */
export const indexedGeofenceSchema = z.object({
  id: idSchema('gf'),
  merchantId: idSchema('mer'),
  storeId: idSchema('sto').exactOptional(),
  shape: shapeSchema,
  timeZone: z.string().max(64),
  revision: z.int(),
  effectiveAtMs: z.int(),
  former: z.object({ shape: shapeSchema, effectiveAtMs: z.int() }).exactOptional(),
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
  former,
}: Geofence): IndexedGeofence => ({
  id,
  merchantId,
  ...(storeId !== undefined && { storeId }),
  shape,
  timeZone,
  revision,
  effectiveAtMs,
  ...(former !== undefined && { former }),
})

const nextTileVersion = (catalog: string, tile: string, by: CountChange['by']): Along => {
  const count = { attribute: 'rows', most: MAX_ROWS_PER_TILE, by }
  const write = nextVersion(catalog, { pk: tilePk(tile), sk: 'VERSION' }, 'tileVersion', { count })
  return by === 1 ? { write, full: TILE_IS_FULL } : { write }
}

const tilesOfGeofence = (geofence: Geofence | undefined): string[] =>
  geofence ? tilesOf(geofence.shape) : []

/**
 * The rows of the tiles before and after a change, and the next VERSION of each tile: match-pings caches by it. At most
 * 2 × 16 tiles.
 */
const tileItems = (catalog: string, before: Geofence | undefined, after: Geofence | undefined): Along[] => {
  const listed = tilesOfGeofence(after)
  const known = tilesOfGeofence(before)
  const left = known.filter((tile) => !listed.includes(tile))
  const puts = after
    ? listed.map((tile): Along => {
        const Item = { ...rowKey(tile, after.id), kind: 'tileRow', ...indexed(after) }
        return { write: { Put: { TableName: catalog, Item } } }
      })
    : []
  const deletes = before
    ? left.map((tile): Along => ({ write: { Delete: { TableName: catalog, Key: rowKey(tile, before.id) } } }))
    : []
  const versions = [
    ...listed.map((tile) => nextTileVersion(catalog, tile, known.includes(tile) ? 0 : 1)),
    ...left.map((tile) => nextTileVersion(catalog, tile, -1)),
  ]
  return [...puts, ...deletes, ...versions]
}

/** A merchant's geofences, with their rows in the tiles. One that a scene names stays. */
export const createGeofenceRecords = (tables: CatalogTables): EntityRecords<GeofenceId, Geofence> =>
  createEntityRecords(tables, {
    type: 'GEOFENCE',
    quota: { attribute: 'geofences', most: MAX_GEOFENCES_PER_MERCHANT },
    parse: (item): Geofence => storedGeofenceSchema.parse(item),
    references: ({ storeId }) =>
      storeId === undefined ? [] : [{ type: 'STORE', id: storeId, pointer: '/storeId' }],
    isNamed: (merchantId, id, signal) => isNamedAnywhere(tables, merchantId, id, ['SCENE#'], signal),
    along: async (before, after) => tileItems(tables.catalog, before, after),
  })
