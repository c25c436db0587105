import { type ApiClient, ApiError } from '#local/api-client.ts'
import type { TraceStore } from '#local/replay/read-stores.ts'

export type ImportOptions = {
  readonly radiusM: number
  readonly coolDownS: number
  readonly stock: number
  readonly ttlS: number
}

/** Requests under way at once: two cores serve them. */
const PARALLEL = 4

const sceneOf = (offerId: string, { coolDownS, ttlS }: ImportOptions) => ({
  name: 'replay',
  goal: 'visit',
  triggers: [{ type: 'enter' }],
  message: {
    push: { title: '{{ merchant.name }}', body: 'You are right next to us: something is waiting for you.' },
    sms: { body: '{{ merchant.name }}: you are right next to us, something is waiting for you.' },
    ttlS,
  },
  offerId,
  limits: { coolDownS, maxAgeS: 300 },
})

/** A merchant or a part of the map may be full: the replay goes on without the shop. */
const refusedByLimit = (error: unknown): 'limitReached' => {
  if (error instanceof ApiError && error.status === 409) return 'limitReached'
  throw error
}

const importBrand = async (
  api: ApiClient,
  brand: string,
  stores: readonly TraceStore[],
  options: ImportOptions,
  onStore: () => void,
  onRefused: () => void,
): Promise<string> => {
  const token = await api.token(`owner of ${brand}`, ['merchant'])
  const name = brand.slice(0, 100)
  const merchantId = await api.findOrCreate('/v1/merchants', { name }, token)
  const path = `/v1/merchants/${merchantId}`
  const known = new Set((await api.list(`${path}/geofences`, token)).map((geofence) => geofence.name))
  for (const store of stores) {
    if (!known.has(store.id)) {
      const geometry = { type: 'Point', coordinates: [store.lon, store.lat] }
      const geofence = { name: store.id, geometry, radiusM: options.radiusM }
      const made = await api.post(`${path}/geofences`, geofence, token).catch(refusedByLimit)
      if (made === 'limitReached') onRefused()
    }
    onStore()
  }
  const offer = {
    name: 'replay',
    kind: 'coupon',
    description: 'Given in a replay.',
    stock: options.stock,
    validityS: 7 * 86_400,
  }
  const offerId = await api.findOrCreate(`${path}/offers`, offer, token)
  await api.findOrCreate(`${path}/scenes`, sceneOf(offerId, options), token)
  return merchantId
}

/**
 * Makes one merchant per brand, each store a geofence, and one scene per brand: on entering, a push with an offer out of
 * a stock, no sooner than the cool-down allows. What exists already is left as it is.
 *
 * @param onRefused told of each store for which there is no room: a tile or a merchant has as many as it may
 * @returns the ids of the merchants
 */
export const importStores = async (
  api: ApiClient,
  stores: readonly TraceStore[],
  options: ImportOptions,
  onStore: () => void,
  onRefused: () => void = () => {},
): Promise<string[]> => {
  const brands = [...Map.groupBy(stores, ({ brand }) => brand)]
  const next = brands.values()
  const merchantIds: string[] = []
  const worker = async (): Promise<void> => {
    for (const [brand, own] of next)
      merchantIds.push(await importBrand(api, brand, own, options, onStore, onRefused))
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return merchantIds
}
