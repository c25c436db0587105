import { confidenceInside, contains, distanceM, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt, Nearby } from '#shared/domain/geo/geofences-at.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { EXIT_CONFIRM_S, isOutside } from '#shared/domain/presence/ladder.ts'
import { type MarkedFix, MIN_STEP_MS, marksOf, type Seen } from '#shared/domain/presence/marks.ts'
import { SILENCE_MS } from '#shared/domain/presence/silence.ts'
import { type MovingStay, movingStay, type Stay, stayIn } from '#shared/domain/presence/stay.ts'
import type { VisitEnd } from '#shared/domain/presence/visit.ts'

/** Of the fixes in one slot of time only the earliest that counts is kept. */
export const SLOT_MS = 10_000

/** A customer is in at most so many geofences at once; of those that a fix enters the nearest win. */
export const MAX_OPEN_VISITS = 64

/** From a fix that is older than this no speed is computed, and the way from it says little. */
const MAX_SPEED_GAP_MS = 5 * 60_000
/** A geofence that is drawn around a customer is told silently when the fix before is at most this much older. */
const MAX_DRAWN_GAP_MS = 15 * 60_000

/** A fix that counted, and whether it was too far from the ones before it to be believed. */
export type CountedFix = Fix & { readonly jump?: true }

/** What a walk goes on from: the stays open after a fix, that fix, and the last one that is believed. */
export type Standing = {
  readonly open: readonly Stay[]
  readonly last?: Seen | undefined
  readonly anchor?: Seen | undefined
}

/** What happened to a stay at a fix, told or not. */
export type Happening = {
  readonly type: 'enter' | 'exit'
  readonly stay: Stay
  readonly atMs: number
  readonly distanceM: number
  readonly confidence: number
  readonly speedMps?: number
  readonly drawnAround?: true
}

/** A walk under way: `take` moves it on, fix by fix in their order. It never leaves the functions that fold. */
export type Walk = {
  readonly geofencesAt: GeofencesAt
  /** Whether what happens is described, too; it costs more. */
  readonly describes: boolean
  open: Held[]
  readonly byId: Map<GeofenceId, Held>
  last: Seen | undefined
  anchor: Seen | undefined
  /** Counts the fixes; what a fix finds listed carries its number. */
  stamp: number
  readonly closed: MovingStay[]
  readonly happened: Happening[]
  /** The fixes that counted: in or near a geofence, or with a visit open. */
  readonly kept: CountedFix[]
  readonly marked: MarkedFix[]
}

type Held = { readonly stay: MovingStay; seen: number }

const slotOf = (atMs: number): number => Math.floor(atMs / SLOT_MS)

/**
 * Begins a walk.
 *
 * @param describes whether the distances, confidences and speeds of what happens are wanted
 */
export const beginWalk = (standing: Standing, geofencesAt: GeofencesAt, describes: boolean): Walk => {
  const open = standing.open.map((stay): Held => ({ stay: movingStay(stay), seen: 0 }))
  return {
    geofencesAt,
    describes,
    open,
    byId: new Map(open.map((held) => [held.stay.geofenceId, held])),
    last: standing.last,
    anchor: standing.anchor,
    stamp: 0,
    closed: [],
    happened: [],
    kept: [],
    marked: [],
  }
}

const toTenth = (value: number): number => Math.round(value * 10) / 10

const speedAt = ({ anchor }: Walk, fix: Fix): number | undefined => {
  if (fix.speedMps !== undefined) return fix.speedMps
  if (anchor === undefined) return undefined
  const afterMs = fix.atMs - anchor.atMs
  if (afterMs <= 0 || afterMs > MAX_SPEED_GAP_MS) return undefined
  return toTenth(distanceM(anchor, fix) / (Math.max(MIN_STEP_MS, afterMs) / 1000))
}

const describe = (
  walk: Walk,
  type: 'enter' | 'exit',
  stay: Stay,
  fix: Fix,
  geofence: IndexedGeofence | undefined,
): Happening => {
  const outsideM = geofence === undefined ? TILE_MARGIN_M : distanceToBoundaryM(geofence.shape, fix)
  const confidence = geofence === undefined ? 0 : confidenceInside(geofence.shape, fix, fix.accuracyM)
  const speedMps = speedAt(walk, fix)
  const drawn = type === 'enter' && geofence !== undefined && wasDrawnAround(walk, geofence, fix)
  return {
    type,
    stay,
    atMs: fix.atMs,
    distanceM: toTenth(outsideM) + 0,
    confidence: Math.round(confidence * 100) / 100,
    ...(speedMps === undefined ? {} : { speedMps }),
    ...(drawn ? { drawnAround: true } : {}),
  }
}

