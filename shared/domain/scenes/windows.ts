import type { Relationship } from '#shared/domain/customers/relationship.ts'
import type { StoreId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Candidate } from '#shared/domain/scenes/candidate.ts'
import type { CustomerFacts } from '#shared/domain/scenes/facts.ts'
import type { StorePlace } from '#shared/domain/scenes/places.ts'
import { kindOf, type SceneWhen } from '#shared/domain/scenes/scene.ts'
import { isOfPlace } from '#shared/domain/scenes/trigger.ts'
import { anniversaryOccasion, firstVisitAnniversary } from '#shared/domain/schedule/anniversaries.ts'
import { festivalOccasion } from '#shared/domain/schedule/festivals.ts'
import {
  type AddedRules,
  firstKnown,
  jurisdictionNamed,
  type KnownPlace,
  lawfulPlaceOf,
  sendingHours,
} from '#shared/domain/schedule/lawful-hours.ts'
import { localDateOf, nextMidnightMs } from '#shared/domain/schedule/local-time.ts'
import {
  hoursOutside,
  isOpenInAll,
  nextClosingInAllMs,
  nextOpeningInAllMs,
  type ZonedHours,
} from '#shared/domain/schedule/weekly-hours.ts'

/** A message that has less than this left is not sent: it would come too late. */
export const MIN_TTL_MS = 30_000

/** What of the customer and the place the clock is read by. */
export type Clocked = {
  readonly candidate: Candidate
  readonly customer: CustomerFacts
  readonly relationship: Relationship | undefined
  /** The store of the trigger. */
  readonly store: StorePlace | undefined
  readonly nowMs: number
}

const celebrates = ({ festivals, birthday, anniversary }: SceneWhen): boolean =>
  festivals !== undefined || birthday !== undefined || anniversary !== undefined

/** The zone of the place, else of the last visit with the merchant. */
export const zoneOf = ({
  candidate: { trigger },
  relationship,
}: Pick<Clocked, 'candidate' | 'relationship'>): string | undefined =>
  trigger.timeZone ?? relationship?.timeZone

/**
 * The celebration that it is, of those the scene speaks at: `none` when it speaks at any time, undefined when it is not
 * the time, or nobody knows.
 */
export const celebrationOf = (clocked: Clocked): string | 'none' | undefined => {
  const { candidate, customer, relationship, nowMs } = clocked
  const { when } = candidate.scene
  if (!celebrates(when)) return 'none'
  const zone = zoneOf(clocked)
  if (zone === undefined) return undefined
  for (const festival of when.festivals ?? []) {
    const occasion = festivalOccasion(festival, nowMs, zone)
    if (occasion !== undefined) return occasion
  }
  if (when.birthday !== undefined && customer.birthday !== undefined) {
    const { daysBefore, daysAfter } = when.birthday
    const birthday = { kind: 'birthday', day: customer.birthday } as const
    const occasion = anniversaryOccasion(birthday, daysBefore, daysAfter, nowMs, zone)
    if (occasion !== undefined) return occasion
  }
  const firstVisitMs = relationship?.visits.firstAtMs
  if (when.anniversary === undefined || firstVisitMs === undefined) return undefined
  const { daysBefore, daysAfter } = when.anniversary
  return anniversaryOccasion(firstVisitAnniversary(firstVisitMs, zone), daysBefore, daysAfter, nowMs, zone)
}

/** Is it within the scene's dates, and none of those that it leaves out? */
export const isWithinDates = (clocked: Clocked): boolean => {
  const { candidate, nowMs } = clocked
  const { from, until, excludedDates = [] } = candidate.scene.when
  if (from !== undefined && nowMs < Date.parse(from)) return false
  if (until !== undefined && nowMs >= Date.parse(until)) return false
  if (excludedDates.length === 0) return true
  const zone = zoneOf(clocked)
  return zone !== undefined && !excludedDates.includes(localDateOf(nowMs, zone))
}

/** The hours that a scene keeps, on the clocks they are read on; undefined where one of them is not known. */
export const sceneHoursOf = (clocked: Clocked): ZonedHours[] | undefined => {
  const { weeklyHours, whileStoreIsOpen } = clocked.candidate.scene.when
  const all: ZonedHours[] = []
  if (weeklyHours !== undefined) {
    const timeZone = zoneOf(clocked)
    if (timeZone === undefined) return undefined
    all.push({ hours: weeklyHours, timeZone })
  }
  if (whileStoreIsOpen) {
    const { store } = clocked
    if (store?.openingHours === undefined) return undefined
    all.push(openingOf(store, store.openingHours))
  }
  return all
}

const openingOf = (
  { timeZone, closedDates }: StorePlace,
  weekly: NonNullable<StorePlace['openingHours']>,
): ZonedHours => ({ hours: { weekly, ...(closedDates && { closedDates }) }, timeZone })

