import type { UserId } from '#shared/domain/ids.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { type ToldAs, whatIsNew } from '#shared/domain/presence/told.ts'
import type { ClosedVisit, GeofencesNear, OpenVisit, Transition } from '#shared/domain/presence/visit.ts'
import { SLOT_MS, type Walk, walkFrom } from '#shared/domain/presence/walk.ts'

/** Fixes may arrive in any order within this time before the newest one. */
export const WINDOW_MS = 15 * 60_000
/** A phone's clock may be ahead by this much. */
export const MAX_AHEAD_MS = 5 * 60_000

/** Where a customer is now: the visits open at the window's start, and the fixes since. */
export type Presence = {
  /** Time of the newest fix that counts, ms since the epoch. */
  readonly watermarkMs: number
  /** Visits open at the window's start. */
  readonly base: readonly OpenVisit[]
  /** The fixes in the window that are in or near a geofence, in order. */
  readonly fixes: readonly Fix[]
  /** The visits that were told under another id than they have by now; seldom any. */
  readonly toldAs: readonly ToldAs[]
}

export const NO_PRESENCE: Presence = { watermarkMs: 0, base: [], fixes: [], toldAs: [] }

export type Folded = {
  readonly presence: Presence
  readonly transitions: readonly Transition[]
  /** Visits that no later fix can change any more. */
  readonly settled: readonly ClosedVisit[]
  /** All visits that are open after the newest fix. */
  readonly open: readonly OpenVisit[]
  readonly ignored: readonly { readonly fix: Fix; readonly reason: 'tooLate' | 'future' }[]
  /** Whether anything must be stored: false when the fixes taught nothing that counts later. */
  readonly changed: boolean
}

/** The window's first moment; on a slot's edge, so that a slot is never divided between window and base. */
const windowStart = (watermarkMs: number): number => Math.floor((watermarkMs - WINDOW_MS) / SLOT_MS) * SLOT_MS

const isUnsettled =
  (settled: readonly ClosedVisit[]) =>
  ({ visitId }: ToldAs): boolean =>
    !settled.some((visit) => visit.visitId === visitId)

const keyOf = (fix: Fix): string => `${fix.atMs},${fix.lat},${fix.lon},${fix.accuracyM}`

/**
 * Folds fixes into a customer's presence. The same fixes in any order, split or duplication within the window give the
 * same settled visits. Pure: equal arguments give an equal answer.
 *
 * @param user whose presence it is; visit ids are derived from it
 * @param before presence as stored, or `NO_PRESENCE`
 * @param incoming fixes in any order; those older than the window or more than 5 min ahead of `nowMs` are ignored
 * @param geofencesNear must list every geofence within 250 m of a position's shape boundary or containing it
 * @param nowMs the receiver's time, ms since the epoch
 * @param settleUntilMs moves the watermark forward to this time even without a fix, so that the visits of a silent
 *   phone settle
 * @example fold(user, NO_PRESENCE, [toFix({ atMs: 0, lat: 37.788, lon: -122.4075 })], () => [square], 0).transitions
 */
export const fold = (
  user: UserId,
  before: Presence,
  incoming: readonly Fix[],
  geofencesNear: GeofencesNear,
  nowMs: number,
  settleUntilMs = 0,
): Folded => {
  const startBefore = windowStart(before.watermarkMs)
  const ignored: { fix: Fix; reason: 'tooLate' | 'future' }[] = []
  const fresh: Fix[] = []
  for (const fix of incoming) {
    if (fix.atMs > nowMs + MAX_AHEAD_MS) ignored.push({ fix, reason: 'future' })
    else if (fix.atMs < startBefore) ignored.push({ fix, reason: 'tooLate' })
    else fresh.push(fix)
  }

  const watermarkMs = fresh.reduce(
    (latest, fix) => Math.max(latest, fix.atMs),
    Math.max(before.watermarkMs, settleUntilMs),
  )
  const start = windowStart(watermarkMs)
  const known = walkFrom(before.base, before.fixes, user, geofencesNear)
  const fixes = [...before.fixes, ...fresh]
  const beyond = walkFrom(
    before.base,
    fixes.filter((fix) => fix.atMs < start),
    user,
    geofencesNear,
  )
  const base = [...beyond.open.values()]
  const within = walkFrom(
    base,
    fixes.filter((fix) => fix.atMs >= start),
    user,
    geofencesNear,
  )
  const whole: Walk = {
    open: within.open,
    closed: [...beyond.closed, ...within.closed],
    entered: [...beyond.entered, ...within.entered],
    exited: [...beyond.exited, ...within.exited],
    kept: within.kept,
  }
  const { transitions, toldAs } = whatIsNew(known, before.toldAs, whole)
  const stored = new Set(before.fixes.map(keyOf))
  const learned = [...beyond.kept, ...within.kept].some((fix) => !stored.has(keyOf(fix)))
  return {
    presence: { watermarkMs, base, fixes: within.kept, toldAs: toldAs.filter(isUnsettled(beyond.closed)) },
    transitions,
    settled: beyond.closed,
    open: [...whole.open.values()],
    ignored,
    changed: learned || transitions.length > 0 || beyond.closed.length > 0,
  }
}
