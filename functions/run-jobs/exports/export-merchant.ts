import { readUnits, type UnitReads } from '#functions/run-jobs/exports/read-units.ts'
import { bytesOf, type ExportLine } from '#shared/adapters/dynamodb/catalog/export-parts.ts'
import type { ExportRecords, ExportStep } from '#shared/adapters/dynamodb/catalog/export-records.ts'
import { type ExportJob, type ExportPlace, isGoing } from '#shared/contracts/items/export.ts'
import type { Job } from '#shared/contracts/jobs.ts'

/** How much is done at a time. */
export type ExportLimits = {
  /** What a run reads before it puts the rest on the queue again. */
  readonly pagesARun: number
  readonly customersAPage: number
  /** About what a part holds, in bytes of text: it is answered whole, and an answer of Lambda ends at 6 MB. */
  readonly partBytes: number
}
/** 25,000 customers a run, with two queries each. */
export const EXPORT_LIMITS: ExportLimits = { pagesARun: 500, customersAPage: 50, partBytes: 1_000_000 }
/** No run takes longer than this. */
const MAX_RUN_MS = 120_000

export type ExportServices = UnitReads & {
  readonly exports: Pick<ExportRecords, 'find' | 'write'>
  readonly exportLimits: ExportLimits
  readonly queueJob: (job: Job, signal?: AbortSignal) => Promise<void>
}

type Gathered = {
  readonly lines: readonly ExportLine[]
  readonly next: ExportPlace | undefined
  readonly pages: number
}

/** Lines until a part is full, everything is read, or enough pages are. */
const gather = async (
  services: ExportServices,
  { merchantId, place }: ExportJob,
  maxPages: number,
  signal?: AbortSignal,
): Promise<Gathered> => {
  const lines: ExportLine[] = []
  let next: ExportPlace | undefined = place
  let bytes = 0
  let pages = 0
  while (next !== undefined && pages < maxPages && bytes < services.exportLimits.partBytes) {
    const units: Awaited<ReturnType<typeof readUnits>> = await readUnits(services, merchantId, next, signal)
    pages += 1
    for (const unit of units) {
      lines.push(...unit.lines)
      bytes += unit.lines.reduce((sum, line) => sum + bytesOf(line), 0)
      next = unit.next
      if (bytes >= services.exportLimits.partBytes) break
    }
  }
  return { lines, next, pages }
}

/** Lines shared out among parts of about the same size, which is no more than half as much again as a part should hold. */
const inParts = (lines: readonly ExportLine[], partBytes: number): ExportStep['parts'] => {
  const sizes = lines.map(bytesOf)
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
  const each = total / Math.max(1, Math.round(total / partBytes))
  let before = 0
  const parts = Map.groupBy(lines, (_, index) => {
    const part = Math.floor(before / each)
    before += sizes[index] ?? 0
    return part
  })
  return [...parts.values()]
}

/**
 * Writes a merchant's data into parts, a slice at a time; what is left it puts on the queue again. It goes on from what is
 * stored, so that a message that comes twice, or a crash, writes no line twice. A step is refused when a customer was erased
 * meanwhile: then it is read again.
 *
 * @returns how many lines there are more
 */
export const exportMerchant = async (
  services: ExportServices,
  { merchantId, jobId }: Extract<Job, { readonly kind: 'export' }>,
  signal?: AbortSignal,
): Promise<number> => {
  const { exports, exportLimits, queueJob, nowMs } = services
  const { pagesARun, partBytes } = exportLimits
  const beganMs = nowMs()
  const found = await exports.find(merchantId, jobId, signal)
  let job = found
  for (let left = pagesARun; job !== undefined && isGoing(job, nowMs()); ) {
    if (left <= 0 || nowMs() - beganMs > MAX_RUN_MS) {
      await queueJob({ kind: 'export', merchantId, jobId }, signal)
      break
    }
    const { lines, next, pages } = await gather(services, job, left, signal)
    left -= pages
    job = await exports.write(job, { parts: inParts(lines, partBytes), next }, nowMs(), signal)
  }
  return (job?.items ?? 0) - (found?.items ?? 0)
}
