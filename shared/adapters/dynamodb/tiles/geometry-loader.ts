import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { batchGetAll } from '#shared/adapters/dynamodb/transactions.ts'
import { geometryKey, type PolygonOutlined, parseGeometryItem } from '#shared/contracts/items/tile-row.ts'
import type { Polygon } from '#shared/domain/geo/geofence.ts'

/** Of the largest polygons DynamoDB answers so many at once (16 MB). */
const BATCH = 32

/** Names a geofence's shape: `show`n wherever it is listed. */
export const geometryName = ({ id, effectiveAtMs }: PolygonOutlined): string => `${id}#${effectiveAtMs}`

export type LoadedGeometry = { readonly name: string; readonly polygon: Polygon }

/**
 * Loads polygons whose edges stand in items of their own; of those that are not there nothing is answered. What is
 * already on its way is waited for, not asked for again.
 */
export const createGeometryLoader = (client: DynamoDBDocumentClient, table: string) => {
  const loading = new Map<string, Promise<Polygon | undefined>>()

  const load = async (batch: readonly PolygonOutlined[], signal?: AbortSignal) => {
    const keys = batch.map(({ id, effectiveAtMs }) => geometryKey(id, effectiveAtMs))
    const [items = []] = await batchGetAll(client, [{ table, keys, consistent: true }], {
      random: Math.random,
      signal,
    })
    return new Map(
      batch.flatMap((outlined, index) => {
        const item = items[index]
        return item ? [[geometryName(outlined), parseGeometryItem(item)] as const] : []
      }),
    )
  }

  const start = (batch: readonly PolygonOutlined[], signal?: AbortSignal): void => {
    const answer = load(batch, signal)
    for (const outlined of batch) {
      const name = geometryName(outlined)
      const one = answer.then((polygons) => polygons.get(name)).finally(() => loading.delete(name))
      loading.set(name, one)
    }
  }

  return async (wanted: readonly PolygonOutlined[], signal?: AbortSignal): Promise<LoadedGeometry[]> => {
    const byName = new Map(wanted.map((outlined) => [geometryName(outlined), outlined]))
    const fresh = [...byName].flatMap(([name, outlined]) => (loading.has(name) ? [] : [outlined]))
    for (let first = 0; first < fresh.length; first += BATCH) start(fresh.slice(first, first + BATCH), signal)
    const loaded = await Promise.all(
      [...byName.keys()].map(async (name) => ({ name, polygon: await loading.get(name) })),
    )
    return loaded.flatMap(({ name, polygon }) => (polygon ? [{ name, polygon }] : []))
  }
}
