import type { Position } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { compareFixes, type Fix } from '#shared/domain/presence/fix.ts'
import { isTooExact, type MarkedFix, type Seen } from '#shared/domain/presence/marks.ts'
import { SILENCE_MS } from '#shared/domain/presence/silence.ts'
import {
  closedVisitOf,
  type EndedStay,
  endedStayOf,
  type MovingStay,
  type Stay,
} from '#shared/domain/presence/stay.ts'
import { recognize, type Told, unsettled, whatIsNew } from '#shared/domain/presence/told.ts'
import type { ClosedVisit, Transition } from '#shared/domain/presence/visit.ts'
import {
  beginWalk,
  type CountedFix,
  closeSilent,
  MAX_OPEN_VISITS,
  SLOT_MS,
  type Standing,
  take,
  type Walk,
} from '#shared/domain/presence/walk.ts'

/** Fixes may arrive in any order within this time before the newest one. */
export const WINDOW_MS = 15 * 60_000
/** A phone's clock may be ahead by this much. */
export const MAX_AHEAD_MS = 5 * 60_000
/** The most visits that one fold settles; the fixes that would settle more wait for the next one. */
export const MAX_SETTLED = 200

/** Where a customer is now: what the window began with, the fixes since, and what was told of them. */
export type Presence = {
  /** Time of the newest fix, or to which time alone has moved presence; ms since the epoch. */
  readonly watermarkMs: number
  /** Where the fixes before the window, which can no longer change, have led. */
  readonly base: Standing
  /** The fixes in the window that count, in order. */
  readonly fixes: readonly CountedFix[]
  readonly told: Told
}

export const NO_PRESENCE: Presence = {
  watermarkMs: 0,
  base: { open: [] },
  fixes: [],
  told: { open: [], closed: [] },
}

export type Folded = {
  readonly presence: Presence
  readonly transitions: readonly Transition[]
  /** Visits that no later fix can change any more. */
  readonly settled: readonly ClosedVisit[]
  /** All visits that are open after the newest fix. */
  readonly open: readonly Stay[]
  readonly ignored: readonly { readonly fix: Fix; readonly reason: 'tooLate' | 'future' }[]
  /** What speaks against the fixes that came in; only of those that have a mark. */
  readonly marks: readonly MarkedFix[]
  /** Whether anything must be stored: false when the fixes taught nothing that counts later. */
  readonly changed: boolean
}

/** The window's first moment; on a slot's edge, so that a slot is never divided between window and base. */
const windowStart = (watermarkMs: number): number => Math.floor((watermarkMs - WINDOW_MS) / SLOT_MS) * SLOT_MS

type Sorted = { readonly fresh: readonly Fix[]; readonly ignored: Folded['ignored'] }

const NONE_IGNORED: Folded['ignored'] = []

/** The fixes that may be taken, in order. */
const sortOut = (incoming: readonly Fix[], startMs: number, nowMs: number): Sorted => {
  const isFuture = (fix: Fix) => fix.atMs > nowMs + MAX_AHEAD_MS
  const isTaken = (fix: Fix) => fix.atMs >= startMs && !isFuture(fix)
  const isInOrder = incoming.every(
    (fix, index) => isTaken(fix) && (index === 0 || compareFixes(incoming[index - 1] ?? fix, fix) <= 0),
  )
  if (isInOrder) return { fresh: incoming, ignored: NONE_IGNORED }
  const ignored = incoming.flatMap((fix): Folded['ignored'] =>
    isTaken(fix) ? [] : [{ fix, reason: isFuture(fix) ? 'future' : 'tooLate' }],
  )
  return { fresh: incoming.filter(isTaken).toSorted(compareFixes), ignored }
}

const lastSeen = ({ base, fixes }: Presence): Seen | undefined => fixes.at(-1) ?? base.last

/** Do all the fixes come after what is known, so that they lead on from what was told? */
const isLater = (before: Presence, fresh: readonly Fix[]): boolean => {
  const [first] = fresh
  const last = lastSeen(before)
  return first === undefined || last === undefined || first.atMs > last.atMs
}

