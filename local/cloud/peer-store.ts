/**
 * What a peer of the local cloud (phone gateway, token signer, places) keeps between runs: strings by key.
 * The local cloud hands each peer a store of its own, in memory or under `--data-dir`.
 *
 * @example
 * store.put('phone/+14155550100', JSON.stringify({ optedOut: false }))
 * store.entries('phone/') // → [['phone/+14155550100', '{"optedOut":false}']], ordered by key
 */
export type PeerStore = {
  get(key: string): string | undefined
  put(key: string, value: string): void
  delete(key: string): void
  /** All pairs whose key begins with `prefix`, ordered by key. */
  entries(prefix: string): [string, string][]
}
