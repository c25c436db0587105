import type * as z from 'zod'
import { EXPORT_SECTIONS, type exportSchema } from '#shared/contracts/http/exports.ts'
import { type ExportJob, exportStateAt, readableUntilMs, readPlace } from '#shared/contracts/items/export.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

const iso = (atMs: number): string => new Date(atMs).toISOString()

const sectionsDone = ({ finishedAtMs, place }: ExportJob): number =>
  finishedAtMs === undefined ? EXPORT_SECTIONS.indexOf(readPlace(place).section) : EXPORT_SECTIONS.length

/**
 * An export in the form of the API.
 *
 * @throws {Problem} 410 when its time is over
 */
export const exportView = (job: ExportJob, nowMs: number): z.output<typeof exportSchema> => {
  const state = exportStateAt(job, nowMs)
  if (state === 'over') throw new Problem('exportOver')
  const { jobId, createdAtMs, finishedAtMs, items, parts } = job
  return {
    exportId: jobId,
    state,
    createdAt: iso(createdAtMs),
    ...(finishedAtMs !== undefined && {
      finishedAt: iso(finishedAtMs),
      expiresAt: iso(readableUntilMs(job)),
    }),
    sections: { done: sectionsDone(job), all: EXPORT_SECTIONS.length },
    items,
    parts,
  }
}
