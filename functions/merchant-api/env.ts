import * as z from 'zod'

export const merchantApiEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  PLACE_INDEX: z.string().min(1),
})
export type MerchantApiEnv = z.input<typeof merchantApiEnv>
