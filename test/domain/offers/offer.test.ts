import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { MAX_STOCK_SHARDS, splitStock, stockShardsFor } from '#shared/domain/offers/offer.ts'

describe('a stock', () => {
  it('stays whole when it is small and is spread when it is large', () => {
    expect([1, 10, 99, 100, 10_000].map(stockShardsFor)).toEqual([1, 1, 1, 2, MAX_STOCK_SHARDS])
  })

  test.prop([fc.nat(1_000_000), fc.integer({ min: 1, max: 16 })])(
    'is split evenly and whole',
    (stock, shards) => {
      const parts = splitStock(stock, shards)
      expect(parts).toHaveLength(shards)
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(stock)
      expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1)
    },
  )
})
