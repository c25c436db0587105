import type { MerchantId, OfferId, QrCodeId, SceneId, StoreId } from '#shared/domain/ids.ts'

/** The one thing that a QR code is for. */
export type QrAction =
  | { readonly type: 'productPage' | 'survey'; readonly url: string }
  | { readonly type: 'coupon'; readonly sceneId: SceneId }
  | { readonly type: 'signUp' | 'redeem' }
  /** Paying happens elsewhere, where the offer is named to. */
  | { readonly type: 'pay'; readonly url: string; readonly offerId: OfferId }

/** A QR code of a merchant at one place. */
export type QrCode = {
  readonly id: QrCodeId
  readonly merchantId: MerchantId
  readonly name: string
  readonly action: QrAction
  /** What somebody gets by scanning it. */
  readonly caption: string
  readonly placement: {
    readonly label: string
    readonly kind: 'online' | 'offline'
    readonly storeId?: StoreId
  }
  /** What is printed; it never changes. */
  readonly code: string
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}

/** Words that say what to do with a QR code, and not what for. */
const EMPTY_WORDS =
  /^(please|scan|tap|click|open|use|see|me|this|the|here|now|it|us|qr|code|link|page|app|more|info)$/

/**
 * Does a caption say anything beside that there is a code to be scanned? Whether it is a benefit no program can tell.
 *
 * @example statesBenefit('Scan me now!') // false
 * @example statesBenefit('Scan for a free coffee') // true
 */
export const statesBenefit = (caption: string): boolean =>
  caption
    .toLowerCase()
    .split(/[^\p{L}\p{N}%]+/u)
    .some((word) => word !== '' && !EMPTY_WORDS.test(word))

/** Where a page sends people who go on in the web; undefined where only the app can. */
export const webLinkOf = (action: QrAction): string | undefined => {
  if (!('url' in action)) return undefined
  if (action.type !== 'pay') return action.url
  const url = new URL(action.url)
  url.searchParams.set('offerId', action.offerId)
  return url.href
}
