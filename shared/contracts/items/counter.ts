import { type MerchantId, type SceneId, type StoreId, shardOf, type UserId } from '#shared/domain/ids.ts'
import type { CountPlace } from '#shared/domain/loop/count.ts'

/** Over how many items the counters of a scene or store are spread. */
export const COUNTER_SHARDS = 32
/** What stands for no store. */
export const NO_STORE = '-'

export const sceneCountsPk = (sceneId: SceneId, shard: number): string => `SCENE#${sceneId}#${shard}`
/** What a merchant cannot place at a store stands under its own id. */
export const storeCountsPk = (id: StoreId | MerchantId, shard: number): string => `STORE#${id}#${shard}`

/**
 * The item that counts for a place; a customer always counts on the same shard.
 *
 * @example counterKey({ of: 'scene', sceneId, day: '2026-05-01', arm: 'treated' }, user) // sk: 'COUNT#2026-05-01#-#treated'
 */
export const counterKey = (place: CountPlace, user: UserId): { readonly pk: string; readonly sk: string } => {
  const shard = shardOf(user, COUNTER_SHARDS)
  const { day, storeId } = place
  return place.of === 'scene'
    ? {
        pk: sceneCountsPk(place.sceneId, shard),
        sk: `COUNT#${day}#${storeId ?? NO_STORE}#${place.arm}`,
      }
    : { pk: storeCountsPk(storeId ?? place.merchantId, shard), sk: `COUNT#${day}` }
}

const NOT_COUNTS: ReadonlySet<string> = new Set(['pk', 'sk', 'kind', 'ttl'])

/** The SDK reads as `bigint` what a number does not hold exactly: money may add up to it. */
const isCount = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'

/** The counts of a counter as it is stored; none of them more than a number holds exactly. */
export const countsIn = (item: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(item).flatMap(([name, value]) =>
      isCount(value) && !NOT_COUNTS.has(name)
        ? [[name, Math.min(Number(value), Number.MAX_SAFE_INTEGER)]]
        : [],
    ),
  )
