import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { measurePhone, missedBy } from '#local/phones/measure-phone.ts'
import { type IndexedGeofence, MIN_RADIUS_M, type Position, type Shape } from '#shared/domain/geo/geofence.ts'
import { polygonOf } from '#shared/domain/geo/polygon.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { ANNA, aGeofence, moved, SQUARE, T0 } from '#test/support/builders.ts'

/** A part of a way: so many fixes at a pace into a direction. */
const aLeg = fc.record({
  turn: fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
  speedMps: fc.constantFrom(0, 0.5, 1.4, 1.4, 8, 20),
  everyS: fc.constantFrom(1, 5, 7, 15, 60, 200),
  fixes: fc.integer({ min: 1, max: 60 }),
  noiseM: fc.constantFrom(0, 0, 5, 40),
  accuracyM: fc.constantFrom(0, 5, 30, 80),
  pauseS: fc.constantFrom(0, 0, 0, 600, 2400, 4000),
})
type ValueOf<A> = A extends fc.Arbitrary<infer T> ? T : never
type Leg = ValueOf<typeof aLeg>

/** Fixes along the legs, with a noise that is the same whenever it is computed. */
const walkOf = (legs: readonly Leg[]): Fix[] => {
  const fixes: Fix[] = []
  let [at, atS]: [Position, number] = [SQUARE, 0]
  for (const { turn, speedMps, everyS, fixes: count, noiseM, accuracyM, pauseS } of legs) {
    for (let step = 0; step < count; step++) {
      const stepM = speedMps * everyS
      at = moved(at, Math.cos(turn) * stepM, Math.sin(turn) * stepM)
      atS += everyS
      const seen = moved(at, Math.sin(atS * 12.9) * noiseM, Math.cos(atS * 78.2) * noiseM)
      fixes.push(toFix({ atMs: T0 + atS * 1000, ...seen, accuracyM }))
    }
    atS += pauseS
  }
  return fixes
}

const aPlace = fc.record({
  kind: fc.constantFrom('circle', 'circle', 'diamond'),
  eastM: fc.integer({ min: -1500, max: 1500 }),
  northM: fc.integer({ min: -1500, max: 1500 }),
  radiusM: fc.oneof(fc.integer({ min: MIN_RADIUS_M, max: 300 }), fc.constant(3_000)),
  bufferM: fc.option(fc.constantFrom(0, 50, 140), { nil: undefined }),
  confirmS: fc.option(fc.constantFrom(0, 60, 600), { nil: undefined }),
})
type Drawn = ValueOf<typeof aPlace>

/** A polygon that its bounding circle fits badly. */
const diamond = (at: Position, sizeM: number): Shape => {
  const corners = [
    [sizeM, 0],
    [0, sizeM / 2],
    [-sizeM, 0],
    [0, -sizeM / 2],
    [sizeM, 0],
  ].map(([east = 0, north = 0]) => moved(at, east, north))
  return polygonOf([[corners.flatMap(({ lat, lon }) => [Math.round(lon * 1e7), Math.round(lat * 1e7)])]])
}

const shapeOf = ({ kind, eastM, northM, radiusM }: Drawn): Shape => {
  const at = moved(SQUARE, eastM, northM)
  return kind === 'circle' ? { kind, ...at, radiusM } : diamond(at, radiusM)
}

const geofenceOf = (drawn: Drawn, number: number): IndexedGeofence => {
  const { bufferM, confirmS } = drawn
  return aGeofence(`g${number}`, {
    shape: shapeOf(drawn),
    exit: { ...(bufferM === undefined ? {} : { bufferM }), ...(confirmS === undefined ? {} : { confirmS }) },
  })
}

test.prop([fc.array(aPlace, { maxLength: 60 }), fc.array(aLeg, { minLength: 1, maxLength: 8 })], {
  numRuns: 300,
})(
  'an obedient phone misses nothing: every enter at most one fix later than with all fixes, every exit two',
  (places, legs) => {
    const index = indexOf(places.map(geofenceOf))
    const measured = measurePhone(ANNA, walkOf(legs), index)
    expect(missedBy(measured)).toEqual([])
  },
)
