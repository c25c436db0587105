import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantId, OfferId } from '#shared/domain/ids.ts'
import { HIGHEST_QUOTAS } from '#shared/domain/merchants/quotas.ts'
import { pointersNaming } from '#shared/domain/messages/template.ts'
import { hasCode, type Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'scenes'>

const PAGE = 100

const scenesOf = async (
  { scenes }: Services,
  merchantId: MerchantId,
  signal: AbortSignal,
): Promise<Scene[]> => {
  const all: Scene[] = []
  while (all.length <= HIGHEST_QUOTAS.scenes) {
    const { items, next } = await scenes.list(merchantId, { limit: PAGE, after: all.at(-1)?.id }, signal)
    all.push(...items)
    if (next === undefined) break
  }
  return all
}

/** A draft may say what it cannot; it is read again before it speaks. */
const isToSpeak = ({ state }: Scene): boolean => state === 'active' || state === 'paused'

/**
 * Refuses to make an offer one without codes while a scene that is to speak names its code. A scene that comes to name it at
 * the same moment says its words for the case that there is none.
 *
 * @throws {Problem} 422 with the scene and the place of each text
 */
export const requireNoCodeInMessages = async (
  services: Services,
  { merchantId, offerId }: { readonly merchantId: MerchantId; readonly offerId: OfferId },
  after: Pick<Offer, 'redeemAt'>,
  signal: AbortSignal,
): Promise<void> => {
  if (hasCode(after)) return
  const giving = (await scenesOf(services, merchantId, signal)).filter((scene) => scene.offerId === offerId)
  const errors = giving.filter(isToSpeak).flatMap(({ id, message }) =>
    pointersNaming(message, 'offer.code').map((pointer) => ({
      pointer: '/redeemAt',
      detail: `the scene ${id} names offer.code at ${pointer}, and an offer for the store has none`,
    })),
  )
  if (errors.length > 0) throw new Problem('unprocessable', { errors })
}
