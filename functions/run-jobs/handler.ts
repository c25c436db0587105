import middy from '@middy/core'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { runJobsEnv } from '#functions/run-jobs/env.ts'
import { runJob } from '#functions/run-jobs/run-job.ts'
import { buildServices } from '#functions/run-jobs/services.ts'
import { jobSchema } from '#shared/contracts/jobs.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger, errorFacts } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'
import { type BatchResponse, eachAlone } from '#shared/runtime/records.ts'

// Cold start only.
const services = lazy(() => buildServices(parseEnv(runJobsEnv, process.env)))
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
