import type { PresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import type { StoredPresence } from '#shared/contracts/items/presence.ts'
import type { DwellTimer, SettleTimer, SilenceTimer, Timer } from '#shared/contracts/timers.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { type Folded, fold, foldSilence, type Presence } from '#shared/domain/presence/fold.ts'
import { SILENCE_CERTAIN_MS } from '#shared/domain/presence/silence.ts'
import { type Stay, shortIdOf } from '#shared/domain/presence/stay.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

export type TimerServices = {
  readonly readPresence: PresenceStore['read']
  readonly writePresence: PresenceStore['write']
  readonly geofencesAt: GeofencesAt
  readonly rearm: (timer: Timer, delayS: number, signal?: AbortSignal) => Promise<void>
  readonly decide: (trigger: Trigger, nowMs: number, signal?: AbortSignal) => Promise<void>
}

const MAX_WRITE_ATTEMPTS = 8

/** A stay as it was told, by when it began. */
type ToldStay = Pick<Stay, 'geofenceId' | 'enteredAtMs'>

/** Late fixes may have made the stay one with another, which was told before. */
const isStill =
  (told: ToldStay) =>
  (stay: Stay): boolean =>
    stay.geofenceId === told.geofenceId && stay.toldAtMs <= told.enteredAtMs

const fireDwell = async (services: TimerServices, timer: DwellTimer, nowMs: number, signal?: AbortSignal) => {
  const stored = await services.readPresence(timer.user, [], nowMs, signal, timer.dueAtMs)
  if (stored.kind !== 'presence') return
  const { open } = fold(timer.user, stored.presence, [], services.geofencesAt, nowMs, timer.dueAtMs)
  const stay = open.find(isStill(timer))
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

type Known = Extract<StoredPresence, { kind: 'presence' }>

/**
 * Moves presence forward until nothing more settles: a write carries only so many visits.
 *
 * @param foldOn undefined when it is not the time to
 */
const settleBy = async (
  services: TimerServices,
  user: UserId,
  foldOn: (stored: Known) => Folded | undefined,
  untilMs: number,
  nowMs: number,
  signal?: AbortSignal,
): Promise<'settled' | 'tooEarly'> => {
  let attempts = 0
  while (attempts < MAX_WRITE_ATTEMPTS) {
    const stored = await services.readPresence(user, [], nowMs, signal, untilMs)
    if (stored.kind !== 'presence' || stored.version === 0) return 'settled'
    const folded = foldOn(stored)
    if (folded === undefined) return 'tooEarly'
    if (folded.settled.length === 0) return 'settled'
    // Written as of when the phone spoke last: the time that it is silent goes on.
    const { version, writtenAtMs } = stored
    const outcome = await services.writePresence(user, version, folded, writtenAtMs, signal)
    if (outcome === 'conflict') attempts += 1
  }
  throw new BusyError('presence was written by others again and again')
}

const fireSettle = async (
  services: TimerServices,
  { user, untilMs }: SettleTimer,
  nowMs: number,
  signal?: AbortSignal,
) => {
  const foldOn = ({ presence }: Known) => fold(user, presence, [], services.geofencesAt, nowMs, untilMs)
  await settleBy(services, user, foldOn, untilMs, nowMs, signal)
}

/** Is the stay open, or did it end without an exit, for which a settle timer would come? */
const isUnsettled =
  ({ told }: Presence) =>
  (stay: ToldStay): boolean =>
    told.open.some(isStill(stay)) ||
    told.closed.some(
      ({ geofence, toldAtMs, exitTold }) =>
        !exitTold && geofence === shortIdOf(stay.geofenceId) && toldAtMs === stay.enteredAtMs,
    )

/**
 * Ends the visits of a phone that has gone silent. By the clock of the one who listens: a phone may send in one go what it
 * has kept for hours. It looks at every hop, early as it is: most visits end before their phone may be silent.
 */
const fireSilence = async (
  services: TimerServices,
  timer: SilenceTimer,
  nowMs: number,
  signal?: AbortSignal,
) => {
  const { user } = timer
  const stored = await services.readPresence(user, [], nowMs, signal)
  if (stored.kind !== 'presence') return
  const stays = timer.stays.filter(isUnsettled(stored.presence))
  if (stays.length === 0) return
  const armAgain = (dueAtMs: number) =>
    services.rearm({ ...timer, stays, dueAtMs }, (dueAtMs - nowMs) / 1000, signal)
  const isSilent = ({ writtenAtMs }: Known) => nowMs >= writtenAtMs + SILENCE_CERTAIN_MS
  if (!isSilent(stored)) {
    await armAgain(stored.writtenAtMs + SILENCE_CERTAIN_MS)
    return
  }
  const foldOn = (known: Known) =>
    isSilent(known) ? foldSilence(user, known.presence, services.geofencesAt) : undefined
  // The phone may speak while this timer writes.
  const outcome = await settleBy(services, user, foldOn, Number.POSITIVE_INFINITY, nowMs, signal)
  if (outcome === 'tooEarly') await armAgain(nowMs + SILENCE_CERTAIN_MS)
}

/**
 * Acts on a timer that is due; puts one that is early back. A dwell trigger needs the visit to be open still, with no
 * exit pending; a settle timer moves presence forward, and the stream carries on what settled; a silence timer does so
 * when the phone has been silent for too long, and is put back for the rest when it has not.
 */
export const fireTimer = async (
  services: TimerServices,
  timer: Timer,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  if (nowMs < timer.dueAtMs && timer.kind !== 'silence') {
    await services.rearm(timer, (timer.dueAtMs - nowMs) / 1000, signal)
    return
  }
  switch (timer.kind) {
    case 'dwell':
      return fireDwell(services, timer, nowMs, signal)
    case 'settle':
      return fireSettle(services, timer, nowMs, signal)
    case 'silence':
      return fireSilence(services, timer, nowMs, signal)
    default:
      return timer satisfies never
  }
}
