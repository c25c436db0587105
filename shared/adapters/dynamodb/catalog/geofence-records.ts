import {
  type CatalogTables,
  listUnder,
  merchantPk,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type CountChange, nextVersion } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import {
  type Along,
  createEntityRecords,
  type EntityRecords,
} from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { findHolders } from '#shared/adapters/dynamodb/catalog/find-holders.ts'
import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { countPositions } from '#shared/contracts/declared-geometry.ts'
import { type DeclaredGeofence, geofenceItem, parseGeofenceItem } from '#shared/contracts/items/geofence.ts'
import {
  geometryItem,
  geometryKey,
  KEEP_GONE_S,
  tileRowAttributes,
} from '#shared/contracts/items/tile-row.ts'
import { geohashOf } from '#shared/domain/geo/cells.ts'
import { coverOf } from '#shared/domain/geo/cover.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import { tilesOf } from '#shared/domain/geo/tiles.ts'
import type { GeofenceId, MerchantId } from '#shared/domain/ids.ts'
import { DEFAULT_QUOTAS, type Quotas } from '#shared/domain/merchants/quotas.ts'

/** So many vertices take about as much to keep and to go through as a row with its lists. */
const VERTICES_OF_A_ROW = 2000
const tileIsFull = (rows: number): string =>
  `this part of the map has ${rows} geofences already (a polygon counts once more for every 2,000 vertices), ` +
  'the most that all merchants together may draw there'

const tilePk = (tile: string): string => `TILE#${tile}`
const rowKey = (tile: string, id: GeofenceId) => ({ pk: tilePk(tile), sk: `GEOFENCE#${id}` })
// After the rows of what is there, the latest to go first: who loads a tile need not read all that has ever left it.
const LATEST_MS = 9_999_999_999_999
const goneKey = (tile: string, id: GeofenceId, goneAtMs: number) => ({
  pk: tilePk(tile),
  sk: `GONE#${String(LATEST_MS - goneAtMs).padStart(13, '0')}#${id}`,
})
const ttlAfter = (goneAtMs: number): number => Math.ceil(goneAtMs / 1000) + KEEP_GONE_S

/**
 * The rows that list a geofence in its tiles.
 *
 * @example tileRows(square)[0] // { pk: 'TILE#9q8yyx', sk: 'GEOFENCE#gf_…', id: 'gf_…', shape: { … }, cover: … }
 */
export const tileRows = (geofence: IndexedGeofence): Record<string, unknown>[] => {
  const attributes = tileRowAttributes(geofence)
  return coverOf(geofence.shape).map(({ tile, code }) => ({
    ...rowKey(geohashOf(tile), geofence.id),
    ...attributes,
    cover: code,
  }))
}

/** What a geofence counts for in its tiles: who is near has to load and keep its vertices. */
const weightOf = (geofence: DeclaredGeofence | undefined): number => {
  if (geofence === undefined) return 0
  const { shape } = geofence
  return shape.kind === 'circle' ? 1 : 1 + Math.floor(shape.outline.coords.length / 2 / VERTICES_OF_A_ROW)
}

const nextTileVersion = (catalog: string, tile: string, by: CountChange['by'], most: number): Along => {
  const count = { attribute: 'rows', most, by }
  const write = nextVersion(catalog, { pk: tilePk(tile), sk: 'VERSION' }, 'tileVersion', { count })
  return by > 0 ? { write, full: tileIsFull(most) } : { write }
}

/**
 * In the tiles of the shape before, a row that says until when it was there: earlier fixes see it still, however often
 * the geofence changes meanwhile. In the tiles that it leaves visits that are open must end.
 */
const goneRows = (
  catalog: string,
  before: DeclaredGeofence,
  { known, left }: { readonly known: readonly string[]; readonly left: readonly string[] },
  goneAtMs: number,
): TransactItem[] => {
  const gone = {
    ...tileRowAttributes({ ...before, goneAtMs }),
    cover: new Uint8Array(),
    ttl: ttlAfter(goneAtMs),
  }
  return [
    ...left.map((tile) => ({ Delete: { TableName: catalog, Key: rowKey(tile, before.id) } })),
    ...known.map((tile) => ({
      Put: { TableName: catalog, Item: { ...goneKey(tile, before.id, goneAtMs), ...gone } },
    })),
  ]
}

/** Large polygons stand once beside their tiles; the one before stays for those who have not heard of the change. */
const geometryWrites = (
  catalog: string,
  before: DeclaredGeofence | undefined,
  after: DeclaredGeofence | undefined,
  nowMs: number,
): TransactItem[] => {
  if (before !== undefined && before.effectiveAtMs === after?.effectiveAtMs) return []
  const put = after && geometryItem(after.id, after.shape, after.effectiveAtMs)
  const expires = before && geometryItem(before.id, before.shape, before.effectiveAtMs)
  return [
    ...(put ? [{ Put: { TableName: catalog, Item: put } }] : []),
    ...(before && expires
      ? [
          {
            Update: {
              TableName: catalog,
              Key: geometryKey(before.id, before.effectiveAtMs),
              UpdateExpression: 'SET #ttl = :ttl',
              ExpressionAttributeNames: { '#ttl': 'ttl' },
              ExpressionAttributeValues: { ':ttl': ttlAfter(nowMs) },
            },
          },
        ]
      : []),
  ]
}

