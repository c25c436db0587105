import type { Item } from '#test/simulation/store/evaluate.ts'

const MAX_ITEM_BYTES = 400 * 1024

/** What DynamoDB answers to a request that it cannot read. */
export const invalid = (reason: string): Error =>
  Object.assign(new Error(`ValidationException: ${reason}`), { name: 'ValidationException' })

const copyValue = (value: unknown): unknown => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid(`${value} is no number`)
    return value
  }
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (value instanceof Set) return new Set(value)
  if (Array.isArray(value)) return value.filter((one) => one !== undefined).map(copyValue)
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return copyOf(value as Item)
  throw invalid(`a value of type ${typeof value}`)
}

/** An item as the document client writes and reads it: a copy, without what is undefined. */
export const copyOf = (item: Item): Record<string, unknown> => {
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(item)) if (value !== undefined) copy[name] = copyValue(value)
  return copy
}

/** About how many bytes a value takes. */
const bytesOf = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof Uint8Array) return value.length
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + 1 + bytesOf(one), 3)
  if (value instanceof Set) return [...value].reduce<number>((sum, one) => sum + bytesOf(one), 0)
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? 9 : 1
  return Object.entries(value).reduce((sum, [name, one]) => sum + name.length + 1 + bytesOf(one), 3)
}

/**
 * @throws {Error} ValidationException when the item is too large, or has an index key that is no text
 */
export const checkItem = (
  item: Item,
  indexes: readonly { readonly pk: string; readonly sk: string }[],
): void => {
  for (const { pk, sk } of indexes) {
    for (const name of [pk, sk]) {
      const value = item[name]
      if (value !== undefined && (typeof value !== 'string' || value === ''))
        throw invalid(`the index key ${name} must be a non-empty string`)
    }
  }
  // Nothing of ours comes near it: the exact size is asked only of what might.
  if (bytesOf(item) > MAX_ITEM_BYTES) throw invalid('Item size has exceeded the maximum allowed size')
}
