import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { queryAll } from '#shared/adapters/dynamodb/transactions.ts'
import { zoneSchema } from '#shared/contracts/http/platform.ts'
import type { Zone } from '#shared/domain/geo/zone.ts'

/** Deciding holds them all in memory. */
export const MAX_ZONES = 2_000
const PAGE = 500
export const ZONES_PK = 'PLATFORM'

/** All zones, in the order of their ids. */
export const listZones = async (
  { client, catalog }: Pick<CatalogTables, 'client' | 'catalog'>,
  signal?: AbortSignal,
): Promise<Zone[]> => {
  const items = await queryAll(
    client,
    {
      TableName: catalog,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :zone)',
      ExpressionAttributeValues: { ':pk': ZONES_PK, ':zone': 'ZONE#' },
      ConsistentRead: true,
      Limit: PAGE,
    },
    { most: MAX_ZONES, signal },
  )
  return items.map(({ zone }): Zone => zoneSchema.parse(zone))
}

/** Reads the zones again only when the platform's state counts a change. */
export const createZoneCache = (tables: Pick<CatalogTables, 'client' | 'catalog'>) => {
  let known: { readonly version: number; readonly zones: readonly Zone[] } = { version: 0, zones: [] }
  return async (version: number, signal?: AbortSignal): Promise<readonly Zone[]> => {
    if (version !== known.version) known = { version, zones: await listZones(tables, signal) }
    return known.zones
  }
}
