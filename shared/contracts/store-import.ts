import { type DeclaredGeometry, roundGeometry } from '#shared/contracts/declared-geometry.ts'
import type { BadRow, ImportRequest } from '#shared/contracts/http/imports.ts'
import { bad, type ImportRow, isBad } from '#shared/contracts/import-row.ts'
import { type DeclaredGeofence, shapeDeclared } from '#shared/contracts/items/geofence.ts'
import { readStoreFeatures } from '#shared/contracts/store-features.ts'
import { readStoreTable } from '#shared/contracts/store-table.ts'
import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'
import { type GeofenceId, hashId, isId, type MerchantId, type StoreId } from '#shared/domain/ids.ts'
import type { Store } from '#shared/domain/merchants/merchant.ts'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'

export type ReadImport = {
  readonly rows: readonly ImportRow[]
  readonly bad: readonly BadRow[]
}

/** Of the geofence that is drawn for a row's store. */
const geofenceIdOf = ({ externalId }: ImportRow, merchantId: MerchantId): GeofenceId =>
  hashId('gf', merchantId, externalId)

/**
 * Each id once: the first row that has it counts. A row that names a geofence of the merchant has the id of what is drawn for
 * another row's store.
 */
const distinct = (all: readonly (ImportRow | BadRow)[], merchantId: MerchantId): (ImportRow | BadRow)[] => {
  const lines = new Map<string, number>()
  return all.map((row) => {
    if (isBad(row)) return row
    const ids = [row.externalId, geofenceIdOf(row, merchantId)]
    const first = ids.map((id) => lines.get(id)).find((line) => line !== undefined)
    if (first !== undefined) return bad(row.line, '/id', `line ${first} has this id already`)
    for (const id of ids) lines.set(id, row.line)
    return row
  })
}

/**
 * Reads the stores of an import, and what is wrong with the rows that are none. `limitM` is how far a geofence of the
 * merchant may reach.
 *
 * @throws {NoStoresError} for a file that lacks what each store needs
 * @throws {ImportError} for a file that is no table, has no row, or more than 10,000, or borders that are too much to check
 * @example readImport({ format: 'csv', datum: 'wgs84', csv: 'id,name,lat,lon\n1,Café,37.7,-122.4' }, 5000, merchantId).rows.length // 1
 */
export const readImport = (request: ImportRequest, limitM: number, merchantId: MerchantId): ReadImport => {
  const settings = { ...request, limitM }
  const read = distinct(
    request.format === 'csv'
      ? readStoreTable(request.csv, settings)
      : readStoreFeatures(request.stores, settings),
    merchantId,
  )
  return {
    rows: read.flatMap((row) => (isBad(row) ? [] : [row])),
    bad: read.flatMap((row) => (isBad(row) ? [row] : [])),
  }
}

/** Does the row draw a geofence? */
export const wantsGeofence = ({ radiusM, area }: ImportRow): boolean =>
  radiusM !== undefined || area !== undefined

/** The geofence that a row names as its own id, as the merchant's geofences are given out. */
export const geofenceNamed = ({ externalId }: ImportRow): GeofenceId | undefined =>
  isId('gf', externalId) ? externalId : undefined

/** The id of a row's store follows from the merchant's own: the same row is the same store each time. */
export const storeIdOfRow = ({ externalId }: ImportRow, merchantId: MerchantId): StoreId =>
  hashId('sto', merchantId, externalId)

/** The store that a row describes. */
export const storeOfRow = (row: ImportRow, merchantId: MerchantId, datum: Datum, nowMs: number): Store => {
  const { line, lat, lon, radiusM, area, exit, isPlacedByArea, externalId, ...rest } = row
  const position = toWgs84({ lat, lon }, datum)
  const now = new Date(nowMs).toISOString()
  return {
    id: storeIdOfRow(row, merchantId),
    merchantId,
    externalId,
    ...rest,
    ...position,
    timeZone: timeZoneOf(position),
    revision: 1,
    createdAt: now,
    updatedAt: now,
  }
}

/** The geofences that a row may have drawn: its store's, or the one that it names. */
export const geofenceIdsOf = (row: ImportRow, merchantId: MerchantId): GeofenceId[] => {
  const named = geofenceNamed(row)
  return wantsGeofence(row) ? [geofenceIdOf(row, merchantId), ...(named === undefined ? [] : [named])] : []
}

/** A geofence of which the shape is not made yet: nobody needs it of one that stays as it is. */
export type PlannedGeofence = Omit<DeclaredGeofence, 'shape' | 'timeZone'>

/** The geofence around a row's store; undefined where the row wants none. */
export const geofenceOfRow = (
  row: ImportRow,
  merchantId: MerchantId,
  datum: Datum,
  nowMs: number,
): PlannedGeofence | undefined => {
  if (!wantsGeofence(row)) return undefined
  const { lat, lon, radiusM, area, exit, name } = row
  const geometry: DeclaredGeometry = area ?? { type: 'Point', coordinates: [lon, lat] }
  const now = new Date(nowMs).toISOString()
  return {
    id: geofenceIdOf(row, merchantId),
    merchantId,
    storeId: storeIdOfRow(row, merchantId),
    name,
    ...(exit !== undefined && { exit }),
    declared: { datum, geometry: roundGeometry(geometry), ...(radiusM !== undefined && { radiusM }) },
    revision: 1,
    effectiveAtMs: nowMs,
    createdAt: now,
    updatedAt: now,
  }
}

/** The geofence with the shape that it declares, and the time zone of the place. */
export const withShape = (planned: PlannedGeofence): DeclaredGeofence => {
  const shape = shapeDeclared(planned.declared)
  return { ...planned, shape, timeZone: timeZoneOf(shape) }
}
