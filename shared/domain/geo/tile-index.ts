import { type Cell, columnOf, FULL_DEPTH, rowOf } from '#shared/domain/geo/cells.ts'
import { coverOf, DIVIDED, INSIDE, nodeAt, TEST } from '#shared/domain/geo/cover.ts'
import { distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import { type IndexedGeofence, type Position, shapeAt } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt, Nearby } from '#shared/domain/geo/geofences-at.ts'
import { TILE_DEPTHS, TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'

/** A geofence as one tile lists it, with what it covers of the tile (see cover.ts). */
export type TileRow = { readonly geofence: IndexedGeofence; readonly code: Uint8Array }

/** The geofences of one tile, ready to be looked up. Made by `buildTile`. */
export type Tile = {
  /**
   * Five numbers for each divided node of the quadtree: what lists it (1 + the place in `nearby`, or 0), then its four
   * quarters: where the node of a divided one begins; less than 0 what lists an undivided one, negated; 0 for nothing.
   */
  readonly tree: readonly number[]
  readonly nearby: readonly Nearby[]
  /** What is here now, the latest change first. */
  readonly rows: readonly IndexedGeofence[]
  /** What was here, the latest to go first. */
  readonly gone: readonly IndexedGeofence[]
  /** Fixes at this time and later see `rows` as they are. */
  readonly unchangedSinceMs: number
}

const NONE: readonly IndexedGeofence[] = []
const NOTHING: readonly Nearby[] = []

/** A node while a tile is built; which rows list it, by their places. */
type Growing = { readonly inside: number[]; readonly test: number[]; quarters?: readonly Growing[] }

const newNode = (): Growing => ({ inside: [], test: [] })

/** Adds a row's cells to the tree. @throws {RangeError} when the code divides cells that are too small */
const grow = (root: Growing, code: Uint8Array, row: number): void => {
  let place = 0
  const walk = (node: Growing, divisionsLeft: number): void => {
    const kind = nodeAt(code, place++)
    if (kind === INSIDE) node.inside.push(row)
    else if (kind === TEST) node.test.push(row)
    if (kind !== DIVIDED) return
    if (divisionsLeft === 0) throw new RangeError('a cover is divided too finely')
    node.quarters ??= [newNode(), newNode(), newNode(), newNode()]
    for (const quarter of node.quarters) walk(quarter, divisionsLeft - 1)
  }
  walk(root, MAX_DIVISIONS)
}

/** From the coarsest tile to the depth at which positions are resolved. */
const MAX_DIVISIONS = FULL_DEPTH - TILE_DEPTHS[2]

/** Numbers what lists nodes, from 1; nodes that list the same geofences share the lists. */
const createNumbers = (rows: readonly IndexedGeofence[]) => {
  const lists = new Map<string, readonly IndexedGeofence[]>()
  const listOf = (places: readonly number[], name: string): readonly IndexedGeofence[] => {
    if (places.length === 0) return NONE
    // Copied: a list that has grown has room for more than it holds, and there are many of them.
    const known = lists.get(name) ?? places.flatMap((place) => rows[place] ?? []).slice()
    lists.set(name, known)
    return known
  }
  const nearby: Nearby[] = []
  const numbers = new Map<string, number>()
  const numberOf = ({ inside, test }: Growing): number => {
    if (inside.length === 0 && test.length === 0) return 0
    const [insideName, testName] = [inside.join(), test.join()]
    const name = `${insideName}|${testName}`
    const known =
      numbers.get(name) ?? nearby.push({ inside: listOf(inside, insideName), test: listOf(test, testName) })
    numbers.set(name, known)
    return known
  }
  return { nearby, numberOf }
}

/** The tree as the numbers that `Tile` says. */
const treeOf = (root: Growing, numberOf: (node: Growing) => number): number[] => {
  const tree: number[] = []
  const lay = (node: Growing): number => {
    const start = tree.push(numberOf(node), 0, 0, 0, 0) - 5
    for (const [quarter, part] of (node.quarters ?? []).entries()) {
      // Laid before it is noted: laying makes the tree longer.
      const noted = part.quarters === undefined ? -numberOf(part) : lay(part)
      tree[start + 1 + quarter] = noted
    }
    return start
  }
  lay(root)
  // -0 would make the list one of doubles, twice as large to read through.
  return tree.map((number) => number + 0)
}

const latestFirst = (a: number, b: number): number => b - a

/**
 * Builds a tile of its rows.
 *
 * @param rows of geofences that are there and of such that are gone (`goneAtMs`), in any order
 * @throws {RangeError} when a row's cells are too small to be right
 * @example buildTile([{ geofence, code: coverOf(geofence.shape)[0].code }]).rows.length // 1
 */
export const buildTile = (rows: readonly TileRow[]): Tile => {
  const there = rows
    .filter(({ geofence }) => geofence.goneAtMs === undefined)
    .toSorted((a, b) => latestFirst(a.geofence.effectiveAtMs, b.geofence.effectiveAtMs))
  const gone = rows
    .flatMap(({ geofence }) => (geofence.goneAtMs === undefined ? [] : [geofence]))
    .toSorted((a, b) => latestFirst(a.goneAtMs ?? 0, b.goneAtMs ?? 0))
  const root = newNode()
  for (const [row, { code }] of there.entries()) grow(root, code, row)
  const geofences = there.map(({ geofence }) => geofence)
  const { nearby, numberOf } = createNumbers(geofences)
  const tree = treeOf(root, numberOf)
  return {
    tree,
    nearby: nearby.slice(),
    rows: geofences,
    gone: gone.length === 0 ? NONE : gone,
    unchangedSinceMs: Math.max(0, geofences[0]?.effectiveAtMs ?? 0, gone[0]?.goneAtMs ?? 0),
  }
}

/** Adds what the nodes above a position list, from the tile down to the finest. */
const collect = (tile: Tile, depth: number, column: number, row: number, into: Nearby[]): void => {
  const { tree, nearby } = tile
  let node = 0
  for (let shift = FULL_DEPTH - depth - 1; ; shift--) {
    const own = nearby[(tree[node] ?? 0) - 1]
    if (own !== undefined) into.push(own)
    const quarter = tree[node + 1 + (((row >> shift) & 1) << 1) + ((column >> shift) & 1)] ?? 0
    if (quarter <= 0) {
      const last = nearby[-quarter - 1]
      if (last !== undefined) into.push(last)
      return
    }
    node = quarter
  }
}

/** The geofence with the shape that a fix of this time sees; undefined where it was not there yet. */
const asOf = (geofence: IndexedGeofence, atMs: number): IndexedGeofence | undefined => {
  const shape = shapeAt(geofence, atMs)
  if (shape === undefined || shape === geofence.shape) return shape && geofence
  const { former, ...rest } = geofence
  return { ...rest, shape, effectiveAtMs: former?.effectiveAtMs ?? geofence.effectiveAtMs }
}

/** What was there at a time before the tile's latest change, beyond what has not changed since. */
const formerlyIn = (tile: Tile, atMs: number): IndexedGeofence[] => {
  const changed = tile.rows.filter(({ effectiveAtMs }) => effectiveAtMs > atMs)
  const departed = tile.gone.filter(({ goneAtMs }) => goneAtMs !== undefined && goneAtMs > atMs)
  return [...changed, ...departed].flatMap((geofence) => asOf(geofence, atMs) ?? [])
}

const unchanged = (nearby: readonly Nearby[], atMs: number): Nearby[] => {
  const since = ({ effectiveAtMs }: IndexedGeofence): boolean => effectiveAtMs <= atMs
  return nearby.map(({ inside, test }) => ({ inside: inside.filter(since), test: test.filter(since) }))
}

/** For fixes that are older than a change: every changed geofence of the tiles is measured, by the shape it had. */
const lookBack = (
  tiles: readonly Tile[],
  nearby: readonly Nearby[],
  position: Position,
  atMs: number,
): Nearby[] => {
  const now = unchanged(nearby, atMs)
  const known = new Set(now.flatMap(({ inside, test }) => [...inside, ...test].map(({ id }) => id)))
  const test: IndexedGeofence[] = []
  for (const geofence of tiles.flatMap((tile) => formerlyIn(tile, atMs))) {
    if (known.has(geofence.id) || distanceToBoundaryM(geofence.shape, position) > TILE_MARGIN_M) continue
    known.add(geofence.id)
    test.push(geofence)
  }
  return test.length === 0 ? now : [...now, { inside: NONE, test }]
}

/** Made for the few tiles in which something has changed lately. */
const sinceByTile = new WeakMap<Tile, ReadonlyMap<GeofenceId, number>>()

/** Did the tile list the geofence, as it is now, at that time already? */
const listsAt = (tile: Tile, id: GeofenceId, atMs: number): boolean => {
  const since = sinceByTile.get(tile) ?? new Map(tile.rows.map((row) => [row.id, row.effectiveAtMs]))
  sinceByTile.set(tile, since)
  return (since.get(id) ?? Infinity) <= atMs
}

const distinct = (geofences: readonly IndexedGeofence[]): IndexedGeofence[] => {
  const byId = new Map<GeofenceId, IndexedGeofence>()
  for (const geofence of geofences) if (!byId.has(geofence.id)) byId.set(geofence.id, geofence)
  return [...byId.values()]
}

/** What has left the tiles by then; not what one of them listed at that time in another shape. */
const goneFrom = (tiles: readonly Tile[], atMs: number): Nearby[] => {
  const departed = tiles.flatMap((tile) => tile.gone)
  const wasThere = ({ effectiveAtMs, goneAtMs = 0 }: IndexedGeofence): boolean =>
    effectiveAtMs <= atMs && atMs < goneAtMs
  const there = new Set(departed.filter(wasThere).map(({ id }) => id))
  const gone = departed.filter(
    ({ id, goneAtMs = 0 }) =>
      goneAtMs <= atMs && !there.has(id) && !tiles.some((tile) => listsAt(tile, id, atMs)),
  )
  if (gone.length === 0) return []
  // Of a geofence that has gone more than once the last time counts.
  const latest = gone.toSorted((a, b) => latestFirst(a.goneAtMs ?? 0, b.goneAtMs ?? 0))
  return [{ inside: NONE, test: NONE, gone: distinct(latest) }]
}

/** Finds the tile of a depth (15, 10 or 5) by its key; undefined when it lists nothing. */
export type TileSource = (depth: number, key: number) => Tile | undefined

/** The number by which a tile is found among those of its depth. */
export const tileKey = ({ depth, column, row }: Cell): number => row * 2 ** depth + column

export type TileIndex = {
  readonly at: GeofencesAt
  /** Everything that the tiles of a position list at a time, each with the shape it had then. */
  readonly listed: (position: Position, atMs: number) => readonly IndexedGeofence[]
}

/**
 * The index over tiles: looks up a position in the one tile of each precision. The work depends on how finely and by
 * how many geofences these three are covered at the position, and on nothing elsewhere.
 *
 * @param tileOf finds a tile; it may throw when it cannot know
 * @example tileIndex(() => undefined).at({ lat: 0, lon: 0 }, 0) // []
 */
export const tileIndex = (tileOf: TileSource): TileIndex => {
  const tilesAround = (position: Position): Tile[] => {
    const column = columnOf(position.lon)
    const row = rowOf(position.lat)
    return TILE_DEPTHS.flatMap((depth) => tileOf(depth, keyAt(depth, column, row)) ?? [])
  }

  /** Where a tile has changed lately, or something has left it. */
  const atWithChanges = (position: Position, atMs: number, nearby: readonly Nearby[]) => {
    const tiles = tilesAround(position)
    const then = tiles.some((tile) => atMs < tile.unchangedSinceMs)
      ? lookBack(tiles, nearby, position, atMs)
      : nearby
    return [...then, ...goneFrom(tiles, atMs)]
  }

  const at: GeofencesAt = (position, atMs) => {
    const column = columnOf(position.lon)
    const row = rowOf(position.lat)
    let plain = true
    let nearby: Nearby[] | undefined
    for (let finest = 0; finest < TILE_DEPTHS.length; finest++) {
      const depth = TILE_DEPTHS[finest] ?? 0
      const tile = tileOf(depth, keyAt(depth, column, row))
      if (tile === undefined) continue
      nearby ??= []
      collect(tile, depth, column, row, nearby)
      if (atMs < tile.unchangedSinceMs || tile.gone !== NONE) plain = false
    }
    if (nearby === undefined) return NOTHING
    return plain ? nearby : atWithChanges(position, atMs, nearby)
  }

  return {
    at,
    listed: (position, atMs) => {
      const tiles = tilesAround(position)
      if (tiles.every((tile) => atMs >= tile.unchangedSinceMs)) return tiles.flatMap(({ rows }) => rows)
      const unchangedIn = tiles.flatMap(({ rows }) =>
        rows.filter(({ effectiveAtMs }) => effectiveAtMs <= atMs),
      )
      return distinct([...unchangedIn, ...tiles.flatMap((tile) => formerlyIn(tile, atMs))])
    },
  }
}

const keyAt = (depth: number, column: number, row: number): number => {
  const shift = FULL_DEPTH - depth
  return ((row >> shift) << depth) | (column >> shift)
}

/** The rows of all tiles of a depth, by the tile's key. */
const rowsByTile = (geofences: readonly IndexedGeofence[]) => {
  const rows = new Map<number, Map<number, TileRow[]>>(TILE_DEPTHS.map((depth) => [depth, new Map()]))
  for (const geofence of geofences) {
    for (const { tile, code } of coverOf(geofence.shape)) {
      const ofDepth = rows.get(tile.depth)
      const list = ofDepth?.get(tileKey(tile))
      if (list) list.push({ geofence, code })
      else ofDepth?.set(tileKey(tile), [{ geofence, code }])
    }
  }
  return rows
}

const builtTiles = (geofences: readonly IndexedGeofence[]): ReadonlyMap<number, Tile>[] => {
  const rows = rowsByTile(geofences)
  return TILE_DEPTHS.map(
    (depth) => new Map([...(rows.get(depth) ?? [])].map(([key, ofTile]) => [key, buildTile(ofTile)])),
  )
}

/**
 * An index of geofences that are all at hand.
 *
 * @example indexOf([square]).at({ lat: 37.788, lon: -122.4075 }, 0)[0].test // [square]
 */
export const indexOf = (geofences: readonly IndexedGeofence[]): TileIndex => {
  const [fine, middle, coarse] = builtTiles(geofences)
  const [fineDepth, middleDepth] = TILE_DEPTHS
  return tileIndex((depth, key) =>
    (depth === fineDepth ? fine : depth === middleDepth ? middle : coarse)?.get(key),
  )
}
