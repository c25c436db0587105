import { describe, expect, it } from 'vitest'
import { hashId, isId, shardOf, toId } from '#shared/domain/ids.ts'

describe('ids', () => {
  it('are a prefix and 26 characters of Crockford’s base 32', () => {
    expect(toId('gf', '01J0000000000000000000000A')).toBe('gf_01J0000000000000000000000A')
    expect(() => toId('gf', 'short')).toThrow('not an id body')
    expect(isId('gf', 'gf_01J0000000000000000000000A')).toBe(true)
    expect(isId('scn', 'gf_01J0000000000000000000000A')).toBe(false)
    expect(isId('gf', 'gf_01J000000000000000000000IL')).toBe(false)
  })

  it('of the same parts are the same; parts do not run together', () => {
    expect(hashId('vis', 'a', 'b')).toBe(hashId('vis', 'a', 'b'))
    expect(hashId('vis', 'ab', 'c')).not.toBe(hashId('vis', 'a', 'bc'))
    expect(hashId('vis', 'a').slice(4)).not.toBe(hashId('gf', 'a').slice(3))
  })

  it('fall evenly on shards', () => {
    const counts = new Map<number, number>()
    for (let index = 0; index < 3200; index++) {
      const shard = shardOf(`customer ${index}`, 32)
      counts.set(shard, (counts.get(shard) ?? 0) + 1)
    }
    expect(counts.size).toBe(32)
    for (const count of counts.values()) expect(count).toBeGreaterThan(50)
  })
})
