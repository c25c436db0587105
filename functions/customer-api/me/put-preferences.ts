import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Preferences } from '#shared/domain/customers/customer.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'nowMs'>

/**
 * Keeps what the caller asks for: by which channel first, in which language, when, how often, from whom not; it counts at
 * the next decision.
 */
export const putPreferences: UseCase<Services, unknown, unknown, Preferences> =
  ({ profiles, nowMs }) =>
  async ({ caller, body, signal }) => {
    const saved = await profiles.savePreferences(caller.user, body, nowMs(), signal)
    if (saved === 'erased') throw new Problem('gone')
    return { status: 200, body }
  }
