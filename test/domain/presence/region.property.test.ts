import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { contains, distanceM, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence, Position, Shape } from '#shared/domain/geo/geofence.ts'
import { polygonOf } from '#shared/domain/geo/polygon.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { ACCURACY_CAP_M, isOutside } from '#shared/domain/presence/ladder.ts'
import { MAX_WATCHED, type RegionAnswer, regionAt, type Staying } from '#shared/domain/presence/region.ts'
import { aGeofence, moved, T0 } from '#test/support/builders.ts'

const UNITS = 1e7

const aPlace: fc.Arbitrary<Position> = fc.record({
  lat: fc.oneof(
    fc.double({ min: -70, max: 70, noNaN: true }),
    fc.constantFrom(0, 60, -84.99, 84.999, 86, -88),
  ),
  lon: fc.oneof(fc.double({ min: -180, max: 180, noNaN: true }), fc.constantFrom(0, 179.9999, -180, 90)),
})

/** What is drawn, by its distance from the phone in metres east and north. */
type Drawn = {
  readonly kind: 'circle' | 'polygon'
  readonly eastM: number
  readonly northM: number
  readonly sizeM: number
  readonly bufferM: number | undefined
  readonly visit: 'none' | 'open' | 'leaving'
}

const offsetM = fc.oneof(fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: -400, max: 400 }))
const aDrawn = fc.record({
  kind: fc.constantFrom('circle', 'circle', 'polygon'),
  eastM: offsetM,
  northM: offsetM,
  sizeM: fc.oneof(fc.integer({ min: 10, max: 400 }), fc.constantFrom(5_000, 50_000)),
  bufferM: fc.option(fc.integer({ min: 0, max: 140 }), { nil: undefined }),
  visit: fc.constantFrom('none', 'open', 'leaving'),
}) satisfies fc.Arbitrary<Drawn>

/** A diamond, which its bounding circle fits badly. */
const diamond = (at: Position, sizeM: number): Shape => {
  const corners = [
    [sizeM, 0],
    [0, sizeM / 2],
    [-sizeM, 0],
    [0, -sizeM / 2],
    [sizeM, 0],
  ].map(([east = 0, north = 0]) => moved(at, east, north))
  return polygonOf([[corners.flatMap(({ lat, lon }) => [Math.round(lon * UNITS), Math.round(lat * UNITS)])]])
}

const wrapped = ({ lat, lon }: Position): Position => ({
  lat: Math.max(-90, Math.min(90, lat)),
  lon: lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon,
})

const geofenceOf = (phone: Position, drawn: Drawn, number: number): IndexedGeofence => {
  const at = wrapped(moved(phone, drawn.eastM, drawn.northM))
  const polar = Math.abs(phone.lat) > 80
  const shape: Shape =
    drawn.kind === 'polygon' && !polar
      ? diamond(at, Math.min(drawn.sizeM, 5_000))
      : { kind: 'circle', ...at, radiusM: drawn.sizeM }
  const exit = drawn.bufferM === undefined ? {} : { exit: { bufferM: drawn.bufferM } }
  return aGeofence(`g${number}`, { shape, ...exit })
}

/** The state that the engine could be in: a visit is open where the phone is not outside, and leaving where it is. */
const visitsOf = (
  phone: Position,
  geofences: readonly IndexedGeofence[],
  drawn: readonly Drawn[],
): Staying[] =>
  geofences.flatMap((geofence, index): Staying[] => {
    const state = drawn[index]?.visit ?? 'none'
    if (state === 'none') return []
    const outside = isOutside(geofence, distanceToBoundaryM(geofence.shape, phone), 0)
    if (outside !== (state === 'leaving')) return []
    return [{ geofenceId: geofence.id, ...(outside ? { outsideSinceMs: T0 - 5000 } : {}) }]
  })

const aScene = fc.record({
  phone: aPlace,
  drawn: fc.array(aDrawn, { maxLength: 60 }),
  probes: fc.array(
    fc.record({
      turn: fc.double({ min: 0, max: 1, noNaN: true }),
      far: fc.constantFrom(0, 0.3, 0.7, 0.99, 1),
    }),
    { minLength: 30, maxLength: 30 },
  ),
})

