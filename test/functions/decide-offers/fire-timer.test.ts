import { expect, it } from 'vitest'
import { fireTimer, type TimerServices } from '#functions/decide-offers/fire-timer.ts'
import type { StoredPresence } from '#shared/contracts/items/presence.ts'
import type { Timer } from '#shared/contracts/timers.ts'
import { fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import { SILENCE_CERTAIN_MS } from '#shared/domain/presence/silence.ts'
import { ANNA, aFix, aGeofence, DAY, MINUTE, nearOf, T0 } from '#test/support/builders.ts'

const square = aGeofence('square')
const presenceAfter = (...atS: number[]): Presence =>
  fold(
    ANNA,
    NO_PRESENCE,
    atS.map((s) => aFix(s)),
    nearOf(square),
    T0 + DAY,
  ).presence

it('a phone that speaks while its silence is being written keeps its visit, and its timer', async () => {
  const nowMs = T0 + SILENCE_CERTAIN_MS
  const silent: StoredPresence = {
    kind: 'presence',
    version: 1,
    presence: presenceAfter(0),
    writtenAtMs: T0,
  }
  const speaking: StoredPresence = {
    kind: 'presence',
    version: 2,
    presence: presenceAfter(0, SILENCE_CERTAIN_MS / 1000 - 60),
    writtenAtMs: nowMs,
  }
  let stored: StoredPresence = silent
  const armed: Timer[] = []
  let written = 0
  const services: TimerServices = {
    readPresence: async () => stored,
    writePresence: async () => {
      written += 1
      stored = speaking
      return 'conflict'
    },
    geofencesAt: nearOf(square),
    rearm: async (timer) => {
      armed.push(timer)
    },
    decide: async () => {},
  }
  const stays = [{ geofenceId: square.id, enteredAtMs: T0 }]
  await fireTimer(services, { kind: 'silence', user: ANNA, stays, dueAtMs: nowMs - MINUTE }, nowMs)
  expect(written).toBe(1)
  expect(armed).toEqual([{ kind: 'silence', user: ANNA, stays, dueAtMs: nowMs + SILENCE_CERTAIN_MS }])
})
