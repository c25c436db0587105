import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { AudienceRule } from '#shared/domain/customers/audience.ts'
import { roundedSize } from '#shared/domain/customers/rounded-size.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'estimateAudience' | 'nowMs'>

/**
 * Answers how many of the merchant's own customers belong to an audience now, rounded, and nothing below 20. What
 * stands on the profile alone (the locale) is not known here, and counts as no.
 */
export const estimateAudience: UseCase<Services, MerchantPath, unknown, { readonly audience: AudienceRule }> =
  (services) => async (request) => {
    const { path, body, signal } = request
    const found = await services.estimateAudience(path.merchantId, body.audience, services.nowMs(), signal)
    return { status: 200, body: { people: roundedSize(found.inside), isSample: found.isSample } }
  }
