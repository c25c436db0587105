import * as z from 'zod'
import { EXPORT_OPEN_MS, EXPORT_SECTIONS, type ExportSection } from '#shared/contracts/http/exports.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { Item } from '#shared/contracts/items/ledger.ts'
import { CUSTOMER_SHARDS } from '#shared/contracts/items/relationship.ts'
import { JOB_STALLED_MS } from '#shared/contracts/jobs.ts'
import { type JobId, type MerchantId, shardOf, type UserId } from '#shared/domain/ids.ts'

/** So long nobody takes the message of a job for lost. */
const MESSAGE_LOST_MS = 60_000
/** So long may a job take; then it has failed. */
const MAX_EXPORT_MS = 24 * 3_600_000
/** Its parts are gone then, whenever it was done. */
const PARTS_KEPT_MS = MAX_EXPORT_MS + EXPORT_OPEN_MS
/** So long it is known that there was one: an erasure looks for parts that TTL has left lying. */
const KNOWN_MS = 9 * 24 * 3_600_000

const pkOf = (merchantId: MerchantId): string => `M#${merchantId}`

export const EXPORT_PREFIX = 'EXPORT#'
export const exportKey = (merchantId: MerchantId, jobId: JobId) => ({
  pk: pkOf(merchantId),
  sk: `${EXPORT_PREFIX}${jobId}`,
})

/** Of a merchant's exports the latest, and when the last ones were asked for. */
export const exportSlotKey = (merchantId: MerchantId) => ({ pk: pkOf(merchantId), sk: 'EXPORTS' })

const numbered = (part: number): string => String(part).padStart(6, '0')

/** Under it lie the pieces of a part, in their order. */
export const exportPartPrefix = (jobId: JobId, part: number): string =>
  `EXPORTPART#${jobId}#${numbered(part)}#`
export const exportPieceKey = (merchantId: MerchantId, jobId: JobId, part: number, piece: number) => ({
  pk: pkOf(merchantId),
  sk: `${exportPartPrefix(jobId, part)}${numbered(piece)}`,
})

const BUCKET_LENGTH = 'usr_'.length + 2

/**
 * What an export says of where a customer stands in it: a shard of the list of customers and the first two letters of the
 * id, 1 of 4096 buckets. Customers are listed in this order; the ids themselves stand in the lines alone, so that an erasure
 * finds them all there.
 *
 * @example bucketOf(user) // '2.usr_7K'
 */
export const bucketOf = (user: UserId): `${number}.${string}` =>
  `${shardOf(user, CUSTOMER_SHARDS)}.${user.slice(0, BUCKET_LENGTH)}`

export const exportPlacePrefix = (jobId: JobId): string => `EXPORTPLACE#${jobId}#`
/** Under it lie the names of the parts that begin in the customer's bucket, in their order. */
export const exportPlaceOf = (jobId: JobId, user: UserId): string =>
  `${exportPlacePrefix(jobId)}${bucketOf(user)}#`
export const exportPlaceKey = (merchantId: MerchantId, jobId: JobId, user: UserId, part: number) => ({
  pk: pkOf(merchantId),
  sk: `${exportPlaceOf(jobId, user)}${numbered(part)}`,
})

/** A place in an export: a section, and after what in it the export goes on; of customers, with which bucket. */
export type ExportPlace = `${ExportSection}|${string}`
export const EXPORT_START: ExportPlace = 'merchant|'
export const EXPORT_END: ExportPlace = 'customer|'

const isSection = (text: string): text is ExportSection => EXPORT_SECTIONS.some((section) => section === text)
const isPlace = (text: string): text is ExportPlace => isSection(text.split('|')[0] ?? '')

/**
 * The section of a place, and what follows it.
 *
 * @example readPlace('store|sto_1') // { section: 'store', from: 'sto_1' }
 */
export const readPlace = (
  place: ExportPlace,
): { readonly section: ExportSection; readonly from: string | undefined } => {
  const [section = '', ...rest] = place.split('|')
  const from = rest.join('|')
  if (!isSection(section)) throw new Error('a place in no section')
  return { section, from: from === '' ? undefined : from }
}

const exportJob = z.object({
  jobId: id('job'),
  merchantId: id('mer'),
  createdAtMs: z.number(),
  /** When the last part was written. */
  movedAtMs: z.number(),
  finishedAtMs: z.number().exactOptional(),
  /** When its message was last put on the queue by who asks for it. */
  queuedAtMs: z.number(),
  /** Where the next part begins. */
  place: z.custom<ExportPlace>((value) => typeof value === 'string' && isPlace(value)),
  /**
   * How many erasures of customers came by. A part is written on the condition that none has since its lines were read:
   * what an erasure has taken out of the parts does not come in again.
   */
  erasures: z.number(),
  parts: z.number(),
  items: z.number(),
  ttl: z.number(),
})
export type ExportJob = z.output<typeof exportJob>

/** Reads an EXPORT item. */
export const parseExportJob = (item: Item): ExportJob => exportJob.parse(item)

/** An export that is asked for now. */
export const newExport = (merchantId: MerchantId, jobId: JobId, nowMs: number): ExportJob => ({
  jobId,
  merchantId,
  createdAtMs: nowMs,
  movedAtMs: nowMs,
  queuedAtMs: nowMs,
  place: EXPORT_START,
  erasures: 0,
  parts: 0,
  items: 0,
  ttl: Math.ceil((nowMs + KNOWN_MS) / 1000),
})

/** When TTL takes the parts away, in seconds since the epoch. */
export const partsExpireS = ({ createdAtMs }: ExportJob): number =>
  Math.ceil((createdAtMs + PARTS_KEPT_MS) / 1000)

/** Until when it can be read; ms since the epoch. */
export const readableUntilMs = ({ createdAtMs, finishedAtMs }: ExportJob): number =>
  finishedAtMs === undefined ? createdAtMs + PARTS_KEPT_MS : finishedAtMs + EXPORT_OPEN_MS

/** `over`: its time is, whatever became of it. */
export type ExportState = 'queued' | 'running' | 'done' | 'failed' | 'over'

export const exportStateAt = (job: ExportJob, nowMs: number): ExportState => {
  if (nowMs >= readableUntilMs(job)) return 'over'
  if (job.finishedAtMs !== undefined) return 'done'
  if (nowMs - job.movedAtMs > JOB_STALLED_MS || nowMs - job.createdAtMs > MAX_EXPORT_MS) return 'failed'
  return job.place === EXPORT_START ? 'queued' : 'running'
}

/** Is a part still to be written? */
export const isGoing = (job: ExportJob, nowMs: number): boolean =>
  ['queued', 'running'].includes(exportStateAt(job, nowMs))

/** Has nothing come of the job's message for so long that it may be lost? */
export const mayBeLost = ({ place, queuedAtMs }: ExportJob, nowMs: number): boolean =>
  place === EXPORT_START && nowMs - queuedAtMs >= MESSAGE_LOST_MS

const slot = z.object({ latest: id('job'), openedAtMs: z.array(z.number()).max(100) })
/** Reads an EXPORTS item. */
export const parseExportSlot = (item: Item): z.output<typeof slot> => slot.parse(item)
