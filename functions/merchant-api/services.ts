import type * as z from 'zod'
import type { merchantApiEnv } from '#functions/merchant-api/env.ts'
import { createListAudit, type ListAudit } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import type { EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { createExportRecords, type ExportRecords } from '#shared/adapters/dynamodb/catalog/export-records.ts'
import {
  createFindContaining,
  type FindContaining,
} from '#shared/adapters/dynamodb/catalog/find-containing.ts'
import {
  createGeofenceRecords,
  createListAllGeofences,
  type ListAllGeofences,
} from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import { createImportRecords, type ImportRecords } from '#shared/adapters/dynamodb/catalog/import-records.ts'
import {
  createLawfulRuleRecords,
  type LawfulRuleRecords,
} from '#shared/adapters/dynamodb/catalog/lawful-rule-records.ts'
import { createMemberRecords, type MemberRecords } from '#shared/adapters/dynamodb/catalog/member-records.ts'
import {
  createMerchantRecords,
  type MerchantRecords,
} from '#shared/adapters/dynamodb/catalog/merchant-records.ts'
import { type AddCodes, createAddCodes } from '#shared/adapters/dynamodb/catalog/offer-codes.ts'
import { createOfferRecords } from '#shared/adapters/dynamodb/catalog/offer-records.ts'
import { createQrCodeRecords } from '#shared/adapters/dynamodb/catalog/qr-code-records.ts'
import { type CounterReader, createCounterReader } from '#shared/adapters/dynamodb/catalog/read-counters.ts'
import { readUsage } from '#shared/adapters/dynamodb/catalog/read-quotas.ts'
import { createRegionRecords } from '#shared/adapters/dynamodb/catalog/region-records.ts'
import {
  createReadSceneGround,
  type ReadSceneGround,
} from '#shared/adapters/dynamodb/catalog/scene-ground.ts'
import {
  createListRevisions,
  createSceneRecords,
  type ListRevisions,
} from '#shared/adapters/dynamodb/catalog/scene-records.ts'
import {
  createListSigningKeys,
  type ListSigningKeys,
} from '#shared/adapters/dynamodb/catalog/signing-keys.ts'
import { createStoreRecords } from '#shared/adapters/dynamodb/catalog/store-records.ts'
import { createZoneRecords, type ZoneRecords } from '#shared/adapters/dynamodb/catalog/zone-records.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createDoubleUses, type DoubleUses } from '#shared/adapters/dynamodb/customers/double-uses.ts'
import { createGrantRecords, type GrantRecords } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import { createSumScans, type SumScans } from '#shared/adapters/dynamodb/customers/scan-records.ts'
import { createReadAddedRules, type ReadAddedRules } from '#shared/adapters/dynamodb/ledger/added-rules.ts'
import { createNoteCustomer, type NoteCustomer } from '#shared/adapters/dynamodb/ledger/customer-notes.ts'
import {
  type CustomerRecords,
  createCustomerRecords,
} from '#shared/adapters/dynamodb/ledger/customer-records.ts'
import {
  createEstimateAudience,
  type EstimateAudience,
} from '#shared/adapters/dynamodb/ledger/estimate-audience.ts'
import { createRequestRecords } from '#shared/adapters/dynamodb/ledger/idempotency-records.ts'
import {
  createPlatformRecords,
  type PlatformRecords,
} from '#shared/adapters/dynamodb/ledger/platform-records.ts'
import { createReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import { createTestSends, type TestSends } from '#shared/adapters/dynamodb/ledger/test-sends.ts'
import { createTraceRecords, type TraceRecords } from '#shared/adapters/dynamodb/ledger/trace-records.ts'
import { createFindAddress, type FindAddress } from '#shared/adapters/location/find-address.ts'
import { createMessageQueue, type QueueMessage } from '#shared/adapters/sqs/message-queue.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import { createVerifyToken, type VerifyToken } from '#shared/adapters/tokens/redemption-tokens.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import type { Usage } from '#shared/contracts/items/quotas.ts'
import type { Job } from '#shared/contracts/jobs.ts'
import type {
  GeofenceId,
  IdByPrefix,
  IdPrefix,
  MerchantId,
  OfferId,
  QrCodeId,
  RegionId,
  SceneId,
  StoreId,
} from '#shared/domain/ids.ts'
import type { Region, Store } from '#shared/domain/merchants/merchant.ts'
import type { QrCode } from '#shared/domain/merchants/qr-code.ts'
import { type OptOut, optOutOf } from '#shared/domain/messages/sms-text.ts'
import { SAMPLE_STOP_CODE } from '#shared/domain/messages/stop-code.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { createAnswerOnce } from '#shared/runtime/http/answer-once.ts'
import type { AnswerOnce } from '#shared/runtime/http/route.ts'
import { newId, newQrCode } from '#shared/runtime/ids.ts'

/** The outside world of the merchants' API. */
export type MerchantServices = {
  readonly nowMs: () => number
  readonly answerOnce: AnswerOnce
  readonly newId: <P extends IdPrefix>(prefix: P) => IdByPrefix[P]
  readonly merchants: MerchantRecords
  readonly members: MemberRecords
  readonly listAudit: ListAudit
  readonly exports: Pick<ExportRecords, 'create' | 'find' | 'readPart' | 'queueAgain'>
  readonly readUsage: (merchantId: MerchantId, signal?: AbortSignal) => Promise<Usage>
  readonly imports: Pick<ImportRecords, 'create' | 'find'>
  readonly listAllGeofences: ListAllGeofences
  readonly queueJob: (job: Job, signal?: AbortSignal) => Promise<void>
  readonly stores: EntityRecords<StoreId, Store>
  readonly geofences: EntityRecords<GeofenceId, DeclaredGeofence>
  readonly scenes: EntityRecords<SceneId, Scene>
  readonly offers: EntityRecords<OfferId, Offer>
  readonly addCodes: AddCodes
  readonly regions: EntityRecords<RegionId, Region>
  readonly readSceneGround: ReadSceneGround
  readonly listRevisions: ListRevisions
  readonly traces: Pick<TraceRecords, 'listFor' | 'knownTo' | 'fatesOf'>
  readonly estimateAudience: EstimateAudience
  readonly noteCustomer: NoteCustomer
  readonly customers: CustomerRecords
  readonly platform: PlatformRecords
  readonly zones: ZoneRecords
  readonly lawfulRules: LawfulRuleRecords
  /** As deciding reads them. */
  readonly readAddedRules: ReadAddedRules
  readonly findContaining: FindContaining
  readonly counters: CounterReader
  readonly redeem: GrantRecords['redeem']
  readonly listSigningKeys: ListSigningKeys
  readonly doubleUses: DoubleUses
  readonly qrCodes: EntityRecords<QrCodeId, QrCode>
  readonly newQrCode: () => string
  readonly sumScans: SumScans
  /** What a QR code holds before its own code. */
  readonly qrUrl: string
  readonly verifyToken: VerifyToken
  readonly findAddress: FindAddress
  readonly testSends: TestSends
  readonly queueMessage: QueueMessage
  /** What every SMS says of it. */
  readonly optOut: OptOut
  /** What one part of an SMS costs; absent: not known. */
  readonly smsPartPriceUsd?: number
}

export const buildServices = (env: z.output<typeof merchantApiEnv>): MerchantServices => {
  const client = createDocumentClient()
  const send = createQueueSender()
  const tables = { client, catalog: env.CATALOG_TABLE, ledger: env.LEDGER_TABLE }
  const listSigningKeys = createListSigningKeys(tables)
  return {
    nowMs,
    newId,
    answerOnce: createAnswerOnce(createRequestRecords({ client, ledger: env.LEDGER_TABLE }, nowMs)),
    merchants: createMerchantRecords(tables),
    members: createMemberRecords(tables),
    listAudit: createListAudit(tables),
    exports: createExportRecords(tables),
    readUsage: (merchantId, signal) => readUsage(tables, merchantId, signal),
    imports: createImportRecords(tables),
    listAllGeofences: createListAllGeofences(tables),
    queueJob: (job, signal) => send(env.JOBS_QUEUE_URL, [{ body: job }], signal),
    stores: createStoreRecords(tables),
    geofences: createGeofenceRecords(tables, nowMs),
    scenes: createSceneRecords(tables, { nowMs, dueShards: env.DUE_SHARDS }),
    offers: createOfferRecords(tables),
    addCodes: createAddCodes(tables),
    regions: createRegionRecords(tables),
    readSceneGround: createReadSceneGround(tables),
    listRevisions: createListRevisions(tables),
    traces: createTraceRecords(client, env.LEDGER_TABLE),
    estimateAudience: createEstimateAudience(client, env.LEDGER_TABLE),
    noteCustomer: createNoteCustomer(tables),
    customers: createCustomerRecords(client, env.LEDGER_TABLE),
    platform: createPlatformRecords(tables),
    zones: createZoneRecords(tables),
    lawfulRules: createLawfulRuleRecords(tables),
    readAddedRules: createReadAddedRules(
      client,
      env.CATALOG_TABLE,
      createReadPlatform(client, env.LEDGER_TABLE),
    ),
    findContaining: createFindContaining(tables),
    counters: createCounterReader(tables),
    redeem: createGrantRecords(tables, env.DUE_SHARDS).redeem,
    listSigningKeys,
    doubleUses: createDoubleUses(tables),
    qrCodes: createQrCodeRecords(tables),
    newQrCode,
    sumScans: createSumScans(tables),
    qrUrl: env.QR_URL,
    verifyToken: createVerifyToken(listSigningKeys, nowMs),
    findAddress: createFindAddress(env.PLACE_INDEX),
    testSends: createTestSends(client, env.LEDGER_TABLE, env.DUE_SHARDS),
    queueMessage: createMessageQueue(send, {
      push: env.PUSH_QUEUE_URL,
      sms: env.SMS_QUEUE_URL,
    }),
    optOut: optOutOf(env.SMS_OPT_OUT_URL, SAMPLE_STOP_CODE),
    ...(env.SMS_PART_PRICE_USD !== undefined && { smsPartPriceUsd: env.SMS_PART_PRICE_USD }),
  }
}
