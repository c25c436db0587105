import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { MerchantScenes, SceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

/** What a merchant has configured by now, and whether it may speak. */
export type CurrentMerchant = MerchantScenes & { readonly isSuspended: boolean }
export type CurrentScenes = (
  merchantId: MerchantId,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<CurrentMerchant>

const MAX_MERCHANTS = 2_000

/** Reads a merchant's version once for all that is looked at in one moment, and what it has where that is new. */
export const createCurrentScenes = (
  client: DynamoDBDocumentClient,
  catalog: string,
  cache: SceneCache,
): CurrentScenes => {
  const asked = new Map<MerchantId, { readonly atMs: number; readonly found: Promise<CurrentMerchant> }>()

  const look = async (merchantId: MerchantId, signal?: AbortSignal): Promise<CurrentMerchant> => {
    const { Item } = await client.send(
      new GetCommand({
        TableName: catalog,
        Key: { pk: `M#${merchantId}`, sk: 'VERSION' },
        ConsistentRead: true,
      }),
      signal ? { abortSignal: signal } : {},
    )
    const configured = await cache.at(merchantId, Number(Item?.['version'] ?? 0), signal)
    return { ...configured, isSuspended: Item?.['suspended'] !== undefined }
  }

  return (merchantId, nowMs, signal) => {
    const known = asked.get(merchantId)
    if (known?.atMs === nowMs) return known.found
    if (asked.size >= MAX_MERCHANTS) asked.clear()
    const found = look(merchantId, signal)
    // One that failed is asked again.
    found.catch(() => asked.delete(merchantId))
    asked.set(merchantId, { atMs: nowMs, found })
    return found
  }
}
