import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { Entity, EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { geofenceView, listedGeofenceView } from '#shared/contracts/http/geofences.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import {
  type GeofenceId,
  isId,
  type OfferId,
  type QrCodeId,
  type RegionId,
  type SceneId,
  type StoreId,
} from '#shared/domain/ids.ts'
import type { Region, Store } from '#shared/domain/merchants/merchant.ts'
import type { QrCode } from '#shared/domain/merchants/qr-code.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/** What getting, listing and deleting need to know of one type of a merchant's things. */
export type EntityType<Id extends string, E extends Entity<Id>, Path extends MerchantPath> = {
  readonly recordsOf: (services: MerchantServices) => EntityRecords<Id, E>
  readonly idOf: (path: Path) => Id
  readonly isIdOf: (text: string) => text is Id
  readonly view: (entity: E) => unknown
  /** In a list, where it is another one. */
  readonly listedView?: (entity: E) => unknown
}

const asStored = <E>(entity: E): E => entity

export const storeType: EntityType<StoreId, Store, MerchantPath & { storeId: StoreId }> = {
  recordsOf: ({ stores }) => stores,
  idOf: ({ storeId }) => storeId,
  isIdOf: (text): text is StoreId => isId('sto', text),
  view: asStored,
}

export const geofenceType: EntityType<
  GeofenceId,
  DeclaredGeofence,
  MerchantPath & { geofenceId: GeofenceId }
> = {
  recordsOf: ({ geofences }) => geofences,
  idOf: ({ geofenceId }) => geofenceId,
  isIdOf: (text): text is GeofenceId => isId('gf', text),
  view: geofenceView,
  listedView: listedGeofenceView,
}

export const sceneType: EntityType<SceneId, Scene, MerchantPath & { sceneId: SceneId }> = {
  recordsOf: ({ scenes }) => scenes,
  idOf: ({ sceneId }) => sceneId,
  isIdOf: (text): text is SceneId => isId('scn', text),
  view: asStored,
}

export const offerType: EntityType<OfferId, Offer, MerchantPath & { offerId: OfferId }> = {
  recordsOf: ({ offers }) => offers,
  idOf: ({ offerId }) => offerId,
  isIdOf: (text): text is OfferId => isId('off', text),
  view: asStored,
}

export const regionType: EntityType<RegionId, Region, MerchantPath & { regionId: RegionId }> = {
  recordsOf: ({ regions }) => regions,
  idOf: ({ regionId }) => regionId,
  isIdOf: (text): text is RegionId => isId('reg', text),
  view: asStored,
}

export const qrCodeType: EntityType<QrCodeId, QrCode, MerchantPath & { qrCodeId: QrCodeId }> = {
  recordsOf: ({ qrCodes }) => qrCodes,
  idOf: ({ qrCodeId }) => qrCodeId,
  isIdOf: (text): text is QrCodeId => isId('qrc', text),
  view: asStored,
}
