import { isObject, type JsonObject, objectAt, objectsAt } from '../json.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A batch split in what is done and what is left; both have the form of `RequestItems`. */
export type SplitBatch = { readonly done: JsonObject; readonly left: JsonObject }

export type BatchOperation = 'BatchGetItem' | 'BatchWriteItem'

type Entry = { readonly table: string; readonly value: JsonObject }

const entriesOf = (operation: BatchOperation, items: JsonObject): Entry[] =>
  Object.keys(items).flatMap((table) =>
    (operation === 'BatchGetItem' ? objectsAt(objectAt(items, table), 'Keys') : objectsAt(items, table)).map(
      (value) => ({ table, value }),
    ),
  )

const rebuild = (operation: BatchOperation, items: JsonObject, entries: readonly Entry[]): JsonObject => {
  const built: JsonObject = {}
  for (const table of new Set(entries.map((entry) => entry.table))) {
    const values = entries.filter((entry) => entry.table === table).map(({ value }) => value)
    built[table] = operation === 'BatchGetItem' ? { ...objectAt(items, table), Keys: values } : values
  }
  return built
}

/** Splits the items of a batch by their place in it. */
export const splitBatch = (
  operation: BatchOperation,
  items: JsonObject,
  isLeft: (index: number) => boolean,
): SplitBatch => {
  const entries = entriesOf(operation, items)
  return {
    done: rebuild(
      operation,
      items,
      entries.filter((_, index) => !isLeft(index)),
    ),
    left: rebuild(
      operation,
      items,
      entries.filter((_, index) => isLeft(index)),
    ),
  }
}

/** Chooses which of `count` items stay unprocessed: some, but never all (DynamoDB throttles then). */
export const chooseLeft = (count: number, random: SeededRandom): ReadonlySet<number> => {
  if (count < 2) return new Set()
  const spared = Math.floor(random.next() * count)
  const left = new Set<number>()
  for (let index = 0; index < count; index += 1) {
    if (index !== spared && random.next() < 0.5) left.add(index)
  }
  if (left.size === 0) left.add((spared + 1) % count)
  return left
}

/** The answer with what was left, as the SDK finds it. */
export const withUnprocessed = (
  operation: BatchOperation,
  answer: JsonObject,
  left: JsonObject,
): JsonObject => {
  const name = operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems'
  const before = isObject(answer[name]) ? answer[name] : {}
  return { ...answer, [name]: { ...before, ...left } }
}
