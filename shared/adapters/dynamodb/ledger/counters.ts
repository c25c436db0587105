import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { counterKey } from '#shared/contracts/items/counter.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { type Counted, mergeCounted } from '#shared/domain/loop/count.ts'

const updateOf = (table: string, user: UserId, { place, counts }: Counted): TransactItem => {
  const names = Object.keys(counts)
  return {
    Update: {
      TableName: table,
      Key: counterKey(place, user),
      UpdateExpression: `SET kind = :kind ADD ${names.map((_, index) => `#c${index} :c${index}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#c${index}`, name])),
      ExpressionAttributeValues: {
        ':kind': 'count',
        ...Object.fromEntries(names.map((name, index) => [`:c${index}`, counts[name]])),
      },
    },
  }
}

/**
 * The updates that count what a customer did or got, one for each place, to go into the transaction with the fact that is
 * counted.
 *
 * @example countWrites(table, user, [{ place: { of: 'scene', sceneId, day, arm: 'treated' }, counts: { sent: 1 } }])
 */
export const countWrites = (table: string, user: UserId, counted: readonly Counted[]): TransactItem[] =>
  mergeCounted(counted).map((one) => updateOf(table, user, one))
