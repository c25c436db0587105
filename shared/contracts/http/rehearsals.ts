import * as z from 'zod'
import { CONFIDENCE, DISTANCE_M, pingSchema } from '#shared/contracts/http/pings.ts'
import { idSchema, instantSchema } from '#shared/contracts/http/primitives.ts'
import { DATUMS } from '#shared/domain/geo/datum.ts'
import { SUPPRESSION_REASONS } from '#shared/domain/scenes/reasons.ts'

const MAX_FIXES = 5000
/** 5,000 fixes in the longest form of their numbers. */
export const MAX_REHEARSAL_BODY_BYTES = 1024 * 1024
/** A fix makes at most a few of them. */
const MAX_LISTED = 20_000

/** `POST /v1/merchants/{merchantId}/scenes/{sceneId}/rehearsals`. */
export const rehearsalRequestSchema = z.strictObject({
  datum: z.enum(DATUMS).default('wgs84').describe('What the coordinates are given in.'),
  fixes: z.array(pingSchema).min(1).max(MAX_FIXES).describe('A phone’s trace, in any order.'),
})
export type RehearsalRequest = z.output<typeof rehearsalRequestSchema>

/**
 * What the scene, as if it were active, would have done for a customer who agrees to everything and hears from nobody else.
 * Nothing is kept or sent.
 */
export const rehearsalSchema = z.strictObject({
  transitions: z
    .array(
      z.strictObject({
        type: z.enum(['enter', 'exit']).describe('Whether the visit begins or ends.'),
        at: instantSchema.describe('When, by the trace.'),
        geofenceId: idSchema('gf'),
        visitId: idSchema('vis'),
        distanceM: z.number().describe(DISTANCE_M),
        confidence: z.number().describe(CONFIDENCE),
      }),
    )
    .max(MAX_LISTED)
    .describe('What the trace begins and ends.'),
  decisions: z
    .array(
      z.strictObject({
        at: instantSchema.describe('When it would have been decided, by the trace.'),
        trigger: z.string().max(20).describe('What the scene heard: `enter`, `exit` or `dwell`.'),
        result: z.enum(['granted', ...SUPPRESSION_REASONS]).describe('Granted, or why not.'),
        compared: z
          .record(z.string().max(40), z.union([z.string().max(200), z.number(), z.boolean()]))
          .exactOptional()
          .describe('What the failing check compared.'),
        channel: z.string().max(10).exactOptional().describe('By which its message would have gone.'),
      }),
    )
    .max(MAX_LISTED)
    .describe('What the scene would have done.'),
})
