import * as z from 'zod'
import {
  type CatalogTables,
  merchantKey,
  retrying,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { entityKey } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { batchGetAll } from '#shared/adapters/dynamodb/transactions.ts'
import { type DeclaredPreferences, PREFERENCE_TYPES } from '#shared/domain/customers/preferences.ts'
import type { MerchantId, StoreId } from '#shared/domain/ids.ts'

export type Place = { readonly merchantId: MerchantId; readonly storeId?: StoreId }
/** What of a place is known; `store` is true where none was named, `timeZone` is the IANA zone of the one that was. */
export type KnownPlace = {
  readonly merchant: boolean
  readonly store: boolean
  readonly timeZone?: string
  /** What the merchant keeps of app events. */
  readonly preferences?: DeclaredPreferences
}

const keptSchema = z.object({
  preferences: z.record(z.string(), z.enum(PREFERENCE_TYPES)).exactOptional(),
})
const storeZoneSchema = z.object({ timeZone: z.string().max(64) })

/** For each place, in order, whether its merchant and store exist. */
export type FindKnownPlaces = (places: readonly Place[], signal?: AbortSignal) => Promise<KnownPlace[]>

export const createFindKnownPlaces =
  ({ client, catalog }: Pick<CatalogTables, 'client' | 'catalog'>): FindKnownPlaces =>
  async (places, signal) => {
    const merchants = places.map(({ merchantId }) => merchantKey(merchantId))
    const stores = places.flatMap(({ merchantId, storeId }) =>
      storeId === undefined ? [] : [entityKey('STORE', merchantId, storeId)],
    )
    const keys = [...merchants, ...stores]
    const [items = []] = await batchGetAll(client, [{ table: catalog, keys }], retrying(signal))
    const found = new Map(
      items.flatMap((item) => (item ? [[`${item['pk']} ${item['sk']}`, item] as const] : [])),
    )
    return places.map(({ merchantId, storeId }) => {
      const settings = found.get(`M#${merchantId} MERCHANT`)
      const merchant = { merchant: settings !== undefined, ...keptSchema.parse(settings ?? {}) }
      if (storeId === undefined) return { ...merchant, store: true }
      const store = found.get(`M#${merchantId} STORE#${storeId}`)
      return store === undefined
        ? { ...merchant, store: false }
        : { ...merchant, store: true, timeZone: storeZoneSchema.parse(store).timeZone }
    })
  }
