import { existsSync, readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { boxOf, cellAt, cellOfGeohash, geohashOf } from '#shared/domain/geo/cells.ts'
import { coverOf } from '#shared/domain/geo/cover.ts'
import { contains, distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import type { Nearby } from '#shared/domain/geo/geofences-at.ts'
import { buildTile, indexOf, type TileIndex, tileIndex, tileKey } from '#shared/domain/geo/tile-index.ts'
import { aGeofence, MINUTE, moved, SQUARE, T0 } from '#test/support/builders.ts'
import { bearings, circleAt, destination, lats, lons, radii, shares } from '#test/support/places.ts'
import { polygonFrom, stars, within } from '#test/support/polygons.ts'

const DATA = '../shared/data'

const idsOf = (geofences: readonly IndexedGeofence[]): string[] => geofences.map(({ id }) => id).toSorted()
const listedIn = (nearby: readonly Nearby[]): IndexedGeofence[] =>
  nearby.flatMap(({ inside, test: tested }) => [...inside, ...tested])
const containing = (nearby: readonly Nearby[], position: Position): string[] =>
  idsOf(
    nearby.flatMap(({ inside, test: tested }) => [
      ...inside,
      ...tested.filter(({ shape }) => contains(shape, position)),
    ]),
  )

/** The plain answers: which hold the position, and which must be listed. */
const expectAgreement = (
  index: TileIndex,
  geofences: readonly IndexedGeofence[],
  position: Position,
): void => {
  const nearby = index.at(position, T0)
  const plain = geofences.filter(({ shape }) => contains(shape, position))
  expect(containing(nearby, position)).toEqual(idsOf(plain))
  const listed = idsOf(listedIn(nearby))
  expect(new Set(listed).size).toBe(listed.length)
  const near = geofences.filter(({ shape }) => distanceToBoundaryM(shape, position) <= 250)
  expect(listed).toEqual(expect.arrayContaining(idsOf(near)))
}

describe('the index', () => {
  test.prop(
    [fc.array(fc.tuple(lats, lons, radii), { minLength: 1, maxLength: 20 }), fc.nat(), bearings, shares],
    { numRuns: 500 },
  )('answers as a plain test of all circles does', (circles, pick, bearing, part) => {
    const geofences = circles.map(([lat, lon, radiusM], index) =>
      aGeofence(String(index), { shape: circleAt({ lat, lon }, radiusM) }),
    )
    const [lat, lon, radiusM] = circles[pick % circles.length] ?? [0, 0, 0]
    const position = destination({ lat, lon }, bearing, (radiusM + 300) * part)
    expectAgreement(indexOf(geofences), geofences, position)
  })

  const share = fc.double({ min: 0, max: 1, noNaN: true })
  test.prop([fc.array(stars, { minLength: 1, maxLength: 10 }), fc.nat(), share, share], { numRuns: 500 })(
    'answers as a plain test of all polygons does',
    (polygons, pick, x, y) => {
      const geofences = polygons.map((shape, index) => aGeofence(String(index), { shape }))
      const polygon = polygons[pick % polygons.length]
      if (polygon) expectAgreement(indexOf(geofences), geofences, within(polygon, x, y))
    },
  )

  it('lists the same geofences of a place with shared lists', () => {
    const geofences = [aGeofence('a', { radiusM: 3000 }), aGeofence('b', { radiusM: 3000 })]
    const index = indexOf(geofences)
    const lists = [SQUARE, moved(SQUARE, 1), moved(SQUARE, 700)].map(
      (position) => index.at(position, T0).find(({ inside }) => inside.length === 2)?.inside,
    )
    expect(lists[0]).toHaveLength(2)
    expect(lists[1]).toBe(lists[0])
    expect(lists[2]).toBe(lists[0])
  })

  it('does the same work however many geofences are elsewhere', { timeout: 60_000 }, () => {
    const shop = (index: number, side: number) =>
      aGeofence(String(index), {
        shape: circleAt(moved(SQUARE, (index % side) * 2000, Math.floor(index / side) * 2000), 200),
      })
    const workOf = (count: number) => {
      const side = Math.ceil(Math.sqrt(count))
      const geofences = Array.from({ length: count }, (_, index) => shop(index, side))
      let tilesAsked = 0
      const index = indexOf(geofences)
      const counted = [SQUARE, moved(SQUARE, 150), moved(SQUARE, 900, 700)].map((position) => {
        const nearby = index.at(position, T0)
        return [nearby.length, listedIn(nearby).length]
      })
      tileIndex(() => {
        tilesAsked++
        return undefined
      }).at(SQUARE, T0)
      return { counted, tilesAsked }
    }
    expect(workOf(100_000)).toEqual(workOf(1_000))
    expect(workOf(1_000).tilesAsked).toBe(3)
  })
})

describe('a fix', () => {
  const far = moved(SQUARE, 500)
  const edited = aGeofence('edited', {
    at: far,
    effectiveAtMs: T0,
    former: { shape: circleAt(SQUARE, 100), effectiveAtMs: T0 - MINUTE },
  })
  const steady = aGeofence('steady', { radiusM: 2000, effectiveAtMs: T0 - 60 * MINUTE })
  const index = indexOf([edited, steady])
  const shapesAt = (position: Position, atMs: number) =>
    listedIn(index.at(position, atMs)).map(({ id, shape }) => [id, shape.lon])

  it('after a change sees the shape that is there now', () => {
    expect(containing(index.at(far, T0), far)).toEqual(idsOf([edited, steady]))
    expect(containing(index.at(SQUARE, T0), SQUARE)).toEqual([steady.id])
  })

  it('before a change sees the shape that was there', () => {
    expect(shapesAt(SQUARE, T0 - 1)).toEqual(
      expect.arrayContaining([
        [edited.id, SQUARE.lon],
        [steady.id, SQUARE.lon],
      ]),
    )
    expect(containing(index.at(far, T0 - 1), far)).toEqual([steady.id])
    expect(listedIn(index.at(far, T0 - 1)).every(({ id }) => id === steady.id)).toBe(true)
  })

  it('before a geofence was there does not see it', () => {
    expect(containing(index.at(SQUARE, T0 - 2 * MINUTE), SQUARE)).toEqual([steady.id])
    expect(idsOf(index.listed(SQUARE, T0 - 2 * MINUTE))).toEqual([steady.id])
    expect(index.at(SQUARE, T0 - 90 * MINUTE).flatMap(({ inside }) => inside)).toEqual([])
    expect(index.listed(SQUARE, T0 - 90 * MINUTE)).toEqual([])
  })
})

describe('a geofence that is gone', () => {
  const gone = aGeofence('gone', { goneAtMs: T0 })
  const tileOf = (...geofences: readonly IndexedGeofence[]) => {
    const cell = cellAt(SQUARE, 15)
    const tile = buildTile(
      geofences.map((geofence) => ({
        geofence,
        code:
          coverOf(geofence.shape).find(
            ({ tile: { column, row } }) => column === cell.column && row === cell.row,
          )?.code ?? new Uint8Array(),
      })),
    )
    return tileIndex((depth, key) => (depth === 15 && key === tileKey(cell) ? tile : undefined))
  }

  it('is told to fixes since, and to them alone', () => {
    const index = tileOf(gone)
    expect(index.at(SQUARE, T0).flatMap((nearby) => nearby.gone ?? [])).toEqual([gone])
    expect(listedIn(index.at(SQUARE, T0))).toEqual([])
    expect(index.listed(SQUARE, T0)).toEqual([])
    expect(index.at(SQUARE, T0 - 1).flatMap((nearby) => nearby.gone ?? [])).toEqual([])
    expect(containing(index.at(SQUARE, T0 - 1), SQUARE)).toEqual([gone.id])
    expect(idsOf(index.listed(SQUARE, T0 - 1))).toEqual([gone.id])
  })

  it('and came back is gone only in between, and once', () => {
    const first = aGeofence('gone', { effectiveAtMs: T0 - 3 * MINUTE, goneAtMs: T0 - 2 * MINUTE })
    const second = aGeofence('gone', { effectiveAtMs: T0 - MINUTE, goneAtMs: T0 })
    const goneAt = (index: TileIndex, atMs: number) =>
      index.at(SQUARE, atMs).flatMap(({ gone: departed = [] }) => idsOf(departed))
    const deleted = tileOf(first, second)
    const back = tileOf(first, aGeofence('gone', { effectiveAtMs: T0 - MINUTE }))
    for (const index of [deleted, back]) {
      expect(goneAt(index, T0 - 3 * MINUTE)).toEqual([])
      expect(goneAt(index, T0 - 2 * MINUTE)).toEqual([gone.id])
      expect(goneAt(index, T0 - MINUTE)).toEqual([])
      expect(idsOf(index.listed(SQUARE, T0 - MINUTE))).toEqual([gone.id])
    }
    expect(goneAt(deleted, T0)).toEqual([gone.id])
    expect(goneAt(back, T0)).toEqual([])
  })

  it('is not gone where another tile lists it again', () => {
    const cell = cellAt(SQUARE, 10)
    const wide = aGeofence('gone', { radiusM: 3000, effectiveAtMs: T0 })
    const wideIndex = indexOf([wide])
    const fine = buildTile([{ geofence: gone, code: new Uint8Array() }])
    const coarse = buildTile(
      coverOf(wide.shape)
        .filter(({ tile }) => tile.column === cell.column && tile.row === cell.row)
        .map(({ code }) => ({ geofence: wide, code })),
    )
    const index = tileIndex((depth) => (depth === 15 ? fine : depth === 10 ? coarse : undefined))
    expect(listedIn(index.at(SQUARE, T0))).toEqual(listedIn(wideIndex.at(SQUARE, T0)))
    expect(index.at(SQUARE, T0).some((nearby) => nearby.gone !== undefined)).toBe(false)
    expect(containing(index.at(SQUARE, T0 - 1), SQUARE)).toEqual([gone.id])
  })
})

/** Whole numbers below a limit from a seed (mulberry32), and shares from 0 to 1. */
const sharesFrom = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Feature = { readonly geometry: { readonly type: string } }
const featuresOf = (file: string): Feature[] =>
  JSON.parse(readFileSync(`${DATA}/polygons/${file}`, 'utf8')).features

const FILES = [
  ['beijing_districts.geojson', 30_000],
  ['hard_antimeridian_polar.geojson', 20_000],
  ['manhattan_neighbourhoods.geojson', 25_000],
  ['nyc_boroughs.geojson', 20_000],
  ['san_francisco_neighbourhoods.geojson', 25_000],
] as const

describe.skipIf(!existsSync(`${DATA}/polygons`))('on real borders', () => {
  if (!existsSync(`${DATA}/polygons`)) console.info('skipped: no ../shared/data')

  test.each(FILES)('of %s the index finds what a plain test of every polygon finds', (file, count) => {
    const geofences = featuresOf(file)
      .filter(({ geometry }) => /Polygon$/.test(geometry?.type))
      .map(({ geometry }, index) => aGeofence(String(index), { shape: polygonFrom(geometry) }))
    const index = indexOf(geofences)
    const share = sharesFrom(20_261_122)
    const differing: Position[] = []
    let inside = 0
    for (let number = 0; number < count; number++) {
      const position = anyPosition(geofences, share)
      const plain = idsOf(geofences.filter(({ shape }) => contains(shape, position)))
      if (plain.length > 0) inside++
      if (containing(index.at(position, T0), position).join() !== plain.join()) differing.push(position)
    }
    expect(differing).toEqual([])
    expect(inside).toBeGreaterThan(count / 5)
  })
})

/** Half of them anywhere in a polygon's box, half within some metres of one of its vertices. */
const anyPosition = (geofences: readonly IndexedGeofence[], share: () => number): Position => {
  const { shape } = geofences[Math.floor(share() * geofences.length)] ?? aGeofence('none')
  if (shape.kind !== 'polygon') return shape
  if (share() < 0.5) return within(shape, share(), share())
  const { coords } = shape.outline
  const vertex = Math.floor((share() * coords.length) / 2)
  const lon = (coords[2 * vertex] ?? 0) / 1e7
  const from = { lat: (coords[2 * vertex + 1] ?? 0) / 1e7, lon: ((((lon + 180) % 360) + 360) % 360) - 180 }
  return share() < 0.2 ? from : destination(from, share() * 360, share() ** 3 * 500)
}

type Vectors = {
  readonly encode: readonly { hash: string; lat: number; lon: number }[]
  readonly decode: readonly {
    hash: string
    lat_min: number
    lat_max: number
    lon_min: number
    lon_max: number
  }[]
}

describe.skipIf(!existsSync(`${DATA}/suites`))('the published geohashes', () => {
  const { encode, decode }: Vectors = existsSync(`${DATA}/suites`)
    ? JSON.parse(readFileSync(`${DATA}/suites/geohash_vectors.json`, 'utf8'))
    : { encode: [], decode: [] }

  it.each([2, 4, 6])('of %i characters name the cells of their positions', (length) => {
    const named = encode.map(({ lat, lon }) => geohashOf(cellAt({ lat, lon }, (length * 5) / 2)))
    expect(named).toEqual(encode.map(({ hash }) => hash.slice(0, length)))
  })

  it('have the edges of our cells', () => {
    const even = decode.filter(({ hash }) => [2, 4, 6].includes(hash.length))
    expect(even.length).toBeGreaterThan(0)
    // They are written with twelve digits.
    const off = even.map(({ hash, lat_min, lat_max, lon_min, lon_max }) => {
      const { south, north, west, east } = boxOf(cellOfGeohash(hash))
      const edges = [south - lat_min, north - lat_max, west - lon_min, east - lon_max]
      return Math.max(...edges.map(Math.abs))
    })
    expect(Math.max(...off)).toBeLessThan(1e-9)
  })
})

describe('a geohash', () => {
  test.prop([lats, lons, fc.constantFrom(5, 10, 15)])('names its cell', (lat, lon, depth) => {
    const cell = cellAt({ lat, lon }, depth)
    expect(cellOfGeohash(geohashOf(cell))).toEqual(cell)
  })
})
