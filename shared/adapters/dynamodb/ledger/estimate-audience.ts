import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { CUSTOMER_SHARDS, customerIndexPk, parseRelationship } from '#shared/contracts/items/relationship.ts'
import { type AudienceRule, isInAudience } from '#shared/domain/customers/audience.ts'
import { hourOfWeek } from '#shared/domain/customers/relationship.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

/** How many customers were looked at, how many of them belong; all of them, or the first of each shard. */
export type Estimate = { readonly seen: number; readonly inside: number; readonly isSample: boolean }

export type EstimateAudience = (
  merchantId: MerchantId,
  audience: AudienceRule,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<Estimate>

const PAGE = 500
/** Of each shard. Customers stand in it by the hash that their id is: the first are as good as drawn. */
const MAX_SEEN_PER_SHARD = 2_500

/** Looks through the customers whom a merchant has met, by the index `byMerchant`; never another merchant's. */
export const createEstimateAudience = (client: DynamoDBDocumentClient, table: string): EstimateAudience => {
  const isInside = (item: Item, audience: AudienceRule, nowMs: number): boolean => {
    const { relationship } = parseRelationship(item)
    const { timeZone, events, eventsSinceMs } = relationship
    return isInAudience(
      audience,
      {
        relationship,
        events,
        eventsSinceMs,
        ...(timeZone !== undefined && { hourOfWeek: hourOfWeek(nowMs, timeZone) }),
      },
      nowMs,
    )
  }

  const lookThrough = async (
    pk: string,
    audience: AudienceRule,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<Estimate> => {
    let [seen, inside] = [0, 0]
    let start: Item | undefined
    do {
      const page = await queryPage(
        client,
        {
          TableName: table,
          IndexName: 'byMerchant',
          KeyConditionExpression: 'merchantPk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      seen += page.items.length
      inside += page.items.filter((item) => isInside(item, audience, nowMs)).length
      start = page.next
    } while (start !== undefined && seen < MAX_SEEN_PER_SHARD)
    return { seen, inside, isSample: start !== undefined }
  }

  return async (merchantId, audience, nowMs, signal) => {
    const shards = Array.from({ length: CUSTOMER_SHARDS }, (_, shard) => customerIndexPk(merchantId, shard))
    const found = await Promise.all(shards.map((pk) => lookThrough(pk, audience, nowMs, signal)))
    return {
      seen: found.reduce((sum, one) => sum + one.seen, 0),
      inside: found.reduce((sum, one) => sum + one.inside, 0),
      isSample: found.some((one) => one.isSample),
    }
  }
}
