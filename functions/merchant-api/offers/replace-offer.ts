import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { OfferRequest } from '#shared/contracts/http/offers.ts'
import type { OfferId } from '#shared/domain/ids.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'offers' | 'nowMs'>
type Path = MerchantPath & { readonly offerId: OfferId }

/**
 * Replaces an offer. More stock is free at once; less is refused when fewer units are free than are taken away, because
 * what was given is not taken back.
 */
export const replaceOffer: UseCase<Services, Path, unknown, OfferRequest> = (services) => async (request) => {
  await requireMember(services, request, 'edit')
  const { path, body, signal } = request
  const updatedAt = new Date(services.nowMs()).toISOString()
  const saved = await services.offers.replace(
    path.merchantId,
    path.offerId,
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
