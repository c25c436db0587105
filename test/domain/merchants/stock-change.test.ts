import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { stockChange } from '#shared/domain/merchants/stock-change.ts'

const sum = (units: readonly number[]): number => units.reduce((all, one) => all + one, 0)
const shards = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 16 })

test('examples', () => {
  expect(stockChange(5, [0, 3])).toEqual([3, 2])
  expect(stockChange(-4, [1, 5])).toEqual([0, -4])
  expect(stockChange(-7, [1, 5])).toBeUndefined()
  expect(stockChange(0, [1, 5])).toEqual([0, 0])
})

property.prop([shards, fc.nat({ max: 20_000 })])('more stock is all handed out', (free, delta) => {
  const change = stockChange(delta, free) ?? []
  expect(sum(change)).toBe(delta)
  expect(Math.min(...change)).toBeGreaterThanOrEqual(0)
})

property.prop([shards, fc.nat({ max: 20_000 })])(
  'less stock is taken from what is free, or not at all',
  (free, take) => {
    const change = stockChange(-take, free)
    if (take > sum(free)) {
      expect(change).toBeUndefined()
      return
    }
    const left = free.map((units, shard) => units + (change?.[shard] ?? 0))
    expect(sum(left)).toBe(sum(free) - take)
    for (const [shard, units] of left.entries()) {
      expect(units).toBeGreaterThanOrEqual(0)
      expect(units).toBeLessThanOrEqual(free[shard] ?? 0)
    }
    // Level: a shard that gave something has at most one unit more than any that has less to begin with.
    const cut = left.filter((units, shard) => units < (free[shard] ?? 0))
    if (cut.length > 1) expect(Math.max(...cut) - Math.min(...cut)).toBeLessThanOrEqual(1)
  },
)
