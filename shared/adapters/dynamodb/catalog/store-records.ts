import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { createEntityRecords, type EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { findHolders } from '#shared/adapters/dynamodb/catalog/find-holders.ts'
import { storeSchema } from '#shared/contracts/http/stores.ts'
import type { StoreId } from '#shared/domain/ids.ts'
import type { Store } from '#shared/domain/merchants/merchant.ts'

/** A merchant's stores. One that a geofence or a scene names stays. */
export const createStoreRecords = (tables: CatalogTables): EntityRecords<StoreId, Store> =>
  createEntityRecords(tables, {
    type: 'STORE',
    quota: 'stores',
    parse: (item): Store => storeSchema.parse(item),
    references: ({ regionId }) =>
      regionId === undefined ? [] : [{ type: 'REGION', id: regionId, pointer: '/regionId' }],
    namedBy: (merchantId, id, signal) =>
      findHolders(tables, merchantId, id, ['GEOFENCE', 'SCENE', 'QR-CODE'], signal),
  })
