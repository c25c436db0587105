import { reachM } from '#shared/domain/geo/distance.ts'
import type { Shape } from '#shared/domain/geo/geofence.ts'
import { type GeometryFault, refused } from '#shared/domain/geo/geometry-fault.ts'

/**
 * What is wrong with a shape that reaches farther from its centre than it may, in metres; undefined when it does not.
 * The pointer leads to what says so: the radius of a circle, which stands beside its geometry, or a polygon itself.
 *
 * @example reachFault({ kind: 'circle', lat: 0, lon: 0, radiusM: 9000 }, 5000)?.pointer // '/radiusM'
 */
export const reachFault = (shape: Shape, limitM: number): GeometryFault | undefined => {
  const reach = reachM(shape)
  if (reach <= limitM) return undefined
  const km = (reach / 1000).toLocaleString('en', { maximumFractionDigits: 1 })
  return refused(
    shape.kind === 'circle' ? '/radiusM' : '/geometry',
    `The area reaches ${km} km from its centre; at most ${limitM / 1000} km are allowed.`,
  )
}
