import * as z from 'zod'
import { envCount } from '#shared/runtime/env.ts'

export const sendMessagesEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  DUE_SHARDS: envCount,
  /** The queues that it works off, each with the queue for what nobody can send. */
  PUSH_QUEUE_URL: z.url(),
  PUSH_DEAD_LETTERS_URL: z.url(),
  PUSH_APPLE_QUEUE_URL: z.url(),
  PUSH_APPLE_DEAD_LETTERS_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  SMS_DEAD_LETTERS_URL: z.url(),
  /** How often a queue delivers a message before it is put aside. */
  MAX_RECEIVES: envCount,
  /** SNS platform applications; push is off for a platform without one. */
  APNS_APPLICATION_ARN: z.string().min(1).optional(),
  APNS_SANDBOX_APPLICATION_ARN: z.string().min(1).optional(),
  FCM_APPLICATION_ARN: z.string().min(1).optional(),
  SMS_SENDER_ID: z.string().min(1).max(11).optional(),
  /** The number that SMS come from and that takes answers. */
  SMS_ORIGINATION_NUMBER: z.string().min(5).max(16).optional(),
  /** The beginning of opt-out links; without it recipients opt out by an answer. */
  SMS_OPT_OUT_URL: z.url().max(200).optional(),
  /** The most that one SMS may cost, in USD, e.g. "0.10". */
  SMS_MAX_PRICE_USD: z.string().regex(/^\d+\.\d+$/),
})
export type SendMessagesEnv = z.input<typeof sendMessagesEnv>
