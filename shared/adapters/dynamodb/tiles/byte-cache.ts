/** What was used within this time is part of a request that may be under way. */
const IN_USE_MS = 10_000
/** What an entry costs beside its content. */
const ENTRY_BYTES = 300

type Entry<T> = { readonly value: T; readonly bytes: number; usedAtMs: number }

export type ByteCache<T> = {
  readonly get: (name: string) => T | undefined
  /** Keeps a value in the place of the one before, as used now. */
  readonly keep: (name: string, value: T, bytes: number, nowMs: number) => void
  readonly use: (name: string, nowMs: number) => void
  /**
   * Lets go of the least recently used until the rest fits; not of what was used in the last 10 s, unless that alone is
   * more than twice as much as may be, and never of what was used at this very time: the request that asks needs it.
   */
  readonly makeRoom: (nowMs: number) => void
}

/**
 * Values by name, bounded by the bytes that they are said to take.
 *
 * @param maxBytes about how much memory all of them may take
 * @param onDrop told of each value that is let go or replaced
 * @example createByteCache(1e6, () => {}).keep('a', 'value', 5, Date.now())
 */
export const createByteCache = <T>(
  maxBytes: number,
  onDrop: (name: string, value: T) => void,
): ByteCache<T> => {
  // In the order of use, the least recent first.
  const entries = new Map<string, Entry<T>>()
  let bytes = 0

  const drop = (name: string): void => {
    const entry = entries.get(name)
    if (entry === undefined) return
    entries.delete(name)
    bytes -= entry.bytes + ENTRY_BYTES
    onDrop(name, entry.value)
  }

  return {
    get: (name) => entries.get(name)?.value,

    keep: (name, value, size, nowMs) => {
      drop(name)
      entries.set(name, { value, bytes: size, usedAtMs: nowMs })
      bytes += size + ENTRY_BYTES
    },

    use: (name, nowMs) => {
      const entry = entries.get(name)
      if (entry === undefined || entry.usedAtMs === nowMs) return
      entry.usedAtMs = nowMs
      entries.delete(name)
      entries.set(name, entry)
    },

    makeRoom: (nowMs) => {
      for (const [name, { usedAtMs }] of entries) {
        if (bytes <= maxBytes) return
        if (Math.abs(nowMs - usedAtMs) < IN_USE_MS && bytes <= 2 * maxBytes) return
        if (usedAtMs !== nowMs) drop(name)
      }
    },
  }
}
