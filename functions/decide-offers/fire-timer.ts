import type { PresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import type { DwellTimer, SettleTimer, Timer } from '#shared/contracts/timers.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { fold } from '#shared/domain/presence/fold.ts'
import type { GeofencesNear } from '#shared/domain/presence/visit.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

export type TimerServices = {
  readonly readPresence: PresenceStore['read']
  readonly writePresence: PresenceStore['write']
  readonly geofencesNear: GeofencesNear
  readonly rearm: (timer: Timer, delayS: number, signal?: AbortSignal) => Promise<void>
  readonly decide: (trigger: Trigger, nowMs: number, signal?: AbortSignal) => Promise<void>
}

const MAX_WRITE_ATTEMPTS = 8

/** Presence as it stands, without a new fix. */
const openVisitsOf = async (services: TimerServices, user: UserId, nowMs: number, signal?: AbortSignal) => {
  const stored = await services.readPresence(user, [], nowMs, signal)
  return stored.kind === 'erased' ? [] : fold(user, stored.presence, [], services.geofencesNear, nowMs).open
}

const fireDwell = async (services: TimerServices, timer: DwellTimer, nowMs: number, signal?: AbortSignal) => {
  const open = await openVisitsOf(services, timer.user, nowMs, signal)
  // Late fixes may have moved the visit's beginning back, and its id with it: it is still the same stay.
  const stay = open.find(
    (visit) => visit.geofenceId === timer.geofenceId && visit.enteredAtMs <= timer.enteredAtMs,
  )
  if (stay === undefined || stay.outsideSinceMs !== undefined) return
  const { user, merchantId, geofenceId, storeId, timeZone, visitId, dwellS, dueAtMs } = timer
  await services.decide(
    {
      type: 'dwell',
      user,
      merchantId,
      geofenceId,
      ...(storeId === undefined ? {} : { storeId }),
      timeZone,
      visitId,
      dwellS,
      atMs: dueAtMs,
    },
    nowMs,
    signal,
  )
}

const fireSettle = async (
  services: TimerServices,
  timer: SettleTimer,
  nowMs: number,
  signal?: AbortSignal,
) => {
  for (let attempt = 0; attempt < MAX_WRITE_ATTEMPTS; attempt++) {
    const stored = await services.readPresence(timer.user, [], nowMs, signal)
    if (stored.kind === 'erased' || stored.version === 0) return
    const folded = fold(timer.user, stored.presence, [], services.geofencesNear, nowMs, timer.untilMs)
    if (folded.settled.length === 0) return
    if ((await services.writePresence(timer.user, stored.version, folded, nowMs, signal)) === 'written')
      return
  }
  throw new BusyError('presence was written by others again and again')
}

/**
 * Acts on a timer that is due; puts one that is early back. A dwell trigger needs the visit to be open still, with no
 * exit pending; a settle timer moves presence forward, and the stream carries on what settled.
 */
export const fireTimer = async (
  services: TimerServices,
  timer: Timer,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  if (nowMs < timer.dueAtMs) {
    await services.rearm(timer, (timer.dueAtMs - nowMs) / 1000, signal)
    return
  }
  if (timer.kind === 'dwell') await fireDwell(services, timer, nowMs, signal)
  else await fireSettle(services, timer, nowMs, signal)
}