/** The rows of a geofence whose shape has stayed keep their shapes, the one before too; only what else it has changes. */
const relabelled = (catalog: string, after: DeclaredGeofence, tiles: readonly string[]): TransactItem[] => {
  const { revision, storeId, exit } = after
  const members = Object.entries({ revision, storeId, exit })
  const set = members.filter(([, value]) => value !== undefined)
  const removed = members.filter(([, value]) => value === undefined)
  const assignments = set.map(([name]) => `#${name} = :${name}`).join(', ')
  const removals = removed.map(([name]) => `#${name}`).join(', ')
  const update = {
    UpdateExpression: `SET ${assignments}${removals === '' ? '' : ` REMOVE ${removals}`}`,
    ExpressionAttributeNames: Object.fromEntries(members.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
    ConditionExpression: 'attribute_exists(pk)',
  }
  return tiles.map((tile) => ({
    Update: { TableName: catalog, Key: rowKey(tile, after.id), ...update },
  }))
}

const tilesBefore = (before: DeclaredGeofence | undefined): readonly string[] =>
  before === undefined ? [] : (before.tiles ?? tilesOf(before.shape))

/**
 * What is written along with a geofence: its rows in the tiles before and after the change, the next VERSION of each
 * tile (match-pings caches by it), the edges of a large polygon. At most 2 × 16 tiles.
 */
const tileItems = (
  catalog: string,
  before: DeclaredGeofence | undefined,
  after: DeclaredGeofence | undefined,
  nowMs: number,
  { tileRows: most }: Quotas,
): Along[] => {
  const known = tilesBefore(before)
  if (before !== undefined && before.effectiveAtMs === after?.effectiveAtMs) {
    const versions = known.map((tile) => nextTileVersion(catalog, tile, 0, most))
    return [...relabelled(catalog, after, known).map((write) => ({ write })), ...versions]
  }
  const rows = after ? tileRows(after) : []
  const listed = rows.map(({ pk }) => String(pk).slice(tilePk('').length))
  const left = known.filter((tile) => !listed.includes(tile))
  // Later than it began to count, also on a clock that stands: each of a geofence's shapes has a time of its own.
  const goneAtMs = after?.effectiveAtMs ?? Math.max(nowMs, (before?.effectiveAtMs ?? 0) + 1)
  const writes: TransactItem[] = [
    ...rows.map((Item) => ({ Put: { TableName: catalog, Item } })),
    ...(before ? goneRows(catalog, before, { known, left }, goneAtMs) : []),
    ...geometryWrites(catalog, before, after, goneAtMs),
  ]
  return [
    ...writes.map((write) => ({ write })),
    ...listed.map((tile) =>
      nextTileVersion(catalog, tile, weightOf(after) - (known.includes(tile) ? weightOf(before) : 0), most),
    ),
    ...left.map((tile) => nextTileVersion(catalog, tile, -weightOf(before), most)),
  ]
}

/** A merchant's geofences, with their rows in the tiles. One that a scene names stays. */
export const createGeofenceRecords = (
  tables: CatalogTables,
  nowMs: () => number,
): EntityRecords<GeofenceId, DeclaredGeofence> =>
  createEntityRecords(tables, {
    type: 'GEOFENCE',
    quota: 'geofences',
    parse: parseGeofenceItem,
    attributes: geofenceItem,
    references: ({ storeId }) =>
      storeId === undefined ? [] : [{ type: 'STORE', id: storeId, pointer: '/storeId' }],
    namedBy: (merchantId, id, signal) => findHolders(tables, merchantId, id, ['SCENE'], signal),
    along: async (before, after, _signal, quotas = DEFAULT_QUOTAS) =>
      tileItems(tables.catalog, before, after, nowMs(), quotas),
  })

/** All geofences of a merchant; undefined where their borders have more positions in all than may be held at once. */
export type ListAllGeofences = (
  merchantId: MerchantId,
  signal?: AbortSignal,
) => Promise<readonly DeclaredGeofence[] | undefined>

const PAGE = 200
/** Positions of borders that are held at once: shapes and overlaps of so many take some two seconds of a whole processor and 150 MB. */
export const MAX_HELD_POSITIONS = 500_000

/**
 * @param maxPositions less where there is less room
 * @example const overlaps = overlapsOf((await createListAllGeofences(tables)(merchantId)) ?? [])
 */
export const createListAllGeofences =
  (tables: CatalogTables, maxPositions = MAX_HELD_POSITIONS): ListAllGeofences =>
  async (merchantId, signal) => {
    const all: DeclaredGeofence[] = []
    let positions = 0
    let after: string | undefined
    do {
      const place = { pk: merchantPk(merchantId), prefix: 'GEOFENCE#', limit: PAGE, after }
      const { items, more } = await listUnder(tables, place, signal)
      for (const geofence of items.map(parseGeofenceItem)) {
        positions += countPositions(geofence.declared.geometry)
        if (positions > maxPositions) return undefined
        all.push(geofence)
      }
      after = more ? all.at(-1)?.id : undefined
    } while (after !== undefined)
    return all
  }
