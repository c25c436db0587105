import { type AreaRings, POLE, TURN, wrapUnits } from '#shared/domain/geo/outline.ts'

/** An edge on a meridian where a shape may be cut. Rings keep their inside to the left: one that rises has it to its west. */
type Upright = { readonly rises: boolean; readonly low: number; readonly high: number }

/** Uprights of one direction by their lower ends, each with the highest end up to it. */
type Sorted = { readonly edges: readonly Upright[]; readonly highest: readonly number[] }
type Meridian = { readonly rising: Sorted; readonly falling: Sorted }

const sorted = (edges: readonly Upright[]): Sorted => {
  const byLow = edges.toSorted((a, b) => a.low - b.low)
  let top = -Infinity
  const highest = byLow.map(({ high }) => {
    top = Math.max(top, high)
    return top
  })
  return { edges: byLow, highest }
}

/** How many of the edges begin below a latitude. */
const countBelow = (edges: readonly Upright[], y: number): number => {
  let [from, to] = [0, edges.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((edges[middle]?.low ?? 0) < y) from = middle + 1
    else to = middle
  }
  return from
}

/** Those that share a stretch with the one from `low` to `high`: few, for areas do not overlap. */
const overlapping = ({ edges, highest }: Sorted, low: number, high: number): Upright[] => {
  const found: Upright[] = []
  for (let at = countBelow(edges, high) - 1; at >= 0 && (highest[at] ?? 0) > low; at--) {
    const edge = edges[at]
    if (edge !== undefined && edge.high > low) found.push(edge)
  }
  return found
}

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

const uprightsOf = (rings: AreaRings): Map<number, Meridian> => {
  const byMeridian = new Map([...cutMeridians(rings)].map((meridian): [number, Upright[]] => [meridian, []]))
  for (const ring of rings) {
    for (let at = 0; at + 3 < ring.length; at += 2) {
      const [x = 0, y1 = 0, x2 = 0, y2 = 0] = ring.slice(at, at + 4)
      if (x !== x2 || y1 === y2) continue
      byMeridian.get(meridianOf(x))?.push({ rises: y2 > y1, low: Math.min(y1, y2), high: Math.max(y1, y2) })
    }
  }
  return new Map(
    [...byMeridian].map(([meridian, edges]) => [
      meridian,
      {
        rising: sorted(edges.filter(({ rises }) => rises)),
        falling: sorted(edges.filter(({ rises }) => !rises)),
      },
    ]),
  )
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

const seamedRing = (ring: readonly number[], byMeridian: ReadonlyMap<number, Meridian>): Seamed => {
  const seamed: Seamed = { ring: [], cuts: [] }
  for (let at = 0; at + 3 < ring.length; at += 2) {
    const [x = 0, y1 = 0, x2 = 0, y2 = 0] = ring.slice(at, at + 4)
    const meridian = x === x2 ? byMeridian.get(meridianOf(x)) : undefined
    const facing = y2 > y1 ? meridian?.falling : meridian?.rising
    const across = facing ? overlapping(facing, Math.min(y1, y2), Math.max(y1, y2)) : []
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

const touchesSeam = (rings: AreaRings, byMeridian: ReadonlyMap<number, Meridian>): boolean =>
  [...byMeridian.values()].some(({ rising, falling }) => rising.edges.length + falling.edges.length > 1) ||
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
