import { type AreaRings, TURN, wrapUnits } from '#shared/domain/geo/outline.ts'

const spanOf = (ring: readonly number[]): { west: number; east: number } => {
  let [west, east] = [Infinity, -Infinity]
  for (let at = 0; at < ring.length; at += 2) {
    west = Math.min(west, ring[at] ?? 0)
    east = Math.max(east, ring[at] ?? 0)
  }
  return { west, east }
}

const shifted = (ring: readonly number[], by: number): readonly number[] =>
  by === 0 ? ring : ring.map((value, at) => (at % 2 === 0 ? value + by : value))

const fromWest = (ring: readonly number[], west: number): readonly number[] => {
  const span = spanOf(ring)
  return shifted(ring, wrapUnits(span.west, west) - span.west)
}

/** Where the widest stretch of longitudes without any of the areas ends; -180 if there is none. */
const westOf = (areas: readonly AreaRings[]): number => {
  const spans = areas.map((area) => {
    const { west, east } = spanOf(area[0] ?? [])
    const start = wrapUnits(west, -TURN / 2)
    return { start, end: start + east - west }
  })
  spans.sort((a, b) => a.start - b.start)
  let reach = Math.max(...spans.map(({ end }) => end - TURN))
  let [widest, west] = [0, -TURN / 2]
  for (const { start, end } of spans) {
    if (start - reach > widest) {
      widest = start - reach
      west = start
    }
    reach = Math.max(reach, end)
  }
  return west
}

/**
 * Turns unwrapped rings so that all areas lie side by side in one stretch of longitudes, as short as possible, that
 * begins between -180 and 180: the parts of a shape that was cut at ±180 meet there.
 */
export const alignAreas = (areas: readonly AreaRings[]): AreaRings[] => {
  const west = westOf(areas)
  return areas.map((area) => {
    const outer = fromWest(area[0] ?? [], west)
    const outerWest = spanOf(outer).west
    return [outer, ...area.slice(1).map((hole) => fromWest(hole, outerWest))]
  })
}
