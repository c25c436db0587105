import * as z from 'zod'
import { envCount, envUsd } from '#shared/runtime/env.ts'

export const decideOffersEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  PRESENCE_TABLE: z.string().min(3),
  LEDGER_TABLE: z.string().min(3),
  TIMERS_QUEUE_URL: z.url(),
  PUSH_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  JOBS_QUEUE_URL: z.url(),
  /** The most messages one customer gets from all merchants together in any 24 hours. */
  PLATFORM_CAP_PER_DAY: envCount,
  /** The most messages one customer gets from one merchant in any 24 hours. */
  MERCHANT_CAP_PER_DAY: envCount,
  /** The most pressure of promotion on one customer; one offer just now is 1. */
  MAX_PRESSURE: envCount,
  /** The most messages of a kind that one customer gets in any 24 hours, e.g. "offer=3,content=4"; empty = no such cap. */
  KIND_CAPS_PER_DAY: z
    .string()
    .regex(/^((offer|content|service|greeting)=\d{1,3}(,|$))*$/, 'e.g. offer=3,content=4')
    .default(''),
  /** How long a message keeps the customer's attention, in seconds; 0 = not at all. */
  SLOT_S: z
    .string()
    .regex(/^\d{1,5}$/, 'seconds')
    .transform(Number),
  /** Over how many partitions of an hour the `due` index is spread. */
  DUE_SHARDS: envCount,
  /** The beginning of opt-out links; without it recipients opt out by an answer. */
  SMS_OPT_OUT_URL: z.url().max(200).optional(),
  /** What one part of an SMS costs. */
  SMS_PART_PRICE_USD: envUsd.optional(),
  /** The push platforms that have an SNS application, e.g. "apns,fcm"; empty = push is off. */
  PUSH_PLATFORMS: z.string().default(''),
})
export type DecideOffersEnv = z.input<typeof decideOffersEnv>