/** Did the customer stand in the shape already when it was drawn? Known only where the fix before it counted. */
const wasDrawnAround = ({ anchor }: Walk, { shape, effectiveAtMs }: IndexedGeofence, fix: Fix): boolean =>
  anchor !== undefined &&
  anchor.atMs < effectiveAtMs &&
  fix.atMs - anchor.atMs <= MAX_DRAWN_GAP_MS &&
  contains(shape, anchor)

const close = (walk: Walk, { stay }: Held, end: VisitEnd, atMs: number): void => {
  stay.outsideSinceMs = undefined
  stay.end = end
  stay.closedAtMs = atMs
  walk.byId.delete(stay.geofenceId)
  walk.closed.push(stay)
}

/** Ends all visits that are open where they were last seen: the phone has been silent for too long. */
export const closeSilent = (walk: Walk, atMs: number): void => {
  for (const held of walk.open) close(walk, held, 'unknown', atMs)
  walk.open = []
}

const stepOut = (walk: Walk, held: Held, fix: Fix, geofence: IndexedGeofence | undefined): void => {
  const { stay } = held
  stay.outsideSinceMs ??= fix.atMs
  const confirmS = (geofence === undefined ? stay.confirmS : geofence.exit?.confirmS) ?? EXIT_CONFIRM_S
  // Two fixes, even where no time is asked for between them.
  if (fix.atMs === stay.outsideSinceMs || fix.atMs - stay.outsideSinceMs < confirmS * 1000) return
  close(walk, held, 'exit', fix.atMs)
  if (walk.describes) walk.happened.push(describe(walk, 'exit', stay, fix, geofence))
}

/** Is the fix outside of what the geofence is now, but not outside of what it was when it was last seen inside? */
const hasMovedAway = ({ stay }: Held, geofence: IndexedGeofence, fix: Fix): boolean => {
  const { former, exit, effectiveAtMs } = geofence
  if (former === undefined || effectiveAtMs <= stay.lastInsideAtMs || fix.atMs < effectiveAtMs) return false
  const { shape } = former
  return !isOutside({ shape, ...(exit ? { exit } : {}) }, distanceToBoundaryM(shape, fix), fix.accuracyM)
}

/** Judges an open visit by a fix at a signed distance of its geofence's boundary. */
const judge = (walk: Walk, held: Held, geofence: IndexedGeofence, outsideM: number, fix: Fix): void => {
  if (!isOutside(geofence, outsideM, fix.accuracyM)) {
    held.stay.outsideSinceMs = undefined
    if (outsideM <= 0) held.stay.lastInsideAtMs = fix.atMs
  } else if (hasMovedAway(held, geofence, fix)) close(walk, held, 'geofenceGone', fix.atMs)
  else stepOut(walk, held, fix, geofence)
}

/** What the cells around a fix list, sorted out against the open visits; `near` = it is in or near something. */
type Listed = { near: boolean; readonly entered: IndexedGeofence[] }

const NONE: readonly IndexedGeofence[] = []

const stepInside = (walk: Walk, inside: readonly IndexedGeofence[], fix: Fix, listed: Listed): void => {
  for (const geofence of inside) {
    listed.near = true
    const held = walk.byId.get(geofence.id)
    if (held === undefined) listed.entered.push(geofence)
    else {
      held.seen = walk.stamp
      held.stay.outsideSinceMs = undefined
      held.stay.lastInsideAtMs = fix.atMs
    }
  }
}

const stepTest = (walk: Walk, test: readonly IndexedGeofence[], fix: Fix, listed: Listed): void => {
  for (const geofence of test) {
    const outsideM = distanceToBoundaryM(geofence.shape, fix)
    if (outsideM <= TILE_MARGIN_M) listed.near = true
    const held = walk.byId.get(geofence.id)
    if (held !== undefined) {
      held.seen = walk.stamp
      judge(walk, held, geofence, outsideM, fix)
    } else if (outsideM <= 0) listed.entered.push(geofence)
  }
}

/**
 * Did the geofence go from here after it was last seen around the customer? One that was entered later has only left this
 * tile, and stands in another.
 */
const isGone = ({ stay }: Held, { goneAtMs = 0 }: IndexedGeofence): boolean => stay.lastInsideAtMs < goneAtMs

const stepGone = (walk: Walk, gone: readonly IndexedGeofence[], fix: Fix): void => {
  for (const geofence of gone) {
    const held = walk.byId.get(geofence.id)
    // A geofence that has moved is gone from one tile and may stand in another.
    if (held !== undefined && held.seen !== walk.stamp && isGone(held, geofence)) {
      held.seen = walk.stamp
      close(walk, held, 'geofenceGone', fix.atMs)
    }
  }
}

/** What has gone by the time of a fix from where the customer was before: there every open visit was listed. */
const goneBehind = ({ anchor, geofencesAt }: Walk, fix: Fix): readonly IndexedGeofence[] => {
  const nearby = anchor === undefined ? [] : geofencesAt(anchor, fix.atMs)
  return nearby.some(({ gone }) => gone !== undefined) ? nearby.flatMap(({ gone = NONE }) => gone) : NONE
}

