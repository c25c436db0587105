import { type CatalogTables, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { entityKey } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { batchGetAll } from '#shared/adapters/dynamodb/transactions.ts'
import { contains, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import type { GeofenceId, MerchantId } from '#shared/domain/ids.ts'

export type Containing = { readonly id: GeofenceId; readonly name: string; readonly distanceM: number }

/** The merchant's geofences that hold a position, by distance to their boundary, the innermost first. */
export type FindContaining = (
  merchantId: MerchantId,
  position: Position,
  signal?: AbortSignal,
) => Promise<Containing[]>

const MAX_FOUND = 1000
/** No tile has it: what is asked must be read now. */
const UNKNOWN_VERSION = -1
/** Later than every change. */
const NOW_MS = Number.MAX_SAFE_INTEGER

/** Looks where match-pings looks: in the tiles around the position, read anew each time. */
export const createFindContaining = (tables: CatalogTables): FindContaining => {
  const { client, catalog } = tables
  return async (merchantId, position, signal) => {
    const tiles = createTileCache(client, catalog)
    const names = tiles.stale([position], 0)
    await tiles.refresh(new Map(names.map((name) => [name, UNKNOWN_VERSION])), 0, signal)
    await tiles.loadGeometries([position], 0, signal)
    const found = tiles
      .geofencesAt(position, NOW_MS)
      .flatMap(({ inside, test }) => [...inside, ...test.filter(({ shape }) => contains(shape, position))])
      .filter((geofence) => geofence.merchantId === merchantId)
      .map(({ id, shape }) => ({ id, distanceM: distanceToBoundaryM(shape, position) }))
      .toSorted((a, b) => a.distanceM - b.distanceM)
      .slice(0, MAX_FOUND)
    const keys = found.map(({ id }) => entityKey('GEOFENCE', merchantId, id))
    const [items = []] = await batchGetAll(
      client,
      [{ table: catalog, keys, consistent: true }],
      retrying(signal),
    )
    // One that was deleted meanwhile has no name.
    return found.flatMap((geofence, index) => {
      const name = items[index]?.['name']
      return typeof name === 'string' ? [{ ...geofence, name }] : []
    })
  }
}
