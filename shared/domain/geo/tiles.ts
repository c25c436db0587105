import ngeohash from 'ngeohash'
import { EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { Position, Shape } from '#shared/domain/geo/geofence.ts'

/** The geohash precisions in which geofences are indexed, finest first. */
export const TILE_PRECISIONS = [6, 4, 2] as const
export type TilePrecision = (typeof TILE_PRECISIONS)[number]

/** A geofence is listed in the tiles of the finest precision at which it needs at most this many. */
export const MAX_TILES_PER_GEOFENCE = 16

/**
 * By how much a shape is grown before its tiles are chosen, in metres. More than the largest distance at which a fix
 * can still fail to be outside: the exit buffer (at most 100 m) and the accuracy that is subtracted (at most 100 m).
 * So a fix in whose tiles a geofence is not listed is outside of it, whatever its accuracy.
 */
export const TILE_MARGIN_M = 250

const DEGREES = 180 / Math.PI

/** Cells per axis: a geohash of an even length splits its bits evenly, 5 per two characters and axis. */
const cellsPerAxis = (precision: TilePrecision): number => 2 ** ((precision * 5) / 2)

const cellIndex = (degrees: number, spanDegrees: number, cells: number): number =>
  Math.min(cells - 1, Math.max(0, Math.floor(((degrees + spanDegrees / 2) / spanDegrees) * cells)))

// A cell is named by encoding its centre: ngeohash puts points on a cell's edge into the lower cell, others into the
// upper one; a centre is never on an edge.
const cellName = (lonCell: number, latCell: number, precision: TilePrecision): string => {
  const cells = cellsPerAxis(precision)
  return ngeohash.encode(
    ((latCell + 0.5) / cells) * 180 - 90,
    ((lonCell + 0.5) / cells) * 360 - 180,
    precision,
  )
}

/**
 * The geohash cell of a precision that holds a position. Cells are closed below and open above, but for the last.
 *
 * @example tileAt({ lat: 37.788, lon: -122.4075 }, 6) // '9q8yyx'
 */
export const tileAt = (position: Position, precision: TilePrecision): string => {
  const cells = cellsPerAxis(precision)
  return cellName(cellIndex(position.lon, 360, cells), cellIndex(position.lat, 180, cells), precision)
}

/** The tiles that together list every geofence which a position may be in or near: one for each precision. */
export const tilesAt = (position: Position): string[] =>
  TILE_PRECISIONS.map((precision) => tileAt(position, precision))

type Span = { readonly first: number; readonly count: number }

/** Bounding box of a circle; all longitudes when it reaches a pole (Bronstein, "spherical cap"). */
const boundsOf = (shape: Shape, marginM: number) => {
  const angle = (shape.radiusM + marginM) / EARTH_RADIUS_M
  const south = shape.lat - angle * DEGREES
  const north = shape.lat + angle * DEGREES
  if (south <= -90 || north >= 90) return { south, north, west: -180, east: 180 }
  const halfWidth = Math.asin(Math.sin(angle) / Math.cos(shape.lat / DEGREES)) * DEGREES
  return { south, north, west: shape.lon - halfWidth, east: shape.lon + halfWidth }
}

const wrap = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180

const lonSpan = (west: number, east: number, cells: number): Span => {
  // Both ends in one cell means either one cell or all of them: a span that is almost a full turn is all of them.
  if (east - west >= 360 - 360 / cells) return { first: 0, count: cells }
  const first = cellIndex(wrap(west), 360, cells)
  const last = cellIndex(wrap(east), 360, cells)
  return { first, count: ((last - first + cells) % cells) + 1 }
}

const latSpan = (south: number, north: number, cells: number): Span => {
  const first = cellIndex(south, 180, cells)
  return { first, count: cellIndex(north, 180, cells) - first + 1 }
}

/**
 * The tiles that list a geofence of this shape: all cells that its bounding box, grown by the margin, touches; of the
 * finest precision at which they are at most 16, else of the coarsest.
 *
 * @example tilesOf({ kind: 'circle', lat: 37.788, lon: -122.4075, radiusM: 100 }).length <= 16 // true
 */
export const tilesOf = (shape: Shape): string[] => {
  const { south, north, west, east } = boundsOf(shape, TILE_MARGIN_M)
  for (const precision of TILE_PRECISIONS) {
    const cells = cellsPerAxis(precision)
    const lons = lonSpan(west, east, cells)
    const lats = latSpan(south, north, cells)
    const fits = lons.count * lats.count <= MAX_TILES_PER_GEOFENCE
    if (!fits && precision !== 2) continue
    const names: string[] = []
    for (let lat = 0; lat < lats.count; lat++) {
      for (let lon = 0; lon < lons.count; lon++) {
        names.push(cellName((lons.first + lon) % cells, lats.first + lat, precision))
      }
    }
    return names
  }
  return []
}