const answerFor = (phone: Position, geofences: readonly IndexedGeofence[], open: readonly Staying[]) =>
  regionAt(phone, T0, indexOf(geofences).listed(phone, T0), open)

/** Positions in the region: at random, and where it comes nearest to each geofence and farthest from it. */
const probesIn = (
  { region }: RegionAnswer,
  geofences: readonly IndexedGeofence[],
  probes: readonly { readonly turn: number; readonly far: number }[],
): Position[] => {
  // A region without a size has a phone send every fix.
  if (region.radiusM === 0) return []
  const at = (turn: number, far: number): Position =>
    wrapped(moved(region, Math.cos(turn) * far * region.radiusM, Math.sin(turn) * far * region.radiusM))
  const towards = ({ shape }: IndexedGeofence): number =>
    Math.atan2(shape.lat - region.lat, (shape.lon - region.lon) * Math.cos((region.lat * Math.PI) / 180))
  return [
    ...probes.map(({ turn, far }) => at(turn * 2 * Math.PI, far)),
    ...geofences.flatMap((geofence) => [at(towards(geofence), 0.999), at(towards(geofence), -0.999)]),
  ].filter((probe) => distanceM(region, probe) <= region.radiusM)
}

describe('inside the region nothing happens at a geofence that is not watched', () => {
  test.prop([aScene], { numRuns: 400 })('whatever is drawn, wherever it is', ({ phone, drawn, probes }) => {
    const geofences = drawn.map((one, index) => geofenceOf(phone, one, index))
    const open = visitsOf(phone, geofences, drawn)
    const answer = answerFor(phone, geofences, open)
    const watched = new Set(answer.geofences.map(({ id }) => id))
    const staying = new Map(open.map((visit) => [visit.geofenceId, visit]))
    for (const probe of probesIn(answer, geofences, probes)) {
      for (const geofence of geofences.filter(({ id }) => !watched.has(id))) {
        const visit = staying.get(geofence.id)
        const isIn = contains(geofence.shape, probe)
        const awayM = distanceToBoundaryM(geofence.shape, probe)
        if (visit === undefined) expect(isIn, 'no enter').toBe(false)
        else if (visit.outsideSinceMs === undefined)
          expect(isOutside(geofence, awayM, 0), 'no exit').toBe(false)
        else expect(isOutside(geofence, awayM, ACCURACY_CAP_M), 'not back').toBe(true)
      }
    }
  })

  test.prop([aScene])(
    'a circle that holds a polygon is crossed before the polygon is',
    ({ phone, drawn, probes }) => {
      const geofences = drawn.map((one, index) => geofenceOf(phone, one, index))
      const answer = answerFor(phone, geofences, [])
      for (const probe of probesIn(answer, geofences, probes)) {
        for (const circle of answer.geofences.filter(({ exact }) => !exact)) {
          const geofence = geofences.find(({ id }) => id === circle.id)
          if (geofence === undefined || !contains(geofence.shape, probe)) continue
          expect(distanceM(circle, probe)).toBeLessThanOrEqual(circle.enterRadiusM)
        }
      }
    },
  )
})

test.prop([aScene])('the phone is in its region, watches few geofences and hears of every visit', (scene) => {
  const geofences = scene.drawn.map((one, index) => geofenceOf(scene.phone, one, index))
  const open = visitsOf(scene.phone, geofences, scene.drawn)
  const answer = answerFor(scene.phone, geofences, open)
  expect(distanceM(answer.region, scene.phone)).toBeLessThanOrEqual(answer.region.radiusM + 1.2)
  expect(answer.geofences.length).toBeLessThanOrEqual(MAX_WATCHED)
  const told = new Set(answer.geofences.filter(({ visit }) => visit).map(({ id }) => id))
  expect(answer.complete).toBe(open.every(({ geofenceId }) => told.has(geofenceId)))
})
