import {
  type CatalogTables,
  merchantKey,
  retrying,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

export type Committed =
  | { readonly kind: 'done' }
  | { readonly kind: 'merchantGone' }
  /** The places, in the order of the items, whose condition did not hold; none when only the version was another. */
  | { readonly kind: 'refused'; readonly at: readonly number[] }

/**
 * Writes a change of a merchant's configuration: the items, the merchant's next VERSION (deciding functions compare it
 * to know whether what they cached is fresh), and that the merchant exists, in one transaction.
 *
 * @param version the VERSION that must still hold, where the change rests on something that was read before
 */
export const commitChange = async (
  { client, catalog }: CatalogTables,
  merchantId: MerchantId,
  items: readonly TransactItem[],
  { version, signal }: { readonly version?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<Committed> => {
  const outcome = await transact(
    client,
    [
      ...items,
      {
        ConditionCheck: {
          TableName: catalog,
          Key: merchantKey(merchantId),
          ConditionExpression: 'attribute_exists(pk)',
        },
      },
      nextVersion(catalog, merchantId, version),
    ],
    retrying(signal),
  )
  if (outcome.kind === 'done') return outcome
  const at = outcome.reasons.flatMap((reason, index) => (reason === 'ConditionalCheckFailed' ? [index] : []))
  if (at.includes(items.length)) return { kind: 'merchantGone' }
  return { kind: 'refused', at: at.filter((index) => index < items.length) }
}

const nextVersion = (catalog: string, merchantId: MerchantId, version: number | undefined): TransactItem => ({
  Update: {
    TableName: catalog,
    Key: versionKey(merchantId),
    UpdateExpression: 'SET kind = :kind ADD version :one',
    ...(version !== undefined && { ConditionExpression: 'version = :version' }),
    ExpressionAttributeValues: {
      ':kind': 'version',
      ':one': 1,
      ...(version !== undefined && { ':version': version }),
    },
  },
})
