import type * as z from 'zod'
import type { customerApiEnv } from '#functions/customer-api/env.ts'
import { createReadAsset, type ReadAsset } from '#functions/customer-api/reference/read-asset.ts'
import {
  createFindWaitingList,
  type FindWaitingList,
} from '#shared/adapters/dynamodb/catalog/find-waiting-list.ts'
import {
  createFindKnownPlaces,
  type FindKnownPlaces,
} from '#shared/adapters/dynamodb/catalog/known-places.ts'
import { createFindNames, type FindNames } from '#shared/adapters/dynamodb/catalog/names.ts'
import { createFindQrCode, type FindQrCode } from '#shared/adapters/dynamodb/catalog/qr-code-records.ts'
import {
  createListSigningKeys,
  createReadSigningSecret,
} from '#shared/adapters/dynamodb/catalog/signing-keys.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { type BlockRecords, createBlockRecords } from '#shared/adapters/dynamodb/customers/block-records.ts'
import {
  type CustomerExports,
  createCustomerExports,
} from '#shared/adapters/dynamodb/customers/customer-exports.ts'
import {
  createDeviceRecords,
  type DeviceRecords,
} from '#shared/adapters/dynamodb/customers/device-records.ts'
import { createEventRecords, type EventRecords } from '#shared/adapters/dynamodb/customers/event-records.ts'
import { createGrantRecords, type GrantRecords } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import {
  createProfileRecords,
  type ProfileRecords,
} from '#shared/adapters/dynamodb/customers/profile-records.ts'
import { createScanRecords, type ScanRecords } from '#shared/adapters/dynamodb/customers/scan-records.ts'
import { createSuppressions, type Suppressions } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { createNoteTurnedAway, type NoteTurnedAway } from '#shared/adapters/dynamodb/customers/turned-away.ts'
import { createVisitRecords, type VisitRecords } from '#shared/adapters/dynamodb/customers/visit-records.ts'
import { createWaitRecords, type WaitRecords } from '#shared/adapters/dynamodb/customers/wait-records.ts'
import { createRequestRecords } from '#shared/adapters/dynamodb/ledger/idempotency-records.ts'
import { createTraceRecords, type TraceRecords } from '#shared/adapters/dynamodb/ledger/trace-records.ts'
import { createFindPresence, type FindPresence } from '#shared/adapters/dynamodb/presence/find-presence.ts'
import {
  type ConfirmSubscription,
  createConfirmSubscription,
} from '#shared/adapters/sns/confirm-subscription.ts'
import {
  createVerifyNotification,
  type VerifyNotification,
} from '#shared/adapters/sns/verify-notification.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import { createSignToken, type SignToken } from '#shared/adapters/tokens/redemption-tokens.ts'
import type { Job } from '#shared/contracts/jobs.ts'
import type { IdByPrefix, IdPrefix } from '#shared/domain/ids.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { createAnswerOnce } from '#shared/runtime/http/answer-once.ts'
import type { AnswerOnce } from '#shared/runtime/http/route.ts'
import { newCode, newId, newScanId } from '#shared/runtime/ids.ts'

/** The outside world of the customers' API. */
export type CustomerServices = {
  readonly nowMs: () => number
  readonly answerOnce: AnswerOnce
  readonly newId: <P extends IdPrefix>(prefix: P) => IdByPrefix[P]
  readonly profiles: ProfileRecords
  readonly blocks: BlockRecords
  readonly devices: DeviceRecords
  readonly saveEvents: EventRecords['save']
  readonly grants: Pick<GrantRecords, 'listOf' | 'find' | 'claim' | 'openToTokens' | 'share'>
  readonly signToken: SignToken
  readonly findPresence: FindPresence
  readonly exports: CustomerExports
  readonly findQrCode: FindQrCode
  readonly scans: ScanRecords
  readonly newScanId: () => string
  readonly scanLink: string
  readonly traces: Pick<TraceRecords, 'listOf' | 'findSoldOut' | 'fatesOf' | 'fatesOfMessages'>
  readonly visits: VisitRecords
  readonly waits: WaitRecords
  readonly findWaitingList: FindWaitingList
  readonly findNames: FindNames
  readonly newCode: () => string
  readonly noteTurnedAway: NoteTurnedAway
  readonly findKnownPlaces: FindKnownPlaces
  readonly suppressions: Suppressions
  readonly verifyNotification: VerifyNotification
  readonly confirmSubscription: ConfirmSubscription
  /** The topic to which AWS publishes answers to our SMS. */
  readonly answersTopicArn: string
  readonly readAsset: ReadAsset
  readonly queueJob: (job: Job, signal?: AbortSignal) => Promise<void>
}

export const buildServices = (env: z.output<typeof customerApiEnv>): CustomerServices => {
  const client = createDocumentClient()
  const tables = { client, ledger: env.LEDGER_TABLE, presence: env.PRESENCE_TABLE }
  const catalog = { client, catalog: env.CATALOG_TABLE }
  const send = createQueueSender()
  return {
    nowMs,
    newId,
    newCode,
    answerOnce: createAnswerOnce(createRequestRecords({ client, ledger: env.LEDGER_TABLE }, nowMs)),
    profiles: createProfileRecords(tables),
    blocks: createBlockRecords(tables),
    devices: createDeviceRecords(tables),
    saveEvents: createEventRecords(tables, env.DUE_SHARDS).save,
    grants: createGrantRecords(tables, env.DUE_SHARDS),
    findPresence: createFindPresence(client, env.PRESENCE_TABLE),
    exports: createCustomerExports(tables),
    findQrCode: createFindQrCode(catalog),
    scans: createScanRecords(tables),
    newScanId,
    scanLink: env.SCAN_LINK,
    signToken: createSignToken(createListSigningKeys(catalog), createReadSigningSecret(catalog), nowMs),
    traces: createTraceRecords(client, env.LEDGER_TABLE),
    visits: createVisitRecords(tables),
    waits: createWaitRecords(tables, env.DUE_SHARDS),
    findWaitingList: createFindWaitingList(catalog),
    findNames: createFindNames(catalog),
    noteTurnedAway: createNoteTurnedAway(tables),
    findKnownPlaces: createFindKnownPlaces(catalog),
    suppressions: createSuppressions(tables),
    verifyNotification: createVerifyNotification(
      env.AWS_ENDPOINT_URL_SNS === undefined ? {} : { endpoint: env.AWS_ENDPOINT_URL_SNS },
    ),
    confirmSubscription: createConfirmSubscription(),
    answersTopicArn: env.SMS_ANSWERS_TOPIC_ARN,
    readAsset: createReadAsset(new URL('./reference/', import.meta.url)),
    queueJob: (job, signal) => send(env.JOBS_QUEUE_URL, [{ body: job }], signal),
  }
}
