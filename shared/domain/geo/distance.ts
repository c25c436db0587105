import type { Circle, Polygon, Position, Shape } from '#shared/domain/geo/geofence.ts'
import { angleToBoundary } from '#shared/domain/geo/nearest-boundary.ts'
import { sideOnGlobe, toUnits, UNITS_PER_DEGREE } from '#shared/domain/geo/outline.ts'

/** Mean radius of the Earth in metres (IUGG R1 of the GRS 80 ellipsoid). */
export const EARTH_RADIUS_M = 6_371_008.8

const RADIANS = Math.PI / 180

/**
 * Great-circle distance between two points in metres, by the haversine formula, which stays exact for points that
 * are close together (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984).
 *
 * @example distanceM({ lat: 37.788, lon: -122.4075 }, { lat: 37.789, lon: -122.4075 }) // 111.2
 */
export const distanceM = (a: Position, b: Position): number => {
  const sinLat = Math.sin(((b.lat - a.lat) * RADIANS) / 2)
  const sinLon = Math.sin(((b.lon - a.lon) * RADIANS) / 2)
  const h = sinLat * sinLat + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * sinLon * sinLon
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)))
}

const polygonDistanceM = ({ outline }: Polygon, { lat, lon }: Position): number => {
  const x = toUnits(lon)
  const y = toUnits(lat)
  const side = sideOnGlobe(outline, x, y)
  return side === 0 ? 0 : -side * EARTH_RADIUS_M * angleToBoundary(outline, x, y)
}

/**
 * Signed distance from a shape's boundary in metres: negative inside, 0 on the boundary, positive outside. Of a polygon
 * the distance to the nearest point of its edges, which are straight in longitude and latitude; off by no more than a
 * ten-thousandth.
 *
 * @example distanceToBoundaryM({ kind: 'circle', lat: 0, lon: 0, radiusM: 100 }, { lat: 0, lon: 0 }) // -100
 */
export const distanceToBoundaryM = (shape: Shape, position: Position): number =>
  shape.kind === 'circle' ? distanceM(shape, position) - shape.radiusM : polygonDistanceM(shape, position)

/**
 * Is the position inside the shape? The boundary belongs to it.
 *
 * @example contains({ kind: 'circle', lat: 0, lon: 0, radiusM: 100 }, { lat: 0, lon: 0.001 }) // false
 */
export const contains = (shape: Shape, position: Position): boolean =>
  shape.kind === 'circle'
    ? distanceM(shape, position) <= shape.radiusM
    : sideOnGlobe(shape.outline, toUnits(position.lon), toUnits(position.lat)) >= 0

/** The area between a chord and the arc it cuts off, as a share of a circle of radius 1; `at` is the chord's distance. */
const segmentShare = (at: number): number => {
  const height = Math.min(1, Math.max(-1, at))
  return (Math.acos(height) - height * Math.sqrt(1 - height * height)) / Math.PI
}

/** The share of a circle of radius `a` inside one of radius `r` whose centre is `d` away (E. W. Weisstein, "Circle-Circle Intersection"). */
const lensShare = (d: number, a: number, r: number): number => {
  if (d >= a + r) return 0
  if (d <= Math.abs(r - a)) return a <= r ? 1 : (r * r) / (a * a)
  const chordFromA = (d * d + a * a - r * r) / (2 * d)
  const chordFromR = d - chordFromA
  return segmentShare(chordFromA / a) + segmentShare(chordFromR / r) * ((r * r) / (a * a))
}

/**
 * The share of a fix's accuracy circle that lies inside a shape, 0 to 1: exactly for circles (on the plane); of a polygon
 * as if its boundary were a straight line through its nearest point. Without an accuracy 1 inside and 0 outside.
 *
 * @example confidenceInside({ kind: 'circle', lat: 0, lon: 0, radiusM: 100 }, { lat: 0, lon: 0 }, 50) // 1
 */
export const confidenceInside = (shape: Shape, position: Position, accuracyM: number): number => {
  if (shape.kind === 'circle' && accuracyM > 0) {
    return lensShare(distanceM(shape, position), accuracyM, shape.radiusM)
  }
  const outsideM = distanceToBoundaryM(shape, position)
  if (accuracyM > 0) return segmentShare(outsideM / accuracyM)
  return outsideM <= 0 ? 1 : 0
}

/**
 * The radius in metres of a circle around the shape's `lat` and `lon` that holds all of it.
 *
 * @example reachM({ kind: 'circle', lat: 0, lon: 0, radiusM: 100 }) // 100
 */
export const reachM = (shape: Shape): number => (shape.kind === 'circle' ? shape.radiusM : shape.reachM)

/** A box of degrees; `west` may lie below -180 or `east` above 180 where it crosses the antimeridian. */
export type Bounds = {
  readonly south: number
  readonly north: number
  readonly west: number
  readonly east: number
}

const ALL_LONGITUDES = { west: -180, east: 180 }

/** Bounding box of a circle; all longitudes when it reaches a pole (Bronstein, "spherical cap"). */
const boundsOfCircle = ({ lat, lon, radiusM }: Circle, marginM: number): Bounds => {
  const angle = (radiusM + marginM) / EARTH_RADIUS_M
  const south = lat - angle / RADIANS
  const north = lat + angle / RADIANS
  if (south <= -90 || north >= 90) return { south, north, ...ALL_LONGITUDES }
  const halfWidth = Math.asin(Math.sin(angle) / Math.cos(lat * RADIANS)) / RADIANS
  return { south, north, west: lon - halfWidth, east: lon + halfWidth }
}

const boundsOfPolygon = ({ outline }: Polygon, marginM: number): Bounds => {
  const angle = marginM / EARTH_RADIUS_M
  const south = outline.south / UNITS_PER_DEGREE - angle / RADIANS
  const north = outline.north / UNITS_PER_DEGREE + angle / RADIANS
  if (south <= -90 || north >= 90) return { south, north, ...ALL_LONGITUDES }
  // The margin is the widest, in degrees, at the latitude nearest to a pole.
  const farthest = Math.max(Math.abs(outline.south), Math.abs(outline.north)) / UNITS_PER_DEGREE
  const sine = Math.sin(angle) / Math.cos(farthest * RADIANS)
  const margin = sine >= 1 ? 360 : Math.asin(sine) / RADIANS
  const west = outline.west / UNITS_PER_DEGREE - margin
  const east = outline.east / UNITS_PER_DEGREE + margin
  return east - west >= 360 ? { south, north, ...ALL_LONGITUDES } : { south, north, west, east }
}

/**
 * A box that holds the shape grown by a margin in metres; all longitudes when it reaches a pole or goes around.
 *
 * @example boundsOf({ kind: 'circle', lat: 0, lon: 0, radiusM: 1000 }, 0).north // 0.008993
 */
export const boundsOf = (shape: Shape, marginM: number): Bounds =>
  shape.kind === 'circle' ? boundsOfCircle(shape, marginM) : boundsOfPolygon(shape, marginM)
