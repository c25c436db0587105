import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { createEntityRecords, type EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { isNamedAnywhere } from '#shared/adapters/dynamodb/catalog/is-named.ts'
import { parseRegion } from '#shared/contracts/items/catalog.ts'
import type { RegionId } from '#shared/domain/ids.ts'
import type { Region } from '#shared/domain/merchants/merchant.ts'

/** Deciding reads them all. */
export const MAX_REGIONS_PER_MERCHANT = 100

/** The nodes of a merchant's region tree. One that a store, a scene or another node names stays. */
export const createRegionRecords = (tables: CatalogTables): EntityRecords<RegionId, Region> =>
  createEntityRecords(tables, {
    type: 'REGION',
    quota: { attribute: 'regions', most: MAX_REGIONS_PER_MERCHANT },
    parse: parseRegion,
    references: ({ parentId }) =>
      parentId === undefined ? [] : [{ type: 'REGION', id: parentId, pointer: '/parentId' }],
    isNamed: (merchantId, id, signal) =>
      isNamedAnywhere(tables, merchantId, id, ['STORE#', 'SCENE#', 'REGION#'], signal),
  })
