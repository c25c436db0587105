import type * as z from 'zod'
import type { runJobsEnv } from '#functions/run-jobs/env.ts'
import { EXPORT_LIMITS } from '#functions/run-jobs/exports/export-merchant.ts'
import { MAX_COMPARED_POSITIONS } from '#functions/run-jobs/import-stores.ts'
import type { JobServices } from '#functions/run-jobs/run-job.ts'
import { createExportRecords } from '#shared/adapters/dynamodb/catalog/export-records.ts'
import {
  createGeofenceRecords,
  createListAllGeofences,
} from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import { createImportRecords } from '#shared/adapters/dynamodb/catalog/import-records.ts'
import { createMerchantRecords } from '#shared/adapters/dynamodb/catalog/merchant-records.ts'
import { createSumCounts } from '#shared/adapters/dynamodb/catalog/read-counters.ts'
import { createSceneRecords } from '#shared/adapters/dynamodb/catalog/scene-records.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createCurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { createCustomerRecords } from '#shared/adapters/dynamodb/ledger/customer-records.ts'
import { createGifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { createPlanCoupons } from '#shared/adapters/dynamodb/ledger/plan-coupons.ts'
import { createReadOccasions } from '#shared/adapters/dynamodb/ledger/plan-reader.ts'
import { createReplanRecords } from '#shared/adapters/dynamodb/ledger/replan-records.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { createDeleteEndpoint } from '#shared/adapters/sns/endpoints.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import { nowMs } from '#shared/runtime/clock.ts'

/** What run-jobs needs of the outside world. */
export const buildServices = (env: z.output<typeof runJobsEnv>): JobServices => {
  const client = createDocumentClient()
  const tables = {
    client,
    catalog: env.CATALOG_TABLE,
    ledger: env.LEDGER_TABLE,
    presence: env.PRESENCE_TABLE,
  }
  const deleteEndpoint = createDeleteEndpoint()
  const send = createQueueSender()
  const scenes = createCurrentScenes(client, env.CATALOG_TABLE, createSceneCache(client, env.CATALOG_TABLE))
  return {
    nowMs,
    deleteEndpoint,
    eraseCustomer: createEraseCustomer(tables, deleteEndpoint),
    merchants: createMerchantRecords(tables),
    scenes: createSceneRecords(tables, { nowMs, dueShards: env.DUE_SHARDS }),
    sumCounts: createSumCounts(tables),
    replans: createReplanRecords(
      client,
      env.LEDGER_TABLE,
      env.DUE_SHARDS,
      createReadOccasions(client, env.LEDGER_TABLE, scenes),
      createGifts(client, env.LEDGER_TABLE),
      createPlanCoupons(client, env.LEDGER_TABLE, env.DUE_SHARDS, scenes),
    ),
    exports: createExportRecords(tables),
    exportLimits: EXPORT_LIMITS,
    customers: createCustomerRecords(client, env.LEDGER_TABLE),
    imports: createImportRecords(tables),
    geofences: createGeofenceRecords(tables, nowMs),
    listAllGeofences: createListAllGeofences(tables, MAX_COMPARED_POSITIONS),
    queueJob: (job, signal) => send(env.JOBS_QUEUE_URL, [{ body: job }], signal),
  }
}
