import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { featureView } from '#shared/contracts/http/features.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { type GeofenceId, isId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'

const isGeofenceId = (text: string): text is GeofenceId => isId('gf', text)

/** Answers a page of the merchant's geofences as a GeoJSON FeatureCollection, in WGS-84 as RFC 7946 wants it. */
export const listFeatures: MemberUseCase<Pick<MerchantServices, 'geofences'>, MerchantPath, PageQuery> =
  ({ geofences }) =>
  async ({ path, query, signal }) => {
    const after = decodeCursor(query.cursor, isGeofenceId)
    const { items, next } = await geofences.list(path.merchantId, { limit: query.limit, after }, signal)
    return {
      status: 200,
      body: {
        type: 'FeatureCollection',
        features: items.map(featureView),
        ...(next !== undefined && { next: encodeCursor(next) }),
      },
    }
  }
