import { type CatalogTables, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { entityKey } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { indexedGeofenceSchema } from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import { batchGetAll, type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { contains, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import { tilesAt } from '#shared/domain/geo/tiles.ts'
import type { GeofenceId, MerchantId } from '#shared/domain/ids.ts'

export type Containing = { readonly id: GeofenceId; readonly name: string; readonly distanceM: number }

/** The merchant's geofences that hold a position, by distance to their boundary, the innermost first. */
export type FindContaining = (
  merchantId: MerchantId,
  position: Position,
  signal?: AbortSignal,
) => Promise<Containing[]>

const PAGE = 1000
const MAX_PAGES = 50
const MAX_FOUND = 1000

/** Looks where match-pings looks: in the rows of the tiles around the position. */
export const createFindContaining = (tables: CatalogTables): FindContaining => {
  const { client, catalog } = tables

  const rowsOf = async (tile: string, merchantId: MerchantId, signal?: AbortSignal): Promise<Item[]> => {
    const rows: Item[] = []
    let start: Item | undefined
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await queryPage(
        client,
        {
          TableName: catalog,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          FilterExpression: 'merchantId = :merchant',
          ExpressionAttributeValues: {
            ':pk': `TILE#${tile}`,
            ':prefix': 'GEOFENCE#',
            ':merchant': merchantId,
          },
          ConsistentRead: true,
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      rows.push(...page.items)
      start = page.next
      if (start === undefined) break
    }
    return rows
  }

  return async (merchantId, position, signal) => {
    const rows = await Promise.all(tilesAt(position).map((tile) => rowsOf(tile, merchantId, signal)))
    const found = rows
      .flat()
      .map((row) => indexedGeofenceSchema.parse(row))
      .filter(({ shape }) => contains(shape, position))
      .map(({ id, shape }) => ({ id, distanceM: distanceToBoundaryM(shape, position) }))
      .toSorted((a, b) => a.distanceM - b.distanceM)
      .slice(0, MAX_FOUND)
    const keys = found.map(({ id }) => entityKey('GEOFENCE', merchantId, id))
    const [items = []] = await batchGetAll(
      client,
      [{ table: catalog, keys, consistent: true }],
      retrying(signal),
    )
    return found.map((geofence, index) => ({ ...geofence, name: String(items[index]?.['name'] ?? '') }))
  }
}
