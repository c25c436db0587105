import Flatbush from 'flatbush'
import { alignAreas } from '#shared/domain/geo/align-areas.ts'
import { COMPARISONS, type NoteEffort, noteNothing } from '#shared/domain/geo/check-effort.ts'
import { type GeometryFault, refused } from '#shared/domain/geo/geometry-fault.ts'
import type { AreaRings } from '#shared/domain/geo/outline.ts'
import type { ReadArea } from '#shared/domain/geo/parse-rings.ts'
import { type EdgeName, eachMeeting, type Meeting } from '#shared/domain/geo/ring-meetings.ts'
import { type LoneRing, loneRing, passesThrough, relationOf } from '#shared/domain/geo/ring-relation.ts'
import { passesThroughItself } from '#shared/domain/geo/self-touch.ts'

/** A ring among all others: `area` and `index` say which; the outer one of an area has index 0. */
type PlacedRing = LoneRing & {
  readonly area: number
  readonly index: number
  readonly pointer: string
  readonly sources: readonly number[]
  readonly closersFrom: number
}

type Checked = { readonly kind: 'areas'; readonly areas: readonly AreaRings[] } | GeometryFault

const place = (areas: readonly ReadArea[]): { aligned: readonly AreaRings[]; rings: PlacedRing[] } => {
  const aligned = alignAreas(areas.map(({ rings }) => rings.map(({ ring }) => ring)))
  const rings = areas.flatMap(({ rings: read }, area) =>
    read.map(({ pointer, sources, closersFrom }, index) => ({
      ...loneRing(aligned[area]?.[index] ?? []),
      area,
      index,
      pointer,
      sources,
      closersFrom,
    })),
  )
  return { aligned, rings }
}

const edgePointer = (ring: PlacedRing, vertex: number): string =>
  `${ring.pointer}/${ring.sources[vertex] ?? 0}`

const nameOf = ({ index }: PlacedRing): string => (index === 0 ? 'outer ring' : 'hole')

/** Two rings that touch: where, on either. */
type TouchingPair = {
  readonly one: number
  readonly other: number
  readonly onOne: Map<number, number[]>
  readonly onOther: Map<number, number[]>
}

const noteTouch = (pairs: Map<string, TouchingPair>, { one, other, points }: Meeting): void => {
  const key = `${one.ring} ${other.ring}`
  const pair = pairs.get(key) ?? {
    one: one.ring,
    other: other.ring,
    onOne: new Map<number, number[]>(),
    onOther: new Map<number, number[]>(),
  }
  pairs.set(key, pair)
  // Added in place: one long line may be touched thousands of times.
  const note = (at: Map<number, number[]>, { vertex }: EdgeName): void => {
    const noted = at.get(vertex)
    if (noted === undefined) at.set(vertex, [...points])
    else noted.push(...points)
  }
  note(pair.onOne, one)
  note(pair.onOther, other)
}

const selfFault = (ring: PlacedRing, meeting: Meeting): GeometryFault | undefined => {
  const pointer = edgePointer(ring, meeting.one.vertex)
  const other = ring.sources[meeting.other.vertex] ?? 0
  if (meeting.kind === 'cross' || (meeting.kind === 'touch' && passesThroughItself(ring, meeting))) {
    return refused(
      pointer,
      `The ring crosses itself: the line from here meets the one from its position ${other}.`,
    )
  }
  if (meeting.kind === 'along') {
    return refused(pointer, `The ring runs twice along the same line: here and from its position ${other}.`)
  }
  return undefined
}

const pairFault = (
  one: PlacedRing,
  other: PlacedRing,
  { kind, ...meeting }: Meeting,
): GeometryFault | undefined => {
  const pointer = edgePointer(one, meeting.one.vertex)
  const where = edgePointer(other, meeting.other.vertex)
  if (kind === 'cross') {
    const what = one.area === other.area ? `the ${nameOf(other)} at ${where}` : `another area at ${where}`
    return refused(pointer, `The ${nameOf(one)} crosses ${what}.`)
  }
  // The borders of neighbouring areas run along each other; those of one area have no business to.
  if (kind === 'along' && one.area === other.area) {
    return refused(pointer, `The ${nameOf(one)} runs along the ${nameOf(other)} at ${where}.`)
  }
  return undefined
}

const TOO_MANY_LINES = refused(
  '/coordinates',
  'Too many lines run close to each other, or meet, to be checked.',
)

/** Edges that cross, and rings that pass through each other where they touch. */
const crossingFault = (rings: readonly PlacedRing[], noteEffort: NoteEffort): GeometryFault | undefined => {
  let fault: GeometryFault | undefined
  const pairs = new Map<string, TouchingPair>()
  const see = (meeting: Meeting): boolean => {
    const [one, other] = [rings[meeting.one.ring], rings[meeting.other.ring]]
    if (one === undefined || other === undefined) return true
    fault = one === other ? selfFault(one, meeting) : pairFault(one, other, meeting)
    if (one !== other) noteTouch(pairs, meeting)
    return fault === undefined
  }
  const finished = eachMeeting(rings, see, noteEffort)
  if (!finished) return TOO_MANY_LINES
  return fault ?? touchingFault(rings, [...pairs.values()], noteEffort)
}

/**
 * Vertices of rings that are followed along others that they touch, at most: for the hostile case of hundreds of rings
 * that all touch in one point. Neighbours of 30,000 vertices in all need no more than as many for each that they touch.
 */
