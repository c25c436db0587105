import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import type { Item } from '#shared/contracts/items/ledger.ts'
import { JOB_STALLED_MS } from '#shared/contracts/jobs.ts'
import { DATUMS } from '#shared/domain/geo/datum.ts'
import type { JobId, MerchantId } from '#shared/domain/ids.ts'
import { MEMBER_ROLES } from '#shared/domain/merchants/merchant.ts'

/** How long an import and its report are kept: 30 days. */
export const IMPORT_TTL_S = 30 * 86_400

/** In the Catalog, beside what it writes. */
export const importKey = (merchantId: MerchantId, jobId: JobId) => ({
  pk: `M#${merchantId}`,
  sk: `IMPORT#${jobId}`,
})
export const importPartPrefix = (jobId: JobId): string => `IMPORTPART#${jobId}#`

const outcomes = z.object({
  created: z.number().default(0),
  replaced: z.number().default(0),
  unchanged: z.number().default(0),
})
/** What became of rows that were done. */
export type ImportOutcomes = z.output<typeof outcomes>
export const NO_OUTCOMES: ImportOutcomes = { created: 0, replaced: 0, unchanged: 0 }

const badRow = z.object({ line: z.number(), pointer: z.string(), reason: z.string() })

const importJob = z.object({
  jobId: id('job'),
  merchantId: id('mer'),
  createdAt: z.string(),
  finishedAt: z.string().exactOptional(),
  /** When something came of it last; absent until then. */
  movedAtMs: z.number().exactOptional(),
  datum: z.enum(DATUMS),
  /** Who asked for it, for the audit log. */
  author: z.object({ user: id('usr'), role: z.enum(MEMBER_ROLES), requestId: z.string() }),
  /** Good rows. */
  rows: z.number(),
  /** Rows that were none. */
  unreadable: z.number(),
  /** Geofences to draw. */
  wanted: z.number(),
  /** The first row of which the store is not written yet, and the first of which the geofence is not drawn. */
  storesNext: z.number(),
  geofencesNext: z.number(),
  stores: outcomes,
  geofences: outcomes,
  /** Once it is finished, and where it was counted. */
  overlapping: z.number().exactOptional(),
  bad: z.number(),
  badRows: z.array(badRow).max(100),
  ttl: z.number(),
})
export type ImportJob = z.output<typeof importJob>

/** `failed`: until somebody puts its message on the queue again. */
export const importStateAt = (
  { createdAt, finishedAt, movedAtMs = Date.parse(createdAt), storesNext }: ImportJob,
  nowMs: number,
): 'queued' | 'running' | 'done' | 'failed' => {
  if (finishedAt !== undefined) return 'done'
  if (nowMs - movedAtMs > JOB_STALLED_MS) return 'failed'
  return storesNext === 0 ? 'queued' : 'running'
}

/** Reads an IMPORT item. */
export const parseImportJob = (item: Item): ImportJob => importJob.parse(item)
