import * as z from 'zod'
import { dueKey, userKey } from '#shared/contracts/items/ledger.ts'
import { type MerchantId, shardOf, type UserId } from '#shared/domain/ids.ts'

/**
 * A sweep, or a decision, that still knows the scenes as they were ends within this time; only then are the customers
 * gone through.
 */
export const REPLAN_AFTER_MS = 60_000

/** Stands while the customers of a merchant are to be planned for anew. */
export const replanKey = (merchantId: MerchantId) => ({ pk: `M#${merchantId}`, sk: 'REPLAN' })

export const replanDueKey = (merchantId: MerchantId, atMs: number, dueShards: number) =>
  dueKey(atMs, `${merchantId}#replan`, shardOf(merchantId, dueShards))

/** What a change of a merchant's visit plans leaves behind, in its own transaction: the minute schedule sees to it. */
export const replanItem = (merchantId: MerchantId, nowMs: number, dueShards: number) => ({
  ...replanKey(merchantId),
  kind: 'replan',
  merchantId,
  /** A later change begins anew. */
  askedAt: new Date(nowMs).toISOString(),
  ...replanDueKey(merchantId, nowMs + REPLAN_AFTER_MS, dueShards),
})

/**
 * What a customer leaves behind who tells another birthday, in the transaction with it: the minute schedule sees to the
 * plans of all merchants. They are few: one shard takes them.
 */
export const customerReplanItem = (user: UserId, nowMs: number) => ({
  pk: userKey(user),
  sk: 'REPLAN',
  kind: 'customerReplan',
  user,
  ...dueKey(nowMs, `${user}#replan`, 0),
})

/** Where going through the customers stopped. */
const cursor = z.object({ shard: z.number(), start: z.record(z.string(), z.string()).exactOptional() })
export type ReplanCursor = z.output<typeof cursor>
const stored = z.object({ askedAt: z.string(), cursor: cursor.exactOptional() })

/** Reads a REPLAN item. */
export const parseReplan = (item: unknown): z.output<typeof stored> => stored.parse(item)
