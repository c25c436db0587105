import type { Customer, ReplanRecords } from '#shared/adapters/dynamodb/ledger/replan-records.ts'
import type { Job } from '#shared/contracts/jobs.ts'

export type ReplanServices = {
  readonly nowMs: () => number
  readonly replans: ReplanRecords
}

/** One run goes through so many customers at most, and no longer than this; the next run goes on. */
const MAX_CUSTOMERS = 20_000
const MAX_RUN_MS = 180_000
const AT_ONCE = 25

const replanAll = async (
  { replans }: ReplanServices,
  customers: readonly Customer[],
  nowMs: number,
  signal?: AbortSignal,
): Promise<number> => {
  let moved = 0
  for (let start = 0; start < customers.length; start += AT_ONCE) {
    const some = customers.slice(start, start + AT_ONCE)
    const each = await Promise.all(some.map((customer) => replans.replan(customer, nowMs, signal)))
    moved += each.filter((one) => one).length
  }
  return moved
}

/**
 * Plans anew for the customers of a merchant whose visit plans have changed, in slices. Safe to repeat, at any place: a
 * customer who is where the plans say already is left alone.
 *
 * @returns how many customers were moved
 */
export const replanCustomers = async (
  services: ReplanServices,
  { merchantId, askedAt }: Extract<Job, { kind: 'replan' }>,
  signal?: AbortSignal,
): Promise<number> => {
  const { nowMs, replans } = services
  const beganMs = nowMs()
  let cursor = (await replans.find(merchantId, askedAt, signal))?.cursor
  if (cursor === undefined) return 0
  let moved = 0
  for (let seen = 0; cursor !== undefined; ) {
    if (seen >= MAX_CUSTOMERS || nowMs() - beganMs > MAX_RUN_MS) {
      await replans.stopAt(merchantId, askedAt, cursor, nowMs(), signal)
      return moved
    }
    const page: Awaited<ReturnType<ReplanRecords['customersFrom']>> = await replans.customersFrom(
      merchantId,
      cursor,
      signal,
    )
    moved += await replanAll(services, page.customers, nowMs(), signal)
    seen += page.customers.length
    cursor = page.next
  }
  await replans.end(merchantId, askedAt, signal)
  return moved
}
