import * as z from 'zod'
import { instantSchema, latSchema, lonSchema } from '#shared/contracts/http/primitives.ts'

export const MAX_PINGS = 100

/** What a phone says of where it is. Units: degrees (WGS-84), metres, metres per second. */
export const pingSchema = z.strictObject({
  at: instantSchema,
  lat: latSchema,
  lon: lonSchema,
  accuracyM: z.number().min(0).max(100_000).exactOptional(),
  speedMps: z.number().min(0).max(1000).exactOptional(),
  /** The phone's system says that the position was made up. */
  mocked: z.boolean().exactOptional(),
})
export type Ping = z.output<typeof pingSchema>

/** `POST /v1/pings`. */
export const pingsRequestSchema = z.strictObject({ pings: z.array(pingSchema).min(1).max(MAX_PINGS) })
export type PingsRequest = z.output<typeof pingsRequestSchema>