/**
 * Of which place the law holds: the zone of the trigger, with the state that its store names where the store is on the
 * same clock. What happens at no place, as a visit plan that falls due, has the store of the latest visit. Undefined
 * where no zone is known.
 */
export const placeOfLaw = (
  clocked: Pick<Clocked, 'candidate' | 'relationship' | 'store'>,
  stores: ReadonlyMap<StoreId, StorePlace>,
): KnownPlace | undefined => {
  const { candidate, relationship } = clocked
  const { lastStoreId } = relationship ?? {}
  const isAnywhere = candidate.trigger.type === 'due' || candidate.trigger.timeZone === undefined
  const store = clocked.store ?? (isAnywhere && lastStoreId ? stores.get(lastStoreId) : undefined)
  const timeZone = zoneOf(clocked)
  if (timeZone === undefined) return undefined
  const isThere = store?.subdivision !== undefined && store.timeZone === timeZone
  return isThere ? { timeZone, ...jurisdictionNamed(store.subdivision) } : { timeZone }
}

/** When a message may be sent at all, by law and by the customer's wish, and by what was known of the place. */
export type Permitted = {
  readonly lawful: readonly ZonedHours[]
  readonly waking: readonly ZonedHours[]
  readonly lawPlace: KnownPlace
}

/**
 * When the customer may hear from anybody: by the law of the place of the trigger, else of the last visit with the
 * merchant, else of the phone number's country. Undefined where none of these is known.
 *
 * @param added what the operator adds to the law
 */
export const permittedBy = (
  customer: Pick<CustomerFacts, 'phoneCountry' | 'quietHours'>,
  known: KnownPlace | undefined,
  added: AddedRules,
): Permitted | undefined => {
  const { phoneCountry, quietHours } = customer
  const lawPlace = firstKnown([
    ...(known === undefined ? [] : [known]),
    ...(phoneCountry === undefined ? [] : [{ country: phoneCountry }]),
  ])
  const place = lawPlace && lawfulPlaceOf([lawPlace], added)
  if (lawPlace === undefined || place === undefined) return undefined
  const waking = quietHours === undefined ? undefined : hoursOutside(quietHours)
  return {
    lawPlace,
    lawful: sendingHours(place, added),
    waking: waking === undefined ? [] : place.timeZones.map((zone) => ({ hours: waking, timeZone: zone })),
  }
}

type Hours = Pick<Permitted, 'lawful' | 'waking'>

/** The first moment at which both law and customer allow it again; none within a year: undefined. */
export const speakAgainMs = ({ lawful, waking }: Hours, fromMs: number): number | undefined =>
  nextOpeningInAllMs([...lawful, ...waking], fromMs)

/** When the days are over at which the scene speaks, or speaks of this celebration; Infinity where that is not before. */
const daysEndMs = (clocked: Clocked, beforeMs: number): number => {
  const { when } = clocked.candidate.scene
  const zone = zoneOf(clocked)
  if (zone === undefined || (!celebrates(when) && when.excludedDates === undefined)) return Infinity
  const celebration = celebrationOf(clocked)
  for (let at = nextMidnightMs(clocked.nowMs, zone); at < beforeMs; at = nextMidnightMs(at, zone)) {
    const then = { ...clocked, nowMs: at }
    if (!isWithinDates(then) || celebrationOf(then) !== celebration) return at
  }
  return Infinity
}

/**
 * Until when a message is worth delivering: its own time, the scene's end, the last of its days (before one that it leaves
 * out, of a festival, of a birthday), the next closing of the hours that the scene
 * keeps, of the law and of the customer, of the store where the customer is to walk in, and the end of the offer.
 *
 * @returns ms since the epoch
 */
export const deliverUntilMs = (
  clocked: Clocked,
  { lawful, waking }: Hours,
  offer: Offer | undefined,
): number => {
  const { candidate, store, nowMs } = clocked
  const { scene, trigger } = candidate
  const hours = [...(sceneHoursOf(clocked) ?? []), ...lawful, ...waking]
  const shop =
    isOfPlace(trigger) && kindOf(scene) !== 'service' && store?.openingHours !== undefined
      ? [openingOf(store, store.openingHours)]
      : []
  // A store that is closed now closes no sooner: its hours bound only what was sent while it was open.
  const open = shop.filter((one) => isOpenInAll([one], nowMs))
  const ownMs = nowMs + scene.message.ttlS * 1000
  return Math.min(
    ownMs,
    daysEndMs(clocked, ownMs),
    scene.when.until === undefined ? Infinity : Date.parse(scene.when.until),
    nextClosingInAllMs([...hours, ...open], nowMs) ?? Infinity,
    offer === undefined ? Infinity : nowMs + offer.validityS * 1000,
    offer?.until === undefined ? Infinity : Date.parse(offer.until),
  )
}
