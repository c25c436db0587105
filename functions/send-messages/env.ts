import * as z from 'zod'
import { envCount } from '#shared/runtime/env.ts'

export const sendMessagesEnv = z.object({
  LEDGER_TABLE: z.string().min(3),
  DUE_SHARDS: envCount,
  /** SNS platform applications; push is off for a platform without one. */
  APNS_APPLICATION_ARN: z.string().min(1).optional(),
  APNS_SANDBOX_APPLICATION_ARN: z.string().min(1).optional(),
  FCM_APPLICATION_ARN: z.string().min(1).optional(),
  SMS_SENDER_ID: z.string().min(1).max(11).optional(),
  /** The most that one SMS may cost, in USD, e.g. "0.10". */
  SMS_MAX_PRICE_USD: z.string().regex(/^\d+\.\d+$/),
})
export type SendMessagesEnv = z.input<typeof sendMessagesEnv>
