import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { inRounds, median, medianOf, ratioOf } from '../../bench/rounds.ts'
import { figure } from '../../bench/table.ts'

describe('rounds', () => {
  test.prop([fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 })])(
    'the median has as many values on either side',
    (values) => {
      const middle = median(values)
      const half = values.length / 2
      expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(half)
      expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(half)
    },
  )

  it('runs every contestant once a round, each of them first at some time, and counts all rounds but the first', async () => {
    const order: string[] = []
    const contestants = ['a', 'b', 'c'].map((name) => ({ name, run: () => order.push(name) && 1 }))
    const measured = await inRounds(contestants, 5)
    expect([...measured.values()].map((runs) => runs.length)).toEqual([5, 5, 5])
    const rounds = Array.from({ length: 6 }, (_, round) => order.slice(round * 3, round * 3 + 3))
    for (const round of rounds) expect(round.toSorted()).toEqual(['a', 'b', 'c'])
    expect(new Set(rounds.map(([first]) => first))).toEqual(new Set(['a', 'b', 'c']))
  })

  it('compares within a round, so that a slow round changes no ratio', () => {
    const measured = new Map([
      ['a', [2, 20, 2]],
      ['b', [1, 10, 1]],
    ])
    expect(ratioOf(measured, 'a', 'b')).toBe(2)
    expect(medianOf(measured, 'b')).toBe(1)
  })

  it('says three figures', () => {
    expect([1234567, 12.345, 0.012345, 0, Number.NaN].map(figure)).toEqual([
      '1,230,000',
      '12.3',
      '0.0123',
      '0',
      '–',
    ])
  })
})
