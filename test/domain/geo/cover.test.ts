import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { boxOf, type Cell, cellAt } from '#shared/domain/geo/cells.ts'
import { type CoverCell, cellsIn, coverOf, MAX_COVER_CELLS } from '#shared/domain/geo/cover.ts'
import { contains, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { Position, Shape } from '#shared/domain/geo/geofence.ts'
import { tilesOf } from '#shared/domain/geo/tiles.ts'
import { SQUARE } from '#test/support/builders.ts'
import { bearings, circleAt, destination, lats, lons, radii, shares } from '#test/support/places.ts'
import { stars, within } from '#test/support/polygons.ts'

const cellsOf = (shape: Shape): CoverCell[] => coverOf(shape).flatMap(cellsIn)
const holds = (cell: Cell, position: Position): boolean => {
  const there = cellAt(position, cell.depth)
  return there.column === cell.column && there.row === cell.row
}
const share = fc.double({ min: 0, max: 1, noNaN: true })
/** A position in a cell, its edges included. */
const inCell = (cell: Cell, x: number, y: number): Position => {
  const { south, west, north, east } = boxOf(cell)
  return { lat: south + (north - south) * y, lon: west + (east - west) * x }
}

/** Cells that hold the position: one when it is in the shape or near it, at most one elsewhere. */
const expectCovered = (shape: Shape, position: Position): void => {
  const holding = cellsOf(shape).filter((cell) => holds(cell, position))
  expect(holding.length).toBeLessThanOrEqual(1)
  if (distanceToBoundaryM(shape, position) <= 250) expect(holding).toHaveLength(1)
  if (holding[0]?.inside) expect(contains(shape, position)).toBe(true)
}

const expectInside = (shape: Shape, x: number, y: number): void => {
  for (const cell of cellsOf(shape).filter(({ inside }) => inside)) {
    expect(contains(shape, inCell(cell, x, y))).toBe(true)
  }
}

describe('a cover', () => {
  test.prop([lats, lons, radii, bearings, shares], { numRuns: 1500 })(
    'of a circle holds every position up to 250 m beyond it in exactly one cell',
    (lat, lon, radiusM, bearing, part) =>
      expectCovered(
        circleAt({ lat, lon }, radiusM),
        destination({ lat, lon }, bearing, (radiusM + 250) * part),
      ),
  )

  test.prop([stars, share, share], { numRuns: 1500 })(
    'of a polygon holds every position in and near it in exactly one cell',
    (polygon, x, y) => expectCovered(polygon, within(polygon, x, y)),
  )

  const corner = fc.oneof(share, fc.constantFrom(0, 1))
  test.prop([lats, lons, radii, corner, corner], { numRuns: 500 })(
    'of a circle flags no cell as inside that reaches out of it',
    (lat, lon, radiusM, x, y) => expectInside(circleAt({ lat, lon }, radiusM), x, y),
  )

  test.prop([stars, corner, corner], { numRuns: 500 })(
    'of a polygon flags no cell as inside that reaches out of it',
    (polygon, x, y) => expectInside(polygon, x, y),
  )

  test.prop([
    fc.oneof(
      stars,
      fc.tuple(lats, lons, radii).map(([lat, lon, m]) => circleAt({ lat, lon }, m)),
    ),
  ])('has at most 64 cells, in the tiles that list the shape', (shape) => {
    const covers = coverOf(shape)
    expect(covers).toHaveLength(tilesOf(shape).length)
    expect(covers.flatMap(cellsIn).length).toBeLessThanOrEqual(MAX_COVER_CELLS)
  })

  it('resolves most of a large circle, and little of a shop', () => {
    const area = (cells: readonly CoverCell[]) => cells.reduce((sum, { depth }) => sum + 4 ** -depth, 0)
    const large = cellsOf(circleAt(SQUARE, 5000))
    expect(area(large.filter(({ inside }) => inside)) / area(large)).toBeGreaterThan(0.5)
    expect(cellsOf(circleAt(SQUARE, 200)).length).toBeLessThan(40)
  })

  it('takes a few bytes a tile', () => {
    const bytes = coverOf(circleAt(SQUARE, 5000)).reduce((sum, { code }) => sum + code.length, 0)
    expect(bytes).toBeLessThan(64)
  })
})
