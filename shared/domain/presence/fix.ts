import type { Position } from '#shared/domain/geo/geofence.ts'

/** A ping once parsed. `atMs` is the phone's time in ms since the epoch, `accuracyM` its own 68 % radius. */
export type Fix = Position & { readonly atMs: number; readonly accuracyM: number }

const STEPS_PER_DEGREE = 1e7

// Adding 0 makes 0 of -0, as which a packed fix comes back.
const quantize = (degrees: number): number => Math.round(degrees * STEPS_PER_DEGREE) / STEPS_PER_DEGREE + 0

/**
 * Makes a fix with the resolution in which presence stores it (1e-7 degrees, about 1 cm; whole ms; decimetres), so that
 * a stored fix and a fresh one are the same.
 *
 * @example toFix({ atMs: 0, lat: 37.123456789, lon: 1, accuracyM: 5 }).lat // 37.1234568
 */
export const toFix = (raw: {
  atMs: number
  lat: number
  lon: number
  accuracyM?: number | undefined
}): Fix => ({
  atMs: Math.round(raw.atMs),
  lat: quantize(raw.lat),
  lon: quantize(raw.lon),
  accuracyM: Math.min(MAX_ACCURACY_M, Math.round((raw.accuracyM ?? 0) * 10) / 10),
})

/** Larger radii say nothing more: the ladder caps what it subtracts at 100 m. */
export const MAX_ACCURACY_M = 6_000

/** Order of time; equal times are ordered by position, so that every order of arrival gives the same sequence. */
export const compareFixes = (a: Fix, b: Fix): number =>
  a.atMs - b.atMs || a.lat - b.lat || a.lon - b.lon || a.accuracyM - b.accuracyM
