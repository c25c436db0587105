import { type Outline, outlineOf, type Side, sideOnGlobe } from '#shared/domain/geo/outline.ts'

/** A ring beside others: as numbers, and as an outline of its own. */
export type LoneRing = { readonly ring: readonly number[]; readonly outline: Outline }

/** How one ring lies to another that it does not cross: within it, around it, beside it, or on the very same line. */
export type RingRelation = 'inside' | 'around' | 'apart' | 'same'

export const loneRing = (ring: readonly number[]): LoneRing => ({ ring, outline: outlineOf([[ring]]) })

/** The side on which a ring lies of another one: that of its first vertex, or middle of an edge, that is not on it. */
const firstSide = ({ ring }: LoneRing, { outline }: LoneRing): Side => {
  for (let at = 0; at + 3 < ring.length; at += 2) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = ring.slice(at, at + 4)
    const side = sideOnGlobe(outline, x1, y1) || sideOnGlobe(outline, (x1 + x2) / 2, (y1 + y2) / 2)
    if (side !== 0) return side
  }
  return 0
}

/** How a ring lies to another, when they are known not to cross. */
export const relationOf = (one: LoneRing, other: LoneRing): RingRelation => {
  const side = firstSide(one, other)
  if (side === 0) return 'same'
  if (side > 0) return 'inside'
  return firstSide(other, one) > 0 ? 'around' : 'apart'
}

/** Points of a ring where another one touches it, by the edge on which they are; flat. */
export type Touches = ReadonlyMap<number, readonly number[]>

/** The edge from one vertex to the next, in pieces between the points that touch it: their middles. */
const middlesOf = (ring: readonly number[], vertex: number, touching: readonly number[]): number[] => {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = ring.slice(2 * vertex, 2 * vertex + 4)
  const stops: [number, number][] = [
    [x1, y1],
    [x2, y2],
  ]
  for (let at = 0; at < touching.length; at += 2) stops.push([touching[at] ?? 0, touching[at + 1] ?? 0])
  const far = ([x, y]: readonly [number, number]): number => Math.abs(x - x1) + Math.abs(y - y1)
  stops.sort((a, b) => far(a) - far(b))
  return stops.slice(1).flatMap(([x, y], index) => {
    const [fromX, fromY] = stops[index] ?? [x, y]
    return fromX === x && fromY === y ? [] : [(fromX + x) / 2, (fromY + y) / 2]
  })
}

/**
 * Rings that touch but whose edges do not cross may still pass through each other, at vertices. Cut at the points where
 * they touch, a ring that does has pieces on both sides of the other. Gives the first edge on the second side.
 */
export const passesThrough = (one: LoneRing, other: LoneRing, touches: Touches): number | undefined => {
  let seen: Side = 0
  for (let vertex = 0; vertex < one.ring.length / 2 - 1; vertex++) {
    const middles = middlesOf(one.ring, vertex, touches.get(vertex) ?? [])
    for (let at = 0; at < middles.length; at += 2) {
      const side = sideOnGlobe(other.outline, middles[at] ?? 0, middles[at + 1] ?? 0)
      if (side === 0 || side === seen) continue
      if (seen !== 0) return vertex
      seen = side
    }
  }
  return undefined
}
