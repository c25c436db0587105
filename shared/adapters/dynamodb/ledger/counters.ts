import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { counterKey } from '#shared/contracts/items/decision.ts'
import type { SceneId, UserId } from '#shared/domain/ids.ts'

/**
 * The update that adds to a scene's counters of the day, to go into the transaction with the fact that is counted.
 *
 * @example addCounts(table, sceneId, user, nowMs, { sent: 1 })
 */
export const addCounts = (
  table: string,
  sceneId: SceneId,
  user: UserId,
  nowMs: number,
  counts: Readonly<Record<string, number>>,
): TransactItem => {
  const names = Object.keys(counts)
  return {
    Update: {
      TableName: table,
      Key: counterKey(sceneId, user, nowMs),
      UpdateExpression: `SET kind = :kind ADD ${names.map((_, index) => `#c${index} :c${index}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#c${index}`, name])),
      ExpressionAttributeValues: {
        ':kind': 'count',
        ...Object.fromEntries(names.map((name, index) => [`:c${index}`, counts[name]])),
      },
    },
  }
}
