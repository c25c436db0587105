import type { GeofenceRequest } from '#shared/contracts/http/geofences.ts'
import type { Geofence } from '#shared/domain/geo/geofence.ts'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'

/** What a geofence's request draws: GeoJSON's `[lon, lat]` becomes `{ lat, lon }`, and the zone is that of the place. */
export const drawnGeofence = ({
  name,
  storeId,
  geometry,
  radiusM,
}: GeofenceRequest): Pick<Geofence, 'name' | 'storeId' | 'shape' | 'timeZone'> => {
  const [lon, lat] = geometry.coordinates
  return {
    name,
    ...(storeId !== undefined && { storeId }),
    shape: { kind: 'circle', lat, lon, radiusM },
    timeZone: timeZoneOf({ lat, lon }),
  }
}
