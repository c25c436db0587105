import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { type Declared, type DeclaredGeometry, roundGeometry } from '#shared/contracts/declared-geometry.ts'
import { type GeofenceRequest, MAX_MERCHANT_RADIUS_M } from '#shared/contracts/http/geofences.ts'
import { type DeclaredGeofence, shapeDeclared } from '#shared/contracts/items/geofence.ts'
import { reachM } from '#shared/domain/geo/distance.ts'
import type { Shape } from '#shared/domain/geo/geofence.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Drawing = Pick<GeofenceRequest, 'geometry' | 'radiusM' | 'datum'>

const refusal = (pointer: string, detail: string): Problem =>
  new Problem('invalidRequest', { errors: [{ pointer, detail }] })

export type DrawnGeofence = Pick<
  DeclaredGeofence,
  'name' | 'storeId' | 'exit' | 'declared' | 'shape' | 'timeZone'
>

type Parsed = { readonly shape: Shape; readonly declared: Declared }

/** @throws {Problem} 400 with the pointer of the first fault */
const parseDrawing = ({ geometry, radiusM, datum }: Drawing): Parsed => {
  const parsed = parseGeometry(geometry, { datum, ...(radiusM !== undefined && { radiusM }) })
  if (parsed.kind === 'refused') {
    // The radius stands beside the geometry; all else is in it.
    const pointer = parsed.pointer === '/radiusM' ? parsed.pointer : `/geometry${parsed.pointer}`
    throw refusal(pointer, parsed.reason)
  }
  const declared: Declared = {
    datum,
    geometry: roundGeometry(geometry as DeclaredGeometry),
    ...(radiusM !== undefined && { radiusM }),
  }
  // The shape of what is kept: converted from another datum, what was rounded before may differ in the last digit.
  return { declared, shape: datum === 'wgs84' ? parsed.shape : shapeDeclared(declared) }
}

/**
 * @throws {Problem} 400 for what reaches farther than the merchant may draw
 */
const requireSmall = (shape: Shape, limitM: number): void => {
  const reach = reachM(shape)
  if (reach <= limitM) return
  const km = (reach / 1000).toLocaleString('en', { maximumFractionDigits: 1 })
  const detail = `The area reaches ${km} km from its centre; at most ${limitM / 1000} km are allowed.`
  throw new Problem('invalidRequest', {
    errors: [{ pointer: shape.kind === 'circle' ? '/radiusM' : '/geometry', detail }],
    members: { quota: 'radiusM', limit: limitM },
  })
}

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
  const { declared, shape } = parseDrawing(request)
  requireSmall(shape, await limitOf(readUsage, merchantId, shape, signal))
  return {
    name,
    ...(storeId !== undefined && { storeId }),
    ...(exit !== undefined && { exit }),
    declared,
    shape,
    timeZone: timeZoneOf(shape),
  }
}
