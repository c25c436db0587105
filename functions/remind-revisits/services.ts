import type * as z from 'zod'
import type { remindRevisitsEnv } from '#functions/remind-revisits/env.ts'
import type { MinuteServices } from '#functions/remind-revisits/run-minute.ts'
import { createRotateSigningKeys } from '#shared/adapters/dynamodb/catalog/signing-keys.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createCurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { createDueStore } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { createMessageQueue } from '#shared/adapters/sqs/message-queue.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import { newKeyPair } from '#shared/adapters/tokens/signing-key-pair.ts'
import type { Job } from '#shared/contracts/jobs.ts'
import { newId } from '#shared/runtime/ids.ts'

/** What remind-revisits needs of the outside world. */
export const buildServices = (env: z.output<typeof remindRevisitsEnv>): MinuteServices => {
  const send = createQueueSender()
  const client = createDocumentClient()
  const scenes = createCurrentScenes(client, env.CATALOG_TABLE, createSceneCache(client, env.CATALOG_TABLE))
  return {
    due: createDueStore(client, env.LEDGER_TABLE, env.DUE_SHARDS, scenes),
    queueReplan: (merchantId, askedAt, signal) =>
      send(
        env.JOBS_QUEUE_URL,
        [{ body: { kind: 'replan', jobId: newId('job'), merchantId, askedAt } satisfies Job }],
        signal,
      ),
    queueMessage: createMessageQueue(send, { push: env.PUSH_QUEUE_URL, sms: env.SMS_QUEUE_URL }),
    dueShards: env.DUE_SHARDS,
    maxReminders: env.REMINDERS_PER_MINUTE,
    memory: {},
    rotateSigningKeys: createRotateSigningKeys(
      { client, catalog: env.CATALOG_TABLE },
      newKeyPair,
      env.SIGNING_KEY_DAYS,
    ),
  }
}
