import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import { type CatalogTables, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { listZones, MAX_ZONES, ZONES_PK } from '#shared/adapters/dynamodb/catalog/zone-cache.ts'
import { type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { platformKey } from '#shared/contracts/items/platform.ts'
import type { Zone } from '#shared/domain/geo/zone.ts'
import type { ZoneId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'

const zoneKey = (id: ZoneId) => ({ pk: ZONES_PK, sk: `ZONE#${id}` })

export type ZoneRecords = {
  readonly list: (signal?: AbortSignal) => Promise<Zone[]>
  readonly put: (zone: Zone, author: Author, signal?: AbortSignal) => Promise<'saved' | 'full'>
  readonly remove: (id: ZoneId, author: Author, signal?: AbortSignal) => Promise<void>
}

/** The operator's zones, over the Catalog; each change is counted in the platform's state, which deciding reads. */
export const createZoneRecords = (tables: CatalogTables): ZoneRecords => {
  const { client, catalog, ledger } = tables

  const countChange: TransactItem = {
    Update: {
      TableName: ledger,
      Key: platformKey,
      UpdateExpression: 'SET kind = :kind ADD zonesVersion :one',
      ExpressionAttributeValues: { ':kind': 'platform', ':one': 1 },
    },
  }

  return {
    list: (signal) => listZones(tables, signal),
    put: async (zone, author, signal) => {
      const zones = await listZones(tables, signal)
      const isThere = zones.some(({ id }) => id === zone.id)
      if (zones.length >= MAX_ZONES && !isThere) return 'full'
      const item = { Put: { TableName: catalog, Item: { ...zoneKey(zone.id), kind: 'zone', zone } } }
      const told = { action: isThere ? 'replace' : 'create', object: zone.id } as const
      const audit = auditWrite(catalog, 'platform', author, told)
      await transact(client, [item, countChange, audit], retrying(signal))
      return 'saved'
    },
    remove: async (id, author, signal) => {
      const gone = { Delete: { TableName: catalog, Key: zoneKey(id) } }
      const audit = auditWrite(catalog, 'platform', author, { action: 'delete', object: id })
      await transact(client, [gone, countChange, audit], retrying(signal))
    },
  }
}
