import { grownBoundsOf, kindsIn } from '#shared/domain/geo/cell-kinds.ts'
import { boxOf, type Cell, cellAt, columnOf, FULL_DEPTH, geohashOf, rowOf } from '#shared/domain/geo/cells.ts'
import type { Position, Shape } from '#shared/domain/geo/geofence.ts'

/**
 * By how much a shape is grown before it is indexed, in metres. More than the largest distance at which a fix can still
 * fail to be outside: the exit buffer (at most 140 m) and the accuracy that is subtracted (at most 100 m). So a fix near
 * which a geofence is not listed is outside of it, whatever its accuracy.
 */
export const TILE_MARGIN_M = 250

/** The geohash precisions in which geofences are indexed, finest first. */
export const TILE_PRECISIONS = [6, 4, 2] as const
export type TilePrecision = (typeof TILE_PRECISIONS)[number]

/** The depths of their cells: a geohash of an even length splits its bits evenly, 5 per two characters and axis. */
export const TILE_DEPTHS = [15, 10, 5] as const

/** A geofence is listed in the tiles of the finest precision at which it needs at most this many. */
export const MAX_TILES_PER_GEOFENCE = 16
/** So many cells are looked at to find out; what is larger than that needs a coarser precision anyway. */
const MAX_CANDIDATES = 64

/**
 * The geohash cell of a precision that holds a position. Cells are closed below and open above, but for the last.
 *
 * @example tileAt({ lat: 37.788, lon: -122.4075 }, 6) // '9q8yyx'
 */
export const tileAt = (position: Position, precision: TilePrecision): string =>
  geohashOf(cellAt(position, (precision * 5) / 2))

/** The tiles that together list every geofence which a position may be in or near: one for each precision. */
export const tilesAt = (position: Position): string[] =>
  TILE_PRECISIONS.map((precision) => tileAt(position, precision))

type Span = { readonly first: number; readonly count: number }

const wrap = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180

const columnsOf = (west: number, east: number, depth: number): Span => {
  const cells = 2 ** depth
  // Both ends in one cell means either one cell or all of them: a span that is almost a full turn is all of them.
  if (east - west >= 360 - 360 / cells) return { first: 0, count: cells }
  const first = columnOf(wrap(west)) >> (FULL_DEPTH - depth)
  const last = columnOf(wrap(east)) >> (FULL_DEPTH - depth)
  return { first, count: ((last - first + cells) % cells) + 1 }
}

const rowsOf = (south: number, north: number, depth: number): Span => {
  const first = rowOf(south) >> (FULL_DEPTH - depth)
  return { first, count: (rowOf(north) >> (FULL_DEPTH - depth)) - first + 1 }
}

/** The cells of a depth that the shape, grown by the margin, may touch; undefined when they are too many to look at. */
const cellsOf = (shape: Shape, depth: number, most: number): Cell[] | undefined => {
  const { south, north, west, east } = grownBoundsOf(shape, TILE_MARGIN_M)
  const columns = columnsOf(west, east, depth)
  const rows = rowsOf(south, north, depth)
  if (columns.count * rows.count > most) return undefined
  const kindOf = kindsIn(shape, TILE_MARGIN_M)
  const cells: Cell[] = []
  for (let row = 0; row < rows.count; row++) {
    for (let column = 0; column < columns.count; column++) {
      const cell = { depth, column: (columns.first + column) % 2 ** depth, row: rows.first + row }
      if (kindOf(boxOf(cell)) !== 'outside') cells.push(cell)
    }
  }
  return cells
}

/**
 * The tiles that list a geofence of this shape, as cells: those that it touches when it is grown by the margin; of the
 * finest precision at which they are at most 16, else of the coarsest.
 *
 * @example tileCellsOf({ kind: 'circle', lat: 37.788, lon: -122.4075, radiusM: 100 })[0].depth // 15
 */
export const tileCellsOf = (shape: Shape): Cell[] => {
  for (const depth of TILE_DEPTHS) {
    const coarsest = depth === TILE_DEPTHS[2]
    const cells = cellsOf(shape, depth, coarsest ? Number.POSITIVE_INFINITY : MAX_CANDIDATES)
    if (cells !== undefined && (coarsest || cells.length <= MAX_TILES_PER_GEOFENCE)) return cells
  }
  return []
}

/**
 * Names of the tiles that list a geofence of this shape.
 *
 * @example tilesOf({ kind: 'circle', lat: 37.788, lon: -122.4075, radiusM: 100 }).length <= 16 // true
 */
export const tilesOf = (shape: Shape): string[] => tileCellsOf(shape).map(geohashOf)
