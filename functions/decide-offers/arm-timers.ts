import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import type { PresenceNews } from '#shared/contracts/items/presence.ts'
import type { Timer } from '#shared/contracts/timers.ts'
import { WINDOW_MS } from '#shared/domain/presence/fold.ts'
import type { Transition } from '#shared/domain/presence/visit.ts'
import { SLOT_MS } from '#shared/domain/presence/walk.ts'
import { listensAt } from '#shared/domain/scenes/decide.ts'

/**
 * How long after an exit a silent phone's visits are settled. A phone that goes on speaking settles them itself, by its
 * next fix 15 minutes later: twice the window leaves it the time, and spares a write and a stream record for each exit.
 */
const SETTLE_AFTER_MS = 2 * WINDOW_MS

/** How long each dwell scene that listens at the entered geofence wants the customer to stay, in seconds. */
const dwellTimesOf = (entered: Transition, facts: Facts): number[] => {
  const { scenes = [], stores } = facts.merchants.get(entered.merchantId) ?? {}
  const times = scenes
    .filter(({ state }) => state === 'active')
    .flatMap(({ triggers }) => triggers)
    .flatMap((side) => (side.type === 'dwell' && listensAt(side.at, entered, stores) ? [side.dwellS] : []))
  return [...new Set(times)]
}

/**
 * The timers that a presence write needs: one for each dwell time asked for at an entered geofence, and one that
 * settles the visits that ended, in case the phone stays silent.
 *
 * @param nowMs when the write is handled; a visit is never settled before fixes had their 15 minutes to arrive
 */
export const timersFor = (news: PresenceNews, facts: Facts, nowMs: number): Timer[] => {
  const dwells = news.transitions
    .filter(({ type }) => type === 'enter')
    .flatMap((entered) =>
      dwellTimesOf(entered, facts).map(
        (dwellS): Timer => ({
          kind: 'dwell',
          user: news.user,
          merchantId: entered.merchantId,
          geofenceId: entered.geofenceId,
          ...(entered.storeId === undefined ? {} : { storeId: entered.storeId }),
          timeZone: entered.timeZone,
          visitId: entered.visitId,
          enteredAtMs: entered.atMs,
          dwellS,
          dueAtMs: entered.atMs + dwellS * 1000,
        }),
      ),
    )
  const exits = news.transitions.filter(({ type }) => type === 'exit')
  if (exits.length === 0) return dwells
  const lastExitMs = Math.max(...exits.map(({ atMs }) => atMs))
  const settle: Timer = {
    kind: 'settle',
    user: news.user,
    untilMs: lastExitMs + WINDOW_MS + SLOT_MS,
    dueAtMs: nowMs + SETTLE_AFTER_MS,
  }
  return [...dwells, settle]
}
