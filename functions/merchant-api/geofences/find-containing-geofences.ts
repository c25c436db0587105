import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { ContainsRequest } from '#shared/contracts/http/geofences.ts'
import { toWgs84 } from '#shared/domain/geo/datum.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'findContaining'>

/** Answers which of the merchant's geofences hold a position, the boundary included. */
export const findContainingGeofences: UseCase<Services, MerchantPath, unknown, ContainsRequest> =
  (services) => async (request) => {
    const { path, body, signal } = request
    const position = toWgs84(body, body.datum)
    const found = await services.findContaining(path.merchantId, position, signal)
    const geofences = found.map((one) => ({ ...one, distanceM: Math.round(one.distanceM * 10) / 10 }))
    return { status: 200, body: { geofenceIds: geofences.map(({ id }) => id), geofences } }
  }
