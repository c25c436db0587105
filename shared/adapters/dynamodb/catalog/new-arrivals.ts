import {
  type CatalogTables,
  merchantKey,
  merchantPk,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import type { Along } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { getItem } from '#shared/adapters/dynamodb/transactions.ts'
import { NEW_ARRIVAL_EVERY_DAYS } from '#shared/domain/merchants/merchant.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

const DAY_MS = 86_400_000

const isAnnounced = (scene: Scene | undefined): boolean =>
  scene?.theme === 'newArrival' && scene.state === 'active'

const everyDaysOf = async (
  { client, catalog }: CatalogTables,
  { merchantId }: Scene,
  signal?: AbortSignal,
): Promise<number> => {
  const Item = await getItem(client, catalog, merchantKey(merchantId), signal)
  return Number(Item?.['newArrivalEveryDays'] ?? NEW_ARRIVAL_EVERY_DAYS)
}

/**
 * What is written along when a scene of the theme `newArrival` begins to speak: it is the merchant's latest new arrival,
 * if the one before it is long enough ago. A scene that was only paused goes on.
 */
export const newArrivalWrite = async (
  tables: CatalogTables,
  before: Scene | undefined,
  after: Scene,
  signal?: AbortSignal,
): Promise<Along | undefined> => {
  if (isAnnounced(before) || !isAnnounced(after)) return undefined
  const days = await everyDaysOf(tables, after, signal)
  const nowMs = Date.parse(after.updatedAt)
  return {
    write: {
      Update: {
        TableName: tables.catalog,
        Key: { pk: merchantPk(after.merchantId), sk: 'NEW-ARRIVAL' },
        ConditionExpression: 'attribute_not_exists(pk) OR sceneId = :scene OR atMs <= :before',
        UpdateExpression: 'SET kind = :kind, sceneId = :scene, atMs = :now',
        ExpressionAttributeValues: {
          ':kind': 'newArrival',
          ':scene': after.id,
          ':now': nowMs,
          ':before': nowMs - days * DAY_MS,
        },
      },
    },
    full: `a new arrival is announced every ${days} days at most (newArrivalEveryDays of the merchant)`,
  }
}
