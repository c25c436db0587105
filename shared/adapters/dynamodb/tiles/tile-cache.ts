import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createByteCache } from '#shared/adapters/dynamodb/tiles/byte-cache.ts'
import { createGeometryLoader, geometryName } from '#shared/adapters/dynamodb/tiles/geometry-loader.ts'
import { type LoadedTile, loadTile, sizeOfPolygon } from '#shared/adapters/dynamodb/tiles/load-tile.ts'
import { createShownGeometries, isNear } from '#shared/adapters/dynamodb/tiles/shown-geometries.ts'
import type { PolygonOutlined } from '#shared/contracts/items/tile-row.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { type Cell, cellAt, cellOfGeohash, geohashOf } from '#shared/domain/geo/cells.ts'
import type { IndexedGeofence, Polygon, Position } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import { tileIndex, tileKey } from '#shared/domain/geo/tile-index.ts'
import { TILE_DEPTHS } from '#shared/domain/geo/tiles.ts'

/** A tile is taken as it is for this long; then its version is read again. */
const FRESH_MS = 30_000
const FINEST_DEPTH = Math.max(...TILE_DEPTHS)
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024

type HeldTile = LoadedTile & { readonly name: string; checkedAtMs: number }

export type TileCache = {
  /**
   * Of the tiles around these positions the ones whose version must be read again before they are used.
   *
   * @param maxAgeMs how long ago it may have been read; 30 s by default
   */
  readonly stale: (positions: readonly Position[], nowMs: number, maxAgeMs?: number) => string[]
  /**
   * Brings tiles up to date, given the versions just read (0 = the tile lists nothing).
   *
   * @throws {BusyError} when the table does not answer
   */
  readonly refresh: (
    versions: ReadonlyMap<string, number>,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
  /**
   * Loads the edges of the large polygons near which a position is; their tiles must have been refreshed. Of all others
   * the circle around them is known, which says enough: they are farther away than the margin.
   *
   * @throws {BusyError} when the table does not answer, or no longer has what a tile lists
   */
  readonly loadGeometries: (
    positions: readonly Position[],
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
  /** Looks up a position whose tiles were refreshed and whose geometries were loaded. @throws {BusyError} when not */
  readonly geofencesAt: GeofencesAt
  /** Everything that the tiles of a position list at a time; of large polygons that are not near, the circle around. */
  readonly listedAt: (position: Position, atMs: number) => readonly IndexedGeofence[]
}

export type TileCacheOptions = {
  /** About how much memory the cache takes; what was used in the last 10 s stays up to twice as much, what a request needs always. 64 MB by default. */
  readonly maxBytes?: number
}

const NOTHING_LISTED: LoadedTile = { version: 0, tile: undefined, elsewhere: [], bytes: 0 }

/** Tiles by depth and key beside their names: a look-up makes no text. */
const createPlaces = () => {
  const byKey = new Map<number, Map<number, HeldTile>>(TILE_DEPTHS.map((depth) => [depth, new Map()]))
  const at = (depth: number, key: number): HeldTile | undefined => byKey.get(depth)?.get(key)
  return {
    at,
    put: (cell: Cell, tile: HeldTile) => byKey.get(cell.depth)?.set(tileKey(cell), tile),
    remove: (cell: Cell) => byKey.get(cell.depth)?.delete(tileKey(cell)),
    around: (position: Position): readonly { cell: Cell; tile: HeldTile | undefined }[] =>
      TILE_DEPTHS.map((depth) => {
        const cell = cellAt(position, depth)
        return { cell, tile: at(depth, tileKey(cell)) }
      }),
  }
}

/**
 * The tiles that a container has met and the polygons that they list, least recently used first out.
 */
const createHeld = (maxBytes: number) => {
  const places = createPlaces()
  const shown = createShownGeometries()
  const dropTile = (name: string, { elsewhere }: HeldTile): void => {
    places.remove(cellOfGeohash(name))
    for (const outlined of elsewhere) shown.remove(outlined)
  }
  type Held = { readonly tile: HeldTile } | { readonly polygon: Polygon }
  const cache = createByteCache<Held>(maxBytes, (name, value) =>
    'tile' in value ? dropTile(name, value.tile) : shown.hide(name),
  )

  /** Shows what is known, and says what is not. */
  const showKnown = (outlined: readonly PolygonOutlined[], nowMs: number): PolygonOutlined[] =>
    outlined.filter((one) => {
      const name = geometryName(one)
      const geometry = cache.get(name)
      if (geometry === undefined || !('polygon' in geometry)) return true
      cache.use(name, nowMs)
      if (!one.isShown()) shown.show(one, geometry.polygon)
      return false
    })

  return {
    places,
    shown,
    showKnown,
    use: cache.use,
    makeRoom: cache.makeRoom,
    tileOf: (name: string): HeldTile | undefined => {
      const held = cache.get(name)
      return held && 'tile' in held ? held.tile : undefined
    },
    keepTile: (name: string, loaded: LoadedTile, nowMs: number): void => {
      const tile: HeldTile = { ...loaded, name, checkedAtMs: nowMs }
      cache.keep(name, { tile }, tile.bytes, nowMs)
      places.put(cellOfGeohash(name), tile)
      for (const outlined of tile.elsewhere) shown.add(outlined)
      showKnown(tile.elsewhere, nowMs)
    },
    keepPolygon: (name: string, polygon: Polygon, nowMs: number): void => {
      if (cache.get(name) === undefined) cache.keep(name, { polygon }, sizeOfPolygon(polygon), nowMs)
    },
  }
}

/** Loads of tiles, each once at a time. */
const createLoads = (load: (name: string, nowMs: number, signal?: AbortSignal) => Promise<void>) => {
  const running = new Map<string, Promise<void>>()
  const once = (name: string, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const promise = running.get(name) ?? load(name, nowMs, signal).finally(() => running.delete(name))
    running.set(name, promise)
    return promise
  }
  return async (names: Iterable<string>, nowMs: number, signal?: AbortSignal): Promise<void> => {
    await Promise.all([...new Set(names)].map((name) => once(name, nowMs, signal)))
  }
}

/**
 * The geofences of the tiles that a container has met, least recently used first out.
 *
 * A load reads the tile's version before its rows, both consistently: rows that change in between are newer than the
 * version, so the next check reads them again, and never the other way round. Concurrent loads of a tile or a geometry
 * run once.
 */
export const createTileCache = (
  client: DynamoDBDocumentClient,
  table: string,
  { maxBytes = DEFAULT_MAX_BYTES }: TileCacheOptions = {},
): TileCache => {
  const held = createHeld(maxBytes)
  const { places, shown } = held
  const loadPolygons = createGeometryLoader(client, table)
  const loadTiles = createLoads(async (name, nowMs, signal) =>
    held.keepTile(name, await loadTile(client, table, name, nowMs, signal), nowMs),
  )
  const index = tileIndex((depth, key) => {
    const tile = places.at(depth, key)
    if (tile === undefined) throw new BusyError('a tile was asked for that is not loaded')
    return tile.tile
  })

  /** Near which polygons of the loaded tiles the positions are, each with a tile that lists it. */
  const outlinedNear = (positions: readonly Position[]): Map<PolygonOutlined, string> => {
    const near = new Map<PolygonOutlined, string>()
    for (const position of positions) {
      for (const { tile } of places.around(position)) {
        for (const outlined of tile?.elsewhere ?? []) {
          if (isNear(outlined.around, position)) near.set(outlined, tile?.name ?? '')
        }
      }
    }
    return near
  }

  /** Loads what is near and not known; answers the tiles whose geometries are not there. */
  const loadMissing = async (positions: readonly Position[], nowMs: number, signal?: AbortSignal) => {
    if (!shown.any()) return []
    const near = outlinedNear(positions)
    const wanted = held.showKnown([...near.keys()], nowMs)
    if (wanted.length === 0) return []
    for (const { name, polygon } of await loadPolygons(wanted, signal)) held.keepPolygon(name, polygon, nowMs)
    return held.showKnown(wanted, nowMs).flatMap((one) => near.get(one) ?? [])
  }

  return {
    stale: (positions, nowMs, maxAgeMs = FRESH_MS) => {
      const names = new Set<string>()
      let before: Cell | undefined
      for (const position of positions) {
        // All positions of a finest tile have the same tiles around them, and most fixes follow one in the same.
        const finest = cellAt(position, FINEST_DEPTH)
        if (before !== undefined && finest.column === before.column && finest.row === before.row) continue
        before = finest
        for (const { cell, tile } of places.around(position)) {
          if (tile !== undefined) held.use(tile.name, nowMs)
          if (tile === undefined || Math.abs(nowMs - tile.checkedAtMs) > maxAgeMs) names.add(geohashOf(cell))
        }
      }
      return [...names]
    },

    refresh: async (versions, nowMs, signal) => {
      const changed: string[] = []
      for (const [name, version] of versions) {
        const tile = held.tileOf(name)
        if (tile?.version === version) tile.checkedAtMs = nowMs
        // A version never goes away: where one was known, a replica is behind.
        else if (version === 0 && tile === undefined) held.keepTile(name, NOTHING_LISTED, nowMs)
        else changed.push(name)
      }
      await loadTiles(changed, nowMs, signal)
      held.makeRoom(nowMs)
    },

    loadGeometries: async (positions, nowMs, signal) => {
      const outdated = await loadMissing(positions, nowMs, signal)
      if (outdated.length > 0) {
        // What a tile lists is gone: the tile was read long ago, and its geofences have changed since.
        await loadTiles(outdated, nowMs, signal)
        const missing = await loadMissing(positions, nowMs, signal)
        if (missing.length > 0) throw new BusyError('the geometry of a listed geofence is missing')
      }
      held.makeRoom(nowMs)
    },

    geofencesAt: (position, atMs) => {
      const nearby = index.at(position, atMs)
      shown.mustBeShown(nearby, position)
      return nearby
    },
    listedAt: index.listed,
  }
}

/** The versions by tile, from the VERSION items in the same order; 0 where there is none. */
export const versionsOf = (
  names: readonly string[],
  heads: readonly (Record<string, unknown> | undefined)[],
): Map<string, number> => new Map(names.map((name, index) => [name, Number(heads[index]?.['version'] ?? 0)]))
