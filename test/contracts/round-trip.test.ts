import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import * as z from 'zod'
import { featuresSchema, featureView } from '#shared/contracts/http/features.ts'
import { importRequestSchema } from '#shared/contracts/http/imports.ts'
import { type Drawing, readDrawing } from '#shared/contracts/items/geofence.ts'
import { geofenceNamed, geofenceOfRow, readImport, withShape } from '#shared/contracts/store-import.ts'
import { DATUMS } from '#shared/domain/geo/datum.ts'
import type { Shape } from '#shared/domain/geo/geofence.ts'
import { placed, starRings, wrapped } from '#test/domain/geo/stars.ts'
import { named } from '#test/support/builders.ts'

const UNITS_OF_A_MILLIONTH = 10
const MERCHANT = named('mer', 'chain')

const lats = fc.oneof(
  fc.double({ min: -89, max: 89, noNaN: true }),
  fc.double({ min: 20, max: 50, noNaN: true }),
)
const lons = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: 75, max: 130, noNaN: true }),
  fc.constantFrom(179.999, -179.9999),
)
const areas = fc
  .array(fc.tuple(starRings, lats, lons, fc.double({ min: 0.0002, max: 0.02, noNaN: true })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((stars) => stars.map(([rings, lat, lon, size]) => wrapped(placed(rings, lat, lon, size))))
const drawings: fc.Arbitrary<Drawing> = fc.oneof(
  fc.record({
    geometry: fc.tuple(lons, lats).map((coordinates) => ({ type: 'Point', coordinates })),
    datum: fc.constantFrom(...DATUMS),
    radiusM: fc.double({ min: 10, max: 5000, noNaN: true }),
  }),
  fc.record({
    geometry: areas.map((polygons) =>
      polygons.length === 1
        ? { type: 'Polygon', coordinates: polygons[0] }
        : { type: 'MultiPolygon', coordinates: polygons },
    ),
    datum: fc.constantFrom(...DATUMS),
  }),
)

/** The numbers of a shape in units of 1e-7 degrees. */
const placesOf = (shape: Shape): readonly number[] =>
  shape.kind === 'circle' ? [shape.lon * 1e7, shape.lat * 1e7] : [...shape.outline.coords]

describe('a geofence that is given out as GeoJSON', () => {
  test.prop([drawings], { numRuns: 300 })(
    'comes in as it is, with the same shape to 1e-6 degrees',
    (drawing) => {
      const read = readDrawing(drawing)
      fc.pre(read.kind === 'drawing')
      const { declared, shape } = read
      const geofence = {
        ...{ id: named('gf', 'square'), merchantId: MERCHANT, name: 'Square', exit: { bufferM: 30 } },
        ...{ declared, shape, timeZone: 'UTC', revision: 1, effectiveAtMs: 1, createdAt: '', updatedAt: '' },
      }
      const page = JSON.parse(
        JSON.stringify({ type: 'FeatureCollection', features: [featureView(geofence)], next: 'x' }),
      )
      expect(z.safeParse(featuresSchema, page).success).toBe(true)
      const request = importRequestSchema.parse({ format: 'geojson', stores: page })
      const { rows, bad } = readImport(request, Number.POSITIVE_INFINITY, MERCHANT)
      expect(bad).toEqual([])
      const [row] = rows
      const planned = row && geofenceOfRow(row, MERCHANT, request.datum, 1)
      if (row === undefined || planned === undefined) throw new Error('nothing was drawn')
      expect(geofenceNamed(row)).toBe(geofence.id)
      const again = withShape(planned)
      expect(again).toMatchObject({ name: 'Square', exit: { bufferM: 30 } })
      expect(again.shape.kind).toBe(shape.kind)
      expect(again.shape.radiusM).toBeCloseTo(shape.radiusM, shape.kind === 'circle' ? 9 : 0)
      const [before, after] = [placesOf(shape), placesOf(again.shape)]
      expect(after).toHaveLength(before.length)
      for (const [index, place] of before.entries())
        expect(Math.abs((after[index] ?? Number.NaN) - place)).toBeLessThanOrEqual(UNITS_OF_A_MILLIONTH)
    },
  )
})
