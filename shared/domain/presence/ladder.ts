import type { IndexedGeofence, Shape } from '#shared/domain/geo/geofence.ts'

/** Two fixes outside, this far apart in time, end a visit where the geofence asks for nothing else. */
export const EXIT_CONFIRM_S = 15
/** No more than this is subtracted for a fix's own accuracy. */
export const ACCURACY_CAP_M = 100

const MIN_BUFFER_M = 20
const MAX_BUFFER_M = 100
const BUFFER_SHARE = 0.1

/**
 * How far beyond the boundary a fix must be to count as outside: 10 % of the radius, between 20 and 100 m.
 *
 * @example exitBufferM({ kind: 'circle', lat: 0, lon: 0, radiusM: 500 }) // 50
 */
export const exitBufferM = (shape: Shape): number =>
  Math.min(MAX_BUFFER_M, Math.max(MIN_BUFFER_M, shape.radiusM * BUFFER_SHARE))

/** What the exit from a geofence asks for; its shape is named, since a change leaves two. */
export type ExitRule = { readonly shape: Shape; readonly exit?: IndexedGeofence['exit'] }

/**
 * Is a fix at this signed distance surely outside, its accuracy considered?
 *
 * @param distanceM signed distance to the shape's boundary in metres
 * @param accuracyM the fix's accuracy in metres
 * @example isOutside(geofence, 150, 40) // true for a circle of 100 m: 110 m are more than its buffer of 20 m
 */
export const isOutside = ({ shape, exit }: ExitRule, distanceM: number, accuracyM: number): boolean =>
  distanceM - Math.min(ACCURACY_CAP_M, accuracyM) > (exit?.bufferM ?? exitBufferM(shape))
