import * as z from 'zod'
import { envCount } from '#shared/runtime/env.ts'

export const runJobsEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  PRESENCE_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  JOBS_QUEUE_URL: z.url(),
  /** Over how many partitions of an hour the `due` index is spread. */
  DUE_SHARDS: envCount,
})
export type RunJobsEnv = z.input<typeof runJobsEnv>
