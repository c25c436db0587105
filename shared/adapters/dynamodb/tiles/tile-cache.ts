import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { tilesAt } from '#shared/domain/geo/tiles.ts'

/** A tile is taken as it is for this long; then its version is read again. */
const FRESH_MS = 30_000
const MAX_TILES = 5_000
const PAGE = 1_000

const shape = z.object({ kind: z.literal('circle'), lat: z.number(), lon: z.number(), radiusM: z.number() })
const row = z.object({
  id: id('gf'),
  merchantId: id('mer'),
  storeId: id('sto').optional(),
  shape: z.object({ kind: z.literal('circle'), lat: z.number(), lon: z.number(), radiusM: z.number() }),
  timeZone: z.string(),
  revision: z.number(),
  effectiveAtMs: z.number(),
  former: z.object({ shape, effectiveAtMs: z.number() }).optional(),
})

type Tile = { readonly version: number; readonly rows: readonly IndexedGeofence[]; checkedAtMs: number }

export type TileCache = {
  /** Of these tiles the ones whose version must be read again before they are used. */
  readonly stale: (tiles: readonly string[], nowMs: number) => string[]
  /** Brings tiles up to date, given the versions just read (0 = the tile lists nothing). */
  readonly refresh: (
    versions: ReadonlyMap<string, number>,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
  /** Every geofence that a position may be in or near; its tiles must have been refreshed. */
  readonly near: (position: Position) => IndexedGeofence[]
}

/**
 * The geofences of the tiles that a container has met, least recently used first out.
 *
 * A load reads the tile's version before its rows, both consistently: rows that change in between are newer than the
 * version, so the next check reads them again, and never the other way round. Concurrent loads of a tile run once.
 */
export const createTileCache = (client: DynamoDBDocumentClient, table: string): TileCache => {
  const tiles = new Map<string, Tile>()
  const loading = new Map<string, Promise<void>>()

  const keep = (name: string, tile: Tile): void => {
    tiles.delete(name)
    tiles.set(name, tile)
    const oldest = tiles.keys().next()
    if (tiles.size > MAX_TILES && !oldest.done) tiles.delete(oldest.value)
  }

  const load = async (name: string, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const options = signal ? { abortSignal: signal } : {}
    const pk = `TILE#${name}`
    const head = await client.send(
      new GetCommand({ TableName: table, Key: { pk, sk: 'VERSION' }, ConsistentRead: true }),
      options,
    )
    const version = Number(head.Item?.['version'] ?? 0)
    const rows: IndexedGeofence[] = []
    let start: Record<string, unknown> | undefined
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :geofence)',
          ExpressionAttributeValues: { ':pk': pk, ':geofence': 'GEOFENCE#' },
          ConsistentRead: true,
          Limit: PAGE,
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
        options,
      )
      for (const item of page.Items ?? []) rows.push(row.parse(item) as IndexedGeofence)
      start = page.LastEvaluatedKey
    } while (start)
    keep(name, { version, rows, checkedAtMs: nowMs })
  }

  const loadOnce = (name: string, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const running = loading.get(name) ?? load(name, nowMs, signal).finally(() => loading.delete(name))
    loading.set(name, running)
    return running
  }

  return {
    stale: (names, nowMs) =>
      [...new Set(names)].filter(
        (name) => Math.abs(nowMs - (tiles.get(name)?.checkedAtMs ?? Number.NEGATIVE_INFINITY)) > FRESH_MS,
      ),

    refresh: async (versions, nowMs, signal) => {
      const changed: string[] = []
      for (const [name, version] of versions) {
        const tile = tiles.get(name)
        if (version === 0) keep(name, { version, rows: [], checkedAtMs: nowMs })
        else if (tile?.version === version) keep(name, { ...tile, checkedAtMs: nowMs })
        else changed.push(name)
      }
      await Promise.all(changed.map((name) => loadOnce(name, nowMs, signal)))
    },

    near: (position) => tilesAt(position).flatMap((name) => tiles.get(name)?.rows ?? []),
  }
}

/** The versions by tile, from the VERSION items in the same order; 0 where there is none. */
export const versionsOf = (
  names: readonly string[],
  heads: readonly (Record<string, unknown> | undefined)[],
): Map<string, number> => new Map(names.map((name, index) => [name, Number(heads[index]?.['version'] ?? 0)]))
