import { orient2d } from 'robust-predicates'

/** Coordinates of an outline are whole units of 1e-7 degrees, as fixes are: so "on the boundary" is exact. */
export const UNITS_PER_DEGREE = 1e7
/** Once around the globe, in units. */
export const TURN = 360 * UNITS_PER_DEGREE
/** The latitude of the north pole, in units. */
export const POLE = 90 * UNITS_PER_DEGREE

/** Edges a chunk, at least and at most: all boxes are gone through, and all edges of some, so neither may be many. */
const MIN_CHUNK_EDGES = 8
const MAX_CHUNK_EDGES = 64

/**
 * The geometry of a polygon: rings as flat coordinates, and an index of one level, chunks of consecutive edges with
 * their bounding boxes, for the ray cast and for the nearest edge. Rings are unwrapped: a longitude may lie beyond ±180,
 * and neighbouring vertices are neighbours in the plane. Made by `outlineOf`.
 */
export type Outline = {
  /** x0, y0, x1, y1 …: longitude and latitude in units. Each ring ends with its first vertex, a turn apart at most. */
  readonly coords: Float64Array
  /** Where each ring ends: the number of vertices up to there. */
  readonly ringEnds: Uint32Array
  /** Where each area ends: the number of rings up to there. The first ring of an area is its outer one. */
  readonly polygonEnds: Uint32Array
  /** First vertex of each chunk. */
  readonly chunkFirsts: Uint32Array
  /** Last vertex of each chunk; the next chunk of its ring begins with it. */
  readonly chunkLasts: Uint32Array
  /** West, south, east, north of each chunk. */
  readonly boxes: Float64Array
  /**
   * 1 for each edge (named by its first vertex) that is no boundary on the globe: where a shape is cut at ±180 or closed
   * over a pole. Absent when there is none, as nearly always.
   */
  readonly cuts?: Uint8Array
  readonly west: number
  readonly south: number
  readonly east: number
  readonly north: number
}

/** -1 outside, 0 on the boundary, 1 inside. */
export type Side = -1 | 0 | 1

/** Rings of an area in units, the outer one first; flat: x0, y0, x1, y1 … with the first vertex again at the end. */
export type AreaRings = readonly (readonly number[])[]

/** Degrees to units. A multiple of 1e-7 degrees becomes a whole number, whatever its last bit was. */
export const toUnits = (degrees: number): number => {
  const units = degrees * UNITS_PER_DEGREE
  const whole = Math.round(units)
  return Math.abs(units - whole) < 1e-5 ? whole : units
}

const boxOf = (coords: Float64Array, first: number, last: number): [number, number, number, number] => {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let vertex = first; vertex <= last; vertex++) {
    const x = coords[2 * vertex] ?? 0
    const y = coords[2 * vertex + 1] ?? 0
    west = Math.min(west, x)
    east = Math.max(east, x)
    south = Math.min(south, y)
    north = Math.max(north, y)
  }
  return [west, south, east, north]
}

const chunkEdges = (vertices: number): number =>
  Math.min(MAX_CHUNK_EDGES, Math.max(MIN_CHUNK_EDGES, Math.round(Math.sqrt(vertices) / 2)))

const chunksOf = (coords: Float64Array, ringEnds: Uint32Array) => {
  const edges = chunkEdges(coords.length / 2)
  const firsts: number[] = []
  const lasts: number[] = []
  let start = 0
  for (const end of ringEnds) {
    for (let first = start; first < end - 1; first += edges) {
      firsts.push(first)
      lasts.push(Math.min(first + edges, end - 1))
    }
    start = end
  }
  const boxes = new Float64Array(firsts.length * 4)
  for (const [chunk, first] of firsts.entries()) {
    boxes.set(boxOf(coords, first, lasts[chunk] ?? first), chunk * 4)
  }
  return { chunkFirsts: Uint32Array.from(firsts), chunkLasts: Uint32Array.from(lasts), boxes }
}

/**
 * An outline of rings that are in order: unwrapped, closed, checked by whoever calls. Coordinates may be any plane
 * ones as long as nothing is asked in degrees.
 *
 * @example sideOf(outlineOf([[[0, 0, 4, 0, 4, 4, 0, 4, 0, 0]]]), 4, 2) // 0
 */
export const outlineOf = (areas: readonly AreaRings[], cuts?: Uint8Array): Outline => {
  const rings = areas.flat()
  const coords = Float64Array.from(rings.flat())
  let vertices = 0
  const ringEnds = Uint32Array.from(rings, (ring) => {
    vertices += ring.length / 2
    return vertices
  })
  let ringCount = 0
  const polygonEnds = Uint32Array.from(areas, (area) => {
    ringCount += area.length
    return ringCount
  })
  const [west, south, east, north] = boxOf(coords, 0, vertices - 1)
  const chunks = chunksOf(coords, ringEnds)
  return {
    coords,
    ringEnds,
    polygonEnds,
    ...chunks,
    ...(cuts?.includes(1) ? { cuts } : {}),
    west,
    south,
    east,
    north,
  }
}

