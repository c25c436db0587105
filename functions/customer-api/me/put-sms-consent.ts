import {
  type ConsentBody,
  type ConsentServices,
  saveConsent,
} from '#functions/customer-api/me/save-consent.ts'
import { noteTurnedAway, type TurnedAwayServices } from '#functions/customer-api/note-turned-away.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = TurnedAwayServices & ConsentServices & Pick<CustomerServices, 'findKnownPlaces'>
type Path = { readonly merchantId: MerchantId }

/** Keeps the caller's choice about SMS of one merchant. Agreeing is an act: from then on the merchant knows the caller. */
export const putSmsConsent: UseCase<Services, Path, unknown, ConsentBody> =
  (services) =>
  async ({ caller, path, body, signal }) => {
    const [known] = await services.findKnownPlaces([path], signal)
    if (known?.merchant !== true) throw new Problem('notFound')
    const consent = await saveConsent(services, caller.user, { about: 'sms', ...path }, body, signal)
    if (!consent.granted) await noteTurnedAway(services, caller.user, [path.merchantId], 'stopped', signal)
    return { status: 200, body: consent }
  }
