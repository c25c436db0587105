import { fc, test } from '@fast-check/vitest'
import ngeohash from 'ngeohash'
import { describe, expect, it } from 'vitest'
import { distanceM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import { MAX_RADIUS_M, MIN_RADIUS_M, type Position } from '#shared/domain/geo/geofence.ts'
import {
  MAX_TILES_PER_GEOFENCE,
  TILE_PRECISIONS,
  tileAt,
  tilesAt,
  tilesOf,
} from '#shared/domain/geo/tiles.ts'
import { SQUARE } from '#test/support/builders.ts'

const RADIANS = Math.PI / 180

/** The point reached from another over a great circle (Chris Veness, "Destination point"). */
const destination = (from: Position, bearingDeg: number, metres: number): Position => {
  const angle = metres / EARTH_RADIUS_M
  const lat1 = from.lat * RADIANS
  const bearing = bearingDeg * RADIANS
  const lat = Math.asin(
    Math.min(
      1,
      Math.max(-1, Math.sin(lat1) * Math.cos(angle) + Math.cos(lat1) * Math.sin(angle) * Math.cos(bearing)),
    ),
  )
  const lon =
    from.lon +
    Math.atan2(
      Math.sin(bearing) * Math.sin(angle) * Math.cos(lat1),
      Math.cos(angle) - Math.sin(lat1) * Math.sin(lat),
    ) /
      RADIANS
  return { lat: lat / RADIANS, lon: ((((lon + 180) % 360) + 360) % 360) - 180 }
}

const lats = fc.oneof(
  fc.double({ min: -90, max: 90, noNaN: true }),
  fc.double({ min: 88, max: 90, noNaN: true }),
  fc.double({ min: -90, max: -88, noNaN: true }),
  fc.constantFrom(-90, -45, 0, 45, 90),
)
const lons = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: 179, max: 180, noNaN: true }),
  fc.double({ min: -180, max: -179, noNaN: true }),
  fc.constantFrom(-180, -90, 0, 90, 180),
)
const radii = fc.oneof(
  fc.double({ min: MIN_RADIUS_M, max: 1000, noNaN: true }),
  fc.double({ min: MIN_RADIUS_M, max: MAX_RADIUS_M, noNaN: true }),
)
const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1))
const bearings = fc.oneof(fc.double({ min: 0, max: 360, noNaN: true }), fc.constantFrom(0, 90, 180, 270))

const circleAt = (position: Position, radiusM: number) => ({ kind: 'circle', ...position, radiusM }) as const

describe('tilesOf', () => {
  test.prop([lats, lons, radii, bearings, share], { numRuns: 3000 })(
    'lists a circle in a tile of every position up to 200 m beyond it',
    (lat, lon, radiusM, bearing, part) => {
      const centre = { lat, lon }
      const position = destination(centre, bearing, (radiusM + 200) * part)
      expect(distanceM(centre, position)).toBeLessThan(radiusM + 201)
      const listed = new Set(tilesOf(circleAt(centre, radiusM)))
      expect(tilesAt(position).some((tile) => listed.has(tile))).toBe(true)
    },
  )

  test.prop([lats, lons, radii], { numRuns: 1000 })(
    'gives at most 16 different tiles of one precision, unless it is the coarsest',
    (lat, lon, radiusM) => {
      const tiles = tilesOf(circleAt({ lat, lon }, radiusM))
      expect(new Set(tiles).size).toBe(tiles.length)
      expect(new Set(tiles.map((tile) => tile.length)).size).toBe(1)
      if (tiles[0]?.length !== 2) expect(tiles.length).toBeLessThanOrEqual(MAX_TILES_PER_GEOFENCE)
    },
  )

  it('takes the finest precision for a shop in a town', () => {
    const tiles = tilesOf(circleAt(SQUARE, 100))
    expect(tiles).toContain('9q8yyx')
    expect(tiles.length).toBeLessThanOrEqual(4)
  })

  it.each([
    [500, 6],
    [5_000, 4],
    [100_000, 2],
  ])('lists a circle of %i m at precision %i', (radiusM, precision) => {
    expect(tilesOf(circleAt(SQUARE, radiusM))[0]).toHaveLength(precision)
  })

  it('lists a circle that just does not reach a pole', () => {
    for (let lat = 89.9; lat < 89.999; lat += 0.000_37) {
      const reach = (90 - lat) * RADIANS * EARTH_RADIUS_M
      expect(tilesOf(circleAt({ lat, lon: 10 }, reach - 250)).length).toBeGreaterThan(0)
      expect(tilesOf(circleAt({ lat, lon: 10 }, reach - 250.000_000_1)).length).toBeGreaterThan(0)
    }
  })
})

describe('tileAt', () => {
  it('is the geohash of the place', () => {
    expect(tileAt({ lat: 37.788, lon: -122.4075 }, 6)).toBe('9q8yyx')
  })

  // Whole millionths of a degree and a little: edges are dyadic fractions, so no such point is on one. Doubles would be
  // drawn close to zero, which is an edge, too often.
  const offEdge = (limit: number) => fc.integer({ min: -limit, max: limit }).map((n) => (n + 0.3) / 1e6)
  test.prop([offEdge(89_999_000), offEdge(179_999_000), fc.constantFrom(...TILE_PRECISIONS)])(
    'is what ngeohash says for points that are not on a cell’s edge',
    (lat, lon, precision) => {
      const [south, west, north, east] = ngeohash.decode_bbox(ngeohash.encode(lat, lon, precision))
      // A point on an edge, or nearer to one than numbers of this size can tell, is in either cell.
      fc.pre(Math.min(lat - south, north - lat, lon - west, east - lon) > 1e-9)
      expect(tileAt({ lat, lon }, precision)).toBe(ngeohash.encode(lat, lon, precision))
    },
  )

  it('puts an edge into the cell above it, and the last edge into the last cell', () => {
    expect(tileAt({ lat: 0, lon: 0 }, 2)).toBe('s0')
    expect(tileAt({ lat: 90, lon: 180 }, 2)).toBe('zz')
    expect(tileAt({ lat: -90, lon: -180 }, 2)).toBe('00')
  })
})
