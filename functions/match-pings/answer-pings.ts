import type { Matched } from '#functions/match-pings/match-pings.ts'
import type { PingsAnswer } from '#shared/contracts/http/pings.ts'
import { type Datum, fromWgs84 } from '#shared/domain/geo/datum.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import type { RegionAnswer } from '#shared/domain/presence/region.ts'

const STEPS_PER_DEGREE = 1e7

/**
 * Within a kilometre the Chinese datums stretch distances by so much at most (measured over all of China: 0.72 % and
 * 2.22 %): what is a circle in WGS-84 holds a circle that is smaller by this.
 */
const STRETCH = { wgs84: 0, gcj02: 0.01, bd09: 0.03 } as const

const rounded = (degrees: number): number => Math.round(degrees * STEPS_PER_DEGREE) / STEPS_PER_DEGREE

const shownIn = <Place extends Position>(place: Place, datum: Datum): Place => {
  if (datum === 'wgs84') return place
  const { lat, lon } = fromWgs84(place, datum)
  return { ...place, lat: rounded(lat), lon: rounded(lon) }
}

/**
 * What the phone is told of its pings, and up to where and until when it may be silent.
 *
 * @param datum in which the phone gave its coordinates
 */
export const answerPings = (
  { accepted, deferred, ignored, marks, transitions }: Extract<Matched, { kind: 'matched' }>,
  { region, validS, geofences, complete, nextPingS }: RegionAnswer,
  datum: Datum,
): PingsAnswer => ({
  accepted,
  ...(deferred.length > 0 ? { deferred: [...deferred] } : {}),
  ignored: [...ignored],
  marks: marks.map(({ index, marks }) => ({ index, marks: [...marks] })),
  transitions: transitions.map(({ type, geofenceId, visitId, atMs, distanceM, confidence }) => ({
    type,
    geofenceId,
    visitId,
    at: new Date(atMs).toISOString(),
    distanceM,
    confidence,
  })),
  region: { ...shownIn(region, datum), radiusM: Math.floor(region.radiusM * (1 - STRETCH[datum])) },
  validS,
  geofences: geofences.map((geofence) => shownIn(geofence, datum)),
  complete,
  nextPingS,
})
