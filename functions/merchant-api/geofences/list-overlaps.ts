import type { MemberUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { MAX_REPORTED_OVERLAPS } from '#shared/contracts/http/imports.ts'
import { overlapsOf } from '#shared/domain/geo/overlaps.ts'

/** Answers which of the merchant's geofences share ground: whoever stands there enters both. */
export const listOverlaps: MemberUseCase<Pick<MerchantServices, 'listAllGeofences'>> =
  ({ listAllGeofences }) =>
  async ({ path, signal }) => {
    const overlaps = overlapsOf(await listAllGeofences(path.merchantId, signal))
    const items = overlaps.slice(0, MAX_REPORTED_OVERLAPS).map(({ ids, depthM, isExact }) => ({
      geofenceIds: ids,
      depthM: Math.round(depthM * 10) / 10,
      isExact,
    }))
    return { status: 200, body: { count: overlaps.length, items } }
  }
