import gcoord from 'gcoord'
import type { Position } from '#shared/domain/geo/geofence.ts'

/** What coordinates are given in: GPS and most of the world, Chinese maps, Baidu's maps. */
export const DATUMS = ['wgs84', 'gcj02', 'bd09'] as const
export type Datum = (typeof DATUMS)[number]

const CRS = { wgs84: gcoord.WGS84, gcj02: gcoord.GCJ02, bd09: gcoord.BD09 } as const

/** BD-09 is shifted all over the world, so at ±180 and the south pole a conversion leads off the map. */
const onGlobe = (lat: number, lon: number): Position => ({
  lat: Math.min(90, Math.max(-90, lat)),
  lon: Math.abs(lon) > 180 ? lon - Math.sign(lon) * 360 : lon,
})

const converted = ({ lat, lon }: Position, from: Datum, to: Datum): Position => {
  if (from === to) return { lat, lon }
  const [lonTo, latTo] = gcoord.transform([lon, lat], CRS[from], CRS[to])
  return Math.abs(lon) <= 180 ? onGlobe(latTo, lonTo) : { lat: latTo, lon: lonTo }
}

/**
 * Converts a position of a declared datum to WGS-84 degrees, off by less than 5 m for `bd09` and far less for `gcj02`.
 * Never guess the datum from the place: gcoord takes China for a rectangle that holds Hong Kong and Seoul.
 *
 * @example toWgs84({ lat: 39.909187, lon: 116.397452 }, 'gcj02') // { lat: 39.907785, lon: 116.391211 }
 */
export const toWgs84 = (position: Position, datum: Datum): Position => converted(position, datum, 'wgs84')

/**
 * Converts a WGS-84 position to the datum in which somebody wants to see it.
 *
 * @example fromWgs84({ lat: 39.907785, lon: 116.391211 }, 'gcj02') // { lat: 39.909187, lon: 116.397452 }
 */
export const fromWgs84 = (position: Position, datum: Datum): Position => converted(position, 'wgs84', datum)
