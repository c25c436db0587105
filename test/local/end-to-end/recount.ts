import type { Batch } from '#local/replay/batches.ts'
import { distanceM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import type { SceneId, UserId } from '#shared/domain/ids.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'
import { pressureOf, rankFairly, scoreOf } from '#shared/domain/scenes/score.ts'
import { lawfulPlaceOf, sendingHours } from '#shared/domain/schedule/lawful-hours.ts'
import { isOpenInAll } from '#shared/domain/schedule/weekly-hours.ts'

/** What the limits of a replay are. */
export type RecountLimits = {
  readonly coolDownS: number
  readonly maxAgeS: number
  readonly capPerDay: number
  readonly stockPerMerchant: number
}

export type Recount = {
  /** `visitId` to the time of the exit, where there was one. */
  readonly visits: Map<string, number | undefined>
  /** Scene, customer and visit of each grant. */
  readonly grants: Set<string>
  readonly enters: number
}

const CELL_DEGREES = 0.01

/** All geofences within 300 m, found by a plain grid: not the way the product finds them. */
const gridOf = (geofences: readonly IndexedGeofence[]): GeofencesAt => {
  const cells = Map.groupBy(
    geofences,
    ({ shape }) => `${Math.floor(shape.lat / CELL_DEGREES)},${Math.floor(shape.lon / CELL_DEGREES)}`,
  )
  return (position) => {
    const row = Math.floor(position.lat / CELL_DEGREES)
    const column = Math.floor(position.lon / CELL_DEGREES)
    const around = [-1, 0, 1].flatMap((up) =>
      [-1, 0, 1].flatMap((right) => cells.get(`${row + up},${column + right}`) ?? []),
    )
    const test = around.filter(({ shape }) => distanceM(shape, position) <= shape.radiusM + 300)
    return [{ inside: [], test }]
  }
}

const fixesOf = ({ pings }: Batch) =>
  pings.map(({ atMs, lat, lon, accuracyM }) => toFix({ atMs, lat, lon, accuracyM }))

/** What settles of a user's fixes and the silence after them; a fold settles only so many visits at once. */
const settledOf = (user: UserId, fixes: readonly Fix[], near: GeofencesAt, end: number): ClosedVisit[] => {
  const settled: ClosedVisit[] = []
  let folded = fold(user, NO_PRESENCE, fixes, near, end, end + 2 * 3_600_000)
  while (folded.settled.length > 0) {
    settled.push(...folded.settled)
    folded = fold(user, folded.presence, [], near, end)
  }
  return settled
}

/** The visits of each user, from all of the user's fixes at once. */
const visitsOf = (batches: readonly Batch[], userOf: (name: string) => UserId, near: GeofencesAt) => {
  const visits = new Map<string, number | undefined>()
  for (const [name, own] of Map.groupBy(batches, ({ user }) => user)) {
    const end = own.at(-1)?.atMs ?? 0
    for (const visit of settledOf(userOf(name), own.flatMap(fixesOf), near, end)) {
      visits.set(visit.visitId, visit.exitedAtMs)
    }
  }
  return visits
}

type Send = { readonly atMs: number; readonly scene: SceneId; readonly merchantId: string }

/** A message keeps the customer's attention for a minute. */
const SLOT_MS = 60_000
const PRIORITY = 50
const MAX_PRESSURE = 12
const MIN_TTL_MS = 30_000

/** May promotion go now, at this place, with half a minute left to deliver it? */
const isLawful = (timeZone: string, nowMs: number): boolean => {
  const place = lawfulPlaceOf([{ timeZone }], [])
  if (place === undefined) return false
  const hours = sendingHours(place, [])
  return isOpenInAll(hours, nowMs) && isOpenInAll(hours, nowMs + MIN_TTL_MS - 1)
}

const scoreAmong = (
  mine: readonly Send[],
  { merchantId, distanceM, atMs }: { merchantId: string; distanceM: number; atMs: number },
  maxAgeS: number,
  nowMs: number,
): number => {
  const last = mine.findLast((send) => send.merchantId === merchantId)
  return scoreOf(
    {
      priority: PRIORITY,
      distanceM,
      fit: 0,
      ageS: Math.max(0, nowMs - atMs) / 1000,
      maxAgeS,
      ...(last && { lastFromMerchantMs: last.atMs }),
      kind: 'offer',
      pressure: pressureOf(mine, nowMs),
    },
    nowMs,
  )
}

/**
 * Counts again, in the plainest way, what a replay must have granted: write by write, of all entries that are young
 * enough and lawful, whose brand is not cooling down and has something left, the best one, as long as the customer's day is not
 * full and nobody else has the customer's attention.
 *
 * @param batches what each write took in: a phone's batch, or the part of it that was accepted at once
 * @param sceneOf the one scene of a geofence's merchant
 */
export const recount = (
  batches: readonly Batch[],
  geofences: readonly IndexedGeofence[],
  userOf: (name: string) => UserId,
  sceneOf: (merchantId: string) => SceneId,
  limits: RecountLimits,
): Recount => {
  const near = gridOf(geofences)
  const presences = new Map<string, Presence>()
  const sends = new Map<string, Send[]>()
  const left = new Map<string, number>()
  const grants = new Set<string>()
  let enters = 0
  for (const batch of batches) {
    const user = userOf(batch.user)
    const now = batch.atMs
    const folded = fold(user, presences.get(user) ?? NO_PRESENCE, fixesOf(batch), near, now)
    if (folded.changed) presences.set(user, folded.presence)
    const mine = sends.get(user) ?? []
    const entered = folded.transitions.filter(({ type }) => type === 'enter')
    enters += entered.length
    const possible = entered
      .map((enter) => ({ ...enter, scene: sceneOf(enter.merchantId) }))
      .filter(({ atMs }) => now - atMs <= limits.maxAgeS * 1000)
      .filter(
        ({ scene }) =>
          !mine.some((send) => send.scene === scene && now - send.atMs < limits.coolDownS * 1000),
      )
      .filter(({ merchantId }) => (left.get(merchantId) ?? limits.stockPerMerchant) > 0)
      .filter(({ timeZone }) => isLawful(timeZone, now))
    const [best] = rankFairly(
      possible,
      (enter) => ({
        score: scoreAmong(mine, enter, limits.maxAgeS, now),
        merchantId: enter.merchantId,
        sceneId: enter.scene,
        occasion: enter.visitId,
      }),
      user,
    )
    const today = mine.filter(({ atMs }) => now - atMs < 86_400_000).length
    const isHeld = mine.some(({ atMs }) => now - atMs < SLOT_MS)
    const isPressed = pressureOf(mine, now) + 1 > MAX_PRESSURE
    if (best === undefined || today >= limits.capPerDay || isHeld || isPressed) continue
    grants.add(`${best.scene} ${user} ${best.visitId}`)
    left.set(best.merchantId, (left.get(best.merchantId) ?? limits.stockPerMerchant) - 1)
    sends.set(user, [...mine, { atMs: now, scene: best.scene, merchantId: best.merchantId }])
  }
  return { visits: visitsOf(batches, userOf, near), grants, enters }
}
