import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import { addToTally, moveUnit } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import {
  codeKey,
  type Grant,
  grantItem,
  messageItem,
  sendOf,
  slotOf,
  withSend,
} from '#shared/contracts/items/decision.ts'
import { expiryOf, profileKey } from '#shared/contracts/items/ledger.ts'

/** What may stand in the way of a grant when it is stored. */
export type Refusable = 'profileChanged' | 'occasionUsed' | 'shardEmpty' | 'codeTaken' | 'tallyFull'

type GrantWrite = { readonly item: TransactItem; readonly refusal: Refusable }

const absent = { ConditionExpression: 'attribute_not_exists(pk)' }

/** Caps and slot are checked on what was read, so they are spent only if the profile is still the same. */
const spendCaps = (table: string, grant: Grant, facts: Facts, nowMs: number): TransactItem => {
  const slot = slotOf(grant, nowMs)
  return {
    Update: {
      TableName: table,
      Key: profileKey(grant.candidate.trigger.user),
      ConditionExpression: 'version = :read AND attribute_not_exists(tombstone)',
      UpdateExpression: `SET recentSends = :sends${slot ? ', slot = :slot' : ''} ADD version :one`,
      ExpressionAttributeValues: {
        ':read': facts.customer.version,
        ':sends': withSend(facts.customer.recentSends, sendOf(grant, nowMs)),
        ...(slot && { ':slot': slot }),
        ':one': 1,
      },
    },
  }
}

const codeItem = ({ candidate, grantId }: Grant, code: string, nowMs: number) => ({
  ...codeKey(code),
  kind: 'code',
  user: candidate.trigger.user,
  grantId,
  merchantId: candidate.scene.merchantId,
  ttl: expiryOf(nowMs),
})

/** Everything that a grant writes, in the order in which a refusal is to be told. */
export const grantWrites = (
  table: string,
  grant: Grant,
  facts: Facts,
  dueShards: number,
  nowMs: number,
): GrantWrite[] => {
  const { offer, code, stockShard, tallies } = grant
  const put = (Item: Record<string, unknown>): TransactItem => ({
    Put: { TableName: table, Item, ...absent },
  })
  return [
    { item: spendCaps(table, grant, facts, nowMs), refusal: 'profileChanged' },
    { item: put(grantItem(grant, nowMs, dueShards)), refusal: 'occasionUsed' },
    {
      item: { Put: { TableName: table, Item: messageItem(grant, nowMs, dueShards) } },
      refusal: 'occasionUsed',
    },
    ...(offer === undefined || stockShard === undefined
      ? []
      : [
          {
            item: moveUnit(table, offer.id, stockShard, { from: 'free', to: 'reserved' }),
            refusal: 'shardEmpty',
          } as const,
        ]),
    ...(code === undefined
      ? []
      : [{ item: put(codeItem(grant, code, nowMs)), refusal: 'codeTaken' } as const]),
    ...tallies.map((tally) => ({ item: addToTally(table, tally, nowMs), refusal: 'tallyFull' }) as const),
  ]
}
