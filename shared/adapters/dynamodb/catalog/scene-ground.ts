import * as z from 'zod'
import {
  type CatalogTables,
  listUnder,
  merchantPk,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import type { Item } from '#shared/adapters/dynamodb/transactions.ts'
import { parseRegion, parseStore } from '#shared/contracts/items/catalog.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { SceneGround } from '#shared/domain/scenes/obstacles.ts'
import { storeBook } from '#shared/domain/scenes/places.ts'

/** The stores, regions and geofences that a merchant has; undefined where there are more than are looked at. */
export type ReadSceneGround = (
  merchantId: MerchantId,
  signal?: AbortSignal,
) => Promise<Omit<SceneGround, 'offers' | 'addedRules'> | undefined>

const PAGE = 100
const MAX_PAGES = 20

const placeOfGeofence = z.object({
  id: id('gf'),
  storeId: id('sto').exactOptional(),
  timeZone: z.string().max(64),
})

export const createReadSceneGround = (tables: CatalogTables): ReadSceneGround => {
  const listAll = async (
    merchantId: MerchantId,
    prefix: string,
    signal?: AbortSignal,
  ): Promise<Item[] | undefined> => {
    const items: Item[] = []
    let after: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const place = { pk: merchantPk(merchantId), prefix, limit: PAGE, after }
      const found = await listUnder(tables, place, signal)
      items.push(...found.items)
      if (!found.more) return items
      after = String(found.items.at(-1)?.['sk']).slice(prefix.length)
    }
    return undefined
  }

  return async (merchantId, signal) => {
    const [stores, regions, geofences] = await Promise.all(
      ['STORE#', 'REGION#', 'GEOFENCE#'].map((prefix) => listAll(merchantId, prefix, signal)),
    )
    if (stores === undefined || regions === undefined || geofences === undefined) return undefined
    const tree = regions.map(parseRegion)
    return {
      stores: storeBook(stores.map(parseStore), tree),
      regions: new Set(tree.map(({ id }) => id)),
      geofences: geofences.map((item) => placeOfGeofence.parse(item)),
    }
  }
}
