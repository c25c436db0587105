import { type Outline, TURN, UNITS_PER_DEGREE, wrapUnits } from '#shared/domain/geo/outline.ts'

const RADIANS_PER_UNIT = Math.PI / 180 / UNITS_PER_DEGREE

/**
 * The flat metric (longitudes times the cosine of the point's latitude) picks an edge that is at most this much farther
 * away than the nearest, as a share of the distance; where it could be more, the sphere is asked.
 */
const FLAT_ERROR = 1e-4
/** Beyond this angle (64 km) the flat metric is off by more than that at any latitude. */
const FLAT_ANGLE = 0.01
/** Halvings of an edge on the sphere: of a degree, down to centimetres; the distance is off by far less. */
const HALVINGS = 22
/** Longer edges are taken in pieces: a piece is nearly a great circle, so it has one nearest point. */
const PIECE = UNITS_PER_DEGREE

// The nearest point of the last search. One for all: searches do not nest, and the hot path must not allocate.
const nearest = { squared: 0, x: 0, y: 0 }

/** The square of the flat distance from a point to a box. */
const flatToBox = (boxes: Float64Array, box: number, x: number, y: number, scale: number): number => {
  const dx = Math.max((boxes[box] ?? 0) - x, 0, x - (boxes[box + 2] ?? 0)) * scale
  const dy = Math.max((boxes[box + 1] ?? 0) - y, 0, y - (boxes[box + 3] ?? 0))
  return dx * dx + dy * dy
}

const searchChunk = (outline: Outline, chunk: number, x: number, y: number, scale: number): void => {
  const { coords, cuts, chunkFirsts, chunkLasts } = outline
  const first = chunkFirsts[chunk] ?? 0
  const last = chunkLasts[chunk] ?? 0
  let x1 = ((coords[2 * first] ?? 0) - x) * scale
  let y1 = (coords[2 * first + 1] ?? 0) - y
  for (let vertex = first; vertex < last; vertex++) {
    const x2 = ((coords[2 * vertex + 2] ?? 0) - x) * scale
    const y2 = (coords[2 * vertex + 3] ?? 0) - y
    const dx = x2 - x1
    const dy = y2 - y1
    const length = dx * dx + dy * dy
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, -(x1 * dx + y1 * dy) / length))
    const px = x1 + along * dx
    const py = y1 + along * dy
    const squared = px * px + py * py
    if (squared < nearest.squared && cuts?.[vertex] !== 1) {
      nearest.squared = squared
      nearest.x = px
      nearest.y = py
    }
    x1 = x2
    y1 = y2
  }
}

/** The chunk whose box is the nearest, by its far corner: a good first guess lets the others be skipped. */
const likelyChunk = (outline: Outline, x: number, y: number, scale: number): number => {
  const { boxes } = outline
  let likely = 0
  let least = Infinity
  for (let box = 0; box < boxes.length; box += 4) {
    const dx = Math.max(x - (boxes[box] ?? 0), (boxes[box + 2] ?? 0) - x) * scale
    const dy = Math.max(y - (boxes[box + 1] ?? 0), (boxes[box + 3] ?? 0) - y)
    const squared = dx * dx + dy * dy
    if (squared < least) {
      least = squared
      likely = box / 4
    }
  }
  return likely
}

const searchFlat = (outline: Outline, x: number, y: number, scale: number): void => {
  const { boxes } = outline
  const likely = boxes.length > 16 ? likelyChunk(outline, x, y, scale) : 0
  if (flatToBox(boxes, 4 * likely, x, y, scale) < nearest.squared) searchChunk(outline, likely, x, y, scale)
  for (let chunk = 0; 4 * chunk < boxes.length; chunk++) {
    if (chunk === likely || flatToBox(boxes, 4 * chunk, x, y, scale) >= nearest.squared) continue
    searchChunk(outline, chunk, x, y, scale)
  }
}

const haversine = (angle: number): number => {
  const sine = Math.sin(angle / 2)
  return sine * sine
}

/** The haversine of the angle between two points, in units: the second is given by its difference to the first. */
const haversineTo = (y: number, dx: number, dy: number): number =>
  haversine(dy * RADIANS_PER_UNIT) +
  Math.cos(y * RADIANS_PER_UNIT) * Math.cos((y + dy) * RADIANS_PER_UNIT) * haversine(dx * RADIANS_PER_UNIT)

/** No more than the haversine of an angle, without a sine: sin x ≥ x - x³/6. */
const haversineAtLeast = (angle: number): number => {
  const squared = angle * angle
  return (squared / 4) * (1 - squared / 12)
}

/** No point of a box is nearer than this haversine: each of its terms is at its least. */
const leastToBox = (
  x: number,
  y: number,
  west: number,
  south: number,
  east: number,
  north: number,
): number => {
  const dy = Math.max(south - y, 0, y - north)
  const upright = haversineAtLeast(dy * RADIANS_PER_UNIT)
  const beyond = wrapUnits(x, west) - east
  if (beyond <= 0) return upright
  const dx = Math.min(beyond, west + TURN - east - beyond)
  // The cosine is least at the end that is nearer to a pole.
  const cosine = Math.cos(Math.max(Math.abs(south), Math.abs(north)) * RADIANS_PER_UNIT)
  const level = haversineAtLeast(dx * RADIANS_PER_UNIT) * Math.cos(y * RADIANS_PER_UNIT) * cosine
  return upright + Math.max(0, level)
}