const MAX_PASSED = 1_000_000

const touchingFault = (
  rings: readonly PlacedRing[],
  pairs: readonly TouchingPair[],
  noteEffort: NoteEffort,
): GeometryFault | undefined => {
  let passed = 0
  for (const pair of pairs) {
    const [one, other] = [rings[pair.one], rings[pair.other]]
    if (one === undefined || other === undefined) continue
    const [small, large, touches] =
      one.ring.length <= other.ring.length ? [one, other, pair.onOne] : [other, one, pair.onOther]
    const vertices = small.ring.length / 2
    passed += vertices
    if (passed > MAX_PASSED) return TOO_MANY_LINES
    noteEffort(COMPARISONS.passedVertex * vertices)
    const vertex = passesThrough(small, large, touches)
    if (vertex === undefined) continue
    return refused(
      edgePointer(small, vertex),
      `The ${nameOf(small)} crosses the ${nameOf(large)} at ${large.pointer}.`,
    )
  }
  return undefined
}

/**
 * Pairs of rings that are compared, at most: for the hostile case of thousands of rings whose boxes all overlap. Real
 * borders of thousands of islands need some ten thousand.
 */
const MAX_RING_PAIRS = 500_000
const TOO_MANY_RINGS = refused('/coordinates', 'Too many rings lie around each other to be checked.')

/** Holes lie in their outer ring and beside each other. */
const holeFault = (hole: PlacedRing, before: readonly PlacedRing[]): GeometryFault | undefined => {
  for (const ring of before) {
    const relation = relationOf(hole, ring)
    if (ring.index === 0) {
      if (relation !== 'inside') return refused(hole.pointer, 'The hole lies outside of its outer ring.')
    } else if (relation !== 'apart') {
      return refused(hole.pointer, `The hole overlaps the hole at ${ring.pointer}.`)
    }
  }
  return undefined
}

/** An area lies beside others, or in one of their holes. */
const areasOverlap = (one: readonly PlacedRing[], other: readonly PlacedRing[]): boolean => {
  const [outerOne, ...holesOne] = one
  const [outerOther, ...holesOther] = other
  if (outerOne === undefined || outerOther === undefined) return false
  const relation = relationOf(outerOne, outerOther)
  if (relation === 'apart') return false
  const isHeld = (outer: PlacedRing, holes: readonly PlacedRing[]): boolean =>
    holes.some((hole) => ['inside', 'same'].includes(relationOf(outer, hole)))
  if (relation === 'inside') return !isHeld(outerOne, holesOther)
  return relation === 'same' || !isHeld(outerOther, holesOne)
}

const boxIndex = (rings: readonly PlacedRing[]): Flatbush => {
  const index = new Flatbush(rings.length)
  for (const { outline } of rings) index.add(outline.west, outline.south, outline.east, outline.north)
  index.finish()
  return index
}

const earlierTouching = (rings: readonly PlacedRing[]): ((at: number) => number[]) => {
  const index = boxIndex(rings)
  return (at) => {
    const box = rings[at]?.outline
    if (box === undefined) return []
    const found = index.search(box.west, box.south, box.east, box.north, (other) => other < at)
    return found.sort((a, b) => a - b)
  }
}

const nestingFault = (
  areas: readonly (readonly PlacedRing[])[],
  noteEffort: NoteEffort,
): GeometryFault | undefined => {
  const outers = areas.flatMap((area) => area.slice(0, 1))
  const earlierOuters = earlierTouching(outers)
  let pairs = 0
  for (const [at, area] of areas.entries()) {
    const [outer, ...holes] = area
    if (outer === undefined) continue
    const earlierHoles = holes.length > 0 ? earlierTouching(holes) : undefined
    for (const [index, hole] of holes.entries()) {
      const near = earlierHoles?.(index).flatMap((other) => holes[other] ?? []) ?? []
      pairs += near.length
      if (pairs > MAX_RING_PAIRS) return TOO_MANY_RINGS
      noteEffort(COMPARISONS.ringPair * near.length)
      const fault = holeFault(hole, [outer, ...near])
      if (fault) return fault
    }
    const near = earlierOuters(at)
    pairs += near.length
    if (pairs > MAX_RING_PAIRS) return TOO_MANY_RINGS
    noteEffort(COMPARISONS.ringPair * near.length)
    const overlapped = near.find((other) => areasOverlap(area, areas[other] ?? []))
    if (overlapped !== undefined) {
      return refused(
        outer.pointer.replace(/\/0$/, ''),
        `The area overlaps another one of the same geofence, number ${overlapped + 1}; draw them as one.`,
      )
    }
  }
  return undefined
}

/**
 * Checks how rings lie to themselves and to each other: none crosses, holes lie in their outer ring, areas beside each
 * other. Touching is fine. O(n log n) for borders as they are drawn. Gives the areas side by side.
 */
export const checkAreas = (areas: readonly ReadArea[], noteEffort: NoteEffort = noteNothing): Checked => {
  const { aligned, rings } = place(areas)
  const byArea = areas.map((): PlacedRing[] => [])
  for (const ring of rings) byArea[ring.area]?.push(ring)
  const fault = crossingFault(rings, noteEffort) ?? nestingFault(byArea, noteEffort)
  return fault ?? { kind: 'areas', areas: aligned }
}
