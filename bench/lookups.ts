import Flatbush from 'flatbush'
import { boundsOf, contains, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'

/** One way to find geofences. */
export type Lookup = {
  readonly name: string
  /** How many geofences hold a position. */
  readonly countAt: (position: Position, atMs: number) => number
  /** What the fold asks for. */
  readonly at: GeofencesAt
  /** The geofences that hold a position, for comparing answers. */
  readonly holding: (position: Position, atMs: number) => string[]
}

/** The engine's own tiles, all of them in memory. */
export const tilesLookup = (geofences: readonly IndexedGeofence[]): Lookup => {
  const { at } = indexOf(geofences)
  return {
    name: 'Beckon',
    at,
    countAt: (position, atMs) => {
      let count = 0
      for (const { inside, test } of at(position, atMs)) {
        count += inside.length
        for (const { shape } of test) if (contains(shape, position)) count += 1
      }
      return count
    },
    holding: (position, atMs) =>
      at(position, atMs).flatMap(({ inside, test }) => [
        ...inside.map(({ id }) => id),
        ...test.filter(({ shape }) => contains(shape, position)).map(({ id }) => id),
      ]),
  }
}

/** A packed R-tree of bounding boxes; what it finds is tested exactly. */
export const flatbushLookup = (geofences: readonly IndexedGeofence[]): Lookup => {
  const treeOf = (marginM: number): Flatbush => {
    const tree = new Flatbush(geofences.length)
    for (const { shape } of geofences) {
      const { west, south, east, north } = boundsOf(shape, marginM)
      tree.add(west, south, east, north)
    }
    tree.finish()
    return tree
  }
  const exact = treeOf(0)
  // The fold must see what is near, too: the boxes are grown by the margin.
  const grown = treeOf(TILE_MARGIN_M)
  const found = (tree: Flatbush, { lat, lon }: Position): IndexedGeofence[] =>
    tree.search(lon, lat, lon, lat).flatMap((place) => geofences[place] ?? [])
  return {
    name: 'flatbush + exact test',
    at: (position) => {
      const test = found(grown, position)
      return test.length === 0 ? [] : [{ inside: [], test }]
    },
    countAt: (position) => {
      const { lat, lon } = position
      let count = 0
      for (const place of exact.search(lon, lat, lon, lat)) {
        const geofence = geofences[place]
        if (geofence !== undefined && contains(geofence.shape, position)) count += 1
      }
      return count
    },
    holding: (position) =>
      found(exact, position)
        .filter(({ shape }) => contains(shape, position))
        .map(({ id }) => id),
  }
}

/** Every geofence is measured at every position. */
export const loopLookup = (geofences: readonly IndexedGeofence[]): Lookup => {
  const holding = (position: Position): IndexedGeofence[] =>
    geofences.filter(({ shape }) => contains(shape, position))
  return {
    name: 'plain loop',
    at: (position) => {
      const test = geofences.filter(({ shape }) => distanceToBoundaryM(shape, position) <= TILE_MARGIN_M)
      return test.length === 0 ? [] : [{ inside: [], test }]
    },
    countAt: (position) => {
      let count = 0
      for (const { shape } of geofences) if (contains(shape, position)) count += 1
      return count
    },
    holding: (position) => holding(position).map(({ id }) => id),
  }
}
