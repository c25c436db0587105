import { type DynamodbClient, EngineError } from '#local/cloud/engine/dynamodb-client.ts'
import type { StreamEntry } from '#local/cloud/events/stream-feed.ts'
import { isJsonObject, type Json, type JsonObject, parseJsonObject } from '#local/cloud/json.ts'
import type { LocalState } from '#local/cloud/state.ts'

export type TtlIndex = {
  /** Learns from a change of a table when its item expires. */
  observe(tableName: string, ttlAttribute: string, entry: StreamEntry): void
  /** Is this change a removal that the index made? */
  isRemoval(tableName: string, ttlAttribute: string, entry: StreamEntry): boolean
  /** When the next item expires. */
  nextAtMs(): number | undefined
  /** Deletes what has expired, a page at a time. Returns how many items it found due. */
  removeDue(): Promise<number>
}

/** Who deletes expired items, as stream records name it. */
export const TTL_IDENTITY: JsonObject = { type: 'Service', principalId: 'dynamodb.amazonaws.com' }

const PAGE = 200
/** Longer than a stream keeps its records. */
const MARKS_KEPT_MS = 2 * 86_400_000
const AT_ONCE = 8

/**
 * Time to live by the local clock. The engines know only the wall's, so the local cloud keeps an index of its own, which
 * it learns from the tables' streams, and deletes an item when its time has come if its TTL attribute is still the same.
 * (AWS may take a few days for that; who reads must not rely on it.)
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export const openTtlIndex = (
  state: LocalState,
  client: DynamodbClient,
  attributes: ReadonlyMap<string, string>,
  nowMs: () => number,
): TtlIndex => {
  const { database } = state
  database.exec(`
    CREATE TABLE IF NOT EXISTS expiries (tableName TEXT, key TEXT, atS INTEGER NOT NULL, PRIMARY KEY (tableName, key)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS byExpiry ON expiries (atS);
    CREATE TABLE IF NOT EXISTS removals (
      tableName TEXT, key TEXT, atS INTEGER, madeAtMs INTEGER NOT NULL, PRIMARY KEY (tableName, key, atS)) WITHOUT ROWID;
  `)
  database.prepare('DELETE FROM removals WHERE madeAtMs < ?').run(nowMs() - MARKS_KEPT_MS)
  const sql = {
    put: database.prepare('INSERT OR REPLACE INTO expiries (tableName, key, atS) VALUES (?, ?, ?)'),
    drop: database.prepare('DELETE FROM expiries WHERE tableName = ? AND key = ?'),
    dropAt: database.prepare('DELETE FROM expiries WHERE tableName = ? AND key = ? AND atS = ?'),
    next: database.prepare('SELECT MIN(atS) AS atS FROM expiries'),
    due: database.prepare('SELECT tableName, key, atS FROM expiries WHERE atS <= ? ORDER BY atS LIMIT ?'),
    mark: database.prepare(
      'INSERT OR REPLACE INTO removals (tableName, key, atS, madeAtMs) VALUES (?, ?, ?, ?)',
    ),
    marked: database.prepare('SELECT 1 FROM removals WHERE tableName = ? AND key = ? AND atS = ?'),
    unmark: database.prepare('DELETE FROM removals WHERE tableName = ? AND key = ? AND atS = ?'),
  }

  const remove = async (tableName: string, key: string, atS: number): Promise<void> => {
    // The mark is set first: wherever the process is killed, the stream record of this removal is known for what it is.
    sql.mark.run(tableName, key, atS, nowMs())
    try {
      await client.call('DeleteItem', {
        TableName: tableName,
        Key: parseJsonObject(key),
        ConditionExpression: '#ttl = :atS',
        ExpressionAttributeNames: { '#ttl': attributes.get(tableName) ?? '' },
        ExpressionAttributeValues: { ':atS': { N: String(atS) } },
      })
    } catch (error) {
      if (!(error instanceof EngineError && error.name === 'ConditionalCheckFailedException')) throw error
      sql.unmark.run(tableName, key, atS)
    }
    sql.dropAt.run(tableName, key, atS)
  }

  return {
    observe: (tableName, ttlAttribute, { change }) => {
      const key = keyOf(change)
      const atS = expiryOf(change['NewImage'], ttlAttribute)
      if (atS === undefined) sql.drop.run(tableName, key)
      else sql.put.run(tableName, key, atS)
    },
    isRemoval: (tableName, ttlAttribute, { record, change }) => {
      if (record['eventName'] !== 'REMOVE') return false
      const atS = expiryOf(change['OldImage'], ttlAttribute)
      return atS !== undefined && sql.marked.get(tableName, keyOf(change), atS) !== undefined
    },
    nextAtMs: () => {
      const atS = sql.next.get()?.['atS'] ?? null
      return atS === null ? undefined : Number(atS) * 1000
    },
    removeDue: async () => {
      const due = sql.due.all(Math.floor(nowMs() / 1000), PAGE)
      for (let at = 0; at < due.length; at += AT_ONCE) {
        const some = due.slice(at, at + AT_ONCE)
        await Promise.all(
          some.map((row) => remove(String(row['tableName']), String(row['key']), Number(row['atS']))),
        )
      }
      return due.length
    },
  }
}

/** The key of a changed item as text that is the same for the same key. */
const keyOf = (change: JsonObject): string => {
  const keys = isJsonObject(change['Keys']) ? change['Keys'] : {}
  return JSON.stringify(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** Seconds since the epoch. DynamoDB takes a number only; anything else never expires. */
const expiryOf = (image: Json | undefined, ttlAttribute: string): number | undefined => {
  const value = isJsonObject(image) ? image[ttlAttribute] : undefined
  const number = isJsonObject(value) ? value['N'] : undefined
  if (typeof number !== 'string') return undefined
  const atS = Math.floor(Number(number))
  return Number.isSafeInteger(atS) ? atS : undefined
}
