import { expect, it } from 'vitest'
import { type GrantStanding, grantStateAt } from '#shared/domain/offers/grant-state.ts'
import { DAY, named, T0 } from '#test/support/builders.ts'

const offer = { offerId: named('off', 'coffee'), validUntil: new Date(T0 + DAY).toISOString() }

it.each<[string, GrantStanding, string, string]>([
  ['reserved', { state: 'reserved', ...offer }, 'reserved', 'expired'],
  ['opened', { state: 'confirmed', ...offer }, 'confirmed', 'expired'],
  ['swept when its time was over', { state: 'released', ...offer }, 'released', 'expired'],
  [
    'of a message that failed',
    { state: 'released', releasedBy: 'message', ...offer },
    'released',
    'released',
  ],
  ['redeemed', { state: 'redeemed', ...offer }, 'redeemed', 'redeemed'],
  ['a message alone', { state: 'reserved' }, 'given', 'given'],
  ['a message alone, opened', { state: 'confirmed' }, 'confirmed', 'confirmed'],
])('a grant that is %s', (_, grant, before, after) => {
  expect([grantStateAt(grant, T0 + DAY - 1), grantStateAt(grant, T0 + DAY)]).toEqual([before, after])
})
