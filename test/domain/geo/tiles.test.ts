import { fc, test } from '@fast-check/vitest'
import ngeohash from 'ngeohash'
import { describe, expect, it } from 'vitest'
import { distanceM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import {
  MAX_TILES_PER_GEOFENCE,
  TILE_PRECISIONS,
  tileAt,
  tilesAt,
  tilesOf,
} from '#shared/domain/geo/tiles.ts'
import { SQUARE } from '#test/support/builders.ts'
import { bearings, circleAt, destination, lats, lons, radii, shares } from '#test/support/places.ts'

const RADIANS = Math.PI / 180

describe('tilesOf', () => {
  test.prop([lats, lons, radii, bearings, shares], { numRuns: 3000 })(
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
