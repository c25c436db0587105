import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { drawnGeofence } from '#functions/merchant-api/geofences/drawn-geofence.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { type GeofenceRequest, geofenceView } from '#shared/contracts/http/geofences.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'geofences' | 'newId' | 'nowMs'>

/** Draws a geofence; fixes from now on see it. */
export const createGeofence: UseCase<Services, MerchantPath, unknown, GeofenceRequest> =
  (services) => async (request) => {
    await requireMember(services, request, 'edit')
    const { path, body, signal } = request
    const effectiveAtMs = services.nowMs()
    const now = new Date(effectiveAtMs).toISOString()
    const geofence = {
      id: services.newId('gf'),
      merchantId: path.merchantId,
      ...drawnGeofence(body),
      revision: 1,
      effectiveAtMs,
      createdAt: now,
      updatedAt: now,
    }
    const saved = await services.geofences.create(geofence, signal)
    return savedReply(saved, geofenceView, `/v1/merchants/${path.merchantId}/geofences/${geofence.id}`)
  }
