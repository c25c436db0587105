import type { OutgoingHttpHeaders } from 'node:http'
import { type JsonObject, objectAt, objectsAt, parseJsonObject, textAt } from '../json.ts'
import type { NamedItem } from './call-items.ts'
import type { EngineLink } from './engine-link.ts'

/** What tells one item from all others, as one string. */
export type ItemKey = string

/** Finds the keys of items; asks the engine once for each table which attributes they are. */
export type ItemKeys = {
  /** The names of a table's key attributes. */
  namesOf(table: string, headers: OutgoingHttpHeaders): Promise<readonly string[]>
  /** The names of an index's key attributes. */
  indexNamesOf(table: string, index: string, headers: OutgoingHttpHeaders): Promise<readonly string[]>
  /** The key of a named item; undefined when it has none (the engine will refuse it). */
  keyOf(named: NamedItem, headers: OutgoingHttpHeaders): Promise<JsonObject | undefined>
}

const MAX_TABLES = 1_000

/** `table` and key as one string, whatever the order of the attributes. */
export const itemKey = (table: string, key: JsonObject): ItemKey =>
  `${table}|${JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)))}`

/** The named attributes of an item; undefined when one is missing. */
export const pickKey = (item: JsonObject, names: readonly string[]): JsonObject | undefined =>
  names.every((name) => Object.hasOwn(item, name))
    ? Object.fromEntries(names.map((name) => [name, item[name]]))
    : undefined

const attributeNames = (description: JsonObject): string[] =>
  objectsAt(description, 'KeySchema').map((part) => textAt(part, 'AttributeName') ?? '')

/** The key attributes of a table, under '', and of its indexes, under their names. */
type Schema = ReadonlyMap<string, readonly string[]>

const schemaOf = (description: JsonObject): Schema =>
  new Map([
    ['', attributeNames(description)],
    ...['GlobalSecondaryIndexes', 'LocalSecondaryIndexes'].flatMap((kind) =>
      objectsAt(description, kind).map(
        (index) => [textAt(index, 'IndexName') ?? '', attributeNames(index)] as const,
      ),
    ),
  ])

export const createItemKeys = (link: EngineLink): ItemKeys => {
  const known = new Map<string, Schema>()

  const describe = async (table: string, headers: OutgoingHttpHeaders): Promise<Schema> => {
    const before = known.get(table)
    if (before !== undefined) return before
    const { status, body } = await link.send(
      { ...headers, 'x-amz-target': 'DynamoDB_20120810.DescribeTable' },
      Buffer.from(JSON.stringify({ TableName: table })),
    )
    if (status !== 200) return new Map()
    const schema = schemaOf(objectAt(parseJsonObject(body.toString('utf8')) ?? {}, 'Table'))
    if (known.size < MAX_TABLES) known.set(table, schema)
    return schema
  }
  const namesOf = async (table: string, headers: OutgoingHttpHeaders): Promise<readonly string[]> =>
    (await describe(table, headers)).get('') ?? []

  return {
    namesOf,
    indexNamesOf: async (table, index, headers) => (await describe(table, headers)).get(index) ?? [],
    keyOf: async ({ table, key, item }, headers) => {
      if (key !== undefined) return key
      if (item === undefined) return undefined
      const names = await namesOf(table, headers)
      return names.length === 0 ? undefined : pickKey(item, names)
    },
  }
}
