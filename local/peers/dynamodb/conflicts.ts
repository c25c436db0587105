import type { DataOperation } from './call-items.ts'
import type { ItemKey } from './item-keys.ts'

/** A call in flight that holds items. */
export type Hold = { release(): void }

/**
 * Who is at work on which item, to refuse what DynamoDB refuses ("Transaction conflict handling",
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html): a write, or an action of a
 * transaction, on an item of another transaction in flight; a TransactGetItems also on an item of a single write.
 */
export type Conflicts = {
  /** For each key, is another call in its way? */
  check(operation: DataOperation, keys: readonly ItemKey[]): boolean[]
  hold(operation: DataOperation, keys: readonly ItemKey[], token: string | undefined): Hold
  /** Is a transaction with this ClientRequestToken in flight? */
  isInProgress(token: string): boolean
}

const createCounts = () => {
  const counts = new Map<string, number>()
  return {
    has: (name: string): boolean => counts.has(name),
    add: (name: string): void => {
      counts.set(name, (counts.get(name) ?? 0) + 1)
    },
    remove: (name: string): void => {
      const left = (counts.get(name) ?? 0) - 1
      if (left > 0) counts.set(name, left)
      else counts.delete(name)
    },
  }
}

export const createConflicts = (): Conflicts => {
  const byTransaction = createCounts()
  const byWrite = createCounts()
  const tokens = createCounts()

  return {
    check: (operation, keys) => {
      const isReading = operation === 'TransactGetItems'
      return keys.map((key) => byTransaction.has(key) || (isReading && byWrite.has(key)))
    },
    hold: (operation, keys, token) => {
      // Reads, transactional or not, stand in nobody's way.
      const isHolding = operation !== 'TransactGetItems'
      const counts = operation === 'TransactWriteItems' ? byTransaction : byWrite
      if (isHolding) for (const key of keys) counts.add(key)
      if (token !== undefined) tokens.add(token)
      return {
        release: () => {
          if (isHolding) for (const key of keys) counts.remove(key)
          if (token !== undefined) tokens.remove(token)
        },
      }
    },
    isInProgress: (token) => tokens.has(token),
  }
}
