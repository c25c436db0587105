import type * as z from 'zod'
import type { merchantApiEnv } from '#functions/merchant-api/env.ts'
import type { EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import {
  createFindContaining,
  type FindContaining,
} from '#shared/adapters/dynamodb/catalog/find-containing.ts'
import { createGeofenceRecords } from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import {
  createMerchantRecords,
  type MerchantRecords,
} from '#shared/adapters/dynamodb/catalog/merchant-records.ts'
import { createOfferRecords } from '#shared/adapters/dynamodb/catalog/offer-records.ts'
import { createSumCounts, type SumCounts } from '#shared/adapters/dynamodb/catalog/scene-counts.ts'
import { createSceneRecords } from '#shared/adapters/dynamodb/catalog/scene-records.ts'
import { createStoreRecords } from '#shared/adapters/dynamodb/catalog/store-records.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createGrantRecords, type GrantRecords } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import { createTestSends, type TestSends } from '#shared/adapters/dynamodb/ledger/test-sends.ts'
import { createFindAddress, type FindAddress } from '#shared/adapters/location/find-address.ts'
import { createMessageQueue, type QueueMessage } from '#shared/adapters/sqs/message-queue.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import type { GeofenceId, IdByPrefix, IdPrefix, OfferId, SceneId, StoreId } from '#shared/domain/ids.ts'
import type { Store } from '#shared/domain/merchants/merchant.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { newId } from '#shared/runtime/ids.ts'

/** The outside world of the merchants' API. */
export type MerchantServices = {
  readonly nowMs: () => number
  readonly newId: <P extends IdPrefix>(prefix: P) => IdByPrefix[P]
  readonly merchants: MerchantRecords
  readonly stores: EntityRecords<StoreId, Store>
  readonly geofences: EntityRecords<GeofenceId, DeclaredGeofence>
  readonly scenes: EntityRecords<SceneId, Scene>
  readonly offers: EntityRecords<OfferId, Offer>
  readonly findContaining: FindContaining
  readonly sumCounts: SumCounts
  readonly redeem: GrantRecords['redeem']
  readonly findAddress: FindAddress
  readonly testSends: TestSends
  readonly queueMessage: QueueMessage
}

export const buildServices = (env: z.output<typeof merchantApiEnv>): MerchantServices => {
  const client = createDocumentClient()
  const tables = { client, catalog: env.CATALOG_TABLE, ledger: env.LEDGER_TABLE }
  return {
    nowMs,
    newId,
    merchants: createMerchantRecords(tables),
    stores: createStoreRecords(tables),
    geofences: createGeofenceRecords(tables, nowMs),
    scenes: createSceneRecords(tables),
    offers: createOfferRecords(tables),
    findContaining: createFindContaining(tables),
    sumCounts: createSumCounts(tables),
    redeem: createGrantRecords(tables).redeem,
    findAddress: createFindAddress(env.PLACE_INDEX),
    testSends: createTestSends(client, env.LEDGER_TABLE, env.DUE_SHARDS),
    queueMessage: createMessageQueue(createQueueSender(), {
      push: env.PUSH_QUEUE_URL,
      sms: env.SMS_QUEUE_URL,
    }),
  }
}
