import type { DueItem, DueStore } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import type { QueueMessage } from '#shared/adapters/sqs/message-queue.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

export type SweepServices = {
  readonly due: DueStore
  readonly queueMessage: QueueMessage
  /** Has the customers of a merchant planned for anew. */
  readonly queueReplan: (merchantId: MerchantId, askedAt: string, signal?: AbortSignal) => Promise<void>
  readonly dueShards: number
  /** The most reminders that one sweep raises. */
  readonly maxReminders: number
  /** What this container knows of the oldest unfinished hour; lost with it, and then read again. */
  readonly memory: { cursor?: string }
}

export type Swept = {
  readonly messages: number
  readonly occasions: number
  /** Grants whose time was over. */
  readonly grants: number
  /** Items of the index that are none of these; they stay where they are. */
  readonly unreadable: number
}

type Readable = Exclude<DueItem, { kind: 'unreadable' }>

/** What became of the items of one hour. */
type Hour = {
  readonly items: readonly DueItem[]
  readonly failures: readonly unknown[]
  /** How many were raised. */
  readonly occasions: number
  /** Whether all that is due was seen, and not only the first pages. */
  readonly isWhole: boolean
}

const HOUR_MS = 3_600_000
/** Clocks of functions differ a little: an hour is left only when it is surely over. */
const LEAVE_AFTER_MS = 120_000
/** A message is looked at again this long after it was put back on its queue. */
const LOOK_AGAIN_MS = 120_000
const REPLAN_AGAIN_MS = 15 * 60_000
const MAX_HOURS = 48
const MAX_PAGES = 20
/** Of one shard side by side: more would wait for connections. */
const AT_ONCE = 25

const hourOf = (ms: number): string => new Date(ms).toISOString().slice(0, 13)
const startOf = (hour: string): number => Date.parse(`${hour}:00:00.000Z`)

/** How many reminders this sweep may still raise: what an outage has left comes a minute's worth at a time. */
type Budget = { readonly take: () => boolean; readonly isSpent: () => boolean }

const budgetOf = (most: number): Budget => {
  let left = most
  return {
    take: () => {
      left -= 1
      return left >= 0
    },
    isSpent: () => left <= 0,
  }
}

/** @returns how many occasions were raised */
const act = async (
  { due, queueMessage, queueReplan }: SweepServices,
  item: Readable,
  nowMs: number,
  signal?: AbortSignal,
): Promise<number> => {
  switch (item.kind) {
    case 'relationship':
      return due.raiseOccasions(item, nowMs, signal)
    case 'grant': {
      const { held } = item
      if (held !== undefined && nowMs < held.validUntilMs)
        return due.raiseEndings({ ...item, held }, nowMs, signal)
      await due.releaseGrant(item, nowMs, signal)
      return 0
    }
    case 'gift':
      await due.releaseGift(item, nowMs, signal)
      return 0
    case 'later':
      await due.raiseLater(item, nowMs, signal)
      return 1
    case 'waiting':
      await due.serveWaiters(item, nowMs, signal)
      return 0
    case 'customerReplan':
      await due.replanCustomer(item, nowMs, signal)
      return 0
    case 'replan': {
      const { merchantId, askedAt } = item
      // A run that ends half way says where; one that crashes is seen again after this time.
      if (await due.postpone(item, nowMs + REPLAN_AGAIN_MS, signal))
        await queueReplan(merchantId, askedAt, signal)
      return 0
    }
    case 'message':
      // First the note, then the queue: of two sweeps one queues it, and what a crash in between leaves is seen again.
      if (await due.postpone(item, nowMs + LOOK_AGAIN_MS, signal))
        await queueMessage(item.channel, item.user, item.messageId, signal)
      return 0
    default:
      return item satisfies never
  }
}

const isReminder = ({ kind }: DueItem): boolean => kind === 'relationship' || kind === 'later'

/** Acts on all; one that fails keeps no other waiting. */
const actOnAll = async (
  services: SweepServices,
  items: readonly DueItem[],
  budget: Budget,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Pick<Hour, 'failures' | 'occasions'>> => {
  const readable = items
    .filter((item) => item.kind !== 'unreadable')
    .filter((item) => !isReminder(item) || budget.take())
  const acted: PromiseSettledResult<number>[] = []
  for (let start = 0; start < readable.length; start += AT_ONCE) {
    const some = readable.slice(start, start + AT_ONCE)
    acted.push(...(await Promise.allSettled(some.map((item) => act(services, item, nowMs, signal)))))
  }
  return {
    failures: acted.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])),
    occasions: acted.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0),
  }
}

