import type { GeofenceId, VisitId } from '#shared/domain/ids.ts'
import type { Transition } from '#shared/domain/presence/visit.ts'
import type { Walk } from '#shared/domain/presence/walk.ts'

/** A visit whose enter was told under another id, before late fixes moved its beginning. */
export type ToldAs = { readonly visitId: VisitId; readonly toldAs: VisitId }

export type Told = {
  /** What is new, in the order of time, each under the id that its visit was told with. */
  readonly transitions: readonly Transition[]
  /** The visits whose id is another one by now. */
  readonly toldAs: readonly ToldAs[]
}

type Stay = {
  readonly visitId: VisitId
  readonly geofenceId: GeofenceId
  readonly enteredAtMs: number
  /** The last moment that is known to belong to it. */
  readonly untilMs: number
  readonly isClosed: boolean
}

/** @param openUntilMs until when a visit counts that is still open */
const staysOf = ({ open, closed }: Walk, openUntilMs: (lastInsideAtMs: number) => number): Stay[] => [
  ...[...open.values()].map((visit) => ({
    ...visit,
    untilMs: openUntilMs(visit.lastInsideAtMs),
    isClosed: false,
  })),
  ...closed.map((visit) => ({ ...visit, untilMs: visit.exitedAtMs, isClosed: true })),
]

const overlap = (a: Stay, b: Stay): boolean =>
  a.geofenceId === b.geofenceId && a.enteredAtMs <= b.untilMs && b.enteredAtMs <= a.untilMs

/** The transitions that opened and closed a visit, by its id. */
const byVisit = (transitions: readonly Transition[]): Map<VisitId, Transition> =>
  new Map(transitions.map((transition) => [transition.visitId, transition]))

/**
 * What is new in `after` against what `before` has told: a stay that overlaps a known one of the same geofence is that
 * stay, even when late fixes moved its beginning (and so its id). It goes on under the id that it was told with, so that
 * all that is ever told of it is about one occasion.
 *
 * @param known the visits of `before` that were told under another id
 * @example whatIsNew(walkFrom([], [], user, near), [], walkFrom([], [fixInside], user, near)).transitions[0]?.type // 'enter'
 */
export const whatIsNew = (before: Walk, known: readonly ToldAs[], after: Walk): Told => {
  const aliases = new Map(known.map(({ visitId, toldAs }) => [visitId, toldAs]))
  // What was open is known up to its last fix inside only: a stay that begins after it is another one.
  const told = staysOf(before, (lastInsideAtMs) => lastInsideAtMs).toSorted(
    (a, b) => a.enteredAtMs - b.enteredAtMs,
  )
  const [entered, exited] = [byVisit(after.entered), byVisit(after.exited)]
  const transitions: Transition[] = []
  const toldAs: ToldAs[] = []
  for (const stay of staysOf(after, () => Number.POSITIVE_INFINITY)) {
    const same = told.filter((one) => overlap(one, stay))
    const first = same[0]
    const id = first === undefined ? stay.visitId : (aliases.get(first.visitId) ?? first.visitId)
    const enter = first === undefined ? entered.get(stay.visitId) : undefined
    const exit = same.some(({ isClosed }) => isClosed) ? undefined : exited.get(stay.visitId)
    if (enter) transitions.push(enter)
    if (exit) transitions.push({ ...exit, visitId: id })
    if (id !== stay.visitId) toldAs.push({ visitId: stay.visitId, toldAs: id })
  }
  return {
    transitions: transitions.toSorted((a, b) => a.atMs - b.atMs || (a.geofenceId < b.geofenceId ? -1 : 1)),
    toldAs,
  }
}