/** Could a fix of the window have met more geofences than may be open at once? */
const mayBeCrowded = ({ base, told }: Presence): boolean =>
  base.open.length + told.open.length + told.closed.length >= MAX_OPEN_VISITS

/** Were all the fixes sent before, and is nothing to be said of them? Then they need no second walk. */
const areKnown = (before: Presence, fixes: readonly Fix[]): boolean => {
  const [first] = fixes
  if (first === undefined || first.atMs > (lastSeen(before)?.atMs ?? 0) || mayBeCrowded(before)) return false
  const stored = new Map(before.fixes.map((fix) => [fix.atMs, fix]))
  return fixes.every((fix) => {
    const same = stored.get(fix.atMs)
    return same !== undefined && compareFixes(same, fix) === 0 && isBelieved(same)
  })
}

/** Does nothing speak against a fix that is stored? */
export const isBelieved = (fix: CountedFix): boolean =>
  fix.jump !== true && fix.mocked !== true && !isTooExact(fix)

/** What was told, as a walk goes on from it. */
const toldStanding = (before: Presence): Standing => ({
  open: before.told.open,
  last: lastSeen(before),
  anchor: before.fixes.findLast(isBelieved) ?? before.base.anchor,
})

/** What the fixes make of presence before anything settles. */
type Step = {
  readonly fixes: readonly CountedFix[]
  readonly open: readonly Stay[]
  readonly closed: readonly EndedStay[]
  readonly transitions: readonly Transition[]
  readonly marks: readonly MarkedFix[]
  /** Whether one of the fixes counted that was not known. */
  readonly learned: boolean
}

const NOTHING_KNOWN: ReadonlySet<Stay> = new Set()

const goNowhere = ({ fixes, told }: Presence): Step => ({
  fixes,
  open: told.open,
  closed: told.closed,
  transitions: [],
  marks: [],
  learned: false,
})

/** Goes on from what was told: the way of all fixes that come in order. */
const goOn = (user: UserId, before: Presence, fresh: readonly Fix[], geofencesAt: GeofencesAt): Step => {
  const walk = beginWalk(toldStanding(before), geofencesAt, true)
  for (const fix of fresh) take(walk, fix)
  const { kept, closed, happened, marked } = walk
  return {
    fixes: kept.length === 0 ? before.fixes : [...before.fixes, ...kept],
    open: walk.open.map(({ stay }) => stay),
    closed: closed.length === 0 ? before.told.closed : [...before.told.closed, ...closed.map(endedStayOf)],
    transitions: happened.length === 0 ? [] : whatIsNew(user, happened, NOTHING_KNOWN),
    marks: marked,
    learned: kept.length > 0,
  }
}

const areSame = (a: readonly Fix[], b: readonly Fix[]): boolean =>
  a.length === b.length && a.every((fix, index) => compareFixes(fix, b[index] ?? fix) === 0)

/** Walks again from the window's start: the way of late fixes. What was told is told no second time. */
const goAgain = (user: UserId, before: Presence, fresh: readonly Fix[], geofencesAt: GeofencesAt): Step => {
  const walk = beginWalk(before.base, geofencesAt, true)
  const incoming = new Set(fresh)
  for (const fix of [...before.fixes, ...fresh].toSorted(compareFixes)) take(walk, fix)
  const open: MovingStay[] = walk.open.map(({ stay }) => stay)
  const recognized = recognize(before.told, [...walk.closed, ...open], before.base.last?.atMs ?? 0)
  return {
    fixes: walk.kept,
    open,
    closed: [...recognized.others, ...walk.closed.map(endedStayOf)],
    transitions: whatIsNew(user, walk.happened, recognized.stays),
    marks: walk.marked.filter(({ fix }) => incoming.has(fix)),
    learned: !areSame(walk.kept, before.fixes),
  }
}

