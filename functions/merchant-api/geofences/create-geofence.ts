import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { drawnGeofence } from '#functions/merchant-api/geofences/drawn-geofence.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { type GeofenceRequest, geofenceView } from '#shared/contracts/http/geofences.ts'

type Services = Pick<MerchantServices, 'geofences' | 'readUsage' | 'nowMs'>

/** Draws a geofence; fixes from now on see it. */
export const createGeofence: MemberUseCase<Services, MerchantPath, unknown, GeofenceRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const effectiveAtMs = services.nowMs()
    const now = new Date(effectiveAtMs).toISOString()
    const geofence = {
      id: request.newId('gf'),
      merchantId: path.merchantId,
      ...(await drawnGeofence(services, path.merchantId, body, signal)),
      revision: 1,
      effectiveAtMs,
      createdAt: now,
      updatedAt: now,
    }
    const saved = await services.geofences.create(geofence, author, signal)
    return savedReply(saved, geofenceView, `/v1/merchants/${path.merchantId}/geofences/${geofence.id}`)
  }
