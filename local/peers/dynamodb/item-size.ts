import { isObject, type JsonObject } from '../json.ts'

/** Maps and lists cost three bytes, and one for each thing in them. */
const CONTAINER_BYTES = 3
const ELEMENT_BYTES = 1

const numberBytes = (text: string): number => {
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/^[-+]?0*\.?0*|[-.]/g, '')
    .replace(/0+$/, '')
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0)
}

const sumOf = (values: unknown, size: (value: unknown) => number): number =>
  Array.isArray(values) ? values.reduce<number>((sum, value) => sum + size(value), 0) : 0

const textBytes = (value: unknown): number => (typeof value === 'string' ? Buffer.byteLength(value) : 0)
const binaryBytes = (value: unknown): number =>
  typeof value === 'string' ? Buffer.byteLength(value, 'base64') : 0

const valueBytes = (value: unknown): number => {
  if (!isObject(value)) return 0
  const [type, content] = Object.entries(value)[0] ?? []
  switch (type) {
    case 'S':
      return textBytes(content)
    case 'N':
      return typeof content === 'string' ? numberBytes(content) : 0
    case 'B':
      return binaryBytes(content)
    case 'BOOL':
    case 'NULL':
      return 1
    case 'SS':
      return sumOf(content, textBytes)
    case 'NS':
      return sumOf(content, (one) => (typeof one === 'string' ? numberBytes(one) : 0))
    case 'BS':
      return sumOf(content, binaryBytes)
    case 'L':
      return CONTAINER_BYTES + sumOf(content, (one) => ELEMENT_BYTES + valueBytes(one))
    case 'M':
      return CONTAINER_BYTES + (isObject(content) ? itemBytes(content, ELEMENT_BYTES) : 0)
    default:
      return 0
  }
}

/**
 * The size of an item in DynamoDB's JSON, by its own rules: names and values, UTF-8, a number about a byte for two
 * digits. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 *
 * @example itemBytes({ pk: { S: 'a' } }) // 3
 */
export const itemBytes = (item: JsonObject, perField = 0): number =>
  Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value) + perField,
    0,
  )

/** Write units of an item outside a transaction: one for each KB, one at least. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1_024))
