import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Polygon } from '#shared/domain/geo/geofence.ts'
import { type ParsedGeometry, parseGeometry } from '#shared/domain/geo/geojson.ts'
import { type AreaRings, outlineOf } from '#shared/domain/geo/outline.ts'

const DATA = join(import.meta.dirname, '../../../../shared/data')

export const HAS_DATA = existsSync(DATA)

// The reporter shows that a test was skipped, not why.
if (!HAS_DATA) console.log('skipped: no ../shared/data')

/** A suite of the data folder; undefined where there is none. */
export const readSuite = <T>(name: string): T | undefined =>
  HAS_DATA ? (JSON.parse(readFileSync(join(DATA, 'suites', name), 'utf8')) as T) : undefined

export type Feature = {
  readonly properties: { readonly name?: string }
  readonly geometry: PolygonJson
}

export type Ring = readonly (readonly number[])[]
export type PolygonJson =
  | { readonly type: 'Polygon'; readonly coordinates: readonly Ring[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly Ring[])[] }

/** All features of the real polygon files. */
export const readFeatures = (): { file: string; name: string; geometry: PolygonJson }[] => {
  if (!HAS_DATA) return []
  const folder = join(DATA, 'polygons')
  return readdirSync(folder).flatMap((file) => {
    const { features } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { features: Feature[] }
    return features.map(({ properties, geometry }) => ({ file, name: properties.name ?? '', geometry }))
  })
}

export const polygonsOf = (geometry: PolygonJson): readonly (readonly Ring[])[] =>
  geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates

/** The rings as they stand, on a plane that is no globe: for suites whose numbers are not degrees. */
export const planeOutline = (polygons: readonly (readonly Ring[])[]) =>
  outlineOf(
    polygons.map(
      (rings): AreaRings =>
        rings.map((ring) => {
          const [first = [], last = []] = [ring[0], ring.at(-1)]
          const closed = first[0] === last[0] && first[1] === last[1] ? ring : [...ring, first]
          return closed.flatMap(([x = 0, y = 0]) => [x, y])
        }),
    ),
  )

export const aPolygon = (...rings: Ring[]): PolygonJson => ({ type: 'Polygon', coordinates: rings })

/** The polygon that was parsed; what was refused is an error here. */
export const shapeOf = (parsed: ParsedGeometry): Polygon => {
  if (parsed.kind === 'refused') throw new Error(`${parsed.pointer}: ${parsed.reason}`)
  if (parsed.shape.kind !== 'polygon') throw new Error('not a polygon')
  return parsed.shape
}

export const polygonFrom = (geometry: unknown): Polygon => shapeOf(parseGeometry(geometry))
