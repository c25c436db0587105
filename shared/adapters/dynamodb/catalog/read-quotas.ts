import { type CatalogTables, versionKey } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { getItem } from '#shared/adapters/dynamodb/transactions.ts'
import { parseUsage, type Usage } from '#shared/contracts/items/quotas.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Quotas } from '#shared/domain/merchants/quotas.ts'

/** What a merchant has of what is bounded, and may have. */
export const readUsage = async (
  { client, catalog }: Pick<CatalogTables, 'client' | 'catalog'>,
  merchantId: MerchantId,
  signal?: AbortSignal,
): Promise<Usage> => {
  const Item = await getItem(client, catalog, versionKey(merchantId), signal)
  return parseUsage(Item)
}

/** What a merchant may have: it stands beside its version, where the counts are. */
export const readQuotas = async (
  tables: Pick<CatalogTables, 'client' | 'catalog'>,
  merchantId: MerchantId,
  signal?: AbortSignal,
): Promise<Quotas> => (await readUsage(tables, merchantId, signal)).quotas
