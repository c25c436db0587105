import middy from '@middy/core'
import { remindRevisitsEnv } from '#functions/remind-revisits/env.ts'
import { buildServices } from '#functions/remind-revisits/services.ts'
import { type Swept, sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'

// Cold start only.
const services = lazy(() => buildServices(parseEnv(remindRevisitsEnv, process.env)))
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
