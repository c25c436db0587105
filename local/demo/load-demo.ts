import { type ApiClient, createApiClient } from '#local/api-client.ts'
import type { LocalCloud } from '#local/cloud/start-local-cloud.ts'
import {
  BOOKS,
  COFFEE,
  CUSTOMER_SUB,
  DEMO_MERCHANTS,
  DEVICE,
  type DemoMerchant,
  FLOWERS,
  OWNER_SUB,
  PHONE_NUMBER,
} from '#local/demo/demo-data.ts'

export type Demo = {
  ownerToken: string
  customerToken: string
  merchantIds: { coffee: string; books: string; flowers: string }
}

/** What the API tells of a customer's consents. */
type Me = { consents: { push?: unknown; sms?: Record<string, unknown> } }

/**
 * Loads the demo through the HTTP API. What is there already, by name, stays: loading twice changes nothing.
 *
 * @throws {Error} when the API refuses something
 */
export const loadDemo = async (cloud: LocalCloud): Promise<Demo> => {
  const api = createApiClient(cloud.url)
  const ownerToken = await api.token(OWNER_SUB, ['merchant', 'till'])
  const customerToken = await api.token(CUSTOMER_SUB, ['customer'])
  const ids = new Map<string, string>()
  for (const merchant of DEMO_MERCHANTS) ids.set(merchant.name, await loadMerchant(api, ownerToken, merchant))
  const idOf = ({ name }: DemoMerchant) => ids.get(name) ?? ''
  await loadCustomer(api, customerToken, [...ids.values()])
  await cloud.drain()
  return {
    ownerToken,
    customerToken,
    merchantIds: { coffee: idOf(COFFEE), books: idOf(BOOKS), flowers: idOf(FLOWERS) },
  }
}

const loadMerchant = async (
  api: ApiClient,
  token: string,
  { name, store, radiusM, offer, scenes }: DemoMerchant,
): Promise<string> => {
  const merchantId = await api.findOrCreate('/v1/merchants', { name }, token)
  const base = `/v1/merchants/${merchantId}`
  const storeId = await api.findOrCreate(`${base}/stores`, store, token)
  await api.findOrCreate(`${base}/geofences`, geofenceAt({ ...store, radiusM, storeId }), token)
  const offerId = await api.findOrCreate(`${base}/offers`, offer, token)
  for (const { givesOffer, ...scene } of scenes) {
    await api.findOrCreate(`${base}/scenes`, { ...scene, ...(givesOffer && { offerId }) }, token)
  }
  return merchantId
}

/** The body of a geofence around a place. */
export const geofenceAt = (place: {
  name: string
  lat: number
  lon: number
  radiusM: number
  storeId?: string
}) => ({
  name: place.name,
  geometry: { type: 'Point', coordinates: [place.lon, place.lat] },
  radiusM: place.radiusM,
  ...(place.storeId !== undefined && { storeId: place.storeId }),
})

/** A choice that is recorded stays: what the customer withdrew must not come back with the next start. */
const loadCustomer = async (api: ApiClient, token: string, merchantIds: readonly string[]): Promise<void> => {
  const { consents } = await api.get<Me>('/v1/me', token)
  const { deviceId, ...device } = DEVICE
  const consent = { granted: true, source: 'app' }
  await api.put(`/v1/me/devices/${deviceId}`, device, token)
  await api.put('/v1/me/phone-number', { phoneNumber: PHONE_NUMBER }, token)
  if (consents.push === undefined) await api.put('/v1/me/consents/push', consent, token)
  for (const merchantId of merchantIds) {
    if (consents.sms?.[merchantId] === undefined)
      await api.put(`/v1/me/consents/sms/${merchantId}`, consent, token)
  }
}
