import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Wishes } from '#shared/contracts/http/me.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'nowMs'>

/** Keeps what the caller asks for: language, quiet hours, how often, from whom not; it counts at the next decision. */
export const putWishes: UseCase<Services, unknown, unknown, Wishes> =
  ({ profiles, nowMs }) =>
  async ({ caller, body, signal }) => {
    const saved = await profiles.saveWishes(caller.user, body, nowMs(), signal)
    if (saved === 'erased') throw new Problem('gone')
    return { status: 200, body }
  }
