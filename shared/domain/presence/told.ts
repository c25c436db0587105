import type { UserId } from '#shared/domain/ids.ts'
import {
  type EndedStay,
  endedStayOf,
  type MovingStay,
  type Stay,
  shortIdOf,
} from '#shared/domain/presence/stay.ts'
import { type Transition, visitIdOf } from '#shared/domain/presence/visit.ts'
import type { Happening, Standing } from '#shared/domain/presence/walk.ts'

/** What was told so far: the stays open after the newest fix, and those that ended but have not settled yet. */
export type Told = { readonly open: readonly Stay[]; readonly closed: readonly EndedStay[] }

/**
 * So many stays that ended are remembered until they settle. Who leaves more geofences in 15 minutes might, after late
 * fixes, be told of the oldest of them again, under the same id.
 */
export const MAX_TOLD_CLOSED = 128

type Span = { readonly enteredAtMs: number; readonly untilMs: number }

const overlap = (a: Span, b: Span): boolean => a.enteredAtMs <= b.untilMs && b.enteredAtMs <= a.untilMs

/** An open stay may go on for ever. */
const spanOf = (stay: Stay): Span =>
  stay.end === undefined
    ? { enteredAtMs: stay.enteredAtMs, untilMs: Number.POSITIVE_INFINITY }
    : endedStayOf(stay)

/**
 * Makes stays that a walk found anew go on with what was told of them: a stay that overlaps a told one of the same
 * geofence is that stay, even when late fixes moved its beginning (and so its id). All that is ever told of it stands
 * under the id of the first.
 *
 * @param stays in any order; their `toldAtMs` and `exitTold` are set
 * @returns those of them that were told before
 */
export const recognize = (told: Told, stays: readonly MovingStay[]): ReadonlySet<Stay> => {
  // What is told to be open is known up to its last fix inside only: a stay that begins after it is another one.
  const known = [...told.closed, ...told.open.map(endedStayOf)].toSorted(
    (a, b) => a.enteredAtMs - b.enteredAtMs,
  )
  const byGeofence = Map.groupBy(known, ({ geofence }) => geofence)
  const recognized = new Set<Stay>()
  for (const stay of stays) {
    const span = spanOf(stay)
    const same = (byGeofence.get(shortIdOf(stay.geofenceId)) ?? []).filter((one) => overlap(one, span))
    const [first] = same
    if (first === undefined) continue
    stay.toldAtMs = first.toldAtMs
    // What was told last counts: of two visits that late fixes join, the second may be told to be open.
    stay.exitTold = same.at(-1)?.exitTold ?? false
    recognized.add(stay)
  }
  return recognized
}

const transitionOf = (user: UserId, { stay, ...happening }: Happening): Transition => ({
  type: happening.type,
  visitId: visitIdOf(user, stay.geofenceId, stay.toldAtMs),
  geofenceId: stay.geofenceId,
  merchantId: stay.merchantId,
  ...(stay.storeId === undefined ? {} : { storeId: stay.storeId }),
  timeZone: stay.timeZone,
  atMs: happening.atMs,
  enteredAtMs: stay.toldAtMs,
  distanceM: happening.distanceM,
  confidence: happening.confidence,
  ...(happening.speedMps === undefined ? {} : { speedMps: happening.speedMps }),
  ...(happening.drawnAround === true ? { drawnAround: true } : {}),
})

/** Order of time; at one time by geofence, and an exit before the enter after it. */
export const compareTransitions = (a: Transition, b: Transition): number =>
  a.atMs - b.atMs ||
  (a.geofenceId === b.geofenceId ? a.enteredAtMs - b.enteredAtMs : a.geofenceId < b.geofenceId ? -1 : 1)

/**
 * What is new in what happened, in the order of time, each under the id that its visit was told with first.
 *
 * @param recognized the stays whose enter was told before
 */
export const whatIsNew = (
  user: UserId,
  happened: readonly Happening[],
  recognized: ReadonlySet<Stay>,
): Transition[] => {
  const fresh = happened.filter(({ type, stay }) =>
    type === 'enter' ? !recognized.has(stay) : !stay.exitTold,
  )
  const transitions = fresh.map((happening) => transitionOf(user, happening))
  return transitions.length > 1 ? transitions.toSorted(compareTransitions) : transitions
}

/**
 * What of the stays that ended is not settled: those that began after the last fix that is settled, and those that were
 * open after it.
 *
 * @param base where the fixes that can no longer change have led
 */
export const unsettled = (closed: readonly EndedStay[], { last, open }: Standing): readonly EndedStay[] => {
  if (closed.length === 0 || last === undefined) return closed
  const still = open.map((stay) => ({ ...spanOf(stay), geofence: shortIdOf(stay.geofenceId) }))
  const isOpen = (ended: EndedStay) =>
    still.some((stay) => stay.geofence === ended.geofence && overlap(stay, ended))
  return closed.filter((ended) => ended.enteredAtMs > last.atMs || isOpen(ended)).slice(-MAX_TOLD_CLOSED)
}
