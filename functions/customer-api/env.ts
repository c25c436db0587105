import * as z from 'zod'
import { envCount } from '#shared/runtime/env.ts'
import type { HttpVariables } from '#shared/runtime/http/caller.ts'

export const customerApiEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  /** The beginning of the link by which a page hands a scan on to the app. */
  SCAN_LINK: z.string().min(3).max(200),
  PRESENCE_TABLE: z.string().min(3),
  JOBS_QUEUE_URL: z.url(),
  /** Over how many partitions of an hour the `due` index is spread. */
  DUE_SHARDS: envCount,
  /** The topic to which AWS publishes answers to our SMS. */
  SMS_ANSWERS_TOPIC_ARN: z.string().min(10).max(300),
  /** The SDK's own variable: where SNS is, if not at AWS. Certificates of SNS may come from there, too. */
  AWS_ENDPOINT_URL_SNS: z.url().optional(),
})
export type CustomerApiEnv = Omit<z.input<typeof customerApiEnv>, 'AWS_ENDPOINT_URL_SNS'> & HttpVariables
