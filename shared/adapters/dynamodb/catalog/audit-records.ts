import { randomUUID } from 'node:crypto'
import {
  type CatalogTables,
  merchantPk,
  type PageOf,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { queryPage, type TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { AUDIT_PREFIX, type AuditEntry, auditItem, parseAudit } from '#shared/contracts/items/audit.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { AuditedChange, Author } from '#shared/domain/merchants/audit.ts'

/** Whose log: a merchant's, or that of what belongs to no merchant. */
export type AuditedId = MerchantId | 'platform'

const pkOf = (id: AuditedId): string => (id === 'platform' ? 'PLATFORM' : merchantPk(id))

/** The write that tells of a change; it goes into the transaction that makes it. */
export const auditWrite = (
  catalog: string,
  id: AuditedId,
  author: Author,
  change: AuditedChange,
): TransactItem => ({
  Put: { TableName: catalog, Item: auditItem(pkOf(id), author, change, randomUUID()) },
})

/** A page of the log, the latest first; `before` is the place where the page before ended. */
export type ListAudit = (
  id: AuditedId,
  page: { readonly limit: number; readonly before?: string | undefined },
  nowMs: number,
  signal?: AbortSignal,
) => Promise<PageOf<AuditEntry>>

export const createListAudit =
  ({ client, catalog }: Pick<CatalogTables, 'client' | 'catalog'>): ListAudit =>
  async (id, { limit, before }, nowMs, signal) => {
    const pk = pkOf(id)
    const page = await queryPage(
      client,
      {
        TableName: catalog,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': AUDIT_PREFIX },
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
        ...(before !== undefined && { ExclusiveStartKey: { pk, sk: `${AUDIT_PREFIX}${before}` } }),
      },
      { signal },
    )
    const last = page.items.at(-1)
    return {
      items: page.items.flatMap((item) => parseAudit(item, nowMs) ?? []),
      ...(page.next !== undefined &&
        last !== undefined && { next: String(last['sk']).slice(AUDIT_PREFIX.length) }),
    }
  }
