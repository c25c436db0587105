import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { CurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import type { MerchantScenes } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { getItem } from '#shared/adapters/dynamodb/transactions.ts'
import { parseProfile, profileKey } from '#shared/contracts/items/ledger.ts'
import type { StoredRelationship } from '#shared/contracts/items/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { duePlansOf, type Occasion, occasionsOf } from '#shared/domain/scenes/occasions.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/** The occasions of a customer and a merchant, by what is known and planned now, and what may be given at them. */
export type ReadOccasions = (
  user: UserId,
  merchantId: MerchantId,
  stored: StoredRelationship,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<{ readonly occasions: readonly Occasion[]; readonly offers: MerchantScenes['offers'] }>

/** Does any plan follow from what stands on the customer's own profile? */
const asksForBirthday = (scenes: readonly Scene[]): boolean =>
  scenes.flatMap(duePlansOf).some(({ plan }) => plan.kind === 'anniversary' && plan.of === 'birthday')

/** Computes occasions from a relationship as it was read and the merchant's scenes as they are. */
export const createReadOccasions = (
  client: DynamoDBDocumentClient,
  table: string,
  currentScenes: CurrentScenes,
): ReadOccasions => {
  const readBirthday = async (user: UserId, signal?: AbortSignal): Promise<string | undefined> => {
    const Item = await getItem(client, table, profileKey(user), signal)
    return parseProfile(Item).birthday
  }

  return async (user, merchantId, { relationship, lastInsideAtMs }, nowMs, signal) => {
    const { scenes, offers } = await currentScenes(merchantId, nowMs, signal)
    const birthday = asksForBirthday(scenes) ? await readBirthday(user, signal) : undefined
    const planned = {
      user,
      merchantId,
      relationship,
      ...(lastInsideAtMs !== undefined && { lastInsideAtMs }),
      ...(birthday !== undefined && { birthday }),
    }
    return { occasions: occasionsOf(planned, scenes, nowMs), offers }
  }
}
