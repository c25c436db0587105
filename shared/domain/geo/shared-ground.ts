import { checkAreas } from '#shared/domain/geo/check-areas.ts'
import { distanceM, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { Circle, Polygon, Position, Shape } from '#shared/domain/geo/geofence.ts'
import { type Outline, TURN, UNITS_PER_DEGREE, wrapUnits } from '#shared/domain/geo/outline.ts'
import { ringsOf } from '#shared/domain/geo/packing.ts'
import type { ReadArea } from '#shared/domain/geo/parse-rings.ts'
import { pointInside } from '#shared/domain/geo/point-inside.ts'

/** Positions of a border at which it is measured how deep it lies in another shape. */
const SAMPLES = 500

const areasOf = ({ outline }: Polygon): ReadArea[] =>
  ringsOf(outline).map((rings) => ({
    kind: 'area',
    rings: rings.map((ring) => ({
      kind: 'ring',
      pointer: '',
      ring: [...ring],
      sources: [],
      closersFrom: ring.length / 2 - 1,
    })),
  }))

/** Some positions along the border, evenly over its edges, and one inside. */
const samplesOf = (polygon: Polygon): Position[] => {
  const { coords, ringEnds }: Outline = polygon.outline
  const edges = coords.length / 2 - ringEnds.length
  const step = edges / SAMPLES
  const samples: Position[] = [pointInside(polygon)]
  let [start, passed] = [0, 0]
  for (const end of ringEnds) {
    const ring = end - start - 1
    for (; passed < ring; passed += step) {
      const at = 2 * (start + Math.floor(passed))
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = coords.subarray(at, at + 4)
      const along = passed - Math.floor(passed)
      const lon = wrapUnits(x1 + along * (x2 - x1), -TURN / 2) / UNITS_PER_DEGREE
      samples.push({ lat: (y1 + along * (y2 - y1)) / UNITS_PER_DEGREE, lon })
    }
    passed -= ring
    start = end
  }
  return samples
}

const deepest = (samples: readonly Position[], polygon: Polygon): number =>
  samples.reduce((depth, position) => Math.max(depth, -distanceToBoundaryM(polygon, position)), 0)

const betweenPolygons = (one: Polygon, other: Polygon): number | undefined => {
  // Borders of neighbours may run along each other, as those of the areas of one shape may.
  if (checkAreas([...areasOf(one), ...areasOf(other)]).kind === 'areas') return undefined
  return Math.max(deepest(samplesOf(one), other), deepest(samplesOf(other), one))
}

const betweenCircleAnd = (circle: Circle, other: Shape): number | undefined => {
  const depthM =
    other.kind === 'circle'
      ? circle.radiusM + other.radiusM - distanceM(circle, other)
      : circle.radiusM - distanceToBoundaryM(other, circle)
  return depthM > 0 ? depthM : undefined
}

/**
 * How far one shape reaches into the other, in metres; undefined where they share no ground, though their borders may touch
 * or run along each other. Of two polygons what some hundred positions of either border measure. Not for shapes that are cut at ±180 or
 * closed over a pole.
 *
 * @example sharedGroundM({ kind: 'circle', lat: 0, lon: 0, radiusM: 100 }, { kind: 'circle', lat: 0, lon: 0.001, radiusM: 100 }) // 88.8
 */
export const sharedGroundM = (one: Shape, other: Shape): number | undefined => {
  if (one.kind === 'circle') return betweenCircleAnd(one, other)
  return other.kind === 'circle' ? betweenCircleAnd(other, one) : betweenPolygons(one, other)
}
