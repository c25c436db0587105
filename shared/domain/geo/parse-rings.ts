import { orient2d } from 'robust-predicates'
import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import { type GeometryFault, refused } from '#shared/domain/geo/geometry-fault.ts'
import { POLE, TURN, toUnits } from '#shared/domain/geo/outline.ts'
import { MAX_VERTICES } from '#shared/domain/geo/polygon.ts'
import { unwrapRing } from '#shared/domain/geo/unwrap-ring.ts'

/** A ring as it was read: unwrapped and in units, and where each of its vertices stood in the file. */
export type ReadRing = {
  readonly kind: 'ring'
  readonly pointer: string
  /** x0, y0, x1, y1 … with the first vertex again at the end. */
  readonly ring: readonly number[]
  /** For each vertex its index in the file; repeated positions are left out, so they are not 0, 1, 2 …. */
  readonly sources: readonly number[]
  /** From this edge on, the ring runs over a pole only to close. */
  readonly closersFrom: number
}

export type ReadArea = { readonly kind: 'area'; readonly rings: readonly ReadRing[] }

const articleOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

const axisFault = (
  value: unknown,
  limit: number,
  name: string,
  pointer: string,
): GeometryFault | undefined => {
  if (typeof value !== 'number') {
    return refused(pointer, `A position consists of numbers; its ${name} is ${articleOf(value)}.`)
  }
  if (!Number.isFinite(value)) return refused(pointer, `The ${name} of a position must be a finite number.`)
  if (Math.abs(value) > limit) {
    const hint = name === 'latitude' ? ' GeoJSON puts the longitude first.' : ''
    return refused(
      pointer,
      `A ${name} lies between -${limit} and ${limit} degrees; this one is ${value}.${hint}`,
    )
  }
  return undefined
}

/**
 * Reads a GeoJSON position, [longitude, latitude] or with an altitude as a third number, which is dropped.
 *
 * @example parsePosition([-122.4, 37.8], '/coordinates', 'wgs84') // { kind: 'position', lat: 37.8, lon: -122.4 }
 */
export const parsePosition = (
  value: unknown,
  pointer: string,
  datum: Datum,
): ({ readonly kind: 'position' } & Position) | GeometryFault => {
  if (!Array.isArray(value)) {
    return refused(pointer, `A position is a list of longitude and latitude; this is ${articleOf(value)}.`)
  }
  if (value.length < 2) return refused(pointer, 'A position needs a longitude and a latitude.')
  if (value.length > 3) {
    return refused(pointer, 'A position has a longitude, a latitude and at most an altitude.')
  }
  const [lon, lat, altitude = 0]: unknown[] = value
  const fault =
    axisFault(lon, 180, 'longitude', `${pointer}/0`) ??
    axisFault(lat, 90, 'latitude', `${pointer}/1`) ??
    axisFault(altitude, Infinity, 'altitude', `${pointer}/2`)
  if (fault) return fault
  return { kind: 'position', ...toWgs84({ lon: Number(lon), lat: Number(lat) }, datum) }
}

/** Adding 0 makes 0 of -0. */
const wholeUnits = (degrees: number): number => Math.round(toUnits(degrees)) + 0

type ReadPositions = { readonly kind: 'positions'; readonly flat: number[]; readonly sources: number[] }

/** All positions of a ring in units; those that repeat the one before are dropped, they do no harm. */
const readPositions = (list: unknown[], pointer: string, datum: Datum): ReadPositions | GeometryFault => {
  const flat: number[] = []
  const sources: number[] = []
  for (const [index, value] of list.entries()) {
    const position = parsePosition(value, `${pointer}/${index}`, datum)
    if (position.kind === 'refused') return position
    const [x, y] = [wholeUnits(position.lon), wholeUnits(position.lat)]
    if (index > 0 && flat.at(-2) === x && flat.at(-1) === y) continue
    flat.push(x, y)
    sources.push(index)
  }
  return { kind: 'positions', flat, sources }
}

const isClosed = (flat: readonly number[]): boolean => {
  const [x0 = 0, y0 = 0] = flat
  // -180 and 180 are one meridian, and all of a pole is one point.
  const sameX = ((flat.at(-2) ?? 0) - x0) % TURN === 0 || Math.abs(y0) === POLE
  return sameX && flat.at(-1) === y0
}

const altitudeOf = (position: unknown): unknown => (Array.isArray(position) ? position[2] : undefined)

const tooFewPoints = ({ flat }: ReadPositions): boolean => {
  const points = new Set<string>()
  for (let at = 0; at < flat.length && points.size < 3; at += 2) {
    points.add(`${flat[at]} ${flat[at + 1]}`)
  }
  return points.size < 3
}

const isFlat = (ring: readonly number[]): boolean => {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = ring
  for (let at = 4; at < ring.length; at += 2) {
    if (orient2d(x0, y0, x1, y1, ring[at] ?? 0, ring[at + 1] ?? 0) !== 0) return false
  }
  return true
}

/**
 * A ring that goes out and back on its own trace encloses nothing there. Rounding of coordinates leaves such spikes in
 * real files (nyc_boroughs has one of 11 cm): up to about a metre they are trimmed, longer ones are somebody's mistake.
 */
const SPIKE = 100

