import { type AreaRings, POLE, TURN, wrapUnits } from '#shared/domain/geo/outline.ts'

/** An edge on a meridian where a shape may be cut. Rings keep their inside to the left: one that rises has it to its west. */
type Upright = { readonly rises: boolean; readonly low: number; readonly high: number }

const meridianOf = (x: number): number => wrapUnits(x, -TURN / 2)

/** The meridians where shapes are cut: ±180, and where a ring that goes around was closed over a pole. */
const cutMeridians = (rings: AreaRings): Set<number> => {
  const meridians = new Set([meridianOf(TURN / 2)])
  for (const ring of rings) {
    for (let at = 0; at + 3 < ring.length; at += 2) {
      const x = ring[at] ?? 0
      if (Math.abs((ring[at + 2] ?? 0) - x) === TURN) meridians.add(meridianOf(x))
    }
  }
  return meridians
}

const uprightsOf = (rings: AreaRings): Map<number, Upright[]> => {
  const byMeridian = new Map([...cutMeridians(rings)].map((meridian): [number, Upright[]] => [meridian, []]))
  for (const ring of rings) {
    for (let at = 0; at + 3 < ring.length; at += 2) {
      const [x = 0, y1 = 0, x2 = 0, y2 = 0] = ring.slice(at, at + 4)
      if (x !== x2 || y1 === y2) continue
      byMeridian.get(meridianOf(x))?.push({ rises: y2 > y1, low: Math.min(y1, y2), high: Math.max(y1, y2) })
    }
  }
  return byMeridian
}

/** The points of an edge on a meridian at which what lies across it begins or ends, in the edge's order. */
const splitsOf = (from: number, to: number, across: readonly Upright[]): number[] => {
  const [low, high] = from < to ? [from, to] : [to, from]
  const inner = new Set(across.flatMap((edge) => [edge.low, edge.high]).filter((y) => y > low && y < high))
  const sorted = [...inner].sort((a, b) => a - b)
  return [from, ...(from < to ? sorted : sorted.reverse()), to]
}

const isAcross = (y: number, across: readonly Upright[]): boolean =>
  across.some(({ low, high }) => low < y && y < high)

type Seamed = { ring: number[]; cuts: number[] }

const seamedRing = (ring: readonly number[], byMeridian: ReadonlyMap<number, readonly Upright[]>): Seamed => {
  const seamed: Seamed = { ring: [], cuts: [] }
  for (let at = 0; at + 3 < ring.length; at += 2) {
    const [x = 0, y1 = 0, x2 = 0, y2 = 0] = ring.slice(at, at + 4)
    const uprights = x === x2 ? byMeridian.get(meridianOf(x)) : undefined
    const across = uprights?.filter(({ rises }) => rises !== y2 > y1) ?? []
    const stops = splitsOf(y1, y2, across)
    for (const [index, y] of stops.slice(0, -1).entries()) {
      const middle = (y + (stops[index + 1] ?? y)) / 2
      const alongPole = y1 === y2 && Math.abs(y1) === POLE
      seamed.ring.push(x, y)
      seamed.cuts.push(alongPole || isAcross(middle, across) ? 1 : 0)
    }
  }
  seamed.ring.push(...ring.slice(-2))
  // The last vertex of a ring begins no edge.
  seamed.cuts.push(0)
  return seamed
}

const touchesSeam = (rings: AreaRings, byMeridian: ReadonlyMap<number, readonly Upright[]>): boolean =>
  [...byMeridian.values()].some((uprights) => uprights.length > 1) ||
  rings.some((ring) => ring.some((value, at) => at % 2 === 1 && Math.abs(value) === POLE))

/**
 * Finds the edges that are no boundary on the globe: where the inside lies on both sides of a meridian at which a file
 * was cut, and along a pole. An edge that is partly so is split. Rings keep their inside to their left.
 */
export const markSeams = (
  areas: readonly AreaRings[],
): { areas: readonly AreaRings[]; cuts?: Uint8Array } => {
  const rings = areas.flat()
  const byMeridian = uprightsOf(rings)
  if (!touchesSeam(rings, byMeridian)) return { areas }
  const cuts: number[][] = []
  const seamed = areas.map((area) =>
    area.map((ring) => {
      const marked = seamedRing(ring, byMeridian)
      cuts.push(marked.cuts)
      return marked.ring
    }),
  )
  return { areas: seamed, cuts: Uint8Array.from(cuts.flat()) }
}
