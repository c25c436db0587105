import * as z from 'zod'
import {
  type CatalogTables,
  merchantKey,
  retrying,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { entityKey } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { batchGetAll } from '#shared/adapters/dynamodb/transactions.ts'
import type { MerchantId, OfferId, StoreId } from '#shared/domain/ids.ts'

export type Nameable = {
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  readonly offerId?: OfferId
}
/** What is gone has no name any more. */
export type Names = {
  readonly merchantName?: string
  readonly storeName?: string
  readonly offerName?: string
}

/** For each, in order, what merchant, store and offer are called today; all are read together. */
export type FindNames = (wanted: readonly Nameable[], signal?: AbortSignal) => Promise<readonly Names[]>

const namedSchema = z.object({ name: z.string() })
const nameOf = (item: unknown): string | undefined => namedSchema.safeParse(item).data?.name

export const createFindNames =
  ({ client, catalog }: Pick<CatalogTables, 'client' | 'catalog'>): FindNames =>
  async (wanted, signal) => {
    const keysOf = ({ merchantId, storeId, offerId }: Nameable) => [
      merchantKey(merchantId),
      storeId === undefined ? undefined : entityKey('STORE', merchantId, storeId),
      offerId === undefined ? undefined : entityKey('OFFER', merchantId, offerId),
    ]
    const keys = wanted.flatMap(keysOf).filter((key) => key !== undefined)
    const [items = []] = await batchGetAll(client, [{ table: catalog, keys }], retrying(signal))
    const found = new Map(
      items.flatMap((item) => (item ? [[`${item['pk']} ${item['sk']}`, nameOf(item)] as const] : [])),
    )
    return wanted.map((one) => {
      const [merchantName, storeName, offerName] = keysOf(one).map(
        (key) => key && found.get(`${key.pk} ${key.sk}`),
      )
      return {
        ...(merchantName !== undefined && { merchantName }),
        ...(storeName !== undefined && { storeName }),
        ...(offerName !== undefined && { offerName }),
      }
    })
  }
