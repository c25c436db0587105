import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Merchant } from '#shared/domain/merchants/merchant.ts'
import {
  type LintContext,
  type LintReport,
  lintMessage,
  SAMPLE_CODE,
} from '#shared/domain/messages/lint-template.ts'
import { smsParts } from '#shared/domain/messages/sms-parts.ts'
import { type OptOut, smsText } from '#shared/domain/messages/sms-text.ts'
import { hasCode, type Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

export type LintServices = Pick<MerchantServices, 'merchants' | 'offers' | 'stores' | 'optOut'>

/** Enough to find a long name; what is longer is cut in the message anyway. */
const STORES = 100

/** A scene as somebody wants it: stored, or not yet. */
export type WantedScene = Omit<Scene, 'id' | 'merchantId' | 'revision' | 'createdAt' | 'updatedAt'>

/** What of a scene says with which names its templates are filled in. */
type LintedScene = Pick<Scene, 'triggers' | 'offerId' | 'when' | 'message'>

/** Does every trigger happen at a store, so that a template may name it? */
const isAtStores = ({ triggers }: LintedScene): boolean =>
  triggers.every((side) => {
    if (!('at' in side) || side.at === undefined) return false
    return !('geofenceIds' in side.at && side.at.geofenceIds !== undefined)
  })

const longestOf = (names: readonly string[]): string | undefined =>
  names.toSorted((a, b) => b.length - a.length)[0]

/** An offer can make promotion of a service message, by what triggers it: then it says how to opt out. */
const isPromotion = (scene: LintedScene): boolean =>
  scene.message.kind !== 'service' || scene.offerId !== undefined

const contextOf = (
  scene: LintedScene,
  merchant: Merchant,
  offer: Offer | undefined,
  storeName: string | undefined,
  optOut: OptOut,
): LintContext => ({
  merchantName: merchant.name,
  ...(storeName !== undefined && { storeName }),
  ...(offer && {
    offer: {
      name: offer.name,
      isLimited: offer.isScarce === true,
      hasEnd: offer.until !== undefined,
      hasCode: hasCode(offer),
    },
  }),
  sceneEnds: scene.when.until !== undefined,
  countSms: smsParts,
  smsTextOf: (body, locale) =>
    smsText(
      { body, ...(offer && hasCode(offer) && { code: SAMPLE_CODE }) },
      isPromotion(scene) ? optOut : undefined,
      locale,
    ),
})

/** What a scene's templates are read with; undefined for a merchant that is gone. */
export const readLintContext = async (
  { merchants, offers, stores, optOut }: LintServices,
  merchantId: MerchantId,
  scene: LintedScene,
  signal: AbortSignal,
): Promise<LintContext | undefined> => {
  const [merchant, offer, named] = await Promise.all([
    merchants.find(merchantId, signal),
    scene.offerId === undefined ? undefined : offers.find(merchantId, scene.offerId, signal),
    isAtStores(scene) ? stores.list(merchantId, { limit: STORES }, signal) : undefined,
  ])
  if (merchant === undefined) return undefined
  const storeName = longestOf((named?.items ?? []).map(({ name }) => name))
  return contextOf(scene, merchant, offer, storeName, optOut)
}

/** Reads a scene's templates as a critical customer would; undefined for a merchant that is gone. */
export const lintScene = async (
  services: LintServices & Pick<MerchantServices, 'smsPartPriceUsd'>,
  merchantId: MerchantId,
  scene: WantedScene,
  signal: AbortSignal,
): Promise<LintReport | undefined> => {
  const { smsPartPriceUsd: perPart } = services
  const context = await readLintContext(services, merchantId, scene, signal)
  return (
    context &&
    lintMessage(scene.message, {
      ...context,
      ...(perPart !== undefined && { smsPrice: { perPart, currency: 'USD' } }),
    })
  )
}
