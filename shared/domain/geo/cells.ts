import ngeohash from 'ngeohash'
import type { Position } from '#shared/domain/geo/geofence.ts'

/**
 * Cells halve the globe in longitude and latitude as geohashes of an even number of bits do: at a depth of `n` there
 * are 2ⁿ columns from -180° and 2ⁿ rows from -90°. A cell is closed below and open above; the last of a row or column is
 * closed on both sides, so every position is in exactly one cell of each depth.
 */
export type Cell = { readonly depth: number; readonly column: number; readonly row: number }

/** Edges of a cell in degrees. */
export type Box = {
  readonly south: number
  readonly west: number
  readonly north: number
  readonly east: number
}

/** The depth to which positions are resolved: 1.2 m of latitude. */
export const FULL_DEPTH = 24

const FULL = 2 ** FULL_DEPTH

// A multiple by a power of two is exact, so cutting bits off gives the same cell as counting at the lesser depth.
/** Column of a longitude at the full depth. */
export const columnOf = (lon: number): number =>
  Math.min(FULL - 1, Math.max(0, Math.floor(((lon + 180) / 360) * FULL)))

/** Row of a latitude at the full depth. */
export const rowOf = (lat: number): number =>
  Math.min(FULL - 1, Math.max(0, Math.floor(((lat + 90) / 180) * FULL)))

/**
 * The cell of a depth that holds a position.
 *
 * @param depth 0 to 24
 * @example cellAt({ lat: 90, lon: 180 }, 1) // { depth: 1, column: 1, row: 1 }
 */
export const cellAt = ({ lat, lon }: Position, depth: number): Cell => ({
  depth,
  column: columnOf(lon) >> (FULL_DEPTH - depth),
  row: rowOf(lat) >> (FULL_DEPTH - depth),
})

/** The edges of a cell; exact, for they are dyadic fractions of the circle. */
export const boxOf = ({ depth, column, row }: Cell): Box => {
  const cells = 2 ** depth
  return {
    south: (row / cells) * 180 - 90,
    north: ((row + 1) / cells) * 180 - 90,
    west: (column / cells) * 360 - 180,
    east: ((column + 1) / cells) * 360 - 180,
  }
}

/** One of the four cells that a cell consists of: 0 south-west, 1 south-east, 2 north-west, 3 north-east. */
export const quarterOf = ({ depth, column, row }: Cell, quarter: number): Cell => ({
  depth: depth + 1,
  column: column * 2 + (quarter & 1),
  row: row * 2 + (quarter >> 1),
})

/**
 * The geohash of a cell; with five bits a character, the cells of depths 5, 10, 15 and 20 have one.
 *
 * A cell is named by encoding its centre: ngeohash puts points on a cell's edge into the lower cell, others into the
 * upper one; a centre is never on an edge.
 *
 * @example geohashOf(cellAt({ lat: 37.788, lon: -122.4075 }, 15)) // '9q8yyx'
 */
export const geohashOf = ({ depth, column, row }: Cell): string => {
  const cells = 2 ** depth
  return ngeohash.encode(
    ((row + 0.5) / cells) * 180 - 90,
    ((column + 0.5) / cells) * 360 - 180,
    (depth * 2) / 5,
  )
}

/**
 * The cell of a geohash of an even length, as `geohashOf` names it.
 *
 * @example cellOfGeohash('9q8yyx').depth // 15
 */
export const cellOfGeohash = (geohash: string): Cell => {
  const { latitude, longitude } = ngeohash.decode(geohash)
  return cellAt({ lat: latitude, lon: longitude }, (geohash.length * 5) / 2)
}
