import Flatbush from 'flatbush'
import { orient2d } from 'robust-predicates'
import { COMPARISONS, type NoteEffort, noteNothing } from '#shared/domain/geo/check-effort.ts'
import { POLE, TURN } from '#shared/domain/geo/outline.ts'

/** A ring whose edges are compared; those from `closersFrom` on close it over a pole and are left out. */
export type MeetingRing = { readonly ring: readonly number[]; readonly closersFrom: number }

/** `cross`: they pass through each other; `along`: they share a stretch; `touch`: they share a point. */
export type MeetingKind = 'cross' | 'along' | 'touch'

/** An edge, by the index of its ring and of its first vertex in it. */
export type EdgeName = { readonly ring: number; readonly vertex: number }

export type Meeting = {
  readonly kind: MeetingKind
  readonly one: EdgeName
  readonly other: EdgeName
  /** The points that they share, flat; none for `cross`, whose point need not be a whole unit. */
  readonly points: readonly number[]
}

type Segment = readonly [number, number, number, number]

/**
 * Pairs of edges that are compared, at most: for the hostile case of thousands of long edges side by side. Real borders
 * of 30,000 vertices need a tenth of a million.
 */
export const MAX_PAIRS = 10_000_000
/** Pairs of edges that meet without crossing, at most: for thousands of edges that end in one point. */
const MAX_MEETINGS = 300_000

/** Is a point that is on a segment's line on the segment? */
const within = ([x1, y1, x2, y2]: Segment, x: number, y: number): boolean =>
  Math.min(x1, x2) <= x && x <= Math.max(x1, x2) && Math.min(y1, y2) <= y && y <= Math.max(y1, y2)

const sharedPoints = (a: Segment, b: Segment, turns: readonly number[]): number[] => {
  const ends: [number, number, number, Segment][] = [
    [turns[0] ?? 0, b[0], b[1], a],
    [turns[1] ?? 0, b[2], b[3], a],
    [turns[2] ?? 0, a[0], a[1], b],
    [turns[3] ?? 0, a[2], a[3], b],
  ]
  const points: number[] = []
  for (const [turn, x, y, segment] of ends) {
    if (turn !== 0 || !within(segment, x, y)) continue
    if (points.some((value, at) => at % 2 === 0 && value === x && points[at + 1] === y)) continue
    points.push(x, y)
  }
  return points
}

/** How two segments meet, exactly. Most do not: that is known without an allocation. */
const meet = (a: Segment, b: Segment): { kind: MeetingKind; points: readonly number[] } | undefined => {
  const toB1 = orient2d(a[0], a[1], a[2], a[3], b[0], b[1])
  const toB2 = orient2d(a[0], a[1], a[2], a[3], b[2], b[3])
  if ((toB1 > 0 && toB2 > 0) || (toB1 < 0 && toB2 < 0)) return undefined
  const toA1 = orient2d(b[0], b[1], b[2], b[3], a[0], a[1])
  const toA2 = orient2d(b[0], b[1], b[2], b[3], a[2], a[3])
  if ((toA1 > 0 && toA2 > 0) || (toA1 < 0 && toA2 < 0)) return undefined
  if (toB1 !== 0 && toB2 !== 0 && toA1 !== 0 && toA2 !== 0) return { kind: 'cross', points: [] }
  const points = sharedPoints(a, b, [toB1, toB2, toA1, toA2])
  if (points.length === 0) return undefined
  return { kind: points.length > 2 ? 'along' : 'touch', points }
}

const segmentAt = (ring: readonly number[], vertex: number): Segment => {
  const at = 2 * vertex
  return [ring[at] ?? 0, ring[at + 1] ?? 0, ring[at + 2] ?? 0, ring[at + 3] ?? 0]
}

const edgesOf = (rings: readonly MeetingRing[]): { ofRing: number[]; vertices: number[] } => {
  const ofRing: number[] = []
  const vertices: number[] = []
  for (const [index, { ring, closersFrom }] of rings.entries()) {
    for (let vertex = 0; vertex < closersFrom; vertex++) {
      const [, y1, , y2] = segmentAt(ring, vertex)
      // All of a pole is one point: what runs along it meets nothing.
      if (y1 === y2 && Math.abs(y1) === POLE) continue
      ofRing.push(index)
      vertices.push(vertex)
    }
  }
  return { ofRing, vertices }
}

/** Neighbours share a vertex, which is no meeting; folded back on each other they share more. */
const areNeighbours = ({ ring, closersFrom }: MeetingRing, one: number, other: number): boolean => {
  const closes = closersFrom === ring.length / 2 - 1
  return Math.abs(one - other) === 1 || (closes && Math.abs(one - other) === closersFrom - 1)
}

/**
 * Tells of every two edges that meet, in the order of the first one; neighbours of a ring only if they fold back on each
 * other. `see` returns true to go on. The result is false where it was stopped because there was too much to compare.
 */
export const eachMeeting = (
  rings: readonly MeetingRing[],
  see: (meeting: Meeting) => boolean,
  noteEffort: NoteEffort = noteNothing,
): boolean => {
  const { ofRing, vertices } = edgesOf(rings)
  if (ofRing.length === 0) return true
  const index = new Flatbush(ofRing.length)
  const segments = ofRing.map((ring, edge) => segmentAt(rings[ring]?.ring ?? [], vertices[edge] ?? 0))
  for (const [x1, y1, x2, y2] of segments) {
    index.add(Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2))
  }
  index.finish()
  // In a shape that goes all around, what is at its western end is also at its eastern one.
  const shifts = index.maxX - index.minX >= TURN ? [0, -TURN, TURN] : [0]
  let [pairs, meetings] = [0, 0]
  let going = true
  const isTooMuch = (): boolean => pairs > MAX_PAIRS || meetings > MAX_MEETINGS
  const compare = (one: number, other: number, shift: number): void => {
    pairs++
    const [ringOne = 0, ringOther = 0] = [ofRing[one], ofRing[other]]
    const [vertexOne = 0, vertexOther = 0] = [vertices[one], vertices[other]]
    const [x1, y1, x2, y2] = segments[one] ?? [0, 0, 0, 0]
    const met = meet([x1 + shift, y1, x2 + shift, y2], segments[other] ?? [0, 0, 0, 0])
    if (met === undefined || (shift !== 0 && met.kind !== 'cross')) return
    const ring = rings[ringOne]
    const neighbours = ringOne === ringOther && ring && areNeighbours(ring, vertexOne, vertexOther)
    if (neighbours && met.kind === 'touch') return
    meetings++
    going = see({
      ...met,
      one: { ring: ringOne, vertex: vertexOne },
      other: { ring: ringOther, vertex: vertexOther },
    })
  }
  for (let edge = 0; edge < segments.length; edge++) {
    const [x1, y1, x2, y2] = segments[edge] ?? [0, 0, 0, 0]
    for (const shift of shifts) {
      const [west, east] = [Math.min(x1, x2) + shift, Math.max(x1, x2) + shift]
      index.search(west, Math.min(y1, y2), east, Math.max(y1, y2), (other) => {
        if (other > edge && going && !isTooMuch()) compare(edge, other, shift)
        return false
      })
    }
    if (!going || isTooMuch()) break
  }
  noteEffort(pairs + COMPARISONS.meeting * meetings)
  return !(going && isTooMuch())
}
