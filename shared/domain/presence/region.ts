import { boxOf, cellAt } from '#shared/domain/geo/cells.ts'
import { distanceM, distanceToBoundaryM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { TILE_DEPTHS, TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'
import { ACCURACY_CAP_M, EXIT_CONFIRM_S, exitBufferM } from '#shared/domain/presence/ladder.ts'
import { VALID_S } from '#shared/domain/presence/silence.ts'

/** A geofence that the phone watches by itself. */
export type WatchedGeofence = Position & {
  readonly id: GeofenceId
  readonly enterRadiusM: number
  readonly exitRadiusM: number
  /** False when the circle only holds the geofence; the phone was outside of it. */
  readonly exact: boolean
  /** The engine's view of the phone: in it, or seen outside once and awaiting the second fix. Absent when it is out. */
  readonly visit?: 'open' | 'leaving'
}

/** What the answer to a ping tells the phone: until when and up to where it need not speak. */
export type RegionAnswer = {
  readonly region: Position & { readonly radiusM: number }
  readonly validS: number
  readonly geofences: readonly WatchedGeofence[]
  /** Is every open visit among `geofences`? Only then the phone may use this answer and earlier ones side by side. */
  readonly complete: boolean
  readonly nextPingS: number
}

/** iOS watches 20 circles for an app, the region itself among them. */
export const MAX_WATCHED = 19
/** A phone that finds itself inside the circle of an inexact geofence pings this often. */
export const INEXACT_PING_S = 60

/** The largest exit buffer that a geofence may ask for. */
const MAX_EXIT_BUFFER_M = 140
/** So far beyond the tile a fix is surely outside of what the tile does not list, whatever buffer and accuracy take off. */
const ALONE_MARGIN_M = TILE_MARGIN_M - MAX_EXIT_BUFFER_M - ACCURACY_CAP_M
/** Of the finest tiles. */
const FINEST_DEPTH = Math.max(...TILE_DEPTHS)
const DEGREES = 180 / Math.PI
const METRES_PER_DEGREE = EARTH_RADIUS_M / DEGREES
/** What rounding and the flat map of one tile may cost, in metres; far more than it does below 85 degrees. */
const SLACK_M = 2
const MAX_FLAT_LAT = 85
/** So far away the map is still flat but for this share. */
const FLAT_M = 5_000
const FLAT_ERROR = 1e-5
/** How many sizes between the circle around the phone and the largest one of its tile are tried. */
const SIZES = 6

/** What the region needs to know of an open visit. */
export type Staying = {
  readonly geofenceId: GeofenceId
  readonly outsideSinceMs?: number | undefined
  /** What the geofence asked for when it was last seen. */
  readonly confirmS?: number | undefined
}

/** A geofence, and how far the phone may move before anything happens there. */
type Bound = {
  readonly geofence: IndexedGeofence
  readonly slackM: number
  /** May its circle be watched instead? */
  readonly canWatch: boolean
  readonly visit: Staying | undefined
}
type Visits = ReadonlyMap<GeofenceId, Staying>
/** How far the known land reaches from the phone, in metres; all positive. */
type Room = { readonly west: number; readonly east: number; readonly south: number; readonly north: number }
/** A circle whose centre lies so many metres east and north of the phone. */
type Disc = { readonly eastM: number; readonly northM: number; readonly radiusM: number }

const bufferOf = ({ exit, shape }: IndexedGeofence): number => exit?.bufferM ?? exitBufferM(shape)

/** How far the phone is from the next event: an enter, a fix outside, or the fix that confirms an exit or calls it off. */
const slackAt = (geofence: IndexedGeofence, signedM: number, visit: Staying | undefined): number => {
  if (visit === undefined) return Math.max(0, signedM)
  return visit.outsideSinceMs === undefined ? Math.max(0, bufferOf(geofence) - signedM) : 0
}

/**
 * The distance to a circle's centre, or a little less: on a flat map that is as narrow as the land is at its farthest from
 * the equator. Of the hundred geofences of a tile most are far off, and an exact distance costs five times as much.
 */
const centreAtLeastM = (centre: Position, { lat, lon }: Position, narrowest: number): number => {
  const northM = Math.abs(centre.lat - lat) * METRES_PER_DEGREE
  const turn = Math.abs(centre.lon - lon)
  const eastM = Math.min(turn, 360 - turn) * narrowest
  const isFlat = northM < FLAT_M && eastM < FLAT_M && Math.abs(lat) < MAX_FLAT_LAT
  if (!isFlat) return distanceM(centre, { lat, lon })
  return Math.sqrt(eastM * eastM + northM * northM) * (1 - FLAT_ERROR)
}

const boundOf = (
  geofence: IndexedGeofence,
  position: Position,
  visit: Staying | undefined,
  narrowest: number,
): Bound => {
  const { shape } = geofence
  const isCircle = shape.kind === 'circle'
  if (visit === undefined) {
    // Outside of the circle that holds a polygon, the circle says all that a phone needs; it costs far less to measure.
    const circleM = centreAtLeastM(shape, position, narrowest) - enterRadiusOf(geofence)
    if (circleM > 0 || isCircle) return { geofence, slackM: Math.max(0, circleM), canWatch: true, visit }
  }
  // Inside, the distance to a polygon's boundary bounds the region. To list the circle and have the phone ping once a
  // minute saves a few pings more, and misses a third of the visits of those who only pass.
  const slackM = slackAt(geofence, distanceToBoundaryM(shape, position), visit)
  return { geofence, slackM, canWatch: isCircle, visit }
}

const enterRadiusOf = ({ shape }: IndexedGeofence): number =>
  shape.kind === 'circle' ? shape.radiusM : Math.ceil(shape.reachM)

const watch = ({ geofence, visit }: Bound): WatchedGeofence => {
  const { id, shape } = geofence
  const enterRadiusM = enterRadiusOf(geofence)
  return {
    id,
    lat: shape.lat,
    lon: shape.lon,
    enterRadiusM,
    exitRadiusM: enterRadiusM + bufferOf(geofence),
    exact: shape.kind === 'circle',
    ...(visit === undefined ? {} : { visit: visit.outsideSinceMs === undefined ? 'open' : 'leaving' }),
  }
}

const isVisited = ({ visit }: Bound): boolean => visit !== undefined

/** Those with a visit first, then those where something happens soonest. */
const compareBounds = (a: Bound, b: Bound): number =>
  Number(isVisited(b)) - Number(isVisited(a)) ||
  a.slackM - b.slackM ||
  (a.geofence.id < b.geofence.id ? -1 : 1)

/** Puts a bound in its place among a few that are in order. */
const insert = (few: Bound[], bound: Bound): void => {
  let place = few.length
  for (let before = few[place - 1]; before && compareBounds(before, bound) > 0; before = few[place - 1])
    place -= 1
  few.splice(place, 0, bound)
}

type Choice = {
  readonly watched: readonly Bound[]
  /** How far the phone may go before something happens at a geofence that is not watched. */
  readonly reachM: number
  /** Those with a visit, watched or not. */
  readonly visited: readonly Bound[]
}

const choose = (position: Position, listed: readonly IndexedGeofence[], visits: Visits): Choice => {
  const watched: Bound[] = []
  const visited: Bound[] = []
  const narrowest = narrowestAt(position.lat, FLAT_M / METRES_PER_DEGREE)
  let reachM = Number.POSITIVE_INFINITY
  for (const geofence of listed) {
    if (geofence.goneAtMs !== undefined) continue
    const bound = boundOf(geofence, position, visits.get(geofence.id), narrowest)
    if (isVisited(bound)) visited.push(bound)
    if (bound.canWatch) insert(watched, bound)
    const left = bound.canWatch ? watched[MAX_WATCHED] : bound
    if (left === undefined) continue
    reachM = Math.min(reachM, left.slackM)
    if (bound.canWatch) watched.pop()
  }
  return { watched, reachM, visited }
}

/** What a degree of longitude measures at least, so many degrees of latitude around: metres. */
const narrowestAt = (lat: number, around: number): number =>
  Math.cos(Math.min(90, Math.abs(lat) + around) / DEGREES) * METRES_PER_DEGREE

/**
 * How far the land whose geofences are listed reaches from a position: its finest tile, grown by what every tile knows
 * beyond its edges.
 */
const roomAt = (position: Position, marginM: number): Room => {
  const { south, north, west, east } = boxOf(cellAt(position, FINEST_DEPTH))
  const narrowest = narrowestAt(position.lat, 2 * (north - south))
  const grownM = marginM - SLACK_M
  return {
    south: (position.lat - south) * METRES_PER_DEGREE + grownM,
    north: (north - position.lat) * METRES_PER_DEGREE + grownM,
    west: (position.lon - west) * narrowest + grownM,
    east: (east - position.lon) * narrowest + grownM,
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** The circle of this radius in the room that is nearest to the phone. */
const discOf = (radiusM: number, { west, east, south, north }: Room): Disc => ({
  eastM: clamp(0, radiusM - west, east - radiusM),
  northM: clamp(0, radiusM - south, north - radiusM),
  radiusM,
})

/**
 * How long somebody stays in it who moves without a plan: the time that a random walk needs to leave a disc grows with
 * r² - d² (the mean exit time of Brownian motion; d is the distance from the centre).
 */
const stayOf = ({ eastM, northM, radiusM }: Disc): number => radiusM ** 2 - eastM ** 2 - northM ** 2

/** The best circle in the room that goes no farther from the phone than `reachM`. */
const bestDisc = (room: Room, reachM: number): Disc => {
  const around = Math.min(room.west, room.east, room.south, room.north)
  const largest = Math.min(room.west + room.east, room.south + room.north) / 2
  let best: Disc = { eastM: 0, northM: 0, radiusM: Math.min(around, reachM) }
  for (let size = 1; size <= SIZES; size++) {
    const disc = discOf(around + ((largest - around) * size) / SIZES, room)
    const radiusM = Math.min(disc.radiusM, reachM - Math.hypot(disc.eastM, disc.northM))
    const cut = { ...disc, radiusM }
    if (radiusM > 0 && stayOf(cut) > stayOf(best)) best = cut
  }
  return best
}

const discAt = (position: Position, marginM: number, reachM: number): Disc =>
  Math.abs(position.lat) < MAX_FLAT_LAT
    ? bestDisc(roomAt(position, marginM), reachM)
    : { eastM: 0, northM: 0, radiusM: Math.min(marginM - SLACK_M, reachM) }

const round = (value: number, steps: number): number => Math.round(value * steps) / steps

const placeOf = ({ lat, lon }: Position, { eastM, northM }: Disc): Position => {
  const east = lon + (eastM / (EARTH_RADIUS_M * Math.cos(lat / DEGREES))) * DEGREES
  return {
    lat: round(lat + (northM / EARTH_RADIUS_M) * DEGREES, 1e6),
    lon: round(east > 180 ? east - 360 : east < -180 ? east + 360 : east, 1e6),
  }
}

/**
 * Until when the phone may be silent: while an exit awaits its second fix, no longer than until that can confirm it, also
 * where the region is a point; else not at all where something happens at the next fix even if it is the same, as inside
 * of a polygon whose visit was not opened because the first fix there was not believed.
 */
const validFor = (atMs: number, { visited, reachM }: Choice, open: readonly Staying[]): number => {
  const leaving = open.filter(({ outsideSinceMs }) => outsideSinceMs !== undefined)
  const dueS = leaving.map(({ geofenceId, outsideSinceMs = atMs, confirmS }) => {
    const here = visited.find(({ geofence }) => geofence.id === geofenceId)
    const asked = here === undefined ? confirmS : here.geofence.exit?.confirmS
    return Math.max(1, Math.ceil((outsideSinceMs - atMs) / 1000 + (asked ?? EXIT_CONFIRM_S)))
  })
  if (dueS.length > 0) return Math.min(VALID_S, ...dueS)
  return reachM === 0 ? 1 : VALID_S
}

/**
 * Up to where and until when a phone need not speak, and which geofences it watches meanwhile. A phone that keeps to
 * docs/phone-contract.md misses no enter and no exit of any geofence, watched or not.
 *
 * @param position the newest fix
 * @param atMs its time, ms since the epoch
 * @param listed all geofences that the position's tiles list; those that are gone may be among them
 * @param open the visits open after that fix
 * @example regionAt({ lat: 37.788, lon: -122.4075 }, atMs, tiles.listed(position, atMs), folded.open).region.radiusM
 */
export const regionAt = (
  position: Position,
  atMs: number,
  listed: readonly IndexedGeofence[],
  open: readonly Staying[],
): RegionAnswer => {
  const visits: Visits = new Map(open.map((visit) => [visit.geofenceId, visit]))
  const choice = choose(position, listed, visits)
  const { watched, reachM, visited } = choice
  const isListed = visited.length === visits.size
  const disc = discAt(position, isListed ? TILE_MARGIN_M : ALONE_MARGIN_M, reachM)
  const travelM = disc.radiusM + Math.hypot(disc.eastM, disc.northM)
  return {
    region: { ...placeOf(position, disc), radiusM: Math.max(0, Math.floor(disc.radiusM)) },
    validS: validFor(atMs, choice, open),
    geofences: watched.filter((bound) => isVisited(bound) || bound.slackM <= travelM).map(watch),
    complete: watched.filter(isVisited).length === visits.size,
    nextPingS: INEXACT_PING_S,
  }
}
