import { noteTurnedAway, type TurnedAwayServices } from '#functions/customer-api/note-turned-away.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Consent } from '#shared/domain/customers/customer.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = TurnedAwayServices & Pick<CustomerServices, 'profiles' | 'findKnownPlaces'>
type Path = { readonly merchantId: MerchantId }

/** Keeps the caller's choice about SMS of one merchant. Agreeing is an act: from then on the merchant knows the caller. */
export const putSmsConsent: UseCase<Services, Path, unknown, Omit<Consent, 'at'>> =
  (services) =>
  async ({ caller, path, body, signal }) => {
    const { profiles, findKnownPlaces, nowMs } = services
    const [known] = await findKnownPlaces([path], signal)
    if (known?.merchant !== true) throw new Problem('notFound')
    const now = nowMs()
    const consent: Consent = { ...body, at: new Date(now).toISOString() }
    const saved = await profiles.saveSmsConsent(caller.user, path.merchantId, consent, now, signal)
    if (saved === 'erased') throw new Problem('gone')
    if (saved === 'full')
      throw new Problem('limitReached', { detail: 'too many merchants with a choice about SMS' })
    if (!consent.granted) await noteTurnedAway(services, caller.user, [path.merchantId], 'stopped', signal)
    return { status: 200, body: consent }
  }
