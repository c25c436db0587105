import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import { type CatalogTables, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { listZones, MAX_ZONES, ZONES_PK } from '#shared/adapters/dynamodb/catalog/zone-cache.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { getItem, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { zoneSchema } from '#shared/contracts/http/platform.ts'
import { platformKey } from '#shared/contracts/items/platform.ts'
import type { Zone } from '#shared/domain/geo/zone.ts'
import type { ZoneId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'

const zoneKey = (id: ZoneId) => ({ pk: ZONES_PK, sk: `ZONE#${id}` })

/** Sees what is there before it is replaced or removed, and may refuse by throwing. */
type Permit = (before: Zone | undefined) => void

export type ZoneRecords = {
  readonly list: (signal?: AbortSignal) => Promise<Zone[]>
  readonly find: (id: ZoneId, signal?: AbortSignal) => Promise<Zone | undefined>
  readonly put: (
    zone: Zone,
    author: Author,
    permit: Permit,
    signal?: AbortSignal,
  ) => Promise<'saved' | 'full'>
  readonly remove: (id: ZoneId, author: Author, permit: Permit, signal?: AbortSignal) => Promise<void>
}

/** The zone is still what was read. */
const unchanged = (before: Zone | undefined) =>
  before === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : {
        ConditionExpression: '#zone = :before',
        ExpressionAttributeNames: { '#zone': 'zone' },
        ExpressionAttributeValues: { ':before': before },
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

  const find: ZoneRecords['find'] = async (id, signal) => {
    const Item = await getItem(client, catalog, zoneKey(id), signal)
    return Item && zoneSchema.parse(Item['zone'])
  }

  return {
    list: (signal) => listZones(tables, signal),
    find,

    put: (zone, author, permit, signal) =>
      optimistically(async (): Promise<'saved' | 'full' | 'again'> => {
        const zones = await listZones(tables, signal)
        const before = zones.find(({ id }) => id === zone.id)
        permit(before)
        if (zones.length >= MAX_ZONES && before === undefined) return 'full'
        const Item = { ...zoneKey(zone.id), kind: 'zone', zone }
        const item = { Put: { TableName: catalog, Item, ...unchanged(before) } }
        const told = { action: before === undefined ? 'create' : 'replace', object: zone.id } as const
        const audit = auditWrite(catalog, 'platform', author, told)
        const outcome = await transact(client, [item, countChange, audit], retrying(signal))
        return outcome.kind === 'done' ? 'saved' : 'again'
      }, signal),

    remove: (id, author, permit, signal) =>
      optimistically(async (): Promise<undefined | 'again'> => {
        const before = await find(id, signal)
        permit(before)
        const gone = { Delete: { TableName: catalog, Key: zoneKey(id), ...unchanged(before) } }
        const audit = auditWrite(catalog, 'platform', author, { action: 'delete', object: id })
        const outcome = await transact(client, [gone, countChange, audit], retrying(signal))
        return outcome.kind === 'done' ? undefined : 'again'
      }, signal),
  }
}
