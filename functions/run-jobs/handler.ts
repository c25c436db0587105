import middy from '@middy/core'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { runJobsEnv } from '#functions/run-jobs/env.ts'
import { type JobServices, runJob } from '#functions/run-jobs/run-job.ts'
import { createMerchantRecords } from '#shared/adapters/dynamodb/catalog/merchant-records.ts'
import { createSumCounts } from '#shared/adapters/dynamodb/catalog/read-counters.ts'
import { createSceneRecords } from '#shared/adapters/dynamodb/catalog/scene-records.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createDeleteEndpoint } from '#shared/adapters/sns/endpoints.ts'
import { jobSchema } from '#shared/contracts/jobs.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger, errorFacts } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'
import { type BatchResponse, eachAlone } from '#shared/runtime/records.ts'

// Cold start only.
const services = lazy((): JobServices => {
  const env = parseEnv(runJobsEnv, process.env)
  const tables = {
    client: createDocumentClient(),
    catalog: env.CATALOG_TABLE,
    ledger: env.LEDGER_TABLE,
    presence: env.PRESENCE_TABLE,
  }
  const deleteEndpoint = createDeleteEndpoint()
  return {
    nowMs,
    deleteEndpoint,
    eraseCustomer: createEraseCustomer(tables, deleteEndpoint),
    merchants: createMerchantRecords(tables),
    scenes: createSceneRecords(tables),
    sumCounts: createSumCounts(tables),
  }
})
const logger = createLogger('run-jobs')
const countFailures = failureCounter('run-jobs', 'recordsFailed')

// Every record.
const onRecord =
  (signal: AbortSignal) =>
  async ({ body }: SQSRecord): Promise<void> => {
    const done = await runJob(await services(), jobSchema.parse(JSON.parse(body)), signal)
    logger.info('job.done', done)
  }

const logFailure = (error: unknown, { messageId }: SQSRecord): void => {
  countFailures(1)
  logger.error('record.failed', { record: messageId, error: errorFacts(error) })
}

// Called by AWS: with messages of the jobs queue.
export const handler = middy<SQSEvent, BatchResponse>().handler((event, _context, { signal }) =>
  eachAlone(event.Records, ({ messageId }) => messageId, onRecord(signal), logFailure),
)
