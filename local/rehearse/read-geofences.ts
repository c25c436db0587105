import { ReadError, readText } from '#local/replay/read-table.ts'
import type { Datum } from '#shared/domain/geo/datum.ts'
import type { ExitLadder, IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'
import { type GeofenceId, hashId } from '#shared/domain/ids.ts'

/** A feature's `id` as its file has it. */
export type FeatureId = string | number

export type ReadGeofences = {
  readonly geofences: readonly IndexedGeofence[]
  readonly nameOf: ReadonlyMap<GeofenceId, FeatureId>
  /** What is wrong with the features that were left out. */
  readonly faults: readonly ReadError[]
}

type Members = { readonly [name: string]: unknown }

const MERCHANT = hashId('mer', 'rehearsal')
const MAX_BUFFER_M = 140
const MAX_CONFIRM_S = 600

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})

const featuresOf = async (file: string): Promise<readonly unknown[]> => {
  let document: unknown
  try {
    document = JSON.parse(await readText(file))
  } catch (error) {
    if (error instanceof ReadError) throw error
    throw new ReadError(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  const { type, features } = membersOf(document)
  if (type === 'Feature') return [document]
  if (type !== 'FeatureCollection' || !Array.isArray(features)) {
    throw new ReadError(`${file}: not a GeoJSON FeatureCollection`)
  }
  return features
}

const optional = (value: unknown, name: string, limit: number, where: string): number | undefined => {
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= 0 && value <= limit) return value
  throw new ReadError(`${where}: properties.exit.${name} is a number from 0 to ${limit}`)
}

const exitOf = (exit: unknown, where: string): { exit?: ExitLadder } => {
  if (exit === undefined || exit === null) return {}
  const bufferM = optional(membersOf(exit)['bufferM'], 'bufferM', MAX_BUFFER_M, where)
  const confirmS = optional(membersOf(exit)['confirmS'], 'confirmS', MAX_CONFIRM_S, where)
  return {
    exit: { ...(bufferM === undefined ? {} : { bufferM }), ...(confirmS === undefined ? {} : { confirmS }) },
  }
}

/** Many files have no ids: such a feature is called by its place in the file. */
const idOf = ({ id }: Members, number: number, where: string): FeatureId => {
  if (typeof id === 'string' || typeof id === 'number') return id
  if (id === undefined || id === null) return `#${number}`
  throw new ReadError(`${where}: the id of a feature is a text or a number`)
}

/** A text and a number are two ids, even when they look alike. */
const geofenceIdOf = (id: FeatureId): GeofenceId => hashId('gf', typeof id, String(id))

const geofenceOf = (feature: unknown, number: number, datum: Datum, where: string) => {
  const members = membersOf(feature)
  const name = idOf(members, number, where)
  const properties = membersOf(members['properties'])
  const { radiusM } = properties
  if (radiusM !== undefined && typeof radiusM !== 'number') {
    throw new ReadError(`${where}: properties.radiusM is a number of metres`)
  }
  const geometry = membersOf(members['geometry'])
  const isPoint = geometry['type'] === 'Point'
  const parsed = parseGeometry(geometry, { datum, ...(isPoint && radiusM !== undefined ? { radiusM } : {}) })
  if (parsed.kind === 'refused') {
    const at = parsed.pointer === '/radiusM' ? '/properties/radiusM' : `/geometry${parsed.pointer}`
    throw new ReadError(`${where}: ${at}: ${parsed.reason}`)
  }
  const geofence: IndexedGeofence = {
    id: geofenceIdOf(name),
    merchantId: MERCHANT,
    shape: parsed.shape,
    ...exitOf(properties['exit'], where),
    timeZone: 'UTC',
    revision: 1,
    effectiveAtMs: 0,
  }
  return { name, geofence }
}

/**
 * The geofences of a GeoJSON file: Points with `properties.radiusM` are circles, Polygons and MultiPolygons areas;
 * `properties.exit` may hold `bufferM` and `confirmS`. A feature without an id is called `#` and its number. Features that
 * are no geofences are left out and named.
 *
 * @throws {ReadError} when the file as a whole cannot be read
 * @example (await readGeofences('shops.geojson', 'wgs84')).geofences[0].shape.kind // 'circle'
 */
export const readGeofences = async (file: string, datum: Datum): Promise<ReadGeofences> => {
  const geofences: IndexedGeofence[] = []
  const nameOf = new Map<GeofenceId, FeatureId>()
  const faults: ReadError[] = []
  for (const [index, feature] of (await featuresOf(file)).entries()) {
    const where = `${file}: feature ${index + 1}`
    try {
      const { name, geofence } = geofenceOf(feature, index + 1, datum, where)
      if (nameOf.has(geofence.id)) throw new ReadError(`${where}: another feature has the id ${name}, too`)
      nameOf.set(geofence.id, name)
      geofences.push(geofence)
    } catch (error) {
      if (!(error instanceof ReadError)) throw error
      faults.push(error)
    }
  }
  return { geofences, nameOf, faults }
}
