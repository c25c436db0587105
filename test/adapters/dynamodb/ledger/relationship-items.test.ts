import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  MAX_RECENT_EVENTS,
  parseRelationship,
  relationshipAttributes,
  withEvents,
} from '#shared/contracts/items/relationship.ts'
import { withPurchase, withRating, withVisit } from '#shared/domain/customers/relationship.ts'
import { aRelationship, DAY, HOUR, T0 } from '#test/support/builders.ts'

describe('a relationship', () => {
  test.prop([
    fc.array(fc.integer({ min: 0, max: 400 * 24 }), { maxLength: 80 }),
    fc.integer({ min: 1, max: 5 }),
  ])('comes back from its item as it was', (hours, mark) => {
    const visited = hours.reduce(
      (so, hour) => withVisit(so, { enterMs: T0 + hour * HOUR, durationS: 60, timeZone: 'UTC' }),
      withRating(withPurchase(aRelationship(), { currency: 'USD', amountMinor: 5, atMs: T0 }), mark),
    )
    const known = { ...visited, events: [{ type: 'rating', atMs: T0 } as const], eventsSinceMs: T0 - DAY }
    expect(parseRelationship({ version: 3, ...relationshipAttributes(known) })).toEqual({
      version: 3,
      relationship: known,
      plan: { handled: [] },
    })
  })

  it('that nobody has written is none; one of before keeps its version', () => {
    expect(parseRelationship(undefined)).toMatchObject({ version: 0, relationship: { visits: { count: 0 } } })
    expect(parseRelationship({ version: 7, visits: 3, actedAt: 'then' })).toMatchObject({
      version: 7,
      actedAt: 'then',
    })
  })

  it('says since when its events are complete once it has let some go', () => {
    const events = Array.from({ length: MAX_RECENT_EVENTS + 2 }, (_, n) => ({
      type: 'share' as const,
      atMs: T0 + n,
    }))
    const kept = withEvents({ events: [], eventsSinceMs: 0 }, events)
    expect(kept.events).toHaveLength(MAX_RECENT_EVENTS)
    expect(kept.eventsSinceMs).toBe(T0 + 1)
    expect(withEvents({ events: [], eventsSinceMs: 0 }, events.slice(0, 3)).eventsSinceMs).toBe(0)
  })
})
