import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { boxOf, cellAt, geohashOf } from '#shared/domain/geo/cells.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { TILE_DEPTHS } from '#shared/domain/geo/tiles.ts'
import { answerInMemory, createMemoryTables, setAwsEnvironment } from './memory-network.ts'
import { randomFrom } from './random.ts'
import { seedGeofences } from './seed-geofences.ts'
import { lotsOf, townOf } from './worlds.ts'

// Measures one thing in a process of its own and prints it as JSON: what was done before must not count.

const TILE_ROWS = 5_000
const SEED = 4
const NOWHERE = { walks: 0, seed: SEED }

const heapBytes = (): number => {
  if (globalThis.gc === undefined) throw new Error('needs --expose-gc')
  // Twice: what a finalizer frees is gone only after it has run.
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Bytes a geofence takes as an object and in the index. */
const memoryOf = (make: () => readonly IndexedGeofence[]) => {
  const empty = heapBytes()
  const geofences = make()
  const made = heapBytes()
  const index = indexOf(geofences)
  // Every tile is asked once: what is put off until then counts, too.
  const found = geofences.filter(({ shape }) => index.at(shape, 0).length > 0)
  if (found.length !== geofences.length) throw new Error('the index does not find its geofences')
  found.length = 0
  const indexed = heapBytes()
  if (index.at({ lat: 0, lon: 0 }, 0).length > 0) throw new Error('there is nothing at 0, 0')
  const each = (bytes: number): number => bytes / geofences.length
  return { objectBytes: each(made - empty), indexBytes: each(indexed - made) }
}

/** Circles of 200 m whose centres are in one tile of the finest precision. */
const crowdedTile = (): { name: string; middle: Position; geofences: IndexedGeofence[] } => {
  const random = randomFrom(SEED)
  const cell = cellAt({ lat: 37.788, lon: -122.4075 }, TILE_DEPTHS[0])
  const { south, west, north, east } = boxOf(cell)
  const geofences = townOf(TILE_ROWS, NOWHERE).geofences.map((geofence) => ({
    ...geofence,
    shape: {
      kind: 'circle' as const,
      lat: south + random() * (north - south),
      lon: west + random() * (east - west),
      radiusM: 200,
    },
  }))
  return { name: geohashOf(cell), middle: { lat: (south + north) / 2, lon: (west + east) / 2 }, geofences }
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Processor time of loading a full tile, by load; the first is in a process that has never done it. */
const loadTile = async () => {
  setAwsEnvironment()
  const { name, middle, geofences } = crowdedTile()
  const tables = createMemoryTables()
  seedGeofences(tables, geofences)
  let ownMs = 0
  answerInMemory((operation, body) => {
    const startedMs = cpuMs()
    const answered = tables.answer(operation, body)
    ownMs += cpuMs() - startedMs
    return answered
  })
  const client = createDocumentClient()
  const loads: number[] = []
  for (let load = 0; load < 6; load++) {
    const cache = createTileCache(client, 'Catalog')
    ownMs = 0
    const startedMs = cpuMs()
    // The coarser tiles around it list nothing: version 0 says so, without a read.
    const versions = cache
      .stale([middle], Date.now())
      .map((tile): [string, number] => [tile, tile === name ? 1 : 0])
    await cache.refresh(new Map(versions), Date.now())
    // What is put off until somebody asks belongs to the load.
    cache.geofencesAt({ ...middle }, Date.now())
    const listed = cache.listedAt(middle, Date.now()).length
    loads.push(cpuMs() - startedMs - ownMs)
    if (listed !== TILE_ROWS) throw new Error(`the tile lists ${listed} geofences`)
  }
  return { rows: TILE_ROWS, loads }
}

const MEASURES: Readonly<Record<string, () => unknown>> = {
  circles: () => memoryOf(() => townOf(100_000, NOWHERE).geofences),
  polygons: () => memoryOf(() => lotsOf(5_000, NOWHERE).geofences),
  tile: loadTile,
}

const measure = MEASURES[process.argv[2] ?? '']
if (measure === undefined) throw new Error(`measures ${Object.keys(MEASURES).join(', ')}`)
console.log(JSON.stringify(await measure()))
