import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Consent } from '#shared/domain/customers/customer.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'nowMs'>

/** Keeps the caller's choice about push, with when and where it was made. */
export const putPushConsent: UseCase<Services, unknown, unknown, Omit<Consent, 'at'>> =
  ({ profiles, nowMs }) =>
  async ({ caller, body, signal }) => {
    const now = nowMs()
    const consent: Consent = { ...body, at: new Date(now).toISOString() }
    const saved = await profiles.savePushConsent(caller.user, consent, now, signal)
    if (saved === 'erased') throw new Problem('gone')
    return { status: 200, body: consent }
  }