const stepOf = (user: UserId, before: Presence, fresh: readonly Fix[], geofencesAt: GeofencesAt): Step => {
  if (isLater(before, fresh)) return goOn(user, before, fresh, geofencesAt)
  return areKnown(before, fresh) ? goNowhere(before) : goAgain(user, before, fresh, geofencesAt)
}

const seenOf = (seen: Seen | undefined): Seen | undefined =>
  seen && { atMs: seen.atMs, lat: seen.lat, lon: seen.lon }

const baseOf = (walk: Walk): Standing => {
  const last = seenOf(walk.last)
  const anchor = walk.anchor === walk.last ? last : seenOf(walk.anchor)
  return {
    open: walk.open.map(({ stay }) => stay),
    ...(last ? { last } : {}),
    ...(anchor ? { anchor } : {}),
  }
}

/** Whether no fix from `startMs` on can go on with what was open: presence has been silent for too long by then. */
const isSilent = (last: Seen | undefined, startMs: number): boolean =>
  last !== undefined && startMs - last.atMs > SILENCE_MS

type Advanced = {
  readonly base: Standing
  readonly fixes: readonly CountedFix[]
  readonly settled: readonly Stay[]
  /** No fix of the window goes on with what was open before it. */
  readonly wasSilent: boolean
}

/** Leads the base on by the fixes that leave the window, as far as no more settles than one write may carry. */
const advance = (
  { base, fixes }: { readonly base: Standing; readonly fixes: readonly CountedFix[] },
  startMs: number,
  geofencesAt: GeofencesAt,
  isOver: typeof isSilent,
): Advanced => {
  const [first] = fixes
  const leaves = first !== undefined && first.atMs < startMs
  const mayClose = base.open.length > 0 && isOver(base.last, startMs)
  if (!leaves && !mayClose) return { base, fixes, settled: [], wasSilent: false }
  const walk = beginWalk(base, geofencesAt, false)
  let taken = 0
  for (const fix of fixes) {
    if (fix.atMs >= startMs || walk.closed.length + walk.open.length > MAX_SETTLED) break
    take(walk, fix)
    taken += 1
  }
  const next = fixes[taken]
  const isThrough = next === undefined || next.atMs >= startMs
  // What there is no room for closes with the next fold.
  const hasRoom = walk.closed.length + walk.open.length <= MAX_SETTLED
  const wasSilent = isThrough && hasRoom && isOver(walk.last, startMs)
  if (wasSilent) closeSilent(walk, startMs)
  return { base: baseOf(walk), fixes: fixes.slice(taken), settled: walk.closed, wasSilent }
}

/** Settles what a step leaves behind the window. */
const settle = (
  user: UserId,
  before: Presence,
  step: Step,
  watermarkMs: number,
  geofencesAt: GeofencesAt,
  isOver = isSilent,
): Omit<Folded, 'ignored'> => {
  const { base, fixes, settled, wasSilent } = advance(
    { base: before.base, fixes: step.fixes },
    windowStart(watermarkMs),
    geofencesAt,
    isOver,
  )
  const open = wasSilent && fixes.length === 0 ? [] : step.open
  const presence = { watermarkMs, base, fixes, told: { open, closed: unsettled(step.closed, base) } }
  return {
    presence,
    transitions: step.transitions,
    settled: settled.map((stay) => closedVisitOf(user, stay)),
    open: isSilent(lastSeen(presence), watermarkMs) ? [] : open,
    marks: step.marks,
    changed: step.learned || step.transitions.length > 0 || settled.length > 0,
  }
}

