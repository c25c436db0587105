import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import type { PresenceNews } from '#shared/contracts/items/presence.ts'
import type { Timer } from '#shared/contracts/timers.ts'
import type { VisitId } from '#shared/domain/ids.ts'
import { WINDOW_MS } from '#shared/domain/presence/fold.ts'
import { SILENCE_CERTAIN_MS } from '#shared/domain/presence/silence.ts'
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
 * The timers that a presence write needs: one for each dwell time asked for at an entered geofence, and, in case
 * the phone stays silent, one that ends the visits that began and one that settles those that ended.
 *
 * @param nowMs when the write is handled; a visit is never settled before fixes had their 15 minutes to arrive
 */
export const timersFor = (news: PresenceNews, facts: Facts, nowMs: number): Timer[] => {
  const dwells = news.transitions
    // Whom a geofence was drawn around did not come: that visit opens silently.
    .filter(({ type, drawnAround }) => type === 'enter' && drawnAround !== true)
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
  return [...dwells, ...silenceFor(news, nowMs), ...settleFor(news, nowMs)]
}

/** One chain for all the visits that a write tells of. */
const silenceFor = ({ user, transitions }: PresenceNews, nowMs: number): Timer[] => {
  const stays = transitions
    .filter(({ type, visitId }) => type === 'enter' && !hasLeft(transitions, visitId))
    .map(({ geofenceId, enteredAtMs }) => ({ geofenceId, enteredAtMs }))
  return stays.length === 0 ? [] : [{ kind: 'silence', user, stays, dueAtMs: nowMs + SILENCE_CERTAIN_MS }]
}

const hasLeft = (transitions: readonly Transition[], visit: VisitId): boolean =>
  transitions.some(({ type, visitId }) => type === 'exit' && visitId === visit)

const settleFor = ({ user, transitions }: PresenceNews, nowMs: number): Timer[] => {
  const exits = transitions.filter(({ type }) => type === 'exit')
  if (exits.length === 0) return []
  const lastExitMs = Math.max(...exits.map(({ atMs }) => atMs))
  const untilMs = lastExitMs + WINDOW_MS + SLOT_MS
  return [{ kind: 'settle', user, untilMs, dueAtMs: nowMs + SETTLE_AFTER_MS }]
}
