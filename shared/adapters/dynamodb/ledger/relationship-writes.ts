import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import {
  customerIndex,
  planAttributes,
  relationshipAttributes,
  relationshipKey,
  type StoredRelationship,
} from '#shared/contracts/items/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { KnownRelationship } from '#shared/domain/scenes/facts.ts'

/** The condition under which a relationship is still as it was read. */
export const asRead = ({ version }: StoredRelationship) =>
  version === 0
    ? { condition: 'attribute_not_exists(version)', values: {} }
    : { condition: 'version = :read', values: { ':read': version } }

/**
 * Writes what is known of a customer at a merchant, if it still is as it was read. The caller puts it into one
 * transaction with the fact that changed it, on that fact's own condition: so each fact counts once.
 *
 * @param actedAtMs when the customer acted with the merchant; the first time stays
 * @param look where the fact may begin a plan: has the minute schedule look at the relationship
 */
export const writeRelationship = (
  table: string,
  user: UserId,
  merchantId: MerchantId,
  before: StoredRelationship,
  after: KnownRelationship,
  actedAtMs?: number,
  look?: { readonly nowMs: number; readonly dueShards: number },
): TransactItem => {
  const { condition, values } = asRead(before)
  const hasActed = before.actedAt !== undefined || actedAtMs !== undefined
  const { merchantPk, merchantSk } = customerIndex(user, merchantId, hasActed)
  const { known, events, eventsSinceMs } = relationshipAttributes(after)
  const nextMs = look && Math.min(look.nowMs, before.plan.dueMs ?? look.nowMs)
  const plan = look && planAttributes(user, merchantId, before.plan, { nextMs }, look)
  const acted = actedAtMs === undefined ? [] : ['actedAt = if_not_exists(actedAt, :acted)']
  return {
    Update: {
      TableName: table,
      Key: relationshipKey(user, merchantId),
      ConditionExpression: condition,
      UpdateExpression: `SET ${[
        'kind = :kind, #user = :user, merchantId = :merchant, #known = :known, #events = :events',
        'eventsSinceMs = :since, merchantPk = :mpk, merchantSk = :msk, visits = if_not_exists(visits, :none)',
        ...acted,
        ...(plan?.sets ?? []),
      ].join(', ')} ADD version :one`,
      ExpressionAttributeNames: { '#user': 'user', '#known': 'known', '#events': 'events' },
      ExpressionAttributeValues: {
        ...values,
        ...plan?.values,
        ':kind': 'relationship',
        ':user': user,
        ':merchant': merchantId,
        ':known': known,
        ':events': events,
        ':since': eventsSinceMs,
        ':mpk': merchantPk,
        ':msk': merchantSk,
        ':none': 0,
        ':one': 1,
        ...(actedAtMs === undefined ? {} : { ':acted': new Date(actedAtMs).toISOString() }),
      },
    },
  }
}
