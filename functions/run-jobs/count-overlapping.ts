import type { EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { countPositions } from '#shared/contracts/declared-geometry.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import { overlappingOf } from '#shared/domain/geo/overlaps.ts'
import type { GeofenceId, MerchantId } from '#shared/domain/ids.ts'

const PAGE = 100
/** To make shapes of so many takes seconds; whoever draws more asks for the list. */
const MAX_POSITIONS = 300_000

/** All geofences of a merchant; undefined where their borders are too large to go through along with other work. */
const listAll = async (
  geofences: Pick<EntityRecords<GeofenceId, DeclaredGeofence>, 'list'>,
  merchantId: MerchantId,
  signal?: AbortSignal,
): Promise<readonly DeclaredGeofence[] | undefined> => {
  const all: DeclaredGeofence[] = []
  let positions = 0
  let after: GeofenceId | undefined
  do {
    const { items, next } = await geofences.list(merchantId, { limit: PAGE, after }, signal)
    positions += items.reduce((sum, { declared }) => sum + countPositions(declared.geometry), 0)
    if (positions > MAX_POSITIONS) return undefined
    all.push(...items)
    after = next === undefined ? undefined : items.at(-1)?.id
  } while (after !== undefined)
  return all
}

/**
 * How many of these geofences share ground with another one of the merchant, as `geofences:overlaps` lists them; undefined
 * where that would take long.
 */
export const countOverlapping = async (
  geofences: Pick<EntityRecords<GeofenceId, DeclaredGeofence>, 'list'>,
  merchantId: MerchantId,
  ids: ReadonlySet<GeofenceId>,
  signal?: AbortSignal,
): Promise<number | undefined> => {
  const all = await listAll(geofences, merchantId, signal)
  if (all === undefined) return undefined
  const overlapping = overlappingOf(all)
  return [...ids].filter((id) => overlapping.has(id)).length
}
