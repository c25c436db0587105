import type { MemberUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { MAX_REPORTED_OVERLAPS } from '#shared/contracts/http/imports.ts'
import { overlapsOf } from '#shared/domain/geo/overlaps.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/**
 * Answers which of the merchant's geofences share ground: whoever stands there enters both.
 *
 * @throws {Problem} 422 where their borders are too large to be held at once
 */
export const listOverlaps: MemberUseCase<Pick<MerchantServices, 'listAllGeofences'>> =
  ({ listAllGeofences }) =>
  async ({ path, signal }) => {
    const geofences = await listAllGeofences(path.merchantId, signal)
    if (geofences === undefined) {
      const detail = 'borders of more than 500,000 positions in all cannot be compared: simplify the largest'
      throw new Problem('unprocessable', { detail })
    }
    const overlaps = overlapsOf(geofences)
    const items = overlaps.slice(0, MAX_REPORTED_OVERLAPS).map(({ ids, depthM, isExact }) => ({
      geofenceIds: ids,
      depthM: Math.round(depthM * 10) / 10,
      isExact,
    }))
    return { status: 200, body: { count: overlaps.length, items } }
  }
