import {
  type CatalogTables,
  listUnder,
  merchantPk,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { createEntityRecords, type EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { findHolders } from '#shared/adapters/dynamodb/catalog/find-holders.ts'
import { parseRegion } from '#shared/contracts/items/catalog.ts'
import type { RegionId } from '#shared/domain/ids.ts'
import type { Region } from '#shared/domain/merchants/merchant.ts'
import { HIGHEST_QUOTAS } from '#shared/domain/merchants/quotas.ts'
import { isBelow } from '#shared/domain/scenes/places.ts'

/** Deciding reads them all. */
export const MAX_REGIONS_PER_MERCHANT = HIGHEST_QUOTAS.regions

/** A node that hung below itself would be a circle, and no tree. */
const BELOW_ITSELF = { pointer: '/parentId', detail: 'lies below the region itself' }

/** The nodes of a merchant's region tree. One that a store, a scene or another node names stays. */
export const createRegionRecords = (tables: CatalogTables): EntityRecords<RegionId, Region> =>
  createEntityRecords(tables, {
    type: 'REGION',
    quota: 'regions',
    parse: parseRegion,
    references: ({ parentId }) =>
      parentId === undefined ? [] : [{ type: 'REGION', id: parentId, pointer: '/parentId' }],
    misplaced: async ({ id, merchantId, parentId }, signal) => {
      if (parentId === undefined) return undefined
      const place = { pk: merchantPk(merchantId), prefix: 'REGION#', limit: MAX_REGIONS_PER_MERCHANT }
      const { items } = await listUnder(tables, place, signal)
      const nodes = new Map(items.map(parseRegion).map((region) => [region.id, region]))
      return isBelow(parentId, id, nodes) ? BELOW_ITSELF : undefined
    },
    namedBy: (merchantId, id, signal) =>
      findHolders(tables, merchantId, id, ['STORE', 'SCENE', 'REGION'], signal),
  })
