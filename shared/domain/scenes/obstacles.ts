import type { GeofenceId, RegionId, StoreId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { matchPlace, type StoreBook, type StorePlace } from '#shared/domain/scenes/places.ts'
import { kindOf, type Scene, type ScenePlaces, type SceneTrigger } from '#shared/domain/scenes/scene.ts'
import { festivalOccasion } from '#shared/domain/schedule/festivals.ts'
import {
  type AddedRules,
  jurisdictionNamed,
  lawfulPlaceOf,
  sendingHours,
} from '#shared/domain/schedule/lawful-hours.ts'
import { DAY_MS, localDateOf } from '#shared/domain/schedule/local-time.ts'
import {
  hoursInAll,
  nextOpeningInAllMs,
  SEARCH_DAYS,
  weeklyRangesOf,
  type ZonedHours,
} from '#shared/domain/schedule/weekly-hours.ts'

export const OBSTACLE_RULES = [
  'absent',
  'ended',
  'festivalOutside',
  'everyDayExcluded',
  'noOpeningHours',
  'noOpenHour',
  'noLawfulHour',
  'noHour',
  'offerEnded',
  'noPlace',
  'noGeofence',
  'everybodyHeldOut',
  'capOfNone',
] as const
export type ObstacleRule = (typeof OBSTACLE_RULES)[number]

/**
 * What keeps a scene silent: where (a JSON pointer), which rule, and a sentence for the merchant. `isSure`: it can never
 * speak; else only some of its triggers or places cannot, or what it lacks may still come.
 */
export type Obstacle = {
  readonly rule: ObstacleRule
  readonly pointer: string
  readonly sentence: string
  readonly isSure: boolean
}

/** What of a scene says when and where it may speak. */
export type Planned = Pick<Scene, 'triggers' | 'when' | 'message' | 'offerId' | 'limits' | 'experiment'>

/** What a merchant has that a scene may be about, and the hours that it has to keep to. */
export type SceneGround = {
  readonly stores: StoreBook
  readonly geofences: readonly {
    readonly id: GeofenceId
    readonly storeId?: StoreId
    readonly timeZone: string
  }[]
  readonly regions: ReadonlySet<RegionId>
  /** The scene's offer, and its substitute. */
  readonly offers: readonly Pick<Offer, 'until'>[]
  /** What the operator adds to the law. */
  readonly addedRules: AddedRules
}

/** Somewhere a trigger may happen. */
type Spot = { readonly timeZone: string; readonly store?: StorePlace }

/** More kinds of places than this are not looked at; then nothing is said of the hours. */
const MAX_SPOTS = 50

const isOfGeofence = ({ type }: SceneTrigger): boolean =>
  type === 'enter' || type === 'exit' || type === 'dwell'

const atOf = (side: SceneTrigger) => ('at' in side ? side.at : undefined)

const geofenceSpots = (side: SceneTrigger, { stores, geofences }: SceneGround): Spot[] =>
  geofences
    .filter(({ id, storeId }) => {
      const place = { geofenceId: id, ...(storeId !== undefined && { storeId }) }
      return matchPlace(atOf(side), place, stores) === 'yes'
    })
    .map(({ storeId, timeZone }) => {
      const store = storeId === undefined ? undefined : stores.get(storeId)
      return { timeZone, ...(store && { store }) }
    })

const storeSpots = (side: SceneTrigger, { stores }: SceneGround): Spot[] =>
  [...stores].flatMap(([storeId, store]) =>
    matchPlace(atOf(side), { storeId }, stores) === 'yes' ? [{ timeZone: store.timeZone, store }] : [],
  )

/** Where a trigger can happen as the merchant's places are now. A reminder has the clock of the last visit. */
const spotsOf = (side: SceneTrigger, ground: SceneGround): Spot[] => {
  if (isOfGeofence(side)) return geofenceSpots(side, ground)
  return side.type === 'due' || atOf(side) === undefined
    ? [...storeSpots(side, ground), ...geofenceSpots(side, ground)]
    : storeSpots(side, ground)
}

const distinctSpots = (spots: readonly Spot[]): Spot[] => [
  ...new Map(
    spots.map((spot) => {
      const { openingHours, closedDates, subdivision } = spot.store ?? {}
      return [JSON.stringify([spot.timeZone, subdivision, openingHours, closedDates]), spot] as const
    }),
  ).values(),
]

/** What a scene names and the merchant has not; saving it would be refused. */
const absences = (
  { triggers, offerId }: Planned,
  { stores, geofences, regions, offers }: SceneGround,
): Obstacle[] => {
  const drawn = new Set(geofences.map(({ id }) => id))
  const missing = triggers.flatMap((side, index) => {
    const places: ScenePlaces = atOf(side) ?? {}
    const { geofenceIds = [], storeIds = [], regionIds = [] } = places
    const at = `/triggers/${index}/at`
    return [
      ...geofenceIds.flatMap((id, n) => (drawn.has(id) ? [] : [`${at}/geofenceIds/${n}`])),
      ...storeIds.flatMap((id, n) => (stores.has(id) ? [] : [`${at}/storeIds/${n}`])),
      ...regionIds.flatMap((id, n) => (regions.has(id) ? [] : [`${at}/regionIds/${n}`])),
    ]
  })
  const pointers = offerId !== undefined && offers.length === 0 ? [...missing, '/offerId'] : missing
  return pointers.map((pointer) => ({
    rule: 'absent',
    pointer,
    sentence: 'the merchant has none with this id',
    isSure: true,
  }))
}

/**
 * Triggers for which there is no place now. An app event without places needs none, nor does a reminder. A place that
 * holds no store is a mistake; a geofence may still be drawn.
 */
const placeObstacles = ({ triggers }: Planned, ground: SceneGround): Obstacle[] => {
  const silent = triggers.flatMap((side, index): Omit<Obstacle, 'isSure'>[] => {
    if (!isOfGeofence(side) && atOf(side) === undefined) return []
    if (spotsOf(side, ground).length > 0) return []
    if (atOf(side) === undefined) {
      const sentence = 'There is no geofence yet: nobody is seen anywhere. Draw one.'
      return [{ rule: 'noGeofence', pointer: `/triggers/${index}`, sentence }]
    }
    const pointer = `/triggers/${index}/at`
    if (storeSpots(side, ground).length === 0)
      return [{ rule: 'noPlace', pointer, sentence: 'There is no store at these places.' }]
    const sentence = 'The stores at these places have no geofence: nobody is seen there. Draw one.'
    return [{ rule: 'noGeofence', pointer, sentence }]
  })
  const isSure = silent.length === triggers.length && silent.every(({ rule }) => rule === 'noPlace')
  return silent.map((one) => ({ ...one, isSure }))
}

const startOf = ({ when }: Planned, nowMs: number): number =>
  Math.max(nowMs, when.from === undefined ? nowMs : Date.parse(when.from))
const endOf = ({ when }: Planned): number => (when.until === undefined ? Infinity : Date.parse(when.until))

/** Longer ranges than this have a day for everything: at most 100 dates are excluded, and festivals come every year. */
const MAX_RANGE_DAYS = 400

/** The local days of a scene, or undefined where it has more than `MAX_RANGE_DAYS`. */
const daysOf = (
  scene: Planned,
  timeZone: string,
  nowMs: number,
): { day: string; atMs: number }[] | undefined => {
  const startMs = startOf(scene, nowMs)
  const endMs = endOf(scene)
  if (endMs - startMs > MAX_RANGE_DAYS * DAY_MS) return undefined
  const days = new Map<string, number>()
  for (let atMs = startMs; atMs < endMs; atMs += DAY_MS / 4) days.set(localDateOf(atMs, timeZone), atMs)
  days.set(localDateOf(endMs - 1, timeZone), endMs - 1)
  return [...days].map(([day, atMs]) => ({ day, atMs }))
}

type Silence = { readonly rule: ObstacleRule; readonly pointer: string; readonly sentence: string }

const dayFault = (scene: Planned, { timeZone }: Spot, nowMs: number): Silence | undefined => {
  const { festivals, birthday, anniversary, excludedDates = [] } = scene.when
  const days = daysOf(scene, timeZone, nowMs)
  if (days === undefined) return undefined
  const isTime = (atMs: number) =>
    festivals === undefined ||
    birthday !== undefined ||
    anniversary !== undefined ||
    festivals.some((festival) => festivalOccasion(festival, atMs, timeZone) !== undefined)
  const celebrated = days.filter(({ atMs }) => isTime(atMs))
  if (celebrated.length === 0)
    return {
      rule: 'festivalOutside',
      pointer: '/when/festivals',
      sentence: 'None of these festivals comes between the scene’s beginning and its end.',
    }
  if (celebrated.some(({ day }) => !excludedDates.includes(day))) return undefined
  const sentence = 'Every day on which the scene could speak is excluded.'
  return { rule: 'everyDayExcluded', pointer: '/when/excludedDates', sentence }
}

const lawOf = ({ timeZone, store }: Spot, { addedRules }: SceneGround): ZonedHours[] => {
  const isThere = store?.subdivision !== undefined && store.timeZone === timeZone
  const known = isThere ? { timeZone, ...jurisdictionNamed(store.subdivision) } : { timeZone }
  const place = lawfulPlaceOf([known], addedRules)
  return place === undefined ? [] : sendingHours(place, addedRules)
}

/** Is there a moment, from the scene's beginning to its end, at which all of these are open? Yes in doubt. */
const isEverOpen = (all: readonly ZonedHours[], scene: Planned, nowMs: number): boolean => {
  const weekly = all.flatMap(({ hours }) => {
    const ranges = weeklyRangesOf(hours)
    return ranges === undefined ? [] : [ranges]
  })
  // On one clock, hours that do not meet within a week never do.
  const isOneClock = new Set(all.map(({ timeZone }) => timeZone)).size <= 1
  if (isOneClock && weekly.length > 0 && hoursInAll(weekly).length === 0) return false
  const startMs = startOf(scene, nowMs)
  const endMs = endOf(scene)
  const openMs = nextOpeningInAllMs(all, startMs)
  if (openMs !== undefined) return openMs < endMs
  return endMs > startMs + (SEARCH_DAYS - 1) * DAY_MS
}

const hourFault = (scene: Planned, spot: Spot, ground: SceneGround, nowMs: number): Silence | undefined => {
  const { weeklyHours, whileStoreIsOpen, excludedDates } = scene.when
  const { timeZone, store } = spot
  const opening = store?.openingHours
  if (whileStoreIsOpen && opening === undefined)
    return {
      rule: 'noOpeningHours',
      pointer: '/when/whileStoreIsOpen',
      sentence: 'There is no store with opening hours where the scene could speak.',
    }
  const own: ZonedHours[] = weeklyHours === undefined ? [] : [{ hours: weeklyHours, timeZone }]
  const days: ZonedHours[] =
    excludedDates === undefined ? [] : [{ hours: { closedDates: excludedDates }, timeZone }]
  const shop: ZonedHours[] =
    whileStoreIsOpen && opening !== undefined && store !== undefined
      ? [
          {
            hours: { weekly: opening, ...(store.closedDates && { closedDates: store.closedDates }) },
            timeZone: store.timeZone,
          },
        ]
      : []
  const law = kindOf(scene) === 'service' ? [] : lawOf(spot, ground)
  const isOpen = (...parts: ZonedHours[][]) => isEverOpen(parts.flat(), scene, nowMs)
  if (isOpen(own, days, shop, law)) return undefined
  const pointer = weeklyHours === undefined ? '/when' : '/when/weeklyHours'
  if (!isOpen(own))
    return { rule: 'noHour', pointer, sentence: 'These hours never come in the scene’s dates.' }
  if (!isOpen(own, shop))
    return {
      rule: 'noOpenHour',
      pointer,
      sentence: 'The store is never open in the scene’s hours and dates.',
    }
  if (!isOpen(own, shop, law)) {
    const sentence = 'The law never lets promotion reach a customer in the scene’s hours and dates.'
    return { rule: 'noLawfulHour', pointer, sentence }
  }
  const sentence =
    'The scene’s dates, its hours, those of the store and those of the law are never met at once.'
  return { rule: 'noHour', pointer: '/when', sentence }
}

/** Where nobody knows the place: the day of the scene is one of these. */
const ANYWHERE: readonly Spot[] = ['Etc/GMT+12', 'UTC', 'Pacific/Kiritimati'].map((timeZone) => ({
  timeZone,
}))

/** May it speak to customers of whom no place is known, by the law of their phone's country? */
const isPlaceless = ({ triggers, when }: Planned): boolean =>
  when.weeklyHours === undefined &&
  when.whileStoreIsOpen === undefined &&
  triggers.some((side) => !isOfGeofence(side) && atOf(side) === undefined)

/** What of time keeps a scene silent: at all its places, or (no more than doubtful) at some. */
const timeObstacles = (scene: Planned, ground: SceneGround, nowMs: number): Obstacle[] => {
  const known = distinctSpots(scene.triggers.flatMap((side) => spotsOf(side, ground)))
  if (known.length > MAX_SPOTS) return []
  const spots = known.length === 0 || isPlaceless(scene) ? [...known, ...ANYWHERE] : known
  const silences = spots.flatMap((spot) => {
    const ofDays = dayFault(scene, spot, nowMs)
    return ofDays ?? (spots === known ? (hourFault(scene, spot, ground, nowMs) ?? []) : [])
  })
  const [first] = silences
  if (first === undefined) return []
  if (silences.length === spots.length) return [{ ...first, isSure: true }]
  if (spots !== known) return []
  return [{ ...first, sentence: `At some of the places: ${first.sentence}`, isSure: false }]
}

const isOver = (scene: Planned, nowMs: number): boolean => endOf(scene) <= nowMs

const offerObstacles = (scene: Planned, { offers }: SceneGround, nowMs: number): Obstacle[] => {
  const startMs = startOf(scene, nowMs)
  const isGiven = offers.some(({ until }) => until === undefined || Date.parse(until) > startMs)
  if (scene.offerId === undefined || offers.length === 0 || isGiven) return []
  const sentence = 'The offer ends before the scene can speak, and so does its substitute, if it has one.'
  return [{ rule: 'offerEnded', pointer: '/offerId', sentence, isSure: true }]
}

const limitObstacles = ({ limits, experiment }: Planned): Obstacle[] => [
  ...(limits.caps ?? []).flatMap(({ max }, index): Obstacle[] =>
    max > 0
      ? []
      : [
          {
            rule: 'capOfNone',
            pointer: `/limits/caps/${index}/max`,
            sentence: 'A cap of 0 lets no message through. Pause the scene instead.',
            isSure: true,
          },
        ],
  ),
  ...(experiment?.holdoutPercent === 100
    ? [
        {
          rule: 'everybodyHeldOut',
          pointer: '/experiment/holdoutPercent',
          sentence: 'With 100 % held out nobody hears anything.',
          isSure: true,
        } as const,
      ]
    : []),
]

/**
 * What keeps a scene silent, as far as its dates, hours, places, offer and limits tell: for good, or perhaps.
 *
 * @param nowMs ms since the epoch
 * @example findObstacles({ ...scene, when: { until: '2020-01-01T00:00:00.000Z' } }, ground, nowMs) // [{ rule: 'ended', pointer: '/when/until', … }]
 */
export const findObstacles = (scene: Planned, ground: SceneGround, nowMs: number): Obstacle[] => {
  const rest = [...offerObstacles(scene, ground, nowMs), ...limitObstacles(scene)]
  if (isOver(scene, nowMs)) {
    const sentence = 'The scene’s end has passed.'
    return [{ rule: 'ended', pointer: '/when/until', sentence, isSure: true }, ...rest]
  }
  const missing = absences(scene, ground)
  if (missing.length > 0) return missing
  return [...placeObstacles(scene, ground), ...timeObstacles(scene, ground, nowMs), ...rest]
}
