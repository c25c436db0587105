import type { Position } from '#shared/domain/geo/geofence.ts'

/** A ping once parsed. `atMs` is the phone's time in ms since the epoch, `accuracyM` its own 68 % radius (0 = not said). */
export type Fix = Position & {
  readonly atMs: number
  readonly accuracyM: number
  /** How fast the phone says that it moves. */
  readonly speedMps?: number
  /** The phone says that an app made this position up. */
  readonly mocked?: true
}

const STEPS_PER_DEGREE = 1e7

// Adding 0 makes 0 of -0, as which a packed fix comes back.
const quantize = (degrees: number): number => Math.round(degrees * STEPS_PER_DEGREE) / STEPS_PER_DEGREE + 0

// Adding 0 here, too.
const toDecimetres = (metres: number): number => Math.round(metres * 10) / 10 + 0

/** Larger radii say nothing more: the ladder caps what it subtracts at 100 m. */
export const MAX_ACCURACY_M = 6_000
/** What is kept of a radius that no phone can mean: iOS says -1 of a position that is not valid. */
const IMPOSSIBLE_ACCURACY_M = 0.1
const LARGEST_SPEED_MPS = 1_000

const accuracyOf = (accuracyM: number): number =>
  accuracyM >= 0
    ? Math.min(MAX_ACCURACY_M, accuracyM === 0 ? 0 : Math.max(IMPOSSIBLE_ACCURACY_M, toDecimetres(accuracyM)))
    : IMPOSSIBLE_ACCURACY_M

/**
 * Makes a fix with the resolution in which presence stores it (1e-7 degrees, about 1 cm; whole ms; decimetres), so that
 * a stored fix and a fresh one are the same. A radius that is negative or no number becomes one that is impossible, too;
 * a speed that is negative (iOS: not known) is left out.
 *
 * @example toFix({ atMs: 0, lat: 37.123456789, lon: 1, accuracyM: 5 }).lat // 37.1234568
 */
export const toFix = (raw: {
  atMs: number
  lat: number
  lon: number
  accuracyM?: number | undefined
  speedMps?: number | undefined
  mocked?: boolean | undefined
}): Fix => {
  const fix: Fix = {
    atMs: Math.round(raw.atMs),
    lat: quantize(raw.lat),
    lon: quantize(raw.lon),
    accuracyM: accuracyOf(raw.accuracyM ?? 0),
  }
  const { speedMps } = raw
  const hasSpeed = speedMps !== undefined && speedMps >= 0
  if (!hasSpeed && raw.mocked !== true) return fix
  return {
    ...fix,
    ...(hasSpeed ? { speedMps: Math.min(LARGEST_SPEED_MPS, toDecimetres(speedMps)) } : {}),
    ...(raw.mocked === true ? { mocked: true } : {}),
  }
}

/**
 * Order of time; equal times are ordered by what else they say, so that every order of arrival gives the same sequence.
 */
export const compareFixes = (a: Fix, b: Fix): number =>
  a.atMs - b.atMs ||
  a.lat - b.lat ||
  a.lon - b.lon ||
  a.accuracyM - b.accuracyM ||
  (a.speedMps ?? -1) - (b.speedMps ?? -1) ||
  Number(a.mocked ?? false) - Number(b.mocked ?? false)