const sweepShard = async (
  services: SweepServices,
  hour: string,
  shard: number,
  budget: Budget,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Hour> => {
  const items: DueItem[] = []
  const failures: unknown[] = []
  let occasions = 0
  let start: Record<string, unknown> | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    // An index is read a moment behind its table: what was just done may still be listed, and comes again next minute.
    const found = await services.due.dueIn(hour, shard, nowMs, start, signal)
    const acted = await actOnAll(services, found.items, budget, nowMs, signal)
    failures.push(...acted.failures)
    occasions += acted.occasions
    items.push(...found.items)
    start = found.next
    if (start === undefined) return { items, failures, occasions, isWhole: true }
  }
  return { items, failures, occasions, isWhole: false }
}

const sweepHour = async (
  services: SweepServices,
  hour: string,
  budget: Budget,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Hour> => {
  const shards = Array.from({ length: services.dueShards }, (_, shard) =>
    sweepShard(services, hour, shard, budget, nowMs, signal),
  )
  const swept = await Promise.all(shards)
  return {
    items: swept.flatMap(({ items }) => items),
    failures: swept.flatMap(({ failures }) => failures),
    occasions: swept.reduce((sum, { occasions }) => sum + occasions, 0),
    isWhole: swept.every(({ isWhole }) => isWhole),
  }
}

/** The oldest unfinished hours, and always this one and the last: what is stuck in an old hour holds up no new one. */
const hoursFrom = (cursor: string, nowMs: number): string[] => {
  const first = startOf(cursor)
  const current = startOf(hourOf(nowMs))
  const count = Math.min(MAX_HOURS, Math.max(0, Math.floor((current - first) / HOUR_MS) + 1))
  const oldest = Array.from({ length: count }, (_, index) => hourOf(first + index * HOUR_MS))
  if (count < MAX_HOURS) return oldest
  return [...new Set([...oldest, hourOf(current - HOUR_MS), hourOf(current)])]
}

/** Where sweeping goes on: what was remembered, else a day ago; never ahead of the clock. */
const cursorFor = async (
  { due, memory }: SweepServices,
  nowMs: number,
  signal?: AbortSignal,
): Promise<string> => {
  const remembered = memory.cursor ?? (await due.readCursor(signal)) ?? hourOf(nowMs - 24 * HOUR_MS)
  const current = hourOf(nowMs)
  if (remembered > current) return current
  return remembered
}

/**
 * Finds what is due by now, from the oldest unfinished hour on, and acts on it: a message that was granted but never
 * queued, or leased and never finished, goes back to its queue; what visit plans have due becomes events, at most so
 * many in one sweep. Safe to repeat.
 *
 * @throws {BusyError} after all others were acted on, when some failed; the next sweep meets them again
 */
export const sweepDue = async (
  services: SweepServices,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Swept> => {
  const { due, memory } = services
  let cursor = await cursorFor(services, nowMs, signal)
  const swept: Hour[] = []
  const budget = budgetOf(services.maxReminders)
  for (const hour of hoursFrom(cursor, nowMs)) {
    // The oldest first; of this hour and the last all that is no reminder is seen to in any case.
    if (budget.isSpent() && startOf(hour) < nowMs - 2 * HOUR_MS) continue
    const found = await sweepHour(services, hour, budget, nowMs, signal)
    swept.push(found)
    const isOver = nowMs >= startOf(hour) + HOUR_MS + LEAVE_AFTER_MS
    // What nobody can read would hold the cursor for ever.
    const isEmpty = found.isWhole && found.items.every(({ kind }) => kind === 'unreadable')
    if (hour === cursor && isOver && isEmpty) cursor = hourOf(startOf(hour) + HOUR_MS)
  }
  if (memory.cursor !== cursor) await due.writeCursor(cursor, signal)
  memory.cursor = cursor
  const failures = swept.flatMap((hour) => hour.failures)
  if (failures.length > 0) throw new BusyError(`${failures.length} due items failed`, { cause: failures[0] })
  const count = (kind: DueItem['kind']): number =>
    swept.flatMap(({ items }) => items).filter((item) => item.kind === kind).length
  return {
    messages: count('message'),
    occasions: swept.reduce((sum, { occasions }) => sum + occasions, 0),
    grants: count('grant'),
    unreadable: count('unreadable'),
  }
}
