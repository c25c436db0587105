import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { PageOf } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { getItem, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import {
  ACTED,
  CUSTOMER_SHARDS,
  customerIndexPk,
  parseRelationship,
  relationshipKey,
} from '#shared/contracts/items/relationship.ts'
import type { Relationship } from '#shared/domain/customers/relationship.ts'
import { isId, type MerchantId, type UserId } from '#shared/domain/ids.ts'

/** A customer who has acted with a merchant, and what the merchant knows of it. */
export type KnownCustomer = {
  readonly user: UserId
  readonly actedAt: string
  readonly relationship: Relationship
}

/** Where a list of customers goes on: a shard of the index, and the last customer of it that was listed, or how ids begin. */
export type CustomerPlace = `${number}.${string}`

export type CustomerRecords = {
  /** Undefined for strangers and for passers-by, who look the same. */
  readonly find: (
    merchantId: MerchantId,
    user: UserId,
    signal?: AbortSignal,
  ) => Promise<KnownCustomer | undefined>
  readonly list: (
    merchantId: MerchantId,
    page: { readonly limit: number; readonly after?: CustomerPlace | undefined },
    signal?: AbortSignal,
  ) => Promise<PageOf<KnownCustomer>>
}

export const isCustomerPlace = (text: string): text is CustomerPlace => {
  const [shard = '', user = '', ...rest] = text.split('.')
  const isShard = /^\d$/.test(shard) && Number(shard) < CUSTOMER_SHARDS
  return isShard && rest.length === 0 && (user === '' || isId('usr', user))
}

const knownOf = (item: Readonly<Record<string, unknown>> | undefined, user: UserId): KnownCustomer[] => {
  const { relationship, actedAt } = parseRelationship(item)
  return actedAt === undefined ? [] : [{ user, actedAt, relationship }]
}

/** A merchant's customers, over the Ledger: only those who have acted with it (DESIGN.md section 4, I9). */
export const createCustomerRecords = (client: DynamoDBDocumentClient, table: string): CustomerRecords => {
  const pageOf = async (
    merchantId: MerchantId,
    shard: number,
    after: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ readonly customers: KnownCustomer[]; readonly more: boolean }> => {
    const page = await queryPage(
      client,
      {
        TableName: table,
        IndexName: 'byMerchant',
        KeyConditionExpression: 'merchantPk = :pk AND merchantSk BETWEEN :after AND :end',
        ExpressionAttributeValues: {
          ':pk': customerIndexPk(merchantId, shard),
          ':after': `${ACTED}${after}`,
          ':end': `${ACTED}~`,
        },
        // The last of the page before is found once more.
        Limit: limit + 1,
      },
      { signal },
    )
    const customers = page.items.flatMap((item) => {
      const user = String(item['merchantSk']).slice(ACTED.length)
      return isId('usr', user) && user !== after ? knownOf(item, user) : []
    })
    return { customers: customers.slice(0, limit), more: page.next !== undefined || customers.length > limit }
  }

  return {
    find: async (merchantId, user, signal) => {
      const Item = await getItem(client, table, relationshipKey(user, merchantId), signal)
      return knownOf(Item, user)[0]
    },

    list: async (merchantId, { limit, after = '0.' }, signal) => {
      const found: KnownCustomer[] = []
      let [shard, user] = [Number(after.split('.')[0]), after.split('.')[1] ?? '']
      while (shard < CUSTOMER_SHARDS) {
        const { customers, more } = await pageOf(merchantId, shard, user, limit - found.length, signal)
        found.push(...customers)
        user = customers.at(-1)?.user ?? user
        if (found.length >= limit) {
          if (more) return { items: found, next: `${shard}.${user}` }
          return shard + 1 < CUSTOMER_SHARDS ? { items: found, next: `${shard + 1}.` } : { items: found }
        }
        // A page of DynamoDB ends at 1 MB, too: then the shard goes on.
        if (!more || customers.length === 0) [shard, user] = [shard + 1, '']
      }
      return { items: found }
    },
  }
}
