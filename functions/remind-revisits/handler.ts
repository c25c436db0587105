import middy from '@middy/core'
import { remindRevisitsEnv } from '#functions/remind-revisits/env.ts'
import { runMinute } from '#functions/remind-revisits/run-minute.ts'
import { buildServices } from '#functions/remind-revisits/services.ts'
import type { Swept } from '#functions/remind-revisits/sweep-due.ts'
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
  const { swept, newKey } = await runMinute(await services(), nowMs(), signal)
  if (newKey !== undefined) logger.info('signing-key.made', { kid: newKey })
  if (swept.messages + swept.occasions > 0) logger.info('due.swept', { ...swept })
  countFailures(swept.unreadable)
  if (swept.unreadable > 0) logger.error('due.unreadable', { ...swept })
  return swept
})
