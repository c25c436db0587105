import { describe, expect, it } from 'vitest'
import { decisionRefOf } from '#shared/contracts/items/decision.ts'
import { distanceBucket, traceItems } from '#shared/contracts/items/trace.ts'
import type { SuppressionReason } from '#shared/domain/scenes/reasons.ts'
import { ANNA, anEnter, aScene, DAY, named, T0 } from '#test/support/builders.ts'

const trigger = anEnter({ distanceM: -37.4 })
const ref = decisionRefOf(ANNA, [trigger], 0)
const suppressed = (merchant: string, reason: SuppressionReason) =>
  ({
    scene: aScene(merchant, { merchantId: named('mer', merchant) }),
    trigger,
    kind: 'suppressed',
    reason,
  }) as const

describe('the trace of a decision', () => {
  it('is one item for 30 days, listed for its merchant', () => {
    const { whole, copies } = traceItems(ref, { outcomes: [suppressed('a', 'stale')] }, undefined, T0)
    expect(copies).toEqual([])
    expect(whole).toMatchObject({
      ttl: (T0 + 30 * DAY) / 1000,
      merchantPk: expect.stringContaining(named('mer', 'a')),
      outcomes: [{ result: 'stale', distance: '-50 to -20 m', count: 1 }],
    })
  })

  it('of several merchants is listed for each with its own part, where it tells something of its own', () => {
    const outcomes = [suppressed('a', 'hours'), suppressed('b', 'platformCap'), suppressed('c', 'audience')]
    const { whole, copies } = traceItems(ref, { outcomes }, undefined, T0)
    expect(whole.outcomes).toHaveLength(3)
    expect(whole).not.toHaveProperty('merchantPk')
    expect(copies.map(({ outcomes: own }) => own.map(({ result }) => result))).toEqual([
      ['hours'],
      ['audience'],
    ])
    for (const copy of copies) expect(JSON.stringify(copy)).not.toContain(named('mer', 'b'))
  })
})

it('tells distances in steps', () => {
  expect([-9999, -500, -37, 0, 19.9, 20, 500].map(distanceBucket)).toEqual([
    'below -500 m',
    '-500 to -200 m',
    '-50 to -20 m',
    '0 to 20 m',
    '0 to 20 m',
    '20 to 50 m',
    'above 500 m',
  ])
})
