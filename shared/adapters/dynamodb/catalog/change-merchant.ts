import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import {
  type CatalogTables,
  merchantKey,
  retrying,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { AuditedChange, Author } from '#shared/domain/merchants/audit.ts'
import type { QuotaName } from '#shared/domain/merchants/quotas.ts'

export type Committed =
  | { readonly kind: 'done' }
  | { readonly kind: 'merchantGone' }
  /** The count was at its most already. */
  | { readonly kind: 'full' }
  /** The places, in the order of the items, whose condition did not hold; none when only the version was another. */
  | { readonly kind: 'refused'; readonly at: readonly number[] }

/** How many of something there may be, unless the operator has raised it; the count stands on an item that every change of it writes anyway. */
export type CountedQuota = Exclude<QuotaName, 'tileRows' | 'radiusM'>
/** `attribute` is a merchant's, or that of a tile's rows. */
export type CountChange = { readonly attribute: string; readonly most: number; readonly by: number }

/** A change and who makes it, as the audit log tells it. */
export type Audited = AuditedChange & { readonly author: Author }

type CommitOptions = {
  /** The VERSION that must still hold, where the change rests on something that was read before. */
  readonly version?: number
  /** What of the merchant's there is one more or one fewer of. */
  readonly count?: CountChange | undefined
  /** What else stands on the VERSION, read with it at every decision; undefined takes it away. */
  readonly set?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes a change of a merchant's configuration: the items, the merchant's next VERSION (deciding functions compare it
 * to know whether what they cached is fresh) with its counts, the entry of the audit log, and that the merchant exists, in
 * one transaction.
 */
export const commitChange = async (
  { client, catalog }: CatalogTables,
  merchantId: MerchantId,
  items: readonly TransactItem[],
  { author, ...change }: Audited,
  { version, count, set, signal }: CommitOptions = {},
): Promise<Committed> => {
  const outcome = await transact(
    client,
    [
      ...items,
      nextVersion(catalog, versionKey(merchantId), 'version', { version, count, ...(set && { set }) }),
      auditWrite(catalog, merchantId, author, change),
      // A VERSION that was read goes with its merchant: then it proves that there still is one.
      ...(version === undefined || version === 0 ? [merchantExists(catalog, merchantId)] : []),
    ],
    retrying(signal),
  )
  if (outcome.kind === 'done') return outcome
  const at = outcome.reasons.flatMap((reason, index) => (reason === 'ConditionalCheckFailed' ? [index] : []))
  if (at.includes(items.length + 2)) return { kind: 'merchantGone' }
  if (count !== undefined && count.by > 0 && at.includes(items.length)) return { kind: 'full' }
  return { kind: 'refused', at: at.filter((index) => index < items.length) }
}

const merchantExists = (catalog: string, merchantId: MerchantId): TransactItem => ({
  ConditionCheck: {
    TableName: catalog,
    Key: merchantKey(merchantId),
    ConditionExpression: 'attribute_exists(pk)',
  },
})

/** Version 0 is that of a merchant that has never had anything. */
const asRead = (version: number): string =>
  version === 0 ? 'attribute_not_exists(version)' : 'version = :version'

/** The next VERSION at a key, with the count that changes along: more only while the count stays within its most. */
export const nextVersion = (
  catalog: string,
  Key: { readonly pk: string; readonly sk: string },
  kind: string,
  {
    version,
    count,
    set = {},
  }: Pick<CommitOptions, 'count' | 'set'> & { readonly version?: number | undefined } = {},
): TransactItem => {
  const changed = count === undefined || count.by === 0 ? undefined : count
  const grows = changed !== undefined && changed.by > 0
  const kept = Object.keys(set).filter((name) => set[name] !== undefined)
  const gone = Object.keys(set).filter((name) => set[name] === undefined)
  const conditions = [
    ...(version === undefined ? [] : [asRead(version)]),
    ...(grows ? ['(attribute_not_exists(#count) OR #count <= :room)'] : []),
  ]
  return {
    Update: {
      TableName: catalog,
      Key,
      UpdateExpression: `SET ${['kind = :kind', ...kept.map((name) => `${name} = :${name}`)].join(', ')}${
        gone.length > 0 ? ` REMOVE ${gone.join(', ')}` : ''
      } ADD version :one${changed ? ', #count :by' : ''}`,
      ...(conditions.length > 0 && { ConditionExpression: conditions.join(' AND ') }),
      ...(changed && { ExpressionAttributeNames: { '#count': changed.attribute } }),
      ExpressionAttributeValues: {
        ':kind': kind,
        ':one': 1,
        ...Object.fromEntries(kept.map((name) => [`:${name}`, set[name]])),
        ...(changed && { ':by': changed.by }),
        ...(grows && { ':room': changed.most - changed.by }),
        ...(version !== undefined && version > 0 && { ':version': version }),
      },
    },
  }
}
