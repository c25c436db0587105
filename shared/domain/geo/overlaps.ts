import { distanceM, reachM } from '#shared/domain/geo/distance.ts'
import type { Shape } from '#shared/domain/geo/geofence.ts'
import { sharedGroundM } from '#shared/domain/geo/shared-ground.ts'

export type Overlap<Id> = {
  readonly ids: readonly [Id, Id]
  /** How far one reaches into the other, in metres. */
  readonly depthM: number
  /** False where only the circles around them were compared. */
  readonly isExact: boolean
}

const METRES_PER_DEGREE = 111_000
/** To compare so many vertices takes some seconds. */
const MAX_COMPARED_VERTICES = 300_000
/** To measure how deep an overlap is takes as long as to compare so many, however few there are. */
const VERTICES_OF_A_DEPTH = 200

const verticesOf = (shape: Shape): number => (shape.kind === 'circle' ? 0 : shape.outline.coords.length / 2)

const isCut = (shape: Shape): boolean => shape.kind === 'polygon' && shape.outline.cuts !== undefined

type Depth = Pick<Overlap<unknown>, 'depthM' | 'isExact'>

/** Compares shapes themselves as long as that takes no more than seconds, then the circles around them. */
const createCompare = (): ((one: Shape, other: Shape) => Depth | undefined) => {
  let left = MAX_COMPARED_VERTICES
  return (one, other) => {
    const circlesM = reachM(one) + reachM(other) - distanceM(one, other)
    if (circlesM <= 0) return undefined
    const vertices = verticesOf(one) + verticesOf(other)
    if (isCut(one) || isCut(other) || vertices > left) return { depthM: circlesM, isExact: false }
    left -= vertices
    const depthM = sharedGroundM(one, other)
    if (depthM === undefined) return undefined
    if (vertices > 0) left -= VERTICES_OF_A_DEPTH
    return { depthM, isExact: true }
  }
}

type Named<Id> = { readonly id: Id; readonly shape: Shape }

/** Tells of the pairs that share ground, of those that are asked for. */
const tellOverlaps = <Id>(
  shapes: readonly Named<Id>[],
  isAsked: (one: Id, other: Id) => boolean,
  tell: (overlap: Overlap<Id>) => void,
): void => {
  // From south to north: whatever is farther north than both reach cannot meet, nor can what follows.
  const sorted = shapes.toSorted((a, b) => a.shape.lat - b.shape.lat)
  const widest = sorted.reduce((most, { shape }) => Math.max(most, reachM(shape)), 0)
  const compare = createCompare()
  for (const [index, one] of sorted.entries()) {
    const north = one.shape.lat + (reachM(one.shape) + widest) / METRES_PER_DEGREE
    for (let next = index + 1; next < sorted.length; next += 1) {
      const other = sorted[next]
      if (other === undefined || other.shape.lat > north) break
      const depth = isAsked(one.id, other.id) ? compare(one.shape, other.shape) : undefined
      if (depth !== undefined) tell({ ids: [one.id, other.id], ...depth })
    }
  }
}

/**
 * Which of these shapes share ground, the deepest first; those that only touch do not. Polygons that are cut at ±180 or lie
 * over a pole count as the circles around them, as do those that come after 300,000 compared vertices, or a thousand
 * overlaps: what is listed with `isExact: false` may only be close. What shares ground is always listed.
 *
 * @example overlapsOf([{ id: 'a', shape: circle }, { id: 'b', shape: circle }]).length // 1
 */
export const overlapsOf = <Id>(shapes: readonly Named<Id>[]): Overlap<Id>[] => {
  const found: Overlap<Id>[] = []
  tellOverlaps(
    shapes,
    () => true,
    (overlap) => found.push(overlap),
  )
  return found.toSorted((a, b) => b.depthM - a.depthM)
}

/**
 * Those of the shapes that share ground with any other: pairs of thousands that all do have no room in a function.
 *
 * @example overlappingOf([{ id: 'a', shape: circle }, { id: 'b', shape: circle }]) // Set { 'a', 'b' }
 */
export const overlappingOf = <Id>(shapes: readonly Named<Id>[]): ReadonlySet<Id> => {
  const found = new Set<Id>()
  tellOverlaps(
    shapes,
    (one, other) => !(found.has(one) && found.has(other)),
    ({ ids }) => {
      for (const id of ids) found.add(id)
    },
  )
  return found
}
