import type { GeofenceId, RegionId, StoreId } from '#shared/domain/ids.ts'
import type { Region, Store } from '#shared/domain/merchants/merchant.ts'
import type { ScenePlaces, WeeklyHours } from '#shared/domain/scenes/scene.ts'

/** What deciding knows of a store. */
export type StorePlace = {
  readonly name: string
  readonly timeZone: string
  /** ISO 3166-2 with its country, for example 'US-CA'. */
  readonly subdivision?: string
  readonly isFlagship: boolean
  /** The node of the region tree at which the store is, and all above it. */
  readonly regionPath: readonly RegionId[]
  readonly openingHours?: readonly WeeklyHours[]
  readonly closedDates?: readonly string[]
}

export type StoreBook = ReadonlyMap<StoreId, StorePlace>
export const NO_STORES: StoreBook = new Map()

type Place = { readonly geofenceId?: GeofenceId; readonly storeId?: StoreId }

/** `unknown`: the scene asks for stores, and nobody can tell at which store it happened. */
export type PlaceMatch = 'yes' | 'no' | 'unknown'

const asksForStores = ({ storeIds, stores, regionIds }: ScenePlaces): boolean =>
  storeIds !== undefined || stores !== undefined || regionIds !== undefined

/**
 * Is this one of the places? A region holds the stores at it and below it.
 *
 * @example matchPlace(undefined, { geofenceId }, stores) // 'yes': at all of them
 * @example matchPlace({ storeIds: [a] }, {}, stores) // 'unknown': an app event that names no store
 */
export const matchPlace = (
  places: ScenePlaces | undefined,
  { geofenceId, storeId }: Place,
  stores: StoreBook,
): PlaceMatch => {
  if (places === undefined) return 'yes'
  const { geofenceIds = [], storeIds = [], stores: some, regionIds = [] } = places
  if (geofenceId !== undefined && geofenceIds.includes(geofenceId)) return 'yes'
  if (storeId === undefined) return geofenceId === undefined && asksForStores(places) ? 'unknown' : 'no'
  if (some === 'all' || storeIds.includes(storeId)) return 'yes'
  if (some === undefined && regionIds.length === 0) return 'no'
  const store = stores.get(storeId)
  if (store === undefined) return 'unknown'
  const isHeld = store.regionPath.some((region) => regionIds.includes(region))
  return isHeld || (some === 'flagship' && store.isFlagship) ? 'yes' : 'no'
}

type Node = { readonly id: RegionId; readonly parentId?: RegionId }
const MAX_DEPTH = 20

/**
 * A node of a region tree and all above it, the node first; a parent that is gone ends the path.
 *
 * @example regionPath(area, [area, district, city]) // [area.id, district.id, city.id]
 */
export const regionPath = (id: RegionId | undefined, nodes: ReadonlyMap<RegionId, Node>): RegionId[] => {
  const path: RegionId[] = []
  let at = id === undefined ? undefined : nodes.get(id)
  while (at !== undefined && path.length < MAX_DEPTH && !path.includes(at.id)) {
    path.push(at.id)
    at = at.parentId === undefined ? undefined : nodes.get(at.parentId)
  }
  return path
}

/**
 * Does a node of a region tree lie at another or anywhere below it, however deep?
 *
 * @example isBelow(area.id, city.id, nodes) // true: area, district, city
 */
export const isBelow = (id: RegionId, above: RegionId, nodes: ReadonlyMap<RegionId, Node>): boolean => {
  let at: RegionId | undefined = id
  for (let steps = 0; at !== undefined && steps <= nodes.size; steps++) {
    if (at === above) return true
    at = nodes.get(at)?.parentId
  }
  return false
}

/** A merchant’s stores as deciding knows them. */
export const storeBook = (stores: readonly Store[], regions: readonly Region[]): StoreBook => {
  const nodes = new Map(regions.map((region) => [region.id, region]))
  return new Map(
    stores.map(({ id, name, timeZone, subdivision, isFlagship, regionId, openingHours, closedDates }) => [
      id,
      {
        name,
        timeZone,
        ...(subdivision !== undefined && { subdivision }),
        isFlagship: isFlagship === true,
        regionPath: regionPath(regionId, nodes),
        ...(openingHours && { openingHours }),
        ...(closedDates && { closedDates }),
      },
    ]),
  )
}
