import type * as z from 'zod'
import type { importSchema } from '#shared/contracts/http/imports.ts'
import type { ImportJob } from '#shared/contracts/items/import.ts'

const stateOf = ({ finishedAt, storesNext }: ImportJob): 'queued' | 'running' | 'done' => {
  if (finishedAt !== undefined) return 'done'
  return storesNext === 0 ? 'queued' : 'running'
}

/** An import in the form of the API. */
export const importView = (job: ImportJob): z.output<typeof importSchema> => {
  const { jobId, createdAt, finishedAt, rows, bad, badRows, wanted, stores, geofences, overlapping } = job
  const drawn = geofences.created + geofences.replaced + geofences.unchanged
  return {
    jobId,
    state: stateOf(job),
    createdAt,
    ...(finishedAt !== undefined && { finishedAt }),
    rows: rows + job.unreadable,
    stores: { done: stores.created + stores.replaced + stores.unchanged, ...stores },
    geofences: { wanted, done: drawn, ...geofences, ...(overlapping !== undefined && { overlapping }) },
    bad,
    badRows,
  }
}
