import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { countPositions } from '#shared/contracts/declared-geometry.ts'
import { featureView, MAX_PAGE_POSITIONS } from '#shared/contracts/http/features.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import { type GeofenceId, isId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'

const isGeofenceId = (text: string): text is GeofenceId => isId('gf', text)

/** As many of them as have room in a page; one always has. */
const fitting = (geofences: readonly DeclaredGeofence[]): DeclaredGeofence[] => {
  let positions = 0
  return geofences.filter(({ declared }) => {
    positions += countPositions(declared.geometry)
    return positions <= MAX_PAGE_POSITIONS
  })
}

/**
 * Answers a page of the merchant's geofences as a GeoJSON FeatureCollection, in WGS-84 as RFC 7946 wants it. It is shorter
 * than asked for where the borders are large.
 */
export const listFeatures: MemberUseCase<Pick<MerchantServices, 'geofences'>, MerchantPath, PageQuery> =
  ({ geofences }) =>
  async ({ path, query, signal }) => {
    const after = decodeCursor(query.cursor, isGeofenceId)
    // One more than is shown, so that no page is empty but that of who has none: an import wants a feature.
    const page = { limit: query.limit + 1, after }
    const { items, next } = await geofences.list(path.merchantId, page, signal)
    const shown = fitting(items.slice(0, query.limit))
    const last = shown.length < items.length ? shown.at(-1)?.id : next
    return {
      status: 200,
      body: {
        type: 'FeatureCollection',
        features: shown.map(featureView),
        ...(last !== undefined && { next: encodeCursor(last) }),
      },
    }
  }
