import { checkAreas } from '#shared/domain/geo/check-areas.ts'
import type { NoteEffort } from '#shared/domain/geo/check-effort.ts'
import type { Datum } from '#shared/domain/geo/datum.ts'
import { MAX_RADIUS_M, MIN_RADIUS_M, type Shape } from '#shared/domain/geo/geofence.ts'
import { type GeometryFault, refused } from '#shared/domain/geo/geometry-fault.ts'
import { parseAreas, parsePosition } from '#shared/domain/geo/parse-rings.ts'
import { polygonOf } from '#shared/domain/geo/polygon.ts'

export type ParsedGeometry = { readonly kind: 'shape'; readonly shape: Shape } | GeometryFault

export type GeometryOptions = {
  /** Radius of the circle around a Point in metres, 10 to 100,000. */
  readonly radiusM?: number
  /** What the coordinates are given in; WGS-84 by default, as GeoJSON has it. */
  readonly datum?: Datum
  readonly noteEffort?: NoteEffort
}

type Members = { readonly [name: string]: unknown }

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Members that say that something else than a geometry was meant (RFC 7946, 7.1). */
const FOREIGN = ['geometry', 'geometries', 'properties', 'features'] as const

/** Names by which older files call WGS-84 with the longitude first. */
const WGS84_NAMES = new Set([
  'urn:ogc:def:crs:OGC:1.3:CRS84',
  'urn:ogc:def:crs:OGC::CRS84',
  'urn:ogc:def:crs:EPSG::4326',
  'EPSG:4326',
])

/** What is wrong with a `crs` (of the GeoJSON before RFC 7946): it names another system than WGS-84. */
export const crsFault = (crs: unknown): GeometryFault | undefined => {
  if (crs === undefined || crs === null) return undefined
  const name = isObject(crs) && isObject(crs['properties']) ? crs['properties']['name'] : undefined
  if (typeof name === 'string' && WGS84_NAMES.has(name)) return undefined
  return refused('/crs', 'GeoJSON is WGS-84; convert the coordinates, or declare their `datum`.')
}

const bboxFault = (bbox: unknown): GeometryFault | undefined => {
  if (bbox === undefined) return undefined
  if (!Array.isArray(bbox) || (bbox.length !== 4 && bbox.length !== 6)) {
    return refused('/bbox', 'A bbox is a list of 4 numbers, or of 6 with altitudes.')
  }
  const at = bbox.findIndex((value) => !Number.isFinite(value))
  return at < 0 ? undefined : refused(`/bbox/${at}`, 'A bbox consists of numbers.')
}

const membersFault = (geometry: Members): GeometryFault | undefined => {
  const foreign = FOREIGN.find((name) => name in geometry)
  if (foreign) return refused(`/${foreign}`, `A geometry has no ${foreign}; send the geometry alone.`)
  const fault = crsFault(geometry['crs']) ?? bboxFault(geometry['bbox'])
  if (fault) return fault
  if (Array.isArray(geometry['coordinates'])) return undefined
  return refused('/coordinates', 'A geometry needs a list of coordinates.')
}

const radiusFault = (radiusM: number | undefined): GeometryFault | undefined => {
  if (radiusM === undefined) return refused('/radiusM', 'A Point needs a radius: its geofence is a circle.')
  if (radiusM >= MIN_RADIUS_M && radiusM <= MAX_RADIUS_M) return undefined
  return refused('/radiusM', `A radius lies between ${MIN_RADIUS_M} m and ${MAX_RADIUS_M / 1000} km.`)
}

const parseCircle = (coordinates: unknown, radiusM: number | undefined, datum: Datum): ParsedGeometry => {
  const position = parsePosition(coordinates, '/coordinates', datum)
  if (position.kind === 'refused') return position
  const fault = radiusFault(radiusM)
  if (fault || radiusM === undefined) return fault ?? refused('/radiusM', 'A Point needs a radius.')
  return { kind: 'shape', shape: { kind: 'circle', lat: position.lat, lon: position.lon, radiusM } }
}

const parsePolygons = (
  polygons: readonly (readonly [string, unknown])[],
  { radiusM, datum = 'wgs84', noteEffort }: GeometryOptions,
): ParsedGeometry => {
  if (radiusM !== undefined)
    return refused('/radiusM', 'Only a Point has a radius; a polygon has its own outline.')
  if (polygons.length === 0) return refused('/coordinates', 'A MultiPolygon needs at least one polygon.')
  const read = parseAreas(polygons, datum)
  if (read.kind === 'refused') return read
  const checked = checkAreas(read.areas, noteEffort)
  if (checked.kind === 'refused') return checked
  return { kind: 'shape', shape: polygonOf(checked.areas) }
}

/**
 * Makes a shape of a GeoJSON geometry (RFC 7946): a Point with a radius becomes a circle; a Polygon or MultiPolygon with
 * holes, of up to 30,000 vertices, wound either way, cut at ±180, running through it or around a pole, becomes a polygon.
 * Edges are straight in longitude and latitude; one that spans more than 180 degrees runs the other way around, but for
 * a whole turn. Anything else is refused with the first fault: a JSON pointer into the geometry (`/radiusM` stands beside
 * it) and a reason for who drew it.
 *
 * @example parseGeometry({ type: 'Point', coordinates: [-122.4, 37.8] }, { radiusM: 5 }).kind // 'refused'
 */
export const parseGeometry = (geojson: unknown, options: GeometryOptions = {}): ParsedGeometry => {
  const { radiusM, datum = 'wgs84' } = options
  if (!isObject(geojson)) return refused('', 'A geometry is a JSON object with a type and coordinates.')
  const { type } = geojson
  if (type !== 'Point' && type !== 'Polygon' && type !== 'MultiPolygon') {
    return refused('/type', 'The type of a geofence is Point, Polygon or MultiPolygon.')
  }
  const fault = membersFault(geojson)
  if (fault) return fault
  const coordinates: unknown[] = Array.isArray(geojson['coordinates']) ? geojson['coordinates'] : []
  if (type === 'Point') return parseCircle(coordinates, radiusM, datum)
  const polygons: readonly (readonly [string, unknown])[] =
    type === 'Polygon'
      ? [['/coordinates', coordinates]]
      : coordinates.map((polygon, index) => [`/coordinates/${index}`, polygon])
  return parsePolygons(polygons, options)
}
