import { alignAreas } from '#shared/domain/geo/align-areas.ts'
import { distanceM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { Polygon, Position } from '#shared/domain/geo/geofence.ts'
import {
  type AreaRings,
  type Outline,
  outlineOf,
  POLE,
  TURN,
  UNITS_PER_DEGREE,
} from '#shared/domain/geo/outline.ts'
import { markSeams } from '#shared/domain/geo/seams.ts'

/** The most vertices a polygon may have in all its rings, closing positions not counted. */
export const MAX_VERTICES = 30_000

const RADIANS_PER_UNIT = Math.PI / 180 / UNITS_PER_DEGREE
const HALF_GLOBE_M = Math.PI * EARTH_RADIUS_M

/** Twice the area in the plane, positive counter-clockwise; relative to the first vertex, so that small rings stay exact. */
const turnOf = (ring: readonly number[]): number => {
  const [x0 = 0, y0 = 0] = ring
  let sum = 0
  for (let at = 2; at + 3 < ring.length; at += 2) {
    const [x1, y1] = [(ring[at] ?? 0) - x0, (ring[at + 1] ?? 0) - y0]
    const [x2, y2] = [(ring[at + 2] ?? 0) - x0, (ring[at + 3] ?? 0) - y0]
    sum += x1 * y2 - x2 * y1
  }
  return sum
}

const reversed = (ring: readonly number[]): number[] => {
  const back: number[] = []
  for (let at = ring.length - 2; at >= 0; at -= 2) back.push(ring[at] ?? 0, ring[at + 1] ?? 0)
  return back
}

/** Outer rings counter-clockwise, holes clockwise (RFC 7946, 3.1.6): the inside is to the left of every edge. */
const wound = (area: AreaRings): AreaRings =>
  area.map((ring, index) => (turnOf(ring) > 0 === (index === 0) ? ring : reversed(ring)))

/**
 * The area in square metres, exactly for edges that are straight in longitude and latitude: the integral of sin φ dλ
 * along them, from the latitude of the first vertex so that small shapes keep their digits.
 */
const areaM2 = ({ coords, ringEnds }: Outline): number => {
  const base = Math.sin((coords[1] ?? 0) * RADIANS_PER_UNIT)
  let sum = 0
  let start = 0
  for (const end of ringEnds) {
    for (let vertex = start; vertex < end - 1; vertex++) {
      const dLon = ((coords[2 * vertex + 2] ?? 0) - (coords[2 * vertex] ?? 0)) * RADIANS_PER_UNIT
      const lat1 = (coords[2 * vertex + 1] ?? 0) * RADIANS_PER_UNIT
      const lat2 = (coords[2 * vertex + 3] ?? 0) * RADIANS_PER_UNIT
      const half = (lat2 - lat1) / 2
      // The mean of sin φ between two latitudes is sin(middle) · sin(half) / half.
      const mean = Math.sin((lat1 + lat2) / 2) * (half === 0 ? 1 : Math.sin(half) / half)
      sum -= dLon * (mean - base)
    }
    start = end
  }
  return Math.abs(sum) * EARTH_RADIUS_M ** 2
}

type SeeEdge = (x: number, y: number, dx: number, dy: number) => void

const eachEdge = ({ coords, ringEnds }: Outline, see: SeeEdge): void => {
  let start = 0
  for (const end of ringEnds) {
    for (let vertex = start; vertex < end - 1; vertex++) {
      const x = coords[2 * vertex] ?? 0
      const y = coords[2 * vertex + 1] ?? 0
      see(x, y, (coords[2 * vertex + 2] ?? 0) - x, (coords[2 * vertex + 3] ?? 0) - y)
    }
    start = end
  }
}

/** Finest step along edges, a tenth of a degree, and about how many steps may be taken at most. */
const STEP = UNITS_PER_DEGREE / 10
const MAX_STEPS = 100_000

const stepFor = (outline: Outline): { step: number; longest: number } => {
  let [total, longest] = [0, 0]
  eachEdge(outline, (_x, _y, dx, dy) => {
    const length = Math.max(Math.abs(dx), Math.abs(dy))
    total += length
    longest = Math.max(longest, length)
  })
  return { step: Math.max(STEP, total / MAX_STEPS), longest }
}

/** How far the shape reaches from a point, in metres; half around the globe if it is more than a quarter. */
const reachFrom = (outline: Outline, centre: Position): number => {
  const { step, longest } = stepFor(outline)
  let reach = 0
  eachEdge(outline, (x, y, dx, dy) => {
    const pieces = Math.max(1, Math.ceil(Math.max(Math.abs(dx), Math.abs(dy)) / step))
    for (let piece = 0; piece < pieces; piece++) {
      const lat = (y + (dy * piece) / pieces) / UNITS_PER_DEGREE
      const lon = (x + (dx * piece) / pieces) / UNITS_PER_DEGREE
      reach = Math.max(reach, distanceM(centre, { lat, lon }))
    }
  })
  // Between two points seen, an edge bulges by no more than the square of their distance over eight radii.
  const apart = Math.SQRT2 * Math.min(step, longest) * RADIANS_PER_UNIT
  const bulge = (EARTH_RADIUS_M * apart * apart) / 8
  return reach + bulge >= HALF_GLOBE_M / 2 ? HALF_GLOBE_M : reach + bulge
}

const centreOf = ({ west, south, east, north }: Outline): Position => {
  const lon = (west + east) / 2 / UNITS_PER_DEGREE
  return { lat: (south + north) / 2 / UNITS_PER_DEGREE, lon: lon >= 180 ? lon - 360 : lon }
}

const POLES: readonly Position[] = [
  { lat: 90, lon: 0 },
  { lat: -90, lon: 0 },
]

/** A circle that holds the outline: around the middle of its box, or around a pole when it spans most longitudes. */
const circleAround = (outline: Outline): Position & { reachM: number } => {
  const wide = outline.east - outline.west > TURN / 4 || Math.max(outline.north, -outline.south) === POLE
  const circles = [centreOf(outline), ...(wide ? POLES : [])].map(({ lat, lon }) => ({
    lat,
    lon,
    reachM: reachFrom(outline, { lat, lon }),
  }))
  return circles.reduce((least, circle) => (circle.reachM < least.reachM ? circle : least))
}

/**
 * A polygon of areas in units whose rings are in order (unwrapped, closed, not crossing: `parseGeometry` sees to that).
 * The direction of rings and the turn of longitude in which they are given do not matter.
 *
 * @example polygonOf([[[0, 0, 1e5, 0, 1e5, 1e5, 0, 1e5, 0, 0]]]).radiusM // 627.4
 */
export const polygonOf = (areas: readonly AreaRings[]): Polygon => {
  const { areas: seamed, cuts } = markSeams(alignAreas(areas).map(wound))
  const outline = outlineOf(seamed, cuts)
  const { lat, lon, reachM } = circleAround(outline)
  return { kind: 'polygon', lat, lon, reachM, radiusM: Math.sqrt(areaM2(outline) / Math.PI), outline }
}
