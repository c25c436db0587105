import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { getItem, type TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { dueKey, shardOfDue } from '#shared/contracts/items/ledger.ts'
import { waitingKey } from '#shared/contracts/items/waiting-list.ts'
import type { OfferId } from '#shared/domain/ids.ts'

const waitingSchema = z.object({ duePk: z.string().exactOptional() })

/**
 * What goes along with stock that returns, in its transaction: the next minute looks at who waits for it. Nothing where
 * nobody waits: who comes after this read is looked at a minute later anyway. It has no condition, so it refuses no
 * transaction; where the last one has left the list meanwhile, the look finds nobody and ends. `wakes` counts, so that a look
 * that read the stock before does not put the next one off.
 *
 * @example [giveBackUnit(table, unit), ...(await wakeWaiters(client, table, offerId, nowMs, signal))]
 */
export const wakeWaiters = async (
  client: DynamoDBDocumentClient,
  table: string,
  offerId: OfferId,
  nowMs: number,
  signal?: AbortSignal,
): Promise<TransactItem[]> => {
  const item = await getItem(client, table, waitingKey(offerId), signal)
  const { duePk } = waitingSchema.parse(item ?? {})
  if (duePk === undefined) return []
  const due = dueKey(nowMs, offerId, shardOfDue(duePk))
  return [
    {
      Update: {
        TableName: table,
        Key: waitingKey(offerId),
        UpdateExpression: 'SET duePk = :pk, dueSk = :sk REMOVE idleMs ADD wakes :one',
        ExpressionAttributeValues: { ':pk': due.duePk, ':sk': due.dueSk, ':one': 1 },
      },
    },
  ]
}