/**
 * Folds fixes into a customer's presence. The same fixes in any order, split or duplication within the window give the
 * same settled visits. Pure: equal arguments give an equal answer.
 *
 * Fixes that come in order go on from what was told; late ones are walked again, with all fixes of the window, from its
 * start. Settled visits come from the window's start alone, as the fixes leave it, so they depend on the fixes and not
 * on what was told.
 *
 * @param user whose presence it is; visit ids are derived from it
 * @param before presence as stored, or `NO_PRESENCE`
 * @param incoming fixes in any order; those older than the window or more than 5 min ahead of `nowMs` are ignored
 * @param geofencesAt must list every geofence within 250 m of a position's shape boundary or containing it; asked around
 *   the fixes, `storedPositionsFor` and `anchorsFor`
 * @param nowMs the receiver's time, ms since the epoch
 * @param settleUntilMs moves the watermark forward to this time even without a fix, so that the visits of a silent
 *   phone settle
 * @example fold(user, NO_PRESENCE, [toFix({ atMs: 0, lat: 37.788, lon: -122.4075 })], () => [{ inside: [], test: [square] }], 0).transitions
 */
export const fold = (
  user: UserId,
  before: Presence,
  incoming: readonly Fix[],
  geofencesAt: GeofencesAt,
  nowMs: number,
  settleUntilMs = 0,
): Folded => {
  const { fresh, ignored } = sortOut(incoming, windowStart(before.watermarkMs), nowMs)
  const watermarkMs = Math.max(before.watermarkMs, settleUntilMs, fresh.at(-1)?.atMs ?? 0)
  const step = stepOf(user, before, fresh, geofencesAt)
  return { ...settle(user, before, step, watermarkMs, geofencesAt), ignored }
}

/**
 * Ends the visits of a phone that the receiver has not heard of for too long, as unknown, where they were last seen. The
 * window moves no farther than behind the newest fix: what such a phone has kept to itself meanwhile and sends in order
 * folds as usual. No more than `MAX_SETTLED` end at once; folded again, presence loses the others.
 *
 * @param user whose presence it is
 * @param before presence as stored
 * @param geofencesAt as for `fold`; asked around all stored fixes and the base's anchor
 * @example foldSilence(user, presence, geofencesAt).presence.base.open // []
 */
export const foldSilence = (user: UserId, before: Presence, geofencesAt: GeofencesAt): Folded => {
  const step = goNowhere(before)
  const last = lastSeen(before)
  const behindMs = last === undefined ? 0 : last.atMs + WINDOW_MS + SLOT_MS
  const watermarkMs = Math.max(before.watermarkMs, behindMs)
  return { ...settle(user, before, step, watermarkMs, geofencesAt, () => true), ignored: NONE_IGNORED }
}

/**
 * Where geofences must be known before fixes are folded, beside where the fixes are: the stored fixes that leave the
 * window, or all of them when late fixes have them walked again.
 *
 * @example storedPositionsFor(presence, [fixAfterAMinute]).length // seldom more than 1
 */
export const storedPositionsFor = (
  before: Presence,
  incoming: readonly Fix[],
  settleUntilMs = 0,
): readonly Position[] => {
  const newestMs = incoming.reduce((latest, { atMs }) => Math.max(latest, atMs), 0)
  const oldestMs = incoming.reduce((earliest, { atMs }) => Math.min(earliest, atMs), Number.POSITIVE_INFINITY)
  const last = lastSeen(before)
  if (last !== undefined && oldestMs <= last.atMs && !areKnown(before, incoming)) return before.fixes
  const startMs = windowStart(Math.max(before.watermarkMs, newestMs, settleUntilMs))
  return before.fixes.filter(({ atMs }) => atMs < startMs)
}

/**
 * Where the customer was before the fixes that are walked, when visits were open then: whether a geofence is gone that is
 * not listed any more where the customer is now, is known there. Beside `storedPositionsFor`.
 *
 * @example anchorsFor(NO_PRESENCE, [fix]) // []
 */
export const anchorsFor = (
  before: Presence,
  incoming: readonly Fix[],
  settleUntilMs = 0,
): readonly Position[] => {
  const { base, told } = before
  const now = told.open.length > 0 && incoming.length > 0 ? toldStanding(before).anchor : undefined
  const walksBase =
    before.fixes.length === 0 || storedPositionsFor(before, incoming, settleUntilMs).length > 0
  return [now, walksBase && base.open.length > 0 ? base.anchor : undefined].filter(
    (anchor) => anchor !== undefined,
  )
}
