import * as z from 'zod'
import { envCount } from '#shared/runtime/env.ts'

export const remindRevisitsEnv = z.object({
  LEDGER_TABLE: z.string().min(3),
  PUSH_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  DUE_SHARDS: envCount,
})
export type RemindRevisitsEnv = z.input<typeof remindRevisitsEnv>