// What a walk over some edges found for the ray that leaves the point eastward: EVEN or ODD crossings, with RIM when
// the point is on a boundary. On an edge that is none it counts as east of it.
const EVEN = 0
const ODD = 1
const RIM = 2

/** The vertices of one chunk are walked; half-open in y, so that a ray through a vertex crosses one of its edges. */
const walkChunk = (outline: Outline, first: number, last: number, x: number, y: number): number => {
  const { coords, cuts } = outline
  let found = EVEN
  let x1 = coords[2 * first] ?? 0
  let y1 = coords[2 * first + 1] ?? 0
  for (let vertex = first; vertex < last; vertex++) {
    const x2 = coords[2 * vertex + 2] ?? 0
    const y2 = coords[2 * vertex + 3] ?? 0
    let on = false
    if (y1 > y !== y2 > y) {
      if (x1 > x && x2 > x) found ^= ODD
      else if (x1 >= x || x2 >= x) {
        const turn = orient2d(x1, y1, x2, y2, x, y)
        on = turn === 0
        // robust-predicates measures clockwise; a point west of an edge that rises has it to its east.
        if (!on && turn < 0 === y2 > y1) found ^= ODD
      }
    } else if (y1 === y || y2 === y) {
      on =
        y1 === y2
          ? (x1 <= x && x <= x2) || (x2 <= x && x <= x1)
          : (y1 === y && x1 === x) || (y2 === y && x2 === x)
    }
    if (on && cuts?.[vertex] !== 1) found |= RIM
    x1 = x2
    y1 = y2
  }
  return found
}

/** The ray cast in the plane over all edges. */
const castRay = (outline: Outline, x: number, y: number): number => {
  const { boxes, chunkFirsts, chunkLasts, coords } = outline
  let found = EVEN
  for (let chunk = 0; chunk < chunkFirsts.length; chunk++) {
    const box = 4 * chunk
    if (y < (boxes[box + 1] ?? 0) || y > (boxes[box + 3] ?? 0) || x > (boxes[box + 2] ?? 0)) continue
    const first = chunkFirsts[chunk] ?? 0
    const last = chunkLasts[chunk] ?? 0
    if (x >= (boxes[box] ?? 0)) {
      const walked = walkChunk(outline, first, last, x, y)
      found = (found ^ (walked & ODD)) | (walked & RIM)
    } else if ((coords[2 * first + 1] ?? 0) > y !== (coords[2 * last + 1] ?? 0) > y) {
      // All of the chunk lies east of the point: the ray crosses it oddly exactly when its ends are on either side.
      found ^= ODD
    }
  }
  return found
}

const sideFrom = (found: number): Side => {
  if ((found & RIM) !== 0) return 0
  return found === ODD ? 1 : -1
}

/**
 * On which side of an outline a point of the plane is, exactly (the adaptive predicates of J. R. Shewchuk, 1997). Where
 * rings cross, what an odd number of them surrounds is inside.
 *
 * @example sideOf(outlineOf([[[0, 0, 4, 0, 4, 4, 0, 4, 0, 0]]]), 1, 1) // 1
 */
export const sideOf = (outline: Outline, x: number, y: number): Side => sideFrom(castRay(outline, x, y))

/** Brings a longitude into [west, west + a turn). */
export const wrapUnits = (x: number, west: number): number => {
  if (x >= west && x < west + TURN) return x
  const wrapped = x - Math.floor((x - west) / TURN) * TURN
  return wrapped >= west + TURN ? wrapped - TURN : wrapped
}

/** Every longitude of a pole is the same point: it is inside when it is nowhere outside. */
const sideAtPole = (outline: Outline, y: number): Side => {
  const { coords, cuts } = outline
  if (y !== outline.north && y !== outline.south) return -1
  // What runs along the pole is a seam; all around it, and the pole is inside.
  let around = 0
  for (let vertex = 0; vertex < coords.length / 2 - 1; vertex++) {
    const along = coords[2 * vertex + 1] === y && coords[2 * vertex + 3] === y && cuts?.[vertex] === 1
    if (along) around += Math.abs((coords[2 * vertex + 2] ?? 0) - (coords[2 * vertex] ?? 0))
  }
  return around >= TURN ? 1 : 0
}

/**
 * On which side of an outline a point of the globe is; units of 1e-7 degrees, any turn of longitude.
 *
 * @example sideOnGlobe(outlineOf([[[0, 0, 4, 0, 4, 4, 0, 4, 0, 0]]]), TURN + 1, 1) // 1
 */
export const sideOnGlobe = (outline: Outline, x: number, y: number): Side => {
  if (y < outline.south || y > outline.north) return -1
  if (y === POLE || y === -POLE) return sideAtPole(outline, y)
  let at = wrapUnits(x, outline.west)
  let found = EVEN
  // A shape that is wider than a turn covers some longitudes twice in the plane: crossings of both add up.
  for (; at <= outline.east; at += TURN) {
    const cast = castRay(outline, at, y)
    found = (found ^ (cast & ODD)) | (cast & RIM)
  }
  return sideFrom(found)
}
