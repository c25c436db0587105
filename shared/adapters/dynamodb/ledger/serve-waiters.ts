import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { CurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import type { DueWaiting } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import type { ReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import type { RaiseEvent } from '#shared/adapters/dynamodb/ledger/raise-event.ts'
import { batchGetAll, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { stockKey } from '#shared/contracts/items/stock.ts'
import { waitersPk } from '#shared/contracts/items/waiting-list.ts'
import { type MerchantId, shardOf } from '#shared/domain/ids.ts'

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
/** What returns stock wakes the list (`wakeWaiters`); this is for what no program of ours has returned. */
const MAX_IDLE_MS = 3_600_000
/** Nothing wakes the list when a merchant may speak again. */
const MAX_SILENT_MS = 5 * 60_000
/** Who came only just may not be listed in the index yet, and is noted every half a minute at least. */
const QUIET_MS = 60_000
const MAX_SERVED = 50

/** How long the next look is put off: a minute, then twice as long each time. */
const nextIdleMs = (idleMs: number | undefined, mostMs: number): number =>
  idleMs === undefined ? LOOK_AGAIN_MS : Math.min(mostMs, 2 * idleMs)

/**
 * Those who wait for an offer are called up in the order in which they came, each as an event that decides anew. Whose
 * merchant is suspended, or who waits while all is switched off, keeps its place meanwhile: it would be called for nothing.
 */
export const createServeWaiters = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
  raise: RaiseEvent,
  currentScenes: CurrentScenes,
  readPlatform: ReadPlatform,
) => {
  const isSilent = async (merchantId: MerchantId, nowMs: number, signal?: AbortSignal): Promise<boolean> =>
    (await readPlatform(nowMs, signal)).killed || (await currentScenes(merchantId, nowMs, signal)).isSuspended

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

  /** @returns whether it was still due as it was read, and the further condition held */
  const changeDue = async (
    { pk, sk, dueSk, wakes }: DueWaiting,
    UpdateExpression: string,
    condition: string,
    values: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<boolean> => {
    return await wasWritten(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk, sk },
          // Two that are woken in the same millisecond are told apart by their count.
          ConditionExpression: `dueSk = :seen AND ${wakes === undefined ? 'attribute_not_exists(wakes)' : 'wakes = :wakes'}${condition}`,
          UpdateExpression,
          ExpressionAttributeValues: {
            ':seen': dueSk,
            ...(wakes !== undefined && { ':wakes': wakes }),
            ...values,
          },
        }),
        signal ? { abortSignal: signal } : {},
      ),
    )
  }

  /** @param idleMs how long it is put off because nothing is free, or nobody may be called */
  const lookAgain = (
    waiting: DueWaiting,
    nowMs: number,
    idleMs: number | undefined,
    signal?: AbortSignal,
  ) => {
    const { offerId } = waiting
    const next = dueKey(nowMs + (idleMs ?? LOOK_AGAIN_MS), offerId, shardOf(offerId, dueShards))
    const values = { ':pk': next.duePk, ':sk': next.dueSk, ...(idleMs !== undefined && { ':idle': idleMs }) }
    const change = `SET duePk = :pk, dueSk = :sk${idleMs === undefined ? ' REMOVE idleMs' : ', idleMs = :idle'}`
    return changeDue(waiting, change, '', values, signal)
  }

  /** Not until somebody waits again. */
  const lookNoMore = (waiting: DueWaiting, nowMs: number, signal?: AbortSignal) =>
    changeDue(
      waiting,
      'REMOVE duePk, dueSk, idleMs',
      ' AND (attribute_not_exists(notedAtMs) OR notedAtMs < :quiet)',
      { ':quiet': nowMs - QUIET_MS },
      signal,
    )

  return async (waiting: DueWaiting, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const isNobodyCalled = await isSilent(waiting.merchantId, nowMs, signal)
    const mostMs = isNobodyCalled ? MAX_SILENT_MS : MAX_IDLE_MS
    const free = isNobodyCalled ? 0 : await freeUnits(waiting, signal)
    const waiters = await firstWaiters(waiting, Math.min(MAX_SERVED, Math.max(1, free)), signal)
    for (const one of waiters.slice(0, free)) await callUp(one, nowMs, signal)
    const isOver = waiters.length === 0 && (await lookNoMore(waiting, nowMs, signal))
    if (isOver) return
    const isIdle = free === 0 && waiters.length > 0
    await lookAgain(waiting, nowMs, isIdle ? nextIdleMs(waiting.idleMs, mostMs) : undefined, signal)
  }
}