/** The open visits whose geofence is not listed here: the tiles' margin says that the fix is outside, however inaccurate. */
const stepUnlisted = (walk: Walk, fix: Fix): void => {
  let gone: readonly IndexedGeofence[] | undefined
  for (const held of walk.open) {
    if (held.seen === walk.stamp) continue
    const isFirst = held.stay.outsideSinceMs === undefined
    if (isFirst) gone ??= goneBehind(walk, fix)
    if (isFirst && gone?.some((geofence) => geofence.id === held.stay.geofenceId && isGone(held, geofence)))
      close(walk, held, 'geofenceGone', fix.atMs)
    else stepOut(walk, held, fix, undefined)
  }
}

const dropClosed = (walk: Walk): void => {
  if (walk.byId.size < walk.open.length) walk.open = walk.open.filter(({ stay }) => stay.end === undefined)
}

const byIds = (a: IndexedGeofence, b: IndexedGeofence): number => (a.id < b.id ? -1 : 1)

/** Of the geofences that a fix enters as many as there is room for, the nearest first. */
const nearest = (walk: Walk, entered: readonly IndexedGeofence[], fix: Fix): IndexedGeofence[] => {
  walk.marked.push({ fix, marks: ['crowded'] })
  return entered
    .map((geofence) => ({ geofence, outsideM: distanceToBoundaryM(geofence.shape, fix) }))
    .toSorted((a, b) => a.outsideM - b.outsideM || byIds(a.geofence, b.geofence))
    .slice(0, MAX_OPEN_VISITS - walk.open.length)
    .map(({ geofence }) => geofence)
}

const enter = (walk: Walk, entered: IndexedGeofence[], fix: Fix): void => {
  const fits = entered.length <= MAX_OPEN_VISITS - walk.open.length
  const taken = fits ? entered : nearest(walk, entered, fix)
  if (taken.length > 1) taken.sort(byIds)
  for (const geofence of taken) {
    const held: Held = { stay: stayIn(geofence, fix.atMs), seen: walk.stamp }
    walk.open.push(held)
    walk.byId.set(geofence.id, held)
    if (walk.describes) walk.happened.push(describe(walk, 'enter', held.stay, fix, geofence))
  }
}

/** A fix that is believed, with what is listed around it: whether it counts. */
const stepBelieved = (walk: Walk, nearby: readonly Nearby[], fix: Fix): boolean => {
  const counts = walk.open.length > 0
  const listed: Listed = { near: false, entered: [] }
  walk.stamp += 1
  for (const { inside, test } of nearby) {
    stepInside(walk, inside, fix, listed)
    stepTest(walk, test, fix, listed)
  }
  if (counts) {
    for (const { gone = NONE } of nearby) stepGone(walk, gone, fix)
    stepUnlisted(walk, fix)
    dropClosed(walk)
  }
  if (listed.entered.length > 0) enter(walk, listed.entered, fix)
  return counts || listed.near
}

const isNear = (nearby: readonly Nearby[], fix: Fix): boolean =>
  nearby.some(
    ({ inside, test }) =>
      inside.length > 0 || test.some(({ shape }) => distanceToBoundaryM(shape, fix) <= TILE_MARGIN_M),
  )

/**
 * Moves a walk on by one fix, which must not be earlier than those before it: enters at the first fix inside, exits by
 * the ladder, ends what was open before a long silence and what was deleted or moved away. A fix that is not believed
 * (see `Mark`) changes no visit. Of the fixes in one 10 s slot the first that counts is taken.
 */
export const take = (walk: Walk, fix: Fix): void => {
  const { last } = walk
  // Thinned here and not before: a fix that does not count must not stand in the way of one that does.
  if (last !== undefined && slotOf(last.atMs) === slotOf(fix.atMs)) return
  if (last !== undefined && fix.atMs - last.atMs > SILENCE_MS && walk.open.length > 0) {
    closeSilent(walk, fix.atMs)
  }
  const nearby = walk.geofencesAt(fix, fix.atMs)
  const marks = marksOf(walk.anchor, last, fix)
  if (marks !== undefined) walk.marked.push({ fix, marks })
  const counts =
    marks === undefined ? stepBelieved(walk, nearby, fix) : walk.open.length > 0 || isNear(nearby, fix)
  if (!counts) return
  walk.last = fix
  if (marks === undefined) walk.anchor = fix
  walk.kept.push(marks?.includes('jump') === true ? asJump(fix) : plain(fix))
}

const asJump = (fix: CountedFix): CountedFix => (fix.jump === true ? fix : { ...fix, jump: true })

const plain = (fix: CountedFix): CountedFix => {
  if (fix.jump === undefined) return fix
  const { jump: _, ...rest } = fix
  return rest
}
