import { distanceM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'

/**
 * What speaks against a fix, or against what it did:
 * - `mocked`: the phone says that an app made the position up;
 * - `jump`: nobody comes there so fast, neither from the last fix without a mark nor from the fix before;
 * - `accuracy`: the fix claims a precision that no phone has;
 * - `crowded`: it lies in more geofences than can be open at once, and only the nearest were entered.
 *
 * All but `crowded` make a fix that is not believed: it opens no visit, it is no evidence of leaving, and it does not
 * call a pending exit off. It does say that the phone is alive, so it keeps a visit from being silent.
 */
export type Mark = 'mocked' | 'jump' | 'accuracy' | 'crowded'

export type MarkedFix = { readonly fix: Fix; readonly marks: readonly Mark[] }

/** Where and when a fix was; what later ones are compared with. */
export type Seen = Position & { readonly atMs: number }

/** An airliner is faster, but nobody enters a shop from one; the fastest trains are not. */
export const MAX_SPEED_MPS = 85
/**
 * Fixes closer in time than this are taken to be this far apart: whole seconds are all that many phones give, and a step
 * of some metres between two of one second is noise.
 */
export const MIN_STEP_MS = 1000
/** A satellite fix of the best phones is good to about 1 m outdoors; 0 is what Android gives when it does not know. */
const MIN_ACCURACY_M = 1

const METRES_PER_DEGREE = (EARTH_RADIUS_M * Math.PI) / 180

const isTooFast = (from: Seen, to: Fix): boolean => {
  const reachM = (Math.max(MIN_STEP_MS, to.atMs - from.atMs) / 1000) * MAX_SPEED_MPS
  // The way along a meridian and a parallel of the equator is never shorter: most fixes need no more than this.
  const detourM = (Math.abs(to.lat - from.lat) + Math.abs(to.lon - from.lon)) * METRES_PER_DEGREE
  return detourM > reachM && distanceM(from, to) > reachM
}

/** Does the fix claim a precision that no phone has? */
export const isTooExact = ({ accuracyM }: Fix): boolean => accuracyM !== 0 && !(accuracyM >= MIN_ACCURACY_M)

/**
 * Is the fix out of reach, both from the last fix that is believed and from the one before it? A phone that really moved
 * is found near the fix before it by its second fix there.
 *
 * @param anchor the last fix without a mark
 * @param last the fix before, whatever its marks
 */
export const isJump = (anchor: Seen | undefined, last: Seen | undefined, fix: Fix): boolean => {
  // Without a fix that is believed nothing says which of the two is wrong.
  if (last === undefined || anchor === undefined || !isTooFast(last, fix)) return false
  return anchor === last || isTooFast(anchor, fix)
}

/** The marks of a fix that is not believed, in a fixed order; undefined when it is. */
export const marksOf = (
  anchor: Seen | undefined,
  last: Seen | undefined,
  fix: Fix,
): readonly Mark[] | undefined => {
  const jump = isJump(anchor, last, fix)
  const exact = isTooExact(fix)
  if (!jump && !exact && fix.mocked !== true) return undefined
  return [
    ...(fix.mocked === true ? (['mocked'] as const) : []),
    ...(jump ? (['jump'] as const) : []),
    ...(exact ? (['accuracy'] as const) : []),
  ]
}
