import type { CustomerServices } from '#functions/customer-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Forgets the caller's number. */
export const deletePhoneNumber: UseCase<Pick<CustomerServices, 'profiles' | 'nowMs'>> =
  ({ profiles, nowMs }) =>
  async ({ caller, signal }) => {
    const saved = await profiles.savePhoneNumber(caller.user, undefined, nowMs(), signal)
    if (saved === 'erased') throw new Problem('gone')
    return { status: 204 }
  }
