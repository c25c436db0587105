import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { DueLater } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import { transact } from '#shared/adapters/dynamodb/transactions.ts'
import { expiryOf, profileKey, userKey } from '#shared/contracts/items/ledger.ts'

type Forget = (item: { pk: string; sk: string; dueSk: string }, signal?: AbortSignal) => Promise<void>

/** What the reminder was about, as an event that decides anew; a scene still speaks about it once. */
const eventOf = (later: DueLater, nowMs: number) => {
  const { user, merchantId, occasion, againMs, daysSinceLastVisit, sceneId, offerId, storeId, timeZone } =
    later
  const kind =
    sceneId !== undefined && offerId !== undefined
      ? { triggerKind: 'restock', sceneId, offerId }
      : { triggerKind: 'due', daysSinceLastVisit: daysSinceLastVisit ?? 0 }
  return {
    pk: userKey(user),
    sk: `EVENT#${occasion}#${new Date(againMs).toISOString()}`,
    kind: 'event',
    ...kind,
    user,
    merchantId,
    dueAtMs: againMs,
    occasion,
    ...(storeId === undefined ? {} : { storeId }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ttl: expiryOf(nowMs),
  }
}

/** Raises a reminder that waited for an open hour: once, and not for an erased customer. */
export const createRaiseLater =
  (client: DynamoDBDocumentClient, table: string, forget: Forget) =>
  async (later: DueLater, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const { pk, sk, dueSk, user } = later
    const outcome = await transact(
      client,
      [
        {
          Update: {
            TableName: table,
            Key: { pk, sk },
            ConditionExpression: 'dueSk = :seen',
            UpdateExpression: 'REMOVE duePk, dueSk',
            ExpressionAttributeValues: { ':seen': dueSk },
          },
        },
        { Put: { TableName: table, Item: eventOf(later, nowMs) } },
        {
          ConditionCheck: {
            TableName: table,
            Key: profileKey(user),
            ConditionExpression: 'attribute_not_exists(tombstone)',
          },
        },
      ],
      { random: Math.random, signal },
    )
    const isErased = outcome.kind === 'refused' && outcome.reasons[2] === 'ConditionalCheckFailed'
    if (isErased) await forget({ pk, sk, dueSk }, signal)
  }
