import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { parseOffer, parseScene } from '#shared/contracts/items/catalog.ts'
import type { MerchantId, OfferId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

export type MerchantScenes = {
  readonly scenes: readonly Scene[]
  readonly offers: ReadonlyMap<OfferId, Offer>
}

const NONE: MerchantScenes = { scenes: [], offers: new Map() }
const MAX_MERCHANTS = 2_000
const PAGE = 100

export type SceneCache = {
  /** The scenes and offers of a merchant as of `version`, the number on its VERSION item (0 = it has nothing). */
  readonly at: (merchantId: MerchantId, version: number, signal?: AbortSignal) => Promise<MerchantScenes>
}

/** Scenes and offers of the merchants a container has met, least recently used first out. */
export const createSceneCache = (client: DynamoDBDocumentClient, table: string): SceneCache => {
  const cache = new Map<MerchantId, { version: number; value: MerchantScenes }>()

  const queryAll = async (merchantId: MerchantId, prefix: string, signal?: AbortSignal) => {
    const items: Record<string, unknown>[] = []
    let start: Record<string, unknown> | undefined
    do {
      const page = await queryPage(
        client,
        {
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': `M#${merchantId}`, ':prefix': prefix },
          ConsistentRead: true,
          Limit: PAGE,
          ...(start ? { ExclusiveStartKey: start } : {}),
        },
        { signal },
      )
      items.push(...page.items)
      start = page.next
    } while (start)
    return items
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
      const [scenes, offers] = await Promise.all([
        queryAll(merchantId, 'SCENE#', signal),
        queryAll(merchantId, 'OFFER#', signal),
      ])
      const value: MerchantScenes = {
        scenes: scenes.map(parseScene),
        offers: new Map(offers.map(parseOffer).map((offer) => [offer.id, offer])),
      }
      cache.set(merchantId, { version, value })
      const oldest = cache.keys().next()
      if (cache.size > MAX_MERCHANTS && !oldest.done) cache.delete(oldest.value)
      return value
    },
  }
}
