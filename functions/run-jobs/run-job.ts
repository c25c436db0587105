import type { EraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import type { DeleteEndpoint } from '#shared/adapters/sns/endpoints.ts'
import type { Job } from '#shared/contracts/jobs.ts'

/** The outside world of the jobs. */
export type JobServices = {
  readonly nowMs: () => number
  readonly eraseCustomer: EraseCustomer
  readonly deleteEndpoint: DeleteEndpoint
}

/** What a job did, for the log: numbers only. */
export type JobDone = { readonly kind: Job['kind']; readonly jobId: string; readonly removed: number }

/** Does one job. Every job is safe to repeat: a queue delivers at least once. */
export const runJob = async (
  { nowMs, eraseCustomer, deleteEndpoint }: JobServices,
  job: Job,
  signal?: AbortSignal,
): Promise<JobDone> => {
  switch (job.kind) {
    case 'erasure': {
      const { removed } = await eraseCustomer(job.user, nowMs(), signal)
      return { kind: job.kind, jobId: job.jobId, removed }
    }
    case 'endpoints': {
      for (const endpointArn of job.endpointArns) await deleteEndpoint(endpointArn, signal)
      return { kind: job.kind, jobId: job.jobId, removed: job.endpointArns.length }
    }
    default:
      return job satisfies never
  }
}
