import { expect, test } from 'vitest'
import { eventTimeFault } from '#shared/domain/customers/event-time.ts'

const NOW = Date.UTC(2026, 10, 22, 10)
const HOUR = 3_600_000

test.each([
  [-48 * HOUR - 1, 'older than 48 hours'],
  [-48 * HOUR, undefined],
  [0, undefined],
  [300_000, undefined],
  [300_001, 'more than 5 minutes in the future'],
])('an event at now %d ms: %s', (offsetMs, fault) => {
  expect(eventTimeFault(NOW + offsetMs, NOW)).toBe(fault)
})
