import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { queryAll } from '#shared/adapters/dynamodb/transactions.ts'
import {
  parseMerchant,
  parseOffer,
  parseRegion,
  parseScene,
  parseStore,
} from '#shared/contracts/items/catalog.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Merchant } from '#shared/domain/merchants/merchant.ts'
import type { MerchantFacts } from '#shared/domain/scenes/facts.ts'
import { NO_STORES, storeBook } from '#shared/domain/scenes/places.ts'

/** What a merchant has configured. Whether it is suspended is no part of it: that is read each time. */
export type MerchantScenes = Omit<MerchantFacts, 'isSuspended'>

const NONE: MerchantScenes = { name: '', scenes: [], offers: new Map(), stores: NO_STORES, caps: [] }
const MAX_MERCHANTS = 2_000
const PAGE = 100

export type SceneCache = {
  /** What a merchant has as of `version`, the number on its VERSION item (0 = it has nothing). */
  readonly at: (merchantId: MerchantId, version: number, signal?: AbortSignal) => Promise<MerchantScenes>
}

const merchantSettings = (
  merchant: Merchant | undefined,
): Pick<MerchantFacts, 'name' | 'caps' | 'budget' | 'pauseWithoutVisits'> => ({
  name: merchant?.name ?? '',
  caps: merchant?.caps ?? [],
  ...(merchant?.budget && { budget: merchant.budget }),
  ...(merchant?.pauseWithoutVisits && { pauseWithoutVisits: merchant.pauseWithoutVisits }),
})

/** Scenes, offers and stores of the merchants a container has met, least recently used first out. */
export const createSceneCache = (client: DynamoDBDocumentClient, table: string): SceneCache => {
  const cache = new Map<MerchantId, { version: number; value: MerchantScenes }>()

  const allUnder = (merchantId: MerchantId, prefix: string, signal?: AbortSignal) =>
    queryAll(
      client,
      {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': `M#${merchantId}`, ':prefix': prefix },
        ConsistentRead: true,
        Limit: PAGE,
      },
      // As many as the merchant's quotas let there be.
      { most: Number.POSITIVE_INFINITY, signal },
    )

  const load = async (merchantId: MerchantId, signal?: AbortSignal): Promise<MerchantScenes> => {
    const [scenes, offers, stores, regions, merchants] = await Promise.all(
      ['SCENE#', 'OFFER#', 'STORE#', 'REGION#', 'MERCHANT'].map((prefix) =>
        allUnder(merchantId, prefix, signal),
      ),
    )
    const [merchant] = merchants ?? []
    return {
      ...merchantSettings(merchant && parseMerchant(merchant)),
      scenes: (scenes ?? []).map(parseScene),
      offers: new Map((offers ?? []).map(parseOffer).map((offer) => [offer.id, offer])),
      stores: storeBook((stores ?? []).map(parseStore), (regions ?? []).map(parseRegion)),
    }
  }

  return {
    at: async (merchantId, version, signal) => {
      if (version === 0) return NONE
      const known = cache.get(merchantId)
      cache.delete(merchantId)
      if (known?.version === version) {
        cache.set(merchantId, known)
        return known.value
      }
      // Read after the version: what changes in between is newer than it, and is read again next time.
      const value = await load(merchantId, signal)
      cache.set(merchantId, { version, value })
      const oldest = cache.keys().next()
      if (cache.size > MAX_MERCHANTS && !oldest.done) cache.delete(oldest.value)
      return value
    },
  }
}
