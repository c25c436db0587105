import { setTimeout as wait } from 'node:timers/promises'
import { BusyError } from '#shared/domain/busy-error.ts'

const MAX_TRIES = 6
const MAX_DELAY_MS = 40

/**
 * Reads, decides and writes on the condition that what was read still holds; when it no longer does, once more from the
 * start, at most 6 times.
 *
 * @param attempt one try; `'again'` when its condition failed
 * @throws {BusyError} when every try met another writer
 * @example
 * const saved = await optimistically(async () => (await putIfUnchanged(next)) ? next : 'again')
 */
export const optimistically = async <T>(
  attempt: () => Promise<T | 'again'>,
  signal?: AbortSignal,
): Promise<T> => {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const result = await attempt()
    if (result !== 'again') return result
    if (signal?.aborted) break
    await wait(Math.random() * MAX_DELAY_MS * (tries + 1))
  }
  throw new BusyError('every try met another writer')
}
