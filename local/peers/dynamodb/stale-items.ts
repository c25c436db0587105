import { isObject, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts'
import type { DataOperation } from './call-items.ts'
import { type ItemKey, itemKey, pickKey } from './item-keys.ts'

/** An item before its last write; `item` is missing when there was none. */
export type OldVersion = { readonly item?: JsonObject }

const MAX_VERSIONS = 10_000

/** Remembers the version of each item that its last write replaced, for a while. */
export type StaleItems = {
  remember(key: ItemKey, old: OldVersion): void
  /** The old version of an item whose last write is younger than `staleForMs`. */
  find(key: ItemKey, staleForMs: number): OldVersion | undefined
  clear(): void
}

/** @param elapsedMs a clock that only runs on, e.g. `performance.now` */
export const createStaleItems = (elapsedMs: () => number): StaleItems => {
  const versions = new Map<ItemKey, { old: OldVersion; writtenMs: number }>()
  return {
    remember: (key, old) => {
      versions.delete(key)
      versions.set(key, { old, writtenMs: elapsedMs() })
      const oldest = versions.keys().next()
      if (versions.size > MAX_VERSIONS && !oldest.done) versions.delete(oldest.value)
    },
    find: (key, staleForMs) => {
      const version = versions.get(key)
      return version === undefined || elapsedMs() - version.writtenMs > staleForMs ? undefined : version.old
    },
    clear: () => versions.clear(),
  }
}

/** Answers the old version of an item, when the dice say so and there is one. */
export type StaleLookup = (key: ItemKey) => OldVersion | undefined
type KeyNames = (table: string) => readonly string[]

/** A projection of top-level attributes; undefined for one with paths, which is left alone. */
const project = (item: JsonObject, request: JsonObject): JsonObject | undefined => {
  const expression = textAt(request, 'ProjectionExpression')
  if (expression === undefined) return item
  const aliases = objectAt(request, 'ExpressionAttributeNames')
  const names = expression.split(',').map((part) => textAt(aliases, part.trim()) ?? part.trim())
  if (expression.includes('.') || expression.includes('[')) return undefined
  return Object.fromEntries(names.filter((name) => name in item).map((name) => [name, item[name]]))
}

const staleGet = (request: JsonObject, answer: JsonObject, lookup: StaleLookup): JsonObject => {
  const old = lookup(itemKey(textAt(request, 'TableName') ?? '', objectAt(request, 'Key')))
  if (old === undefined) return answer
  const { Item: _, ...rest } = answer
  if (old.item === undefined) return rest
  const projected = project(old.item, request)
  return projected === undefined ? answer : { ...rest, Item: projected }
}

const staleBatch = (
  request: JsonObject,
  answer: JsonObject,
  lookup: StaleLookup,
  namesOf: KeyNames,
): JsonObject => {
  const responses: JsonObject = { ...objectAt(answer, 'Responses') }
  for (const [table, read] of Object.entries(objectAt(request, 'RequestItems'))) {
    if (!isObject(read) || read['ConsistentRead'] === true || 'ProjectionExpression' in read) continue
    let items = objectsAt(responses, table)
    for (const key of objectsAt(read, 'Keys')) {
      const id = itemKey(table, key)
      const old = lookup(id)
      if (old === undefined) continue
      items = items.filter((item) => itemKey(table, pickKey(item, namesOf(table)) ?? {}) !== id)
      if (old.item !== undefined) items.push(old.item)
    }
    responses[table] = items
  }
  return { ...answer, Responses: responses }
}

/** Does the old version stand at the same place of an index as the new one? */
const isSamePlace = (old: JsonObject, item: JsonObject, lastKey: readonly string[]): boolean =>
  lastKey.every((name) => JSON.stringify(old[name]) === JSON.stringify(item[name]))

const staleQuery = (
  request: JsonObject,
  answer: JsonObject,
  lookup: StaleLookup,
  keyNames: readonly string[],
  indexNames: readonly string[],
): JsonObject => {
  if ('FilterExpression' in request || 'ProjectionExpression' in request || 'Select' in request) return answer
  const table = textAt(request, 'TableName') ?? ''
  const items = objectsAt(answer, 'Items').flatMap((item) => {
    const key = pickKey(item, keyNames)
    const old = key === undefined ? undefined : lookup(itemKey(table, key))
    if (old === undefined) return [item]
    // Not there yet, or still at another place, which this page may not cover.
    return old.item !== undefined && isSamePlace(old.item, item, indexNames) ? [old.item] : []
  })
  return { ...answer, Items: items, Count: items.length }
}

/**
 * Puts old versions in place of new ones in the answer to a read without ConsistentRead. What was deleted comes back
 * only where it was asked for by its key; filtered and projected queries are left alone.
 *
 * @param indexNames the key attributes of the index that a query reads; none for the table itself
 */
export const makeStale = (
  operation: DataOperation,
  request: JsonObject,
  answer: JsonObject,
  lookup: StaleLookup,
  namesOf: KeyNames,
  indexNames: readonly string[],
): JsonObject => {
  if (operation === 'BatchGetItem') return staleBatch(request, answer, lookup, namesOf)
  if (request['ConsistentRead'] === true) return answer
  if (operation === 'GetItem') return staleGet(request, answer, lookup)
  if (operation !== 'Query') return answer
  return staleQuery(request, answer, lookup, namesOf(textAt(request, 'TableName') ?? ''), indexNames)
}
