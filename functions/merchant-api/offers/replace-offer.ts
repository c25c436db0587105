import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { OfferRequest } from '#shared/contracts/http/offers.ts'
import type { OfferId } from '#shared/domain/ids.ts'

type Services = Pick<MerchantServices, 'offers' | 'nowMs'>
type Path = MerchantPath & { readonly offerId: OfferId }

/**
 * Replaces an offer. More stock is free at once; less is refused when fewer units are free than are taken away, because
 * what was given is not taken back.
 */
export const replaceOffer: MemberUseCase<Services, Path, unknown, OfferRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const updatedAt = new Date(services.nowMs()).toISOString()
    const saved = await services.offers.replace(
      path.merchantId,
      path.offerId,
      author,
      (current) => {
        onlyIfMatch(request)(current)
        const { id, merchantId, stockShards, revision, createdAt } = current
        return {
          id,
          merchantId,
          ...body,
          stockShards,
          revision: revision + 1,
          createdAt,
          updatedAt,
        }
      },
      signal,
    )
    return savedReply(saved, (entity) => entity)
  }
