import type * as z from 'zod'
import type { importSchema } from '#shared/contracts/http/imports.ts'
import { type ImportJob, importStateAt } from '#shared/contracts/items/import.ts'

/** An import in the form of the API. */
export const importView = (job: ImportJob, nowMs: number): z.output<typeof importSchema> => {
  const { jobId, createdAt, finishedAt, rows, bad, badRows, wanted, stores, geofences, overlapping } = job
  const drawn = geofences.created + geofences.replaced + geofences.unchanged
  return {
    jobId,
    state: importStateAt(job, nowMs),
    createdAt,
    ...(finishedAt !== undefined && { finishedAt }),
    rows: rows + job.unreadable,
    stores: { done: stores.created + stores.replaced + stores.unchanged, ...stores },
    geofences: { wanted, done: drawn, ...geofences, ...(overlapping !== undefined && { overlapping }) },
    bad,
    badRows,
  }
}
