import type { Declared } from '#shared/contracts/declared-geometry.ts'
import { MIN_MERCHANT_RADIUS_M } from '#shared/contracts/http/geofences.ts'
import type { BadRow } from '#shared/contracts/http/imports.ts'
import {
  bad,
  COLUMNS,
  field,
  firstOf,
  ImportError,
  type ImportRow,
  type ImportSettings,
  isBad,
  NoStoresError,
  numberOf,
  ownRadiusOf,
  type Raw,
  readRow,
} from '#shared/contracts/import-row.ts'
import { readDrawing } from '#shared/contracts/items/geofence.ts'
import type { NoteEffort } from '#shared/domain/geo/check-effort.ts'
import { type Datum, fromWgs84, toWgs84 } from '#shared/domain/geo/datum.ts'
import { contains, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { Polygon, Position } from '#shared/domain/geo/geofence.ts'
import { crsFault } from '#shared/domain/geo/geojson.ts'
import type { GeometryFault } from '#shared/domain/geo/geometry-fault.ts'
import { pointInside } from '#shared/domain/geo/point-inside.ts'
import { reachFault } from '#shared/domain/geo/reach-fault.ts'

const POINTER = '/stores'
const MAX_OUTSIDE_KM = 1

type Feature = Raw & { readonly geometry: unknown }

const featureOf = (feature: unknown, index: number): Feature => {
  const properties = field(feature, 'properties')
  const id = field(feature, 'id')
  return {
    line: index + 1,
    values: {
      ...(typeof properties === 'object' && properties !== null ? properties : {}),
      ...(id !== undefined && { id }),
    },
    geometry: field(feature, 'geometry'),
  }
}

const typeOf = ({ geometry }: Feature): unknown => field(geometry, 'type')

/** @throws {NoStoresError} for a collection in which what every store needs is nowhere */
const requireStores = (features: readonly Feature[]): void => {
  const drawable = features.some((one) => ['Point', 'Polygon', 'MultiPolygon'].includes(String(typeOf(one))))
  if (!drawable) {
    const pointer = `${POINTER}/features/0/geometry`
    throw new NoStoresError(pointer, 'no feature has a Point, a Polygon or a MultiPolygon')
  }
  const lacks = (names: readonly string[]) =>
    !features.some(({ values }) => names.some((name) => name in values))
  const missing = [
    ...(lacks(COLUMNS.id) ? [`an id, as a member \`id\` or a property: ${COLUMNS.id.join(', ')}`] : []),
    ...(lacks(COLUMNS.name) ? [`a name, as a property: ${COLUMNS.name.join(', ')}`] : []),
  ]
  if (missing.length === 0) return
  throw new NoStoresError(`${POINTER}/features`, `no feature has ${missing.join('; nor ')}`)
}

const badBy = ({ line }: Raw, { pointer, reason }: GeometryFault): BadRow => bad(line, pointer, reason)

const readPoint = (feature: Feature, settings: ImportSettings): ImportRow | BadRow => {
  // Only for its place: the radius is looked at with the rest of the row, and not every store has one.
  const { geometry } = feature
  const read = readDrawing({ geometry, datum: settings.datum, radiusM: MIN_MERCHANT_RADIUS_M })
  if (read.kind === 'refused') return badBy(feature, read)
  const coordinates = field(geometry, 'coordinates')
  const radiusM = ownRadiusOf(feature) ?? settings.radiusM
  return readRow(feature, { lon: field(coordinates, '0'), lat: field(coordinates, '1'), radiusM }, settings)
}

const firstVertex = ({ geometry }: Declared): Position => {
  const [lon, lat] = geometry.coordinates.flat(3).map(Number)
  return { lat: lat ?? 0, lon: lon ?? 0 }
}

/** A position in the area, in the datum in which it was declared. */
const placeIn = (declared: Declared, shape: Polygon): Position => {
  const place = fromWgs84(pointInside(shape), declared.datum)
  // In a very small area the way to another datum and back may lead out of it.
  return contains(shape, toWgs84(place, declared.datum)) ? place : firstVertex(declared)
}

/** A store may stand beside what is drawn for it, as one in a side street does; far off, one of both is a mistake. */
const near = (row: ImportRow, shape: Polygon, datum: Datum): ImportRow | BadRow => {
  const km = distanceToBoundaryM(shape, toWgs84(row, datum)) / 1000
  if (km <= MAX_OUTSIDE_KM) return row
  const far = km.toLocaleString('en', { maximumFractionDigits: 1 })
  return bad(row.line, '/lat', `the store stands ${far} km outside of its area; at most ${MAX_OUTSIDE_KM} km`)
}

const readArea = (feature: Feature, settings: ImportSettings, noteEffort: NoteEffort): ImportRow | BadRow => {
  const { datum, limitM } = settings
  const own = ownRadiusOf(feature)
  const drawing = { geometry: feature.geometry, datum, ...(own !== undefined && { radiusM: Number(own) }) }
  const read = readDrawing(drawing, noteEffort)
  if (read.kind === 'refused') return badBy(feature, read)
  const { declared, shape } = read
  if (shape.kind === 'circle') return bad(feature.line, '/geometry/type', 'not an area')
  const fault = reachFault(shape, limitM)
  if (fault) return badBy(feature, fault)
  const given = { lat: firstOf(feature, ...COLUMNS.lat), lon: firstOf(feature, ...COLUMNS.lon) }
  const area = declared.geometry
  if (given.lat === undefined && given.lon === undefined) {
    return readRow(feature, { ...placeIn(declared, shape), isPlacedByArea: true, area }, settings)
  }
  const row = readRow(feature, { lat: numberOf(given.lat), lon: numberOf(given.lon), area }, settings)
  return isBad(row) ? row : near(row, shape, datum)
}

/**
 * How much the checks of all borders of a file may be: some two seconds. Real borders of 4 MiB need a hundredth of it; each
 * alone is bounded too, but a hundred hostile ones that are just within that would take a minute.
 */
const MAX_COMPARISONS = 60_000_000

/** @throws {ImportError} once all features together are too much work */
const createLimit = (): ((line: number) => NoteEffort) => {
  let left = MAX_COMPARISONS
  return (line) => (comparisons) => {
    left -= comparisons
    if (left >= 0) return
    const limit = `${MAX_COMPARISONS / 1e6} million comparisons of lines`
    throw new ImportError(
      `${POINTER}/features/${line - 1}`,
      `the borders of the file up to here meet, or run close to each other, too often to be checked at once (at most ${limit}): split the file before this feature, or simplify its borders`,
    )
  }
}

type Collection = { readonly features: readonly unknown[]; readonly crs?: unknown }

/**
 * Reads the stores of a GeoJSON FeatureCollection: a Point is where the store stands, a Polygon or MultiPolygon the ground
 * of its geofence, in which it stands where its properties name no `lat` and `lon`.
 *
 * @throws {NoStoresError} for a collection in another system of coordinates, or of which no feature can be a store
 * @throws {ImportError} for one whose borders are too much to check at once
 */
export const readStoreFeatures = (
  { features, crs }: Collection,
  settings: ImportSettings,
): (ImportRow | BadRow)[] => {
  const fault = settings.datum === 'wgs84' ? crsFault(crs) : undefined
  if (fault) throw new NoStoresError(`${POINTER}${fault.pointer}`, fault.reason)
  const read = features.map(featureOf)
  requireStores(read)
  const limit = createLimit()
  return read.map((feature) =>
    typeOf(feature) === 'Point'
      ? readPoint(feature, settings)
      : readArea(feature, settings, limit(feature.line)),
  )
}
