import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'queueJob' | 'newId' | 'nowMs'>

/**
 * Erases the caller: the tombstone stands at once, so that nothing more is granted; the rest is a job.
 *
 * The job is queued first. Whichever of the two fails, the caller sends the request again; and a job that runs before
 * the tombstone stands puts it there itself.
 */
export const deleteMe: UseCase<Services> =
  ({ profiles, queueJob, newId, nowMs }) =>
  async ({ caller, signal }) => {
    const now = nowMs()
    const jobId = newId('job')
    await queueJob(
      { kind: 'erasure', user: caller.user, jobId, requestedAt: new Date(now).toISOString() },
      signal,
    )
    await profiles.erase(caller.user, now, signal)
    return { status: 202, body: { jobId } }
  }
