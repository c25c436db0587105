import * as z from 'zod'

export const customerApiEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  JOBS_QUEUE_URL: z.url(),
})
export type CustomerApiEnv = z.input<typeof customerApiEnv>
