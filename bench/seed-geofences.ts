import { marshall } from '@aws-sdk/util-dynamodb'
import { geometryItem, tileRowAttributes } from '#shared/contracts/items/tile-row.ts'
import { geohashOf } from '#shared/domain/geo/cells.ts'
import { coverOf } from '#shared/domain/geo/cover.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { MemoryTables, WireItem } from './memory-network.ts'

/** An item as JSON carries it: binary as base64. */
export const wireItem = (item: Readonly<Record<string, unknown>>): WireItem => {
  const marshalled = marshall(item, { removeUndefinedValues: true, convertClassInstanceToMap: true })
  const text = JSON.stringify(marshalled, function (key, value: unknown) {
    // Buffers answer toJSON before a replacer sees them; what they were stands in the object that holds them.
    const original: unknown = Reflect.get(this, key)
    return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value
  })
  return JSON.parse(text) as WireItem
}

/** Puts geofences into the Catalog as the merchants' API does: rows in their tiles, large polygons once, versions. */
export const seedGeofences = (tables: MemoryTables, geofences: readonly IndexedGeofence[]): void => {
  const put = (item: Readonly<Record<string, unknown>>): void => tables.put('Catalog', wireItem(item))
  const tiles = new Set<string>()
  for (const geofence of geofences) {
    const attributes = tileRowAttributes(geofence)
    for (const { tile, code } of coverOf(geofence.shape)) {
      const pk = `TILE#${geohashOf(tile)}`
      tiles.add(pk)
      put({ pk, sk: `GEOFENCE#${geofence.id}`, ...attributes, cover: code })
    }
    const geometry = geometryItem(geofence.id, geofence.shape, geofence.effectiveAtMs)
    if (geometry !== undefined) put(geometry)
  }
  for (const pk of tiles) put({ pk, sk: 'VERSION', version: 1, rows: 1 })
}
