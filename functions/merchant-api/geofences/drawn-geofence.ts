import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { type GeofenceRequest, MAX_MERCHANT_RADIUS_M } from '#shared/contracts/http/geofences.ts'
import { type DeclaredGeofence, readDrawing } from '#shared/contracts/items/geofence.ts'
import { reachM } from '#shared/domain/geo/distance.ts'
import type { Shape } from '#shared/domain/geo/geofence.ts'
import type { GeometryFault } from '#shared/domain/geo/geometry-fault.ts'
import { reachFault } from '#shared/domain/geo/reach-fault.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

export type DrawnGeofence = Pick<
  DeclaredGeofence,
  'name' | 'storeId' | 'exit' | 'declared' | 'shape' | 'timeZone'
>

const refusal = (
  { pointer, reason }: GeometryFault,
  members: Record<string, string | number> = {},
): Problem => new Problem('invalidRequest', { errors: [{ pointer, detail: reason }], members })

/** Only who draws something large is asked whether it may. */
const limitOf = async (
  readUsage: MerchantServices['readUsage'],
  merchantId: MerchantId,
  shape: Shape,
  signal: AbortSignal,
): Promise<number> =>
  reachM(shape) <= MAX_MERCHANT_RADIUS_M
    ? MAX_MERCHANT_RADIUS_M
    : (await readUsage(merchantId, signal)).quotas.radiusM

/**
 * What a geofence's request draws; the time zone is that of the place.
 *
 * @throws {Problem} 400 for a geometry that is none, or is too large
 */
export const drawnGeofence = async (
  { readUsage }: Pick<MerchantServices, 'readUsage'>,
  merchantId: MerchantId,
  request: GeofenceRequest,
  signal: AbortSignal,
): Promise<DrawnGeofence> => {
  const { name, storeId, exit } = request
  const drawing = readDrawing(request)
  if (drawing.kind === 'refused') throw refusal(drawing)
  const { declared, shape } = drawing
  const limit = await limitOf(readUsage, merchantId, shape, signal)
  const fault = reachFault(shape, limit)
  if (fault) throw refusal(fault, { quota: 'radiusM', limit })
  return {
    name,
    ...(storeId !== undefined && { storeId }),
    ...(exit !== undefined && { exit }),
    declared,
    shape,
    timeZone: timeZoneOf(shape),
  }
}
