import * as z from 'zod'

export const runJobsEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  PRESENCE_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  JOBS_QUEUE_URL: z.url(),
})
export type RunJobsEnv = z.input<typeof runJobsEnv>
