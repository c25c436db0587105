import { distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { Polygon, Position } from '#shared/domain/geo/geofence.ts'
import { type Outline, TURN, UNITS_PER_DEGREE, wrapUnits } from '#shared/domain/geo/outline.ts'

/** Lines of latitude on which a place is looked for. */
const LINES = 15

const inDegrees = (x: number, y: number): Position => ({
  lat: Math.round(y) / UNITS_PER_DEGREE,
  lon: wrapUnits(Math.round(x), -TURN / 2) / UNITS_PER_DEGREE,
})

/** Where a line of latitude crosses the outline, from west to east. */
const crossingsAt = ({ coords, ringEnds }: Outline, y: number): number[] => {
  const crossings: number[] = []
  let start = 0
  for (const end of ringEnds) {
    for (let at = 2 * start; at < 2 * (end - 1); at += 2) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = coords.subarray(at, at + 4)
      if (y1 > y !== y2 > y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1))
    }
    start = end
  }
  return crossings.sort((a, b) => a - b)
}

/** The middle of the widest piece of a line of latitude that is inside: every other one is. */
const middlesAt = (outline: Outline, y: number): Position[] => {
  const crossings = crossingsAt(outline, y)
  let [width, middle] = [0, 0]
  for (let at = 0; at + 1 < crossings.length; at += 2) {
    const [west = 0, east = 0] = crossings.slice(at, at + 2)
    if (east - west <= width) continue
    width = east - west
    middle = (west + east) / 2
  }
  return width === 0 ? [] : [inDegrees(middle, y)]
}

/** South and north of the area that takes up the most latitudes: others may be too small to be met by any line. */
const tallestArea = ({ coords, ringEnds, polygonEnds }: Outline): { south: number; north: number } => {
  let tallest = { south: 0, north: 0 }
  let ring = 0
  for (const end of polygonEnds) {
    const outer = coords.subarray(2 * (ringEnds[ring - 1] ?? 0), 2 * (ringEnds[ring] ?? 0))
    const lats = outer.filter((_, index) => index % 2 === 1)
    const south = lats.reduce((least, lat) => Math.min(least, lat), Infinity)
    const north = lats.reduce((most, lat) => Math.max(most, lat), -Infinity)
    if (north - south > tallest.north - tallest.south) tallest = { south, north }
    ring = end
  }
  return tallest
}

/**
 * A position inside of a polygon, well away from its boundary where there is room: of the centre and the middles of some
 * lines through its tallest area the one that lies deepest. In the resolution of outlines, 1e-7 degrees; of a shape that
 * is too thin for that a vertex, which belongs to it. The same shape gives the same position.
 *
 * @example pointInside(polygonOf([[[0, 0, 1e5, 0, 1e5, 1e5, 0, 1e5, 0, 0]]])) // { lat: 0.005, lon: 0.005 }
 */
export const pointInside = (polygon: Polygon): Position => {
  const { outline, lat, lon } = polygon
  const { south, north } = tallestArea(outline)
  const lines = Array.from({ length: LINES }, (_, line) => south + ((line + 0.5) / LINES) * (north - south))
  const [x = 0, y = 0] = outline.coords
  const candidates = [
    inDegrees(x, y),
    inDegrees(lon * UNITS_PER_DEGREE, lat * UNITS_PER_DEGREE),
    ...lines.flatMap((at) => middlesAt(outline, at)),
  ].map((position) => ({ position, outsideM: distanceToBoundaryM(polygon, position) }))
  return candidates.reduce((best, one) => (one.outsideM < best.outsideM ? one : best)).position
}
