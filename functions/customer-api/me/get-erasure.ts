import type { CustomerServices } from '#functions/customer-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers how far the erasure of the caller is: the one question that an erased customer can still ask. */
export const getErasure: UseCase<Pick<CustomerServices, 'profiles'>> =
  ({ profiles }) =>
  async ({ caller, signal }) => {
    const erasure = await profiles.findErasure(caller.user, signal)
    if (erasure === undefined) throw new Problem('notFound')
    const { erasedAt, doneAt } = erasure
    return {
      status: 200,
      body: {
        state: doneAt === undefined ? 'running' : 'done',
        erasedAt,
        ...(doneAt !== undefined && { doneAt }),
      },
    }
  }
