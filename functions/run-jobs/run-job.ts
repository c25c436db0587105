import { type ExportServices, exportMerchant } from '#functions/run-jobs/exports/export-merchant.ts'
import { type ImportServices, importStores } from '#functions/run-jobs/import-stores.ts'
import { type ReplanServices, replanCustomers } from '#functions/run-jobs/replan-customers.ts'
import { reviewTrust, type TrustServices } from '#functions/run-jobs/review-trust.ts'
import type { EraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import type { DeleteEndpoint } from '#shared/adapters/sns/endpoints.ts'
import type { Job } from '#shared/contracts/jobs.ts'

/** The outside world of the jobs. */
export type JobServices = TrustServices &
  ReplanServices &
  ImportServices &
  ExportServices & {
    readonly eraseCustomer: EraseCustomer
    readonly deleteEndpoint: DeleteEndpoint
  }

/** What a job did, for the log: numbers, and the scene that it paused. */
export type JobDone = {
  readonly kind: Job['kind']
  readonly jobId: string
  readonly removed?: number
  readonly written?: number
  readonly paused?: string
  /** Customers who are reminded at another time now. */
  readonly moved?: number
}

/** Does one job. Every job is safe to repeat: a queue delivers at least once. */
export const runJob = async (services: JobServices, job: Job, signal?: AbortSignal): Promise<JobDone> => {
  const { nowMs, eraseCustomer, deleteEndpoint } = services
  switch (job.kind) {
    case 'erasure': {
      const { removed } = await eraseCustomer(job.user, nowMs(), signal)
      return { kind: job.kind, jobId: job.jobId, removed }
    }
    case 'import': {
      const written = await importStores(services, job, signal)
      return { kind: job.kind, jobId: job.jobId, written }
    }
    case 'export': {
      const written = await exportMerchant(services, job, signal)
      return { kind: job.kind, jobId: job.jobId, written }
    }
    case 'endpoints': {
      for (const endpointArn of job.endpointArns) await deleteEndpoint(endpointArn, signal)
      return { kind: job.kind, jobId: job.jobId, removed: job.endpointArns.length }
    }
    case 'trust': {
      const isPaused = await reviewTrust(services, job, signal)
      return { kind: job.kind, jobId: job.jobId, removed: 0, ...(isPaused && { paused: job.sceneId }) }
    }
    case 'replan': {
      const moved = await replanCustomers(services, job, signal)
      return { kind: job.kind, jobId: job.jobId, removed: 0, moved }
    }
    default:
      return job satisfies never
  }
}
