import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { OfferRequest } from '#shared/contracts/http/offers.ts'
import { MAX_STOCK_SHARDS, type Offer, stockShardsFor } from '#shared/domain/offers/offer.ts'

type Services = Pick<MerchantServices, 'offers' | 'nowMs'>

/** Creates an offer together with its stock. */
export const createOffer: MemberUseCase<Services, MerchantPath, unknown, OfferRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const now = new Date(services.nowMs()).toISOString()
    const offer: Offer = {
      id: request.newId('off'),
      merchantId: path.merchantId,
      ...body,
      stock: body.codes === 'list' ? 0 : body.stock,
      // What is still to come of a list nobody knows; its items are the smaller, the more there are.
      stockShards: body.codes === 'list' ? MAX_STOCK_SHARDS : stockShardsFor(body.stock),
      revision: 1,
      createdAt: now,
      updatedAt: now,
    }
    const saved = await services.offers.create(offer, author, signal)
    return savedReply(saved, (entity) => entity, `/v1/merchants/${path.merchantId}/offers/${offer.id}`)
  }
