import { describe, expect, it } from 'vitest'
import { distanceM } from '#shared/domain/geo/distance.ts'
import type { Position, Shape } from '#shared/domain/geo/geofence.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { MAX_WATCHED, regionAt } from '#shared/domain/presence/region.ts'
import { aGeofence, moved, SQUARE, T0 } from '#test/support/builders.ts'

const square = aGeofence('square')

const block = (sizeM: number): Shape => {
  const corner = (east: number, north: number): number[] => {
    const { lat, lon } = moved(SQUARE, east * sizeM, north * sizeM)
    return [lon, lat]
  }
  const ring = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1), corner(-1, -1)]
  const parsed = parseGeometry({ type: 'Polygon', coordinates: [ring] })
  if (parsed.kind === 'refused') throw new Error(parsed.reason)
  return parsed.shape
}

const idsOf = ({ geofences }: ReturnType<typeof regionAt>) => geofences.map(({ id }) => id)

describe('the region', () => {
  it('is as large as a tile with its margin where nothing is, around the phone but not centred on it', () => {
    const { region, geofences } = regionAt(SQUARE, T0, [], [])
    expect(region.radiusM).toBeGreaterThan(540)
    expect(distanceM(region, SQUARE)).toBeLessThan(region.radiusM)
    expect(geofences).toEqual([])
  })

  it('leaves out what is gone, and what the phone cannot reach in it', () => {
    const gone = { ...square, goneAtMs: T0 }
    const far = aGeofence('far', { at: moved(SQUARE, 5000) })
    expect(idsOf(regionAt(SQUARE, T0, [gone, far], []))).toEqual([])
  })

  it('lists those where something happens first, and ends before the next one', () => {
    const rows = Array.from({ length: 40 }, (_, n) =>
      aGeofence(`g${n}`, { at: moved(SQUARE, 60 + 10 * n), radiusM: 10 }),
    )
    const answer = regionAt(SQUARE, T0, rows.toReversed(), [])
    expect(idsOf(answer)).toEqual(rows.slice(0, MAX_WATCHED).map(({ id }) => id))
    expect(answer.region.radiusM).toBeLessThanOrEqual(50 + 10 * MAX_WATCHED)
  })

  it('lists a polygon by the circle that holds it from outside, and keeps clear of its boundary inside', () => {
    const park = aGeofence('park', { shape: block(300) })
    const outside: Position = moved(SQUARE, 500)
    const listed = (at: Position) => indexOf([park]).listed(at, T0)
    expect(regionAt(outside, T0, listed(outside), []).geofences).toMatchObject([
      { id: park.id, exact: false, enterRadiusM: 425 },
    ])
    const inside = moved(SQUARE, 200)
    const answer = regionAt(inside, T0, listed(inside), [{ geofenceId: park.id }])
    expect(answer).toMatchObject({ geofences: [], complete: false })
    // 100 m to the edge, and the exit buffer beyond it.
    expect(answer.region.radiusM + distanceM(answer.region, inside)).toBeLessThanOrEqual(134)
  })
})

describe('the time until a phone speaks again', () => {
  const leaving = { geofenceId: square.id, outsideSinceMs: T0 - 5000 }

  it('is what is left until an exit can be confirmed', () => {
    const slow = { ...square, exit: { confirmS: 120 } }
    expect(regionAt(SQUARE, T0, [square], [{ geofenceId: square.id }]).validS).toBe(1800)
    expect(regionAt(SQUARE, T0, [square], [leaving]).validS).toBe(10)
    expect(regionAt(SQUARE, T0, [slow], [leaving]).validS).toBe(115)
  })

  it('is known of a geofence that is no longer listed here', () => {
    const answer = regionAt(moved(SQUARE, 3000), T0, [], [{ ...leaving, confirmS: 60 }])
    expect(answer).toMatchObject({ validS: 55, geofences: [], complete: false })
  })

  it('is what is left to confirm also where the region is a point', () => {
    const park = aGeofence('park', { shape: block(100) })
    const outside = moved(SQUARE, 160)
    const answer = regionAt(outside, T0, [park], [{ geofenceId: park.id, outsideSinceMs: T0 - 5000 }])
    expect(answer).toMatchObject({ region: { radiusM: 0 }, validS: 10 })
  })

  it('is nothing inside of a polygon whose visit is not open', () => {
    expect(regionAt(SQUARE, T0, [aGeofence('park', { shape: block(300) })], []).validS).toBe(1)
  })
})
