import * as z from 'zod'
import { envCount, envUsd } from '#shared/runtime/env.ts'
import type { HttpVariables } from '#shared/runtime/http/caller.ts'

export const merchantApiEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  PLACE_INDEX: z.string().min(1),
  PUSH_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  JOBS_QUEUE_URL: z.url(),
  DUE_SHARDS: envCount,
  /** The beginning of what QR codes say, e.g. `https://…/q/`. */
  QR_URL: z.url().max(200),
  /** The beginning of opt-out links; without it recipients opt out by an answer. */
  SMS_OPT_OUT_URL: z.url().max(200).optional(),
  /** What previews reckon with; without it they name no cost. */
  SMS_PART_PRICE_USD: envUsd.optional(),
})
export type MerchantApiEnv = z.input<typeof merchantApiEnv> & HttpVariables
