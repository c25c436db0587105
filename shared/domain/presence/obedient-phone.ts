import { distanceM } from '#shared/domain/geo/distance.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { ACCURACY_CAP_M } from '#shared/domain/presence/ladder.ts'
import { isJump } from '#shared/domain/presence/marks.ts'
import type { RegionAnswer, WatchedGeofence } from '#shared/domain/presence/region.ts'
import { SLOT_MS } from '#shared/domain/presence/walk.ts'

/** Why a phone speaks. */
export type Occasion = 'first' | 'validityOver' | 'leftRegion' | 'enter' | 'exit' | 'backInside' | 'inInexact'

/** An answer, and the fix that it answered. */
export type Told = { readonly answer: RegionAnswer; readonly fix: Fix }

/** All that a phone remembers between two fixes. */
export type ObedientPhone = {
  /** The last answer. */
  readonly told?: Told
  /** Earlier answers that may be used beside it, the newest first. */
  readonly earlier: readonly Told[]
  /** The newest fix that the phone has taken, sent or not. */
  readonly latest?: Fix
  /** The 10 s slot of the newest fix that counts: of one slot the engine takes the first. */
  readonly takenSlot?: number
}

/** A phone that has not spoken yet. */
export const NEW_PHONE: ObedientPhone = { earlier: [] }

/** So many earlier answers are kept. */
const MAX_EARLIER = 8

/** How long a phone tries to get a fresh fix before it sends the last one that it has. */
const FRESH_FIX_MS = 60_000

const slotOf = ({ atMs }: Fix): number => Math.floor(atMs / SLOT_MS)

const occasionAtInexact = (
  geofence: WatchedGeofence,
  awayM: number,
  toldAwayM: number,
  isPingDue: boolean,
): Occasion | undefined => {
  if (awayM > geofence.enterRadiusM) return undefined
  if (toldAwayM > geofence.enterRadiusM) return 'enter'
  return isPingDue ? 'inInexact' : undefined
}

const occasionAtExact = (geofence: WatchedGeofence, awayM: number, fix: Fix): Occasion | undefined => {
  const isOutside = awayM - Math.min(ACCURACY_CAP_M, fix.accuracyM) > geofence.exitRadiusM
  switch (geofence.visit) {
    case undefined:
      return awayM <= geofence.enterRadiusM ? 'enter' : undefined
    case 'open':
      return isOutside ? 'exit' : undefined
    case 'leaving':
      return isOutside ? undefined : 'backInside'
    default:
      return geofence.visit satisfies never
  }
}

const secondsSince = ({ fix }: Told, { atMs }: Fix): number => (atMs - fix.atMs) / 1000

/** A region of radius 0 holds no fix, not even the same one again. */
const holds = (told: Told, fix: Fix): boolean =>
  secondsSince(told, fix) < told.answer.validS &&
  told.answer.region.radiusM > 0 &&
  distanceM(told.answer.region, fix) <= told.answer.region.radiusM

const occasionAmong = (
  geofences: readonly WatchedGeofence[],
  since: Fix,
  fix: Fix,
  isPingDue: boolean,
): Occasion | undefined => {
  for (const geofence of geofences) {
    const awayM = distanceM(geofence, fix)
    const occasion = geofence.exact
      ? occasionAtExact(geofence, awayM, fix)
      : occasionAtInexact(geofence, awayM, distanceM(geofence, since), isPingDue)
    if (occasion !== undefined) return occasion
  }
  return undefined
}

/** What to watch in an earlier region: the visits of today, and its other geofences, of which none is open by now. */
const othersOf = (earlier: Told, visited: readonly WatchedGeofence[]): WatchedGeofence[] => {
  const known = new Set(visited.map(({ id }) => id))
  return earlier.answer.geofences
    .filter(({ id }) => !known.has(id))
    .map(({ visit: _, ...geofence }) => geofence)
}

const occasionElsewhere = (
  told: Told,
  earlier: readonly Told[],
  fix: Fix,
  isPingDue: boolean,
): Occasion | undefined => {
  const known = earlier.find((one) => holds(one, fix))
  if (known === undefined) return 'leftRegion'
  const visited = told.answer.geofences.filter(({ visit }) => visit !== undefined)
  return (
    occasionAmong(visited, told.fix, fix, isPingDue) ??
    occasionAmong(othersOf(known, visited), known.fix, fix, isPingDue)
  )
}

/**
 * Why this fix must be sent; undefined when it need not.
 *
 * @param fix the newest one
 * @example occasionFor(NEW_PHONE, fix) // 'first'
 */
export const occasionFor = ({ told, earlier, takenSlot }: ObedientPhone, fix: Fix): Occasion | undefined => {
  if (told === undefined) return 'first'
  if (slotOf(fix) === takenSlot) return undefined
  if (secondsSince(told, fix) >= told.answer.validS) return 'validityOver'
  const isPingDue = secondsSince(told, fix) >= told.answer.nextPingS
  return holds(told, fix)
    ? occasionAmong(told.answer.geofences, told.fix, fix, isPingDue)
    : occasionElsewhere(told, earlier, fix, isPingDue)
}

/**
 * What to send when there is an occasion: the fix, and before it the last one that was kept back if nobody moves so fast
 * from there; by itself the engine could not tell such a jump from a way that it has not seen.
 *
 * @example fixesToSend(NEW_PHONE, fix) // [fix]
 */
export const fixesToSend = ({ told, latest }: ObedientPhone, fix: Fix): readonly Fix[] =>
  told !== undefined && latest !== undefined && latest.atMs > told.fix.atMs && isJump(latest, latest, fix)
    ? [latest, fix]
    : [fix]

/** The engine keeps a fix with a geofence near or a visit open; as far as the phone can tell. */
const counts = (answer: RegionAnswer, fix: Fix): boolean =>
  answer.geofences.some(
    (geofence) =>
      geofence.visit !== undefined ||
      (geofence.exact && distanceM(geofence, fix) <= geofence.enterRadiusM + TILE_MARGIN_M),
  )

/** The phone after a fix that it did not need to send. */
export const keepSilent = (phone: ObedientPhone, fix: Fix): ObedientPhone => ({
  ...phone,
  latest: fix,
  ...(phone.told !== undefined && counts(phone.told.answer, fix) ? { takenSlot: slotOf(fix) } : {}),
})

/** The phone after a fix that it sent and that was answered. */
export const hear = (phone: ObedientPhone, fix: Fix, answer: RegionAnswer): ObedientPhone => {
  const before = phone.told === undefined ? [] : [phone.told, ...phone.earlier]
  // An answer that does not name all visits cannot tell what they ask for in another region.
  const earlier = answer.complete ? before.filter((told) => told.answer.complete).slice(0, MAX_EARLIER) : []
  return keepSilent({ ...phone, told: { answer, fix }, earlier }, fix)
}

/**
 * What a phone sends by its timer: when the answer is no longer valid and no fresh fix comes, the last one that it has
 * kept to itself, with the time at which it was taken. So the engine learns how long the customer was surely there.
 *
 * @param nowMs the phone's time, ms since the epoch
 */
export const overdueFix = ({ told, latest }: ObedientPhone, nowMs: number): Fix | undefined => {
  if (told === undefined || latest === undefined || latest.atMs <= told.fix.atMs) return undefined
  const dueMs = told.fix.atMs + told.answer.validS * 1000 + FRESH_FIX_MS
  return nowMs >= dueMs ? latest : undefined
}
