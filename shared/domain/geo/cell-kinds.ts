import type { Box } from '#shared/domain/geo/cells.ts'
import { boundsOf, contains, distanceM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { Circle, Polygon, Shape } from '#shared/domain/geo/geofence.ts'
import { type Outline, TURN, UNITS_PER_DEGREE } from '#shared/domain/geo/outline.ts'

/** `inside`: all of a box lies in the shape. `outside`: all of it is farther away than the margin. */
export type BoxKind = 'inside' | 'outside' | 'test'

const DEGREES = 180 / Math.PI
/** What rounding may take away, in metres; a thousand times more than it does. */
const ROUNDING_M = 0.001

/** A box around a shape that is grown by a margin in metres; west may lie below -180 and east above 180. */
export const grownBoundsOf = (shape: Shape, marginM: number): Box => boundsOf(shape, marginM + ROUNDING_M)

/** The cosine of the latitude in a box that is nearest to the equator: no step east is longer than with it. */
const widestCosine = ({ south, north }: Box): number =>
  south <= 0 && north >= 0 ? 1 : Math.cos(Math.min(Math.abs(south), Math.abs(north)) / DEGREES)

/**
 * How far the points of a box may be from its centre, in metres: an upper bound. A straight way in longitude and
 * latitude stays in the box and is at least as long as the great circle.
 */
export const halfDiagonalM = (box: Box): number =>
  (EARTH_RADIUS_M / DEGREES / 2) *
  Math.hypot(box.north - box.south, (box.east - box.west) * widestCosine(box))

const centreOf = ({ south, west, north, east }: Box) => ({ lat: (south + north) / 2, lon: (west + east) / 2 })

const overlaps = (a: Box, b: Box): boolean =>
  a.north >= b.south &&
  a.south <= b.north &&
  [-360, 0, 360].some((turn) => a.east + turn >= b.west && a.west + turn <= b.east)

/** By the distance of the box's centre, to which no point of it adds more than half the diagonal. */
const kindInCircle = (circle: Circle, bounds: Box, marginM: number, box: Box): BoxKind => {
  if (!overlaps(bounds, box)) return 'outside'
  const centreM = distanceM(circle, centreOf(box)) - circle.radiusM
  const halfM = halfDiagonalM(box) + ROUNDING_M
  if (centreM + halfM <= 0) return 'inside'
  return centreM - halfM > marginM ? 'outside' : 'test'
}

/** The box in the outline's units, so much larger that all that is within `marginM` of it lies in it. */
const grownUnits = ({ south, west, north, east }: Box, marginM: number): Box => {
  const latMargin = (marginM / EARTH_RADIUS_M) * DEGREES
  const cosine = Math.cos(Math.min(90, Math.max(Math.abs(south), Math.abs(north)) + latMargin) / DEGREES)
  const lonMargin = Math.min(360, latMargin / Math.max(cosine, 1e-9))
  return {
    south: (south - latMargin) * UNITS_PER_DEGREE,
    north: (north + latMargin) * UNITS_PER_DEGREE,
    west: (west - lonMargin) * UNITS_PER_DEGREE,
    east: (east + lonMargin) * UNITS_PER_DEGREE,
  }
}

/** May the straight edge touch the box? Says yes where rounding leaves it open. */
const edgeTouches = (x1: number, y1: number, x2: number, y2: number, box: Box): boolean => {
  if (Math.max(x1, x2) < box.west || Math.min(x1, x2) > box.east) return false
  if (Math.max(y1, y2) < box.south || Math.min(y1, y2) > box.north) return false
  // The signed areas that the box's corners span with the edge: all of one sign means that the edge passes it by.
  const [dx, dy] = [x2 - x1, y2 - y1]
  const west = dy * (box.west - x1)
  const east = dy * (box.east - x1)
  const south = dx * (box.south - y1)
  const north = dx * (box.north - y1)
  const least = Math.min(south, north) - Math.max(west, east)
  const most = Math.max(south, north) - Math.min(west, east)
  const rounding = 1e-9 * (Math.abs(west) + Math.abs(east) + Math.abs(south) + Math.abs(north))
  return least <= rounding && most >= -rounding
}

const chunkTouches = ({ coords, chunkFirsts, chunkLasts }: Outline, chunk: number, box: Box): boolean => {
  const last = chunkLasts[chunk] ?? 0
  for (let vertex = chunkFirsts[chunk] ?? 0; vertex < last; vertex++) {
    const at = 2 * vertex
    if (edgeTouches(coords[at] ?? 0, coords[at + 1] ?? 0, coords[at + 2] ?? 0, coords[at + 3] ?? 0, box))
      return true
  }
  return false
}

const outlineTouches = (outline: Outline, box: Box): boolean => {
  const { boxes, chunkFirsts, west, south, east, north } = outline
  if (west > box.east || east < box.west || south > box.north || north < box.south) return false
  for (let chunk = 0; chunk < chunkFirsts.length; chunk++) {
    const at = 4 * chunk
    const passes =
      (boxes[at] ?? 0) > box.east ||
      (boxes[at + 1] ?? 0) > box.north ||
      (boxes[at + 2] ?? 0) < box.west ||
      (boxes[at + 3] ?? 0) < box.south
    if (!passes && chunkTouches(outline, chunk, box)) return true
  }
  return false
}

// An unwrapped ring may begin up to a turn beyond ±180, and runs once around at most.
const TURNS = [-2, -1, 0, 1, 2].map((turns) => turns * TURN)

const anyTurnTouches = (outline: Outline, box: Box): boolean =>
  TURNS.some((turn) => outlineTouches(outline, { ...box, west: box.west + turn, east: box.east + turn }))

/**
 * Exact, in the plane of longitude and latitude in which edges are straight: where no edge comes into a box, all of the
 * box is on one side. (Edges that are no boundary, at a cut, make a box only `test`.)
 */
const kindInPolygon = (polygon: Polygon, marginM: number, box: Box): BoxKind => {
  const nearby = anyTurnTouches(polygon.outline, grownUnits(box, marginM + ROUNDING_M))
  if (!nearby) return contains(polygon, centreOf(box)) ? 'inside' : 'outside'
  if (anyTurnTouches(polygon.outline, grownUnits(box, ROUNDING_M))) return 'test'
  return contains(polygon, centreOf(box)) ? 'inside' : 'test'
}

/**
 * Says of boxes how they lie to a shape. `inside` and `outside` are certain; `test` is everything else.
 *
 * @param marginM in metres, what lies farther from the shape is outside
 * @returns a function of boxes of at most the whole globe, in degrees
 * @example kindsIn({ kind: 'circle', lat: 0, lon: 0, radiusM: 1e5 }, 250)({ south: 0, west: 0, north: 0.1, east: 0.1 }) // 'inside'
 */
export const kindsIn = (shape: Shape, marginM: number): ((box: Box) => BoxKind) => {
  if (shape.kind === 'polygon') return (box) => kindInPolygon(shape, marginM, box)
  const bounds = grownBoundsOf(shape, marginM)
  return (box) => kindInCircle(shape, bounds, marginM, box)
}
