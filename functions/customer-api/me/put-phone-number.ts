import type { CustomerServices } from '#functions/customer-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'nowMs'>

/** Registers the caller's number for SMS; another customer who had it loses it. */
export const putPhoneNumber: UseCase<Services, unknown, unknown, { readonly phoneNumber: string }> =
  ({ profiles, nowMs }) =>
  async ({ caller, body, signal }) => {
    const saved = await profiles.savePhoneNumber(caller.user, body.phoneNumber, nowMs(), signal)
    if (saved === 'erased') throw new Problem('gone')
    return { status: 204 }
  }
