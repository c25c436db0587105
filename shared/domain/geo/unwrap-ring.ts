import { POLE, TURN } from '#shared/domain/geo/outline.ts'

/** A ring in the plane: closed, neighbours are neighbours. `closersFrom` is the first edge that only closes it over a pole. */
export type Unwrapped =
  | { readonly kind: 'ring'; readonly ring: readonly number[]; readonly closersFrom: number }
  | { readonly kind: 'aroundTwice' }

/**
 * How far an edge runs in longitude: the short way, through ±180 if that is shorter. A whole turn is meant as such: it
 * is how files that are cut at ±180 run along a pole.
 */
const stepOf = (from: number, to: number): number => {
  const step = to - from
  if (Math.abs(step) <= TURN / 2 || Math.abs(step) === TURN) return step
  return step - Math.sign(step) * TURN
}

/** The mean latitude of a ring that goes around, weighted by the longitude that its edges span. */
const meanLatitude = (ring: readonly number[]): number => {
  let sum = 0
  for (let at = 0; at + 3 < ring.length; at += 2) {
    sum += ((ring[at + 2] ?? 0) - (ring[at] ?? 0)) * ((ring[at + 1] ?? 0) + (ring[at + 3] ?? 0))
  }
  return sum / 2 / ((ring.at(-2) ?? 0) - (ring[0] ?? 0))
}

/**
 * Unwraps a closed ring of units (x0, y0, x1, y1 … with the first vertex again at the end): longitudes become
 * continuous. One that goes once around the globe closes over the pole that it is nearer to.
 *
 * @example unwrapRing([179e7, 0, -179e7, 0, -179e7, 1e7, 179e7, 0]).kind // 'ring'
 */
export const unwrapRing = (closed: readonly number[]): Unwrapped => {
  const ring: number[] = []
  let x = closed[0] ?? 0
  for (let at = 0; at < closed.length; at += 2) {
    if (at > 0) x += stepOf(closed[at - 2] ?? 0, closed[at] ?? 0)
    ring.push(x, closed[at + 1] ?? 0)
  }
  const [x0 = 0, y0 = 0] = ring
  const around = x - x0
  const closersFrom = ring.length / 2 - 1
  if (around === 0) return { kind: 'ring', ring, closersFrom }
  if (Math.abs(around) !== TURN) return { kind: 'aroundTwice' }
  const pole = meanLatitude(ring) < 0 ? -POLE : POLE
  return { kind: 'ring', ring: [...ring, x, pole, x0, pole, x0, y0], closersFrom }
}
