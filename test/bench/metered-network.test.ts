import { describe, expect, it } from 'vitest'
import { createMemoryTables } from '../../bench/memory-network.ts'
import { meteredAnswers, newMeter } from '../../bench/metered-network.ts'
import { wireItem } from '../../bench/seed-geofences.ts'

const metered = () => {
  const tables = createMemoryTables()
  const meter = newMeter()
  const answer = meteredAnswers(tables, () => meter)
  const call = (operation: string, body: object): unknown =>
    JSON.parse(Buffer.from(answer(operation, JSON.stringify(body))).toString('utf8'))
  return { tables, meter, call }
}

const text = (bytes: number): string => 'x'.repeat(bytes)
const KEY = { pk: { S: 'U#1' } }
const presence = (bytes: number) => ({ ...KEY, state: { S: text(bytes) } })

describe('the metered tables', () => {
  it('reads a unit for each 4 KB, half of one where it need not be consistent, and one of nothing', () => {
    const { meter, call } = metered()
    call('GetItem', { TableName: 'Presence', Key: KEY, ConsistentRead: true })
    expect(meter.presenceReads).toBe(1)
    call('PutItem', { TableName: 'Presence', Item: presence(4_100) })
    call('GetItem', { TableName: 'Presence', Key: KEY, ConsistentRead: true })
    expect(meter.presenceReads).toBe(3)
    call('GetItem', { TableName: 'Presence', Key: KEY })
    expect(meter.presenceReads).toBe(4)
  })

  it('reads each version in a batch by itself', () => {
    const { meter, call } = metered()
    const version = (tile: string) => ({ pk: { S: `TILE#${tile}` }, sk: { S: 'VERSION' } })
    call('BatchGetItem', {
      RequestItems: {
        Presence: { Keys: [KEY], ConsistentRead: true },
        Catalog: { Keys: ['9q8yyx', '9q8y', '9q'].map(version) },
      },
    })
    expect(meter).toMatchObject({ presenceReads: 1, versionReads: 1.5, writes: 0, calls: 1 })
  })

  it('writes a unit for each KB of what is larger, the item before or the item after', () => {
    const { meter, call } = metered()
    call('PutItem', { TableName: 'Presence', Item: presence(2_500) })
    expect(meter.writes).toBe(3)
    call('PutItem', { TableName: 'Presence', Item: presence(10) })
    expect(meter.writes).toBe(6)
    expect(meter.written).toHaveLength(2)
  })

  it('answers a query page by page and reads a unit for each 4 KB of a page', () => {
    const { tables, meter, call } = metered()
    for (const name of ['a', 'b', 'c'])
      tables.put('Catalog', wireItem({ pk: 'TILE#x', sk: `GEOFENCE#${name}`, text: text(3_000) }))
    const query = {
      TableName: 'Catalog',
      ExpressionAttributeValues: { ':pk': { S: 'TILE#x' }, ':sk': { S: 'GEOFENCE#' } },
      Limit: 2,
    }
    const first = call('Query', query)
    expect(first).toMatchObject({ Count: 2, LastEvaluatedKey: { sk: { S: 'GEOFENCE#b' } } })
    expect(meter.loadReads).toBe(2)
    const next = { ...query, ExclusiveStartKey: { pk: { S: 'TILE#x' }, sk: { S: 'GEOFENCE#b' } } }
    expect(call('Query', next)).toMatchObject({ Count: 1 })
  })

  it('puts bytes on the wire as base64', () => {
    expect(wireItem({ pk: 'a', state: new Uint8Array([1, 2, 3]) })).toEqual({
      pk: { S: 'a' },
      state: { B: 'AQID' },
    })
  })

  it('refuses what it does not know', () => {
    expect(() => metered().call('TransactWriteItems', {})).toThrow('TransactWriteItems')
  })
})
