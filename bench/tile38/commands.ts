import type { Position, Shape } from '#shared/domain/geo/geofence.ts'

/** The collection in which pings move and at which the geofences look. */
export const COLLECTION = 'phones'

export type Command = readonly string[]

/** A geofence of the benchmark's worlds: polygons come with the GeoJSON they were made from. */
export type FenceToSet = { readonly id: string; readonly shape: Shape; readonly geojson?: unknown }

/**
 * A static geofence as a channel: `NEARBY … POINT lat lon metres` for a circle, `INTERSECTS … OBJECT` for a polygon
 * (its rim belongs to it, as with us). Only enter and exit are told.
 *
 * @see https://tile38.com/commands/setchan
 * @throws {Error} for a polygon without GeoJSON
 */
export const fenceCommand = ({ id, shape, geojson }: FenceToSet): Command => {
  const fence = [COLLECTION, 'FENCE', 'DETECT', 'enter,exit']
  if (shape.kind === 'circle') {
    const point = [shape.lat, shape.lon, shape.radiusM].map(String)
    return ['SETCHAN', id, 'NEARBY', ...fence, 'POINT', ...point]
  }
  if (geojson === undefined) throw new Error(`${id}: a polygon for Tile38 needs its GeoJSON`)
  return ['SETCHAN', id, 'INTERSECTS', ...fence, 'OBJECT', JSON.stringify(geojson)]
}

/**
 * One ping.
 *
 * @see https://tile38.com/commands/set
 */
export const pingCommand = (user: string, { lat, lon }: Position): Command => [
  'SET',
  COLLECTION,
  user,
  'POINT',
  String(lat),
  String(lon),
]

/** Forgets all phones and all channels. */
export const clearCommands: readonly Command[] = [
  ['DROP', COLLECTION],
  ['PDELCHAN', '*'],
]
