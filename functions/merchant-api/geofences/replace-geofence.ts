import { replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { type DrawnGeofence, drawnGeofence } from '#functions/merchant-api/geofences/drawn-geofence.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { sameDeclared } from '#shared/contracts/declared-geometry.ts'
import { type GeofenceRequest, geofenceView } from '#shared/contracts/http/geofences.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'

type Services = Pick<MerchantServices, 'geofences' | 'readUsage' | 'nowMs'>
type Path = MerchantPath & { readonly geofenceId: GeofenceId }

/** Only another shape is a new one to fixes; a new name leaves everything as it is. */
const shapeTimes = (
  current: DeclaredGeofence,
  drawn: DrawnGeofence,
  nowMs: number,
): Pick<DeclaredGeofence, 'effectiveAtMs' | 'former' | 'tiles'> => {
  const { effectiveAtMs, tiles } = current
  // The tiles stay the ones whose rows there are, also if the same shape were listed otherwise today.
  if (sameDeclared(current.declared, drawn.declared)) return { effectiveAtMs, ...(tiles && { tiles }) }
  // Later than the shape before, also on a clock that stands: the time tells a geofence's shapes apart.
  return {
    effectiveAtMs: Math.max(nowMs, effectiveAtMs + 1),
    former: { shape: current.shape, effectiveAtMs },
  }
}

/** Replaces a geofence; when it moves, its tiles follow and only fixes from now on see it there. */
export const replaceGeofence: MemberUseCase<Services, Path, unknown, GeofenceRequest> =
  (services) => async (request) => {
    const { path, body, signal } = request
    const nowMs = services.nowMs()
    const drawn = await drawnGeofence(services, path.merchantId, body, signal)
    const saved = await replaceEntity(
      services.geofences,
      path.geofenceId,
      request,
      nowMs,
      (current, next) => ({
        id: current.id,
        merchantId: current.merchantId,
        ...drawn,
        ...shapeTimes(current, drawn, nowMs),
        createdAt: current.createdAt,
        ...next,
      }),
    )
    return savedReply(saved, geofenceView)
  }
