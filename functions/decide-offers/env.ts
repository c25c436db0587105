import * as z from 'zod'
import { envCount } from '#shared/runtime/env.ts'

export const decideOffersEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  PRESENCE_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  TIMERS_QUEUE_URL: z.url(),
  PUSH_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  /** The most messages one customer gets from all merchants together in any 24 hours. */
  PLATFORM_CAP_PER_DAY: envCount,
  /** Over how many partitions of an hour the `due` index is spread. */
  DUE_SHARDS: envCount,
  /** The push platforms that have an SNS application, e.g. "apns,fcm"; empty = push is off. */
  PUSH_PLATFORMS: z.string().default(''),
})
export type DecideOffersEnv = z.input<typeof decideOffersEnv>