const isSpike = (a: readonly number[], b: readonly number[], c: readonly number[]): boolean => {
  const [ax = 0, ay = 0, bx = 0, by = 0, cx = 0, cy = 0] = [...a, ...b, ...c]
  if (orient2d(ax, ay, bx, by, cx, cy) !== 0) return false
  const folds = (ax - bx) * (cx - bx) + (ay - by) * (cy - by) > 0
  const [one, other] = [Math.hypot(ax - bx, ay - by), Math.hypot(cx - bx, cy - by)]
  return (folds && Math.min(one, other) <= SPIKE) || one === 0
}

type Vertex = readonly [x: number, y: number, source: number]

/** Takes spikes off the end of a list that grows, so that one spike on another goes too. */
const pushTrimmed = (vertices: Vertex[], next: Vertex): void => {
  for (;;) {
    const [a, b] = vertices.slice(-2)
    if (a === undefined || b === undefined || !isSpike(a.slice(0, 2), b.slice(0, 2), next.slice(0, 2))) break
    vertices.pop()
  }
  const last = vertices.at(-1)
  if (last === undefined || last[0] !== next[0] || last[1] !== next[1]) vertices.push(next)
}

const trimSpikes = ({ flat, sources }: ReadPositions): { flat: number[]; sources: number[] } => {
  const vertices: Vertex[] = []
  for (const [index, source] of sources.entries()) {
    pushTrimmed(vertices, [flat[2 * index] ?? 0, flat[2 * index + 1] ?? 0, source])
  }
  // A spike at the seam of the ring: it begins somewhere else then.
  for (;;) {
    const [second, last] = [vertices[1], vertices.at(-2)]
    const first = vertices[0]
    if (vertices.length < 4 || first === undefined || second === undefined || last === undefined) break
    if (!isSpike(last.slice(0, 2), first.slice(0, 2), second.slice(0, 2))) break
    vertices.pop()
    vertices.shift()
    if (second[0] !== last[0] || second[1] !== last[1]) vertices.push([...second])
  }
  return {
    flat: vertices.flatMap((vertex) => vertex.slice(0, 2)),
    sources: vertices.map(([, , source]) => source),
  }
}

const NO_AREA = 'The ring encloses no area: all its points are on one line.'

/** Reads one ring: closed, at least three different points, some area. */
const parseRing = (value: unknown, pointer: string, datum: Datum): ReadRing | GeometryFault => {
  if (!Array.isArray(value)) {
    return refused(pointer, `A ring is a list of positions; this is ${articleOf(value)}.`)
  }
  const read = readPositions(value, pointer, datum)
  if (read.kind === 'refused') return read
  if (read.flat.length === 0 || tooFewPoints(read)) {
    return refused(
      pointer,
      'A ring needs at least three different points, and the first one again at its end.',
    )
  }
  if (!isClosed(read.flat) || altitudeOf(value[0]) !== altitudeOf(value.at(-1))) {
    return refused(
      `${pointer}/${value.length - 1}`,
      'A ring ends where it began: its last position must be the same as its first.',
    )
  }
  const { flat, sources } = trimSpikes(read)
  if (sources.length < 4) return refused(pointer, NO_AREA)
  const unwrapped = unwrapRing(flat)
  if (unwrapped.kind === 'aroundTwice') {
    return refused(pointer, 'The ring runs around the globe more than once.')
  }
  if (isFlat(unwrapped.ring)) return refused(pointer, NO_AREA)
  return { ...unwrapped, pointer, sources }
}

const sizeOf = (value: unknown): number => (Array.isArray(value) ? Math.max(0, value.length - 1) : 0)

/** Where the positions become too many; counted before any is read. */
const sizeFault = (areas: readonly (readonly [string, unknown])[]): GeometryFault | undefined => {
  let vertices = 0
  for (const [pointer, area] of areas) {
    for (const [index, ring] of (Array.isArray(area) ? area : []).entries()) {
      vertices += sizeOf(ring)
      if (vertices > MAX_VERTICES) {
        return refused(
          `${pointer}/${index}`,
          `A geofence has at most ${MAX_VERTICES} vertices; this one has more.`,
        )
      }
    }
  }
  return undefined
}

const parseArea = (value: unknown, pointer: string, datum: Datum): ReadArea | GeometryFault => {
  if (!Array.isArray(value)) {
    return refused(pointer, `A polygon is a list of rings; this is ${articleOf(value)}.`)
  }
  if (value.length === 0) return refused(pointer, 'A polygon needs at least its outer ring.')
  const rings: ReadRing[] = []
  for (const [index, ring] of value.entries()) {
    const read = parseRing(ring, `${pointer}/${index}`, datum)
    if (read.kind === 'refused') return read
    rings.push(read)
  }
  return { kind: 'area', rings }
}

/**
 * Reads the rings of some polygons, given with their JSON pointers; each ring on its own is in order then, how they lie
 * to each other is not looked at.
 */
export const parseAreas = (
  areas: readonly (readonly [string, unknown])[],
  datum: Datum,
): { readonly kind: 'areas'; readonly areas: readonly ReadArea[] } | GeometryFault => {
  const tooLarge = sizeFault(areas)
  if (tooLarge) return tooLarge
  const read: ReadArea[] = []
  for (const [pointer, value] of areas) {
    const area = parseArea(value, pointer, datum)
    if (area.kind === 'refused') return area
    read.push(area)
  }
  return { kind: 'areas', areas: read }
}
