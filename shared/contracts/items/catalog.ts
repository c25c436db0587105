import { merchantSchema } from '#shared/contracts/http/merchants.ts'
import { offerSchema } from '#shared/contracts/http/offers.ts'
import { qrCodeSchema } from '#shared/contracts/http/qr-codes.ts'
import { regionSchema } from '#shared/contracts/http/regions.ts'
import { sceneSchema } from '#shared/contracts/http/scenes.ts'
import { storeSchema } from '#shared/contracts/http/stores.ts'
import type { Merchant, Region, Store } from '#shared/domain/merchants/merchant.ts'
import type { QrCode } from '#shared/domain/merchants/qr-code.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/** Reads a SCENE item. */
export const parseScene = (item: unknown): Scene => sceneSchema.parse(item)

/** Reads an OFFER item. */
export const parseOffer = (item: unknown): Offer => offerSchema.parse(item)

/** Reads a STORE item. */
export const parseStore = (item: unknown): Store => storeSchema.parse(item)

/** Reads a REGION item. */
export const parseRegion = (item: unknown): Region => regionSchema.parse(item)

/** Reads a MERCHANT item. */
export const parseMerchant = (item: unknown): Merchant => merchantSchema.parse(item)

/** Reads a QR-CODE item. */
export const parseQrCode = (item: unknown): QrCode => qrCodeSchema.parse(item)
