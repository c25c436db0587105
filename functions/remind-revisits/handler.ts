import middy from '@middy/core'
import { remindRevisitsEnv } from '#functions/remind-revisits/env.ts'
import { type SweepServices, type Swept, sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createCurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { createDueStore } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { createMessageQueue } from '#shared/adapters/sqs/message-queue.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import type { Job } from '#shared/contracts/jobs.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { newId } from '#shared/runtime/ids.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'

// Cold start only.
const buildServices = (): SweepServices => {
  const env = parseEnv(remindRevisitsEnv, process.env)
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
  }
}
const services = lazy(buildServices)
const logger = createLogger('remind-revisits')
const countFailures = failureCounter('remind-revisits', 'recordsFailed')

// Called by AWS: every minute, by the schedule.
export const handler = middy<unknown, Swept>().handler(async (_event, _context, { signal }) => {
  const swept = await sweepDue(await services(), nowMs(), signal)
  if (swept.messages + swept.occasions > 0) logger.info('due.swept', { ...swept })
  countFailures(swept.unreadable)
  if (swept.unreadable > 0) logger.error('due.unreadable', { ...swept })
  return swept
})
