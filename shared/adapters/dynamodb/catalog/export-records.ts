import * as z from 'zod'
import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import {
  type CatalogTables,
  listUnder,
  merchantKey,
  merchantPk,
  retrying,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { getItem, type Item, queryPage, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import type { JobId, MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'

export type ExportRecords = {
  /** Opens an export; the audit log tells who did. */
  readonly open: (
    merchantId: MerchantId,
    jobId: JobId,
    expiresAtMs: number,
    author: Author,
    signal?: AbortSignal,
  ) => Promise<'opened' | 'absent'>
  readonly isOpen: (
    merchantId: MerchantId,
    jobId: JobId,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<boolean>
  /** A page of the merchant's items under a prefix of their sort key; `place` is where the next page goes on. */
  readonly readItems: (
    merchantId: MerchantId,
    prefix: string,
    page: { readonly limit: number; readonly after?: string | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly Item[]; readonly next?: string }>
  /** What a customer was given or sent by the merchant; of those of other merchants it tells nothing. */
  readonly readOfCustomer: (
    merchantId: MerchantId,
    user: UserId,
    prefix: 'GRANT#' | 'MESSAGE#',
    signal?: AbortSignal,
  ) => Promise<readonly Item[]>
}

const PAGE = 200
/** More than any customer gets in the 13 months that it is kept. */
const MAX_PAGES = 100

const exportKey = (merchantId: MerchantId, jobId: JobId) => ({
  pk: merchantPk(merchantId),
  sk: `EXPORT#${jobId}`,
})

/** Over Catalog and Ledger. Nothing is copied: an export is read page by page. */
export const createExportRecords = ({ client, catalog, ledger }: CatalogTables): ExportRecords => ({
  open: async (merchantId, jobId, expiresAtMs, author, signal) => {
    const outcome = await transact(
      client,
      [
        {
          ConditionCheck: {
            TableName: catalog,
            Key: merchantKey(merchantId),
            ConditionExpression: 'attribute_exists(pk)',
          },
        },
        {
          Put: {
            TableName: catalog,
            Item: {
              ...exportKey(merchantId, jobId),
              kind: 'export',
              expiresAtMs,
              ttl: Math.ceil(expiresAtMs / 1000),
            },
          },
        },
        auditWrite(catalog, merchantId, author, { action: 'export', object: jobId }),
      ],
      retrying(signal),
    )
    return outcome.kind === 'done' ? 'opened' : 'absent'
  },

  isOpen: async (merchantId, jobId, nowMs, signal) => {
    const Item = await getItem(client, catalog, exportKey(merchantId, jobId), signal)
    return Item !== undefined && z.number().parse(Item['expiresAtMs']) > nowMs
  },

  readItems: async (merchantId, prefix, { limit, after }, signal) => {
    const place = { pk: merchantPk(merchantId), prefix, limit, after }
    const { items, more } = await listUnder({ client, catalog, ledger }, place, signal)
    const next = String(items.at(-1)?.['sk'] ?? '').slice(prefix.length)
    // The merchant's own item is named by the prefix alone: nothing follows it.
    return { items, ...(more && next !== '' && { next }) }
  },

  readOfCustomer: async (merchantId, user, prefix, signal) => {
    const found: Item[] = []
    let start: Item | undefined
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await queryPage(
        client,
        {
          TableName: ledger,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          FilterExpression: 'merchantId = :merchant',
          ExpressionAttributeValues: {
            ':pk': userKey(user),
            ':prefix': prefix,
            ':merchant': merchantId,
          },
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      found.push(...page.items)
      start = page.next
      if (start === undefined) return found
    }
    throw new Error(`a customer has more than ${PAGE * MAX_PAGES} items`)
  },
})
