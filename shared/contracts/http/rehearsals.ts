import * as z from 'zod'
import { pingSchema } from '#shared/contracts/http/pings.ts'
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
        type: z.enum(['enter', 'exit']),
        at: instantSchema,
        geofenceId: idSchema('gf'),
        visitId: idSchema('vis'),
        distanceM: z.number(),
        confidence: z.number(),
      }),
    )
    .max(MAX_LISTED),
  decisions: z
    .array(
      z.strictObject({
        at: instantSchema,
        trigger: z.string().max(20),
        result: z.enum(['granted', ...SUPPRESSION_REASONS]).describe('Granted, or why not.'),
        compared: z
          .record(z.string().max(40), z.union([z.string().max(200), z.number(), z.boolean()]))
          .exactOptional(),
        channel: z.string().max(10).exactOptional(),
      }),
    )
    .max(MAX_LISTED),
})