/** The least haversine from the point to a piece of an edge: where its derivative along the piece changes its sign. */
const leastToPiece = (x: number, y: number, x1: number, y1: number, x2: number, y2: number): number => {
  const a = (y2 - y1) * RADIANS_PER_UNIT
  const b = (x2 - x1) * RADIANS_PER_UNIT
  const cosine = Math.cos(y * RADIANS_PER_UNIT)
  const grows = (along: number): boolean => {
    const lat = (y1 + along * (y2 - y1)) * RADIANS_PER_UNIT
    const dLat = lat - y * RADIANS_PER_UNIT
    const dLon = (x1 + along * (x2 - x1) - x) * RADIANS_PER_UNIT
    const slope =
      (a / 2) * Math.sin(dLat) +
      cosine * ((b / 2) * Math.cos(lat) * Math.sin(dLon) - a * Math.sin(lat) * haversine(dLon))
    return slope > 0
  }
  let [low, high] = [0, 1]
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2
    if (grows(middle)) high = middle
    else low = middle
  }
  const at = (along: number): number => haversineTo(y, x1 + along * (x2 - x1) - x, y1 + along * (y2 - y1) - y)
  return Math.min(at(0), at(low), at(1))
}

const leastToEdge = (
  x: number,
  y: number,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  known: number,
): number => {
  const pieces = Math.max(1, Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)) / PIECE))
  let least = known
  let [xa, ya] = [x1, y1]
  for (let piece = 1; piece <= pieces; piece++) {
    const xb = x1 + (piece / pieces) * (x2 - x1)
    const yb = y1 + (piece / pieces) * (y2 - y1)
    const bound = leastToBox(x, y, Math.min(xa, xb), Math.min(ya, yb), Math.max(xa, xb), Math.max(ya, yb))
    if (bound < least) least = Math.min(least, leastToPiece(x, y, xa, ya, xb, yb))
    xa = xb
    ya = yb
  }
  return least
}

const searchEdges = (outline: Outline, chunk: number, x: number, y: number, known: number): number => {
  const { coords, cuts, chunkFirsts, chunkLasts } = outline
  const last = chunkLasts[chunk] ?? 0
  let least = known
  for (let vertex = chunkFirsts[chunk] ?? 0; vertex < last; vertex++) {
    if (cuts?.[vertex] === 1) continue
    const x1 = coords[2 * vertex] ?? 0
    const y1 = coords[2 * vertex + 1] ?? 0
    const x2 = coords[2 * vertex + 2] ?? 0
    const y2 = coords[2 * vertex + 3] ?? 0
    least = leastToEdge(x, y, x1, y1, x2, y2, least)
  }
  return least
}

/** The search on the sphere, for far positions and those near a pole; `known` is the best haversine so far. */
const searchSphere = (outline: Outline, x: number, y: number, known: number): number => {
  const { boxes } = outline
  let least = known
  for (let box = 0; box < boxes.length; box += 4) {
    const west = boxes[box] ?? 0
    const south = boxes[box + 1] ?? 0
    const east = boxes[box + 2] ?? 0
    const north = boxes[box + 3] ?? 0
    if (leastToBox(x, y, west, south, east, north) < least) least = searchEdges(outline, box / 4, x, y, least)
  }
  return least
}

const angleOf = (haversined: number): number => 2 * Math.asin(Math.min(1, Math.sqrt(haversined)))

/**
 * The angle in radians from a point to the nearest point of an outline's boundary: exact on the sphere but for a
 * ten-thousandth of the distance. π when there is no boundary. Coordinates in units, any turn of longitude.
 *
 * @example angleToBoundary(outlineOf([[[0, 0, 1e7, 0, 1e7, 1e7, 0, 1e7, 0, 0]]]), 0, -1e7) // 0.0174533
 */
export const angleToBoundary = (outline: Outline, x: number, y: number): number => {
  const latitude = y * RADIANS_PER_UNIT
  const scale = Math.cos(latitude)
  const at = wrapUnits(x, outline.west)
  nearest.squared = Infinity
  searchFlat(outline, at, y, scale)
  // A neighbour may lie on the other side of the cut.
  const westward = (outline.west + TURN - at) * scale
  if (westward * westward < nearest.squared) searchFlat(outline, at - TURN, y, scale)
  const eastward = (at + TURN - outline.east) * scale
  if (eastward * eastward < nearest.squared) searchFlat(outline, at + TURN, y, scale)
  if (nearest.squared === Infinity) return Math.PI
  const found = haversineTo(y, nearest.x / Math.max(scale, Number.MIN_VALUE), nearest.y)
  const angle = angleOf(found)
  if (angle < FLAT_ANGLE && Math.abs(Math.tan(latitude)) * angle < FLAT_ERROR) return angle
  return angleOf(searchSphere(outline, at, y, found))
}
