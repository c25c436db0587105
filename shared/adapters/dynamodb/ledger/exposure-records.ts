import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { queryPage, type TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { exposureItem, exposureKey, exposureSk, parseExposure } from '#shared/contracts/items/exposure.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { type Exposure, MAX_ATTRIBUTION_DAYS } from '#shared/domain/loop/exposure.ts'

const DAY_MS = 86_400_000
/** A message may be on its way for 28 days before its window begins. */
const MAX_AGE_MS = (MAX_ATTRIBUTION_DAYS + 28) * DAY_MS
/** More than caps let one merchant say in that time; of more the latest count. */
const MAX_EXPOSURES = 200

/**
 * The exposures of a customer by one merchant that something of this time may be the outcome of.
 *
 * @param fromMs when the earliest of what is to be credited began
 */
export const readExposures = async (
  client: DynamoDBDocumentClient,
  table: string,
  user: UserId,
  merchantId: MerchantId,
  span: { readonly fromMs: number; readonly untilMs: number },
  signal?: AbortSignal,
): Promise<Exposure[]> => {
  const page = await queryPage(
    client,
    {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :until',
      ExpressionAttributeValues: {
        ':pk': userKey(user),
        ':from': exposureSk(merchantId, span.fromMs - MAX_AGE_MS, ''),
        ':until': `${exposureSk(merchantId, span.untilMs, '')}~`,
      },
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: MAX_EXPOSURES,
    },
    { signal },
  )
  return page.items.map(parseExposure)
}

/** Keeps a new exposure. */
export const putExposure = (table: string, exposure: Exposure): TransactItem => ({
  Put: {
    TableName: table,
    Item: exposureItem(exposure),
    ConditionExpression: 'attribute_not_exists(pk)',
  },
})

/** Keeps what came of an exposure, if it still is as it was read. */
export const replaceExposure = (table: string, exposure: Exposure): TransactItem => ({
  Put: {
    TableName: table,
    Item: exposureItem({ ...exposure, version: exposure.version + 1 }),
    ConditionExpression: 'version = :read',
    ExpressionAttributeValues: { ':read': exposure.version },
  },
})

/** Notes that the message of an exposure has gone out; fails where there is none. */
export const markSent = (
  table: string,
  key: Parameters<typeof exposureKey>[0],
  sentAtMs: number,
): TransactItem => ({
  Update: {
    TableName: table,
    Key: exposureKey(key),
    ConditionExpression: 'attribute_exists(pk)',
    UpdateExpression: 'SET sentAtMs = :sent ADD version :one',
    ExpressionAttributeValues: { ':sent': sentAtMs, ':one': 1 },
  },
})
