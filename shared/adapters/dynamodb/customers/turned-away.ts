import * as z from 'zod'
import {
  type CustomerTables,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { countWrites } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { batchGetAll, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { turnedAwayCount } from '#shared/contracts/items/counted-facts.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { profileKey, TRACE_TTL_S, userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, SceneId, UserId } from '#shared/domain/ids.ts'
import type { TurnedAway } from '#shared/domain/merchants/trust.ts'

/** A scene after whose message a customer turned away. */
export type TurningScene = { readonly merchantId: MerchantId; readonly sceneId: SceneId }

/**
 * Counts that a customer turned away from merchants, for the scene of the last message of each in 30 days; a message counts
 * once, however often the customer turns away after it. Safe to repeat.
 *
 * @returns the scenes for which it was counted now
 */
export type NoteTurnedAway = (
  user: UserId,
  merchants: readonly MerchantId[],
  how: TurnedAway,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<TurningScene[]>

const sends = z.object({
  recentSends: z
    .array(z.object({ atMs: z.number(), merchantId: id('mer'), sceneId: id('scn'), messageId: id('msg') }))
    .default([]),
})

export const createNoteTurnedAway = ({ client, ledger }: CustomerTables): NoteTurnedAway => {
  const lastSends = async (user: UserId, merchants: readonly MerchantId[], signal?: AbortSignal) => {
    const read = [{ table: ledger, keys: [profileKey(user)], consistent: true }]
    const [[profile] = []] = await batchGetAll(client, read, retrying(signal))
    const latest = sends.parse(profile ?? {}).recentSends.toSorted((a, b) => b.atMs - a.atMs)
    return [...new Set(merchants)].flatMap(
      (merchantId) => latest.find((one) => one.merchantId === merchantId) ?? [],
    )
  }

  return async (user, merchants, how, nowMs, signal) => {
    const noted: TurningScene[] = []
    for (const { atMs, merchantId, sceneId, messageId } of await lastSends(user, merchants, signal)) {
      const mark: TransactItem = {
        Put: {
          TableName: ledger,
          Item: {
            pk: userKey(user),
            sk: `AWAY#${messageId}`,
            kind: 'turnedAway',
            user,
            sceneId,
            sentAtMs: atMs,
            how,
            ttl: Math.floor(nowMs / 1000) + 2 * TRACE_TTL_S,
          },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      }
      const counted = countWrites(ledger, user, [turnedAwayCount(sceneId, atMs, how)])
      const outcome = await transact(client, [notErased(ledger, user), mark, ...counted], retrying(signal))
      if (outcome.kind === 'done') noted.push({ merchantId, sceneId })
    }
    return noted
  }
}
