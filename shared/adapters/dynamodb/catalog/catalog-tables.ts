import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Item, queryPage, type RetryOptions } from '#shared/adapters/dynamodb/transactions.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'

/** Where the merchants' configuration is, and the stock of their offers. */
export type CatalogTables = {
  readonly client: DynamoDBDocumentClient
  readonly catalog: string
  readonly ledger: string
}

export type PageRequest<Id extends string> = {
  readonly limit: number
  /** The last id of the page before. */
  readonly after?: Id | undefined
}
export type PageOf<T> = { readonly items: readonly T[]; readonly next?: string }

export const merchantPk = (merchantId: MerchantId): string => `M#${merchantId}`
export const merchantKey = (merchantId: MerchantId) => ({ pk: merchantPk(merchantId), sk: 'MERCHANT' })
export const versionKey = (merchantId: MerchantId) => ({ pk: merchantPk(merchantId), sk: 'VERSION' })
export const memberKey = (merchantId: MerchantId, user: UserId) => ({
  pk: merchantPk(merchantId),
  sk: `MEMBER#${user}`,
})
export const membershipKey = (user: UserId, merchantId: MerchantId) => ({
  pk: `SUB#${user}`,
  sk: merchantPk(merchantId),
})

/** Where the operator finds all merchants. */
export const DIRECTORY_PK = 'PLATFORM'
export const DIRECTORY_PREFIX = 'MERCHANT#'
export const directoryKey = (merchantId: MerchantId) => ({
  pk: DIRECTORY_PK,
  sk: `${DIRECTORY_PREFIX}${merchantId}`,
})

export const retrying = (signal?: AbortSignal): RetryOptions => ({ random: Math.random, signal })

/** One page of the items under a partition whose sort key begins with `prefix`, in its order. */
export const listUnder = async (
  { client, catalog }: CatalogTables,
  { pk, prefix, limit, after }: { pk: string; prefix: string; limit: number; after?: string | undefined },
  signal?: AbortSignal,
): Promise<{ items: Item[]; more: boolean }> => {
  const page = await queryPage(
    client,
    {
      TableName: catalog,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
      ConsistentRead: true,
      Limit: limit,
      ...(after !== undefined && { ExclusiveStartKey: { pk, sk: `${prefix}${after}` } }),
    },
    { signal },
  )
  return { items: page.items, more: page.next !== undefined }
}
