import { orient2d } from 'robust-predicates'
import type { Meeting, MeetingRing } from '#shared/domain/geo/ring-meetings.ts'

/** How a ring passes through a point: where it comes from and where it goes to. */
type Pass = {
  readonly key: string
  readonly fromX: number
  readonly fromY: number
  readonly toX: number
  readonly toY: number
}

/** The pass of an edge through a point on it: at its ends the ring goes on to the neighbouring edge. */
const passAt = ({ ring, closersFrom }: MeetingRing, vertex: number, x: number, y: number): Pass => {
  const at = (index: number): [number, number] => [ring[2 * index] ?? 0, ring[2 * index + 1] ?? 0]
  const isAt = (index: number): boolean => ring[2 * index] === x && ring[2 * index + 1] === y
  const before = (index: number): number => (index === 0 ? closersFrom - 1 : index - 1)
  const named = (key: string, from: [number, number], to: [number, number]): Pass => ({
    key,
    fromX: from[0],
    fromY: from[1],
    toX: to[0],
    toY: to[1],
  })
  if (isAt(vertex)) return named(`v${vertex}`, at(before(vertex)), at(vertex + 1))
  if (!isAt(vertex + 1)) return named(`e${vertex}`, at(vertex), at(vertex + 1))
  const end = (vertex + 1) % closersFrom
  return named(`v${end}`, at(vertex), at(end + 1))
}

/** Does the direction to c lie in the sweep from a counter-clockwise to b, all seen from (x, y)? */
const sweeps = (
  x: number,
  y: number,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  [cx, cy]: readonly [number, number],
): boolean => {
  // robust-predicates is positive for clockwise turns.
  const leftOfA = orient2d(x, y, ax, ay, cx, cy) < 0
  const rightOfB = orient2d(x, y, bx, by, cx, cy) > 0
  const convex = orient2d(x, y, ax, ay, bx, by) < 0
  return convex ? leftOfA && rightOfB : leftOfA || rightOfB
}

/**
 * Two edges of one ring touch in a point. Does the ring pass through itself there, or only meet itself (as a lake does
 * that hangs on a shore by one point, which leaves its inside clear)?
 */
export const passesThroughItself = (ring: MeetingRing, { one, other, points }: Meeting): boolean => {
  const [x = 0, y = 0] = points
  const first = passAt(ring, one.vertex, x, y)
  const second = passAt(ring, other.vertex, x, y)
  if (first.key === second.key) return false
  const from: [number, number] = [first.fromX, first.fromY]
  const to: [number, number] = [first.toX, first.toY]
  return (
    sweeps(x, y, from, to, [second.fromX, second.fromY]) !== sweeps(x, y, from, to, [second.toX, second.toY])
  )
}
