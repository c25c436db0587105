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
/** To compare so many vertices takes two or three seconds. */
const MAX_COMPARED_VERTICES = 300_000

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
    return depthM === undefined ? undefined : { depthM, isExact: true }
  }
}

/**
 * Which of these shapes share ground, the deepest first; those that only touch do not. Polygons that are cut at ±180 or lie
 * over a pole count as the circles around them, as do those that come after 300,000 compared vertices: what is listed with
 * `isExact: false` may only be close. What shares ground is always listed.
 *
 * @example overlapsOf([{ id: 'a', shape: circle }, { id: 'b', shape: circle }]).length // 1
 */
export const overlapsOf = <Id>(
  shapes: readonly { readonly id: Id; readonly shape: Shape }[],
): Overlap<Id>[] => {
  // From south to north: whatever is farther north than both reach cannot meet, nor can what follows.
  const sorted = shapes.toSorted((a, b) => a.shape.lat - b.shape.lat)
  const widest = sorted.reduce((most, { shape }) => Math.max(most, reachM(shape)), 0)
  const compare = createCompare()
  const found: Overlap<Id>[] = []
  for (const [index, one] of sorted.entries()) {
    const north = one.shape.lat + (reachM(one.shape) + widest) / METRES_PER_DEGREE
    for (let next = index + 1; next < sorted.length; next += 1) {
      const other = sorted[next]
      if (other === undefined || other.shape.lat > north) break
      const depth = compare(one.shape, other.shape)
      if (depth !== undefined) found.push({ ids: [one.id, other.id], ...depth })
    }
  }
  return found.toSorted((a, b) => b.depthM - a.depthM)
}
