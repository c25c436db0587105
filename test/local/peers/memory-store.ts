import type { PeerStore } from '#local/cloud/peer-store.ts'

/** A peer store in memory. */
export const createMemoryStore = (): PeerStore => {
  const values = new Map<string, string>()
  return {
    get: (key) => values.get(key),
    put: (key, value) => {
      values.set(key, value)
    },
    delete: (key) => {
      values.delete(key)
    },
    entries: (prefix) =>
      [...values].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
  }
}
