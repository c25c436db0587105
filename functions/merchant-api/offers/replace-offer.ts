import { type NextRevision, replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { requireNoCodeInMessages } from '#functions/merchant-api/offers/require-no-code-in-messages.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { OfferRequest } from '#shared/contracts/http/offers.ts'
import type { OfferId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'offers' | 'scenes' | 'nowMs'>
type Path = MerchantPath & { readonly offerId: OfferId }

/** @throws {Problem} 422 where codes would come from elsewhere than those that were given */
const requireSameCodes = (
  { codes: before = 'generated' }: Pick<Offer, 'codes'>,
  { codes: after = 'generated' }: Pick<Offer, 'codes'>,
): void => {
  if (before === after) return
  throw new Problem('unprocessable', {
    errors: [{ pointer: '/codes', detail: `they are ${before} for as long as the offer is there` }],
  })
}

/**
 * Replaces an offer. More stock is free at once; less is refused when fewer units are free than are taken away, because
 * what was given is not taken back.
 */
export const replaceOffer: MemberUseCase<Services, Path, unknown, OfferRequest> =
  (services) => async (request) => {
    const { path, body, signal } = request
    await requireNoCodeInMessages(services, path, body, signal)
    const change = (current: Offer, next: NextRevision): Offer => {
      requireSameCodes(current, body)
      const { id, merchantId, codes, stock, stockShards, createdAt } = current
      return { id, merchantId, ...body, ...(codes === 'list' && { stock }), stockShards, createdAt, ...next }
    }
    const saved = await replaceEntity(services.offers, path.offerId, request, services.nowMs(), change)
    return savedReply(saved, (entity) => entity)
  }
