import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { drawnGeofence } from '#functions/merchant-api/geofences/drawn-geofence.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { type GeofenceRequest, geofenceView } from '#shared/contracts/http/geofences.ts'
import type { Geofence, Shape } from '#shared/domain/geo/geofence.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'geofences' | 'nowMs'>
type Path = MerchantPath & { readonly geofenceId: GeofenceId }

const sameShape = (a: Shape, b: Shape): boolean =>
  a.lat === b.lat && a.lon === b.lon && a.radiusM === b.radiusM

/** Only another shape is a new one to fixes; a new name leaves everything as it is. */
const shapeTimes = (
  { shape, effectiveAtMs, former }: Geofence,
  drawn: Shape,
  nowMs: number,
): Pick<Geofence, 'effectiveAtMs' | 'former'> =>
  sameShape(shape, drawn)
    ? { effectiveAtMs, ...(former !== undefined && { former }) }
    : { effectiveAtMs: nowMs, former: { shape, effectiveAtMs } }

const replaced = (current: Geofence, body: GeofenceRequest, nowMs: number): Geofence => {
  const drawn = drawnGeofence(body)
  return {
    id: current.id,
    merchantId: current.merchantId,
    ...drawn,
    revision: current.revision + 1,
    ...shapeTimes(current, drawn.shape, nowMs),
    createdAt: current.createdAt,
    updatedAt: new Date(nowMs).toISOString(),
  }
}

/** Replaces a geofence; when it moves, its tiles follow and only fixes from now on see it there. */
export const replaceGeofence: UseCase<Services, Path, unknown, GeofenceRequest> =
  (services) => async (request) => {
    await requireMember(services, request, 'edit')
    const { path, body, signal } = request
    const nowMs = services.nowMs()
    const change = (current: Geofence): Geofence => replaced(current, body, nowMs)
    const saved = await services.geofences.replace(path.merchantId, path.geofenceId, change, signal)
    return savedReply(saved, geofenceView)
  }
