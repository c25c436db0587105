import timeZoneLookup from '@photostructure/tz-lookup'
import type { Position } from '#shared/domain/geo/geofence.ts'

/**
 * The IANA time zone of a place, from its coordinates; at sea one of the `Etc/GMT±n` zones.
 *
 * @example timeZoneOf({ lat: 37.788, lon: -122.4075 }) // 'America/Los_Angeles'
 */
export const timeZoneOf = ({ lat, lon }: Position): string => timeZoneLookup(lat, lon)
