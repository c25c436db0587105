import * as z from 'zod'
import { idSchema } from '#shared/contracts/http/primitives.ts'

const MAX_ENDPOINTS = 20

/** A job of which nothing came for so long has failed: its message was tried five times, half an hour apart. */
export const JOB_STALLED_MS = 6 * 3_600_000

/** What stands on the jobs queue. */
export const jobSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('erasure'),
    user: idSchema('usr'),
    jobId: idSchema('job'),
    requestedAt: z.string().max(40),
  }),
  /** Stores that a merchant has uploaded: a slice of them, then the rest. */
  z.object({ kind: z.literal('import'), merchantId: idSchema('mer'), jobId: idSchema('job') }),
  /** All of a merchant's data: a slice of it, then the rest. */
  z.object({ kind: z.literal('export'), merchantId: idSchema('mer'), jobId: idSchema('job') }),
  /** Push endpoints that nothing points to any more. */
  z.object({
    kind: z.literal('endpoints'),
    jobId: idSchema('job'),
    endpointArns: z.array(z.string().max(400)).min(1).max(MAX_ENDPOINTS),
  }),
  /** Customers turned away after a message of this scene. */
  z.object({
    kind: z.literal('trust'),
    jobId: idSchema('job'),
    merchantId: idSchema('mer'),
    sceneId: idSchema('scn'),
  }),
  /** The visit plans of a merchant have changed: its customers are planned for anew. */
  z.object({
    kind: z.literal('replan'),
    jobId: idSchema('job'),
    merchantId: idSchema('mer'),
    /** When it was asked for: a later change has a job of its own. */
    askedAt: z.string().max(40),
  }),
])
export type Job = z.output<typeof jobSchema>
