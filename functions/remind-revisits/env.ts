import * as z from 'zod'
import { envCount } from '#shared/runtime/env.ts'

export const remindRevisitsEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  PUSH_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  JOBS_QUEUE_URL: z.url(),
  DUE_SHARDS: envCount,
  /** The most reminders that are raised in a minute: after an outage they come no faster. */
  REMINDERS_PER_MINUTE: envCount,
  /** For how many days a key signs redemption tokens. */
  SIGNING_KEY_DAYS: envCount,
})
export type RemindRevisitsEnv = z.input<typeof remindRevisitsEnv>
