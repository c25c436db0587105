import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { isConditionFailure } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { DueWaiting } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import type { RaiseEvent } from '#shared/adapters/dynamodb/ledger/raise-event.ts'
import { batchGetAll, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { stockKey } from '#shared/contracts/items/stock.ts'
import { waitersPk } from '#shared/contracts/items/waiting-list.ts'
import { shardOf } from '#shared/domain/ids.ts'

const waiter = z.object({
  pk: z.string(),
  sk: z.string(),
  user: id('usr'),
  merchantId: id('mer'),
  sceneId: id('scn'),
  offerId: id('off'),
  occasion: z.string().max(200),
  timeZone: z.string().optional(),
  storeId: id('sto').optional(),
  merchantSk: z.string(),
})
type Waiter = z.output<typeof waiter>

const LOOK_AGAIN_MS = 60_000
const MAX_SERVED = 50

/** Those who wait for an offer are called up in the order in which they came, each as an event that decides anew. */
export const createServeWaiters = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
  raise: RaiseEvent,
) => {
  const options = (signal?: AbortSignal) => ({ random: Math.random, signal })

  const freeUnits = async ({ offerId, stockShards }: DueWaiting, signal?: AbortSignal): Promise<number> => {
    const keys = Array.from({ length: stockShards }, (_, shard) => stockKey(offerId, shard))
    const [items = []] = await batchGetAll(client, [{ table, keys, consistent: true }], options(signal))
    return items.reduce((sum, item) => sum + Number(item?.['free'] ?? 0), 0)
  }

  const firstWaiters = async (
    { merchantId, offerId }: DueWaiting,
    most: number,
    signal?: AbortSignal,
  ): Promise<Waiter[]> => {
    const page = await queryPage(
      client,
      {
        TableName: table,
        IndexName: 'byMerchant',
        KeyConditionExpression: 'merchantPk = :pk',
        ExpressionAttributeValues: { ':pk': waitersPk(merchantId, offerId) },
        Limit: most,
      },
      { signal },
    )
    return page.items.map((item) => waiter.parse(item))
  }

  const callUp = async (one: Waiter, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const { pk, sk, user, merchantId, sceneId, offerId, occasion, timeZone, storeId, merchantSk } = one
    const from = {
      Update: {
        TableName: table,
        Key: { pk, sk },
        ConditionExpression: 'merchantSk = :seen',
        UpdateExpression: 'REMOVE merchantPk, merchantSk SET calledAtMs = :now, place = :seen',
        ExpressionAttributeValues: { ':seen': merchantSk, ':now': nowMs },
      },
    }
    const event = {
      name: `${occasion}#${offerId}#${new Date(nowMs).toISOString()}`,
      triggerKind: 'restock' as const,
      user,
      merchantId,
      sceneId,
      offerId,
      dueAtMs: nowMs,
      occasion,
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(storeId === undefined ? {} : { storeId }),
    }
    await raise(from, event, nowMs, signal)
  }

  /** In a minute again; or, when nobody waits any more, not until somebody does. */
  const plan = async ({ pk, sk, dueSk, offerId }: DueWaiting, nextMs?: number, signal?: AbortSignal) => {
    const next = nextMs === undefined ? undefined : dueKey(nextMs, offerId, shardOf(offerId, dueShards))
    try {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk, sk },
          ConditionExpression: 'dueSk = :seen',
          UpdateExpression: next ? 'SET duePk = :pk, dueSk = :sk' : 'REMOVE duePk, dueSk',
          ExpressionAttributeValues: {
            ':seen': dueSk,
            ...(next && { ':pk': next.duePk, ':sk': next.dueSk }),
          },
        }),
        signal ? { abortSignal: signal } : {},
      )
    } catch (error) {
      if (!isConditionFailure(error)) throw error
    }
  }

  return async (waiting: DueWaiting, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const free = await freeUnits(waiting, signal)
    const waiters = await firstWaiters(waiting, Math.min(MAX_SERVED, Math.max(1, free)), signal)
    for (const one of waiters.slice(0, free)) await callUp(one, nowMs, signal)
    await plan(waiting, waiters.length === 0 ? undefined : nowMs + LOOK_AGAIN_MS, signal)
  }
}
