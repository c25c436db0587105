import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { StoreRequest } from '#shared/contracts/http/stores.ts'
import type { Store } from '#shared/domain/merchants/merchant.ts'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'
import { isSubdivisionOnClock } from '#shared/domain/schedule/lawful-hours.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/**
 * What a store's request says of it, with the position of its address looked up where no coordinates are given.
 *
 * @throws {Problem} 422 when the address is not found, or the place is not in the state that it is said to be in
 */
export const locateStore = async (
  { findAddress }: Pick<MerchantServices, 'findAddress'>,
  { name, lat, lon, address, ...standing }: StoreRequest,
  signal: AbortSignal,
): Promise<Omit<Store, 'id' | 'merchantId' | 'externalId' | 'revision' | 'createdAt' | 'updatedAt'>> => {
  const given = lat !== undefined && lon !== undefined ? { lat, lon } : undefined
  const position = given ?? (address === undefined ? undefined : await findAddress(address, signal))
  if (position === undefined) {
    throw new Problem('addressNotFound', { errors: [{ pointer: '/address', detail: 'no place was found' }] })
  }
  const timeZone = timeZoneOf(position)
  const { subdivision } = standing
  if (subdivision !== undefined && !isSubdivisionOnClock(subdivision, timeZone)) {
    const detail = `${subdivision} is no state on the clock of the place, ${timeZone}`
    throw new Problem('unprocessable', { errors: [{ pointer: '/subdivision', detail }] })
  }
  return {
    name,
    ...position,
    ...(address !== undefined && { address }),
    timeZone,
    ...standing,
  }
}
