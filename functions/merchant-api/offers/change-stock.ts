import { type NextRevision, replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { MAX_STOCK, type StockChange } from '#shared/contracts/http/offers.ts'
import type { OfferId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'offers' | 'nowMs'>
type Path = MerchantPath & { readonly offerId: OfferId }

/** @throws {Problem} 422 for a stock below nothing, or over what an offer may have */
const requireStock = (stock: number): number => {
  if (stock >= 0 && stock <= MAX_STOCK) return stock
  throw new Problem('unprocessable', {
    errors: [{ pointer: '/add', detail: `the stock would be ${stock}, of 0 to ${MAX_STOCK}` }],
  })
}

/** @throws {Problem} 422 for an offer whose stock is its codes */
const requireNoList = ({ codes }: Pick<Offer, 'codes'>): void => {
  if (codes !== 'list') return
  throw new Problem('unprocessable', {
    errors: [{ pointer: '/add', detail: 'its stock is its codes: add codes' }],
  })
}

/**
 * Puts units on top of an offer's stock, or takes free ones away, whatever the stock is meanwhile: two people who top it up
 * at once both do. With an `idempotency-key` a request that is sent again adds nothing, also where its function died before
 * it could answer.
 */
export const changeStock: MemberUseCase<Services, Path, unknown, StockChange> =
  (services) => async (request) => {
    const { path, body } = request
    const change = (current: Offer, next: NextRevision): Offer => {
      requireNoList(current)
      return { ...current, stock: requireStock(current.stock + body.add), ...next }
    }
    const { newId, idempotencyKey } = request
    const done = idempotencyKey === undefined ? undefined : newId('wrt')
    const saved = await replaceEntity(services.offers, path.offerId, request, services.nowMs(), change, done)
    return savedReply(saved, (entity) => entity)
  }
