import type { TracePing } from '#local/replay/read-pings.ts'

/** What a phone uploads at once, at the time of its last ping. */
export type Batch = { readonly user: string; readonly atMs: number; readonly pings: readonly TracePing[] }

/** A phone does not wait longer than this to fill a batch. */
const MAX_WAIT_MS = 15 * 60_000

/**
 * The uploads of all phones in order of time: a phone sends when it holds `size` pings, or when the next one comes more
 * than 15 minutes after the first it holds.
 */
export const batchesOf = async (
  pings: AsyncIterable<TracePing>,
  size: number,
  limit: number,
): Promise<Batch[]> => {
  const held = new Map<string, TracePing[]>()
  const batches: Batch[] = []
  const send = (user: string): void => {
    const pending = held.get(user) ?? []
    const last = pending.at(-1)
    if (last) batches.push({ user, atMs: last.atMs, pings: pending })
    held.delete(user)
  }
  let taken = 0
  for await (const ping of pings) {
    if (taken >= limit) break
    taken += 1
    const first = held.get(ping.user)?.[0]
    if (first && ping.atMs - first.atMs > MAX_WAIT_MS) send(ping.user)
    const pending = held.get(ping.user) ?? []
    held.set(ping.user, [...pending, ping])
    if (pending.length + 1 >= size) send(ping.user)
  }
  for (const user of [...held.keys()]) send(user)
  return batches.toSorted((a, b) => a.atMs - b.atMs || (a.user < b.user ? -1 : 1))
}
