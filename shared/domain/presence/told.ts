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

export type Recognized = {
  /** The stays whose enter was told before. */
  readonly stays: ReadonlySet<Stay>
  /** What was told of stays that are not found any more, or are one with others now: it is not told again. */
  readonly others: readonly EndedStay[]
}

/**
 * Which found stay what was told belongs to: the one that begins when it was told to begin, else the first that
 * overlaps it.
 */
const assign = (known: readonly EndedStay[], stays: readonly MovingStay[]): Map<MovingStay, EndedStay[]> => {
  const found = Map.groupBy(
    stays.toSorted((a, b) => a.enteredAtMs - b.enteredAtMs),
    ({ geofenceId }) => shortIdOf(geofenceId),
  )
  const assigned = new Map<MovingStay, EndedStay[]>()
  const give = (stay: MovingStay, one: EndedStay) => assigned.set(stay, [...(assigned.get(stay) ?? []), one])
  // Exact ones first: no other stay is ever told under an id that stands for something else.
  const left = known.filter((one) => {
    const exact = found.get(one.geofence)?.find(({ enteredAtMs }) => enteredAtMs === one.toldAtMs)
    if (exact !== undefined) give(exact, one)
    return exact === undefined
  })
  // Of two stays that one was told to be, the first is it; the second is news.
  for (const one of left) {
    const first = found.get(one.geofence)?.find((stay) => overlap(one, spanOf(stay)))
    if (first !== undefined) give(first, one)
  }
  return assigned
}

/**
 * Makes stays that a walk found anew go on with what was told of them: a stay that overlaps a told one of the same
 * geofence is that stay, even when late fixes moved its beginning (and so its id). Under each id one enter and one exit
 * are told at most: of told stays that late fixes join, it is the one whose exit was not told that goes on.
 *
 * @param stays in any order; their `toldAtMs` and `exitTold` are set
 * @param settledMs the time of the last fix that is settled: no enter up to it is told any more
 */
export const recognize = (told: Told, stays: readonly MovingStay[], settledMs: number): Recognized => {
  // What is told to be open is known up to its last fix inside only: a stay that begins after it is another one.
  const known = [...told.closed, ...told.open.map(endedStayOf)].toSorted(
    (a, b) => a.enteredAtMs - b.enteredAtMs,
  )
  const assigned = assign(known, stays)
  const taken = new Set<EndedStay>()
  const joined = new Set<EndedStay>()
  // What began before the window and was never told is not told to end either.
  for (const stay of stays) if (!assigned.has(stay) && stay.enteredAtMs <= settledMs) stay.exitTold = true
  for (const [stay, same] of assigned) {
    const one = same.find(({ exitTold }) => !exitTold) ?? same[0]
    if (one === undefined) continue
    stay.toldAtMs = one.toldAtMs
    stay.exitTold = one.exitTold
    taken.add(one)
    for (const other of same) joined.add(other)
  }
  return {
    stays: new Set(assigned.keys()),
    // Whoever is one with another has no exit of its own.
    others: known
      .filter((one) => !taken.has(one))
      .map((one) => (joined.has(one) ? { ...one, exitTold: true } : one)),
  }
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
 * What of the stays that ended is not settled: those that began after the last fix that is settled, or were told to, and
 * those that were open after it.
 *
 * @param base where the fixes that can no longer change have led
 */
export const unsettled = (closed: readonly EndedStay[], { last, open }: Standing): readonly EndedStay[] => {
  if (closed.length === 0 || last === undefined) return closed
  const still = open.map((stay) => ({ ...spanOf(stay), geofence: shortIdOf(stay.geofenceId) }))
  const isOpen = (ended: EndedStay) =>
    still.some((stay) => stay.geofence === ended.geofence && overlap(stay, ended))
  const isLater = ({ enteredAtMs, toldAtMs }: EndedStay) => Math.max(enteredAtMs, toldAtMs) > last.atMs
  return closed.filter((ended) => isLater(ended) || isOpen(ended)).slice(-MAX_TOLD_CLOSED)
}
