import { distanceM, reachM } from '#shared/domain/geo/distance.ts'
import type { Shape } from '#shared/domain/geo/geofence.ts'

export type Overlap<Id> = {
  readonly ids: readonly [Id, Id]
  /** How far one reaches into the other, in metres. */
  readonly depthM: number
  /** Of two circles; of others the circles around them are compared. */
  readonly isExact: boolean
}

const METRES_PER_DEGREE = 111_000

/**
 * Which of these shapes share ground, the deepest first. Polygons count as the circles around them: what does not overlap
 * is never listed, what is listed with `isExact: false` may only be close.
 *
 * @example overlapsOf([{ id: 'a', shape: circle }, { id: 'b', shape: circle }]).length // 1
 */
export const overlapsOf = <Id>(
  shapes: readonly { readonly id: Id; readonly shape: Shape }[],
): Overlap<Id>[] => {
  // From south to north: whatever is farther north than both reach cannot meet, nor can what follows.
  const sorted = shapes.toSorted((a, b) => a.shape.lat - b.shape.lat)
  const widest = sorted.reduce((most, { shape }) => Math.max(most, reachM(shape)), 0)
  const found: Overlap<Id>[] = []
  for (const [index, one] of sorted.entries()) {
    const north = one.shape.lat + (reachM(one.shape) + widest) / METRES_PER_DEGREE
    for (let next = index + 1; next < sorted.length; next += 1) {
      const other = sorted[next]
      if (other === undefined || other.shape.lat > north) break
      const depthM = reachM(one.shape) + reachM(other.shape) - distanceM(one.shape, other.shape)
      if (depthM <= 0) continue
      const isExact = one.shape.kind === 'circle' && other.shape.kind === 'circle'
      found.push({ ids: [one.id, other.id], depthM, isExact })
    }
  }
  return found.toSorted((a, b) => b.depthM - a.depthM)
}
