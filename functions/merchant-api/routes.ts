import { estimateAudience } from '#functions/merchant-api/audience/estimate-audience.ts'
import { listAuditLog, listPlatformAuditLog } from '#functions/merchant-api/audit-log/list-audit-log.ts'
import { putNotes } from '#functions/merchant-api/customers/put-notes.ts'
import { deleteEntity } from '#functions/merchant-api/entities/delete-entity.ts'
import {
  geofenceType,
  offerType,
  regionType,
  sceneType,
  storeType,
} from '#functions/merchant-api/entities/entity-type.ts'
import { getEntity } from '#functions/merchant-api/entities/get-entity.ts'
import { listEntities } from '#functions/merchant-api/entities/list-entities.ts'
import { createGeofence } from '#functions/merchant-api/geofences/create-geofence.ts'
import { findContainingGeofences } from '#functions/merchant-api/geofences/find-containing-geofences.ts'
import { replaceGeofence } from '#functions/merchant-api/geofences/replace-geofence.ts'
import { type MerchantRoute, memberRoute, operatorRoute } from '#functions/merchant-api/member-route.ts'
import { deleteMember } from '#functions/merchant-api/members/delete-member.ts'
import { getUser } from '#functions/merchant-api/members/get-user.ts'
import { listMembers } from '#functions/merchant-api/members/list-members.ts'
import { putMember } from '#functions/merchant-api/members/put-member.ts'
import { createMerchant } from '#functions/merchant-api/merchants/create-merchant.ts'
import { deleteMerchant } from '#functions/merchant-api/merchants/delete-merchant.ts'
import { getMerchant } from '#functions/merchant-api/merchants/get-merchant.ts'
import { listMerchants } from '#functions/merchant-api/merchants/list-merchants.ts'
import { replaceMerchant } from '#functions/merchant-api/merchants/replace-merchant.ts'
import { createOffer } from '#functions/merchant-api/offers/create-offer.ts'
import { replaceOffer } from '#functions/merchant-api/offers/replace-offer.ts'
import { getKillSwitch, putKillSwitch } from '#functions/merchant-api/platform/kill-switch.ts'
import { putSuspension } from '#functions/merchant-api/platform/put-suspension.ts'
import { deleteZone, listZones, putZone } from '#functions/merchant-api/platform/zones.ts'
import { redeemCode } from '#functions/merchant-api/redemptions/redeem-code.ts'
import { createRegion } from '#functions/merchant-api/regions/create-region.ts'
import { replaceRegion } from '#functions/merchant-api/regions/replace-region.ts'
import { countScene } from '#functions/merchant-api/scenes/count-scene.ts'
import { createScene } from '#functions/merchant-api/scenes/create-scene.ts'
import { listDecisions } from '#functions/merchant-api/scenes/list-decisions.ts'
import { listRevisions } from '#functions/merchant-api/scenes/list-revisions.ts'
import { previewScene } from '#functions/merchant-api/scenes/preview-scene.ts'
import { replaceScene } from '#functions/merchant-api/scenes/replace-scene.ts'
import { createStore } from '#functions/merchant-api/stores/create-store.ts'
import { replaceStore } from '#functions/merchant-api/stores/replace-store.ts'
import { postTestSend } from '#functions/merchant-api/test-sends/post-test-send.ts'
import { estimateRequestSchema, estimateSchema } from '#shared/contracts/http/audience.ts'
import { auditEntrySchema } from '#shared/contracts/http/audit-log.ts'
import { customerNotesSchema, customerPathSchema } from '#shared/contracts/http/customers.ts'
import { sceneDecisionSchema } from '#shared/contracts/http/decisions.ts'
import {
  containsRequestSchema,
  containsResponseSchema,
  geofencePathSchema,
  geofenceRequestSchema,
  geofenceSchema,
  MAX_GEOFENCE_BODY_BYTES,
} from '#shared/contracts/http/geofences.ts'
import {
  memberPathSchema,
  memberRequestSchema,
  memberSchema,
  membersSchema,
  userSchema,
} from '#shared/contracts/http/members.ts'
import {
  membershipSchema,
  merchantPathSchema,
  merchantRequestSchema,
  merchantSchema,
} from '#shared/contracts/http/merchants.ts'
import { offerPathSchema, offerRequestSchema, offerSchema } from '#shared/contracts/http/offers.ts'
import {
  killSwitchRequestSchema,
  killSwitchSchema,
  suspensionRequestSchema,
  zonePathSchema,
  zoneRequestSchema,
  zoneSchema,
} from '#shared/contracts/http/platform.ts'
import { pageQuerySchema, pageSchema } from '#shared/contracts/http/primitives.ts'
import { redemptionRequestSchema, redemptionSchema } from '#shared/contracts/http/redemptions.ts'
import { regionPathSchema, regionRequestSchema, regionSchema } from '#shared/contracts/http/regions.ts'
import { savedSceneSchema, scenePreviewSchema } from '#shared/contracts/http/scene-preview.ts'
import {
  countsQuerySchema,
  sceneCountsSchema,
  scenePathSchema,
  sceneRequestSchema,
  sceneSchema,
} from '#shared/contracts/http/scenes.ts'
import { storePathSchema, storeRequestSchema, storeSchema } from '#shared/contracts/http/stores.ts'
import { testSendRequestSchema, testSendSchema } from '#shared/contracts/http/test-sends.ts'
import { route } from '#shared/runtime/http/route.ts'

const merchant = { scopes: ['merchant'], path: merchantPathSchema } as const
const member = { scopes: ['merchant'], path: memberPathSchema } as const
const store = { scopes: ['merchant'], path: storePathSchema } as const
const geofence = { scopes: ['merchant'], path: geofencePathSchema } as const
const scene = { scopes: ['merchant'], path: scenePathSchema } as const
const region = { scopes: ['merchant'], path: regionPathSchema } as const
const offer = { scopes: ['merchant'], path: offerPathSchema } as const

/** The merchants' API, and the operator's: its table of contents. */
export const routes: Readonly<Record<string, MerchantRoute>> = {
  'POST /v1/merchants': route({
    scopes: ['merchant'],
    body: merchantRequestSchema,
    response: merchantSchema,
    use: createMerchant,
  }),
  'GET /v1/merchants': route({
    scopes: ['merchant'],
    query: pageQuerySchema,
    response: pageSchema(membershipSchema),
    use: listMerchants,
  }),
  'GET /v1/merchants/{merchantId}': memberRoute('read', {
    ...merchant,
    response: merchantSchema,
    use: getMerchant,
  }),
  'PUT /v1/merchants/{merchantId}': memberRoute('administer', {
    ...merchant,
    body: merchantRequestSchema,
    response: merchantSchema,
    use: replaceMerchant,
  }),
  'DELETE /v1/merchants/{merchantId}': memberRoute('administer', { ...merchant, use: deleteMerchant }),

  'GET /v1/merchants/{merchantId}/members': memberRoute('readMembers', {
    ...merchant,
    response: membersSchema,
    use: listMembers,
  }),
  'PUT /v1/merchants/{merchantId}/members/{userId}': memberRoute('manageMembers', {
    ...member,
    body: memberRequestSchema,
    response: memberSchema,
    use: putMember,
  }),
  'DELETE /v1/merchants/{merchantId}/members/{userId}': memberRoute('manageMembers', {
    ...member,
    use: deleteMember,
  }),
  'GET /v1/user': route({ scopes: ['merchant', 'till'], response: userSchema, use: getUser }),
  'GET /v1/merchants/{merchantId}/audit-log': memberRoute('readAudit', {
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(auditEntrySchema),
    use: listAuditLog,
  }),

  'POST /v1/merchants/{merchantId}/stores': memberRoute('editPlaces', {
    ...merchant,
    body: storeRequestSchema,
    response: storeSchema,
    use: createStore,
  }),
  'GET /v1/merchants/{merchantId}/stores': memberRoute('read', {
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(storeSchema),
    use: listEntities(storeType),
  }),
  'GET /v1/merchants/{merchantId}/stores/{storeId}': memberRoute('read', {
    ...store,
    response: storeSchema,
    use: getEntity(storeType),
  }),
  'PUT /v1/merchants/{merchantId}/stores/{storeId}': memberRoute('editPlaces', {
    ...store,
    body: storeRequestSchema,
    response: storeSchema,
    use: replaceStore,
  }),
  'DELETE /v1/merchants/{merchantId}/stores/{storeId}': memberRoute('editPlaces', {
    ...store,
    use: deleteEntity(storeType),
  }),

  'POST /v1/merchants/{merchantId}/geofences': memberRoute('editPlaces', {
    ...merchant,
    body: geofenceRequestSchema,
    maxBodyBytes: MAX_GEOFENCE_BODY_BYTES,
    response: geofenceSchema,
    use: createGeofence,
  }),
  'GET /v1/merchants/{merchantId}/geofences': memberRoute('read', {
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(geofenceSchema),
    use: listEntities(geofenceType),
  }),
  'GET /v1/merchants/{merchantId}/geofences/{geofenceId}': memberRoute('read', {
    ...geofence,
    response: geofenceSchema,
    use: getEntity(geofenceType),
  }),
  'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}': memberRoute('editPlaces', {
    ...geofence,
    body: geofenceRequestSchema,
    maxBodyBytes: MAX_GEOFENCE_BODY_BYTES,
    response: geofenceSchema,
    use: replaceGeofence,
  }),
  'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}': memberRoute('editPlaces', {
    ...geofence,
    use: deleteEntity(geofenceType),
  }),
  'POST /v1/merchants/{merchantId}/geofences:contains': memberRoute('read', {
    ...merchant,
    body: containsRequestSchema,
    response: containsResponseSchema,
    use: findContainingGeofences,
  }),

  'POST /v1/merchants/{merchantId}/scenes': memberRoute('editScenes', {
    ...merchant,
    body: sceneRequestSchema,
    response: savedSceneSchema,
    use: createScene,
  }),
  'GET /v1/merchants/{merchantId}/scenes': memberRoute('read', {
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(sceneSchema),
    use: listEntities(sceneType),
  }),
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}': memberRoute('read', {
    ...scene,
    response: sceneSchema,
    use: getEntity(sceneType),
  }),
  'PUT /v1/merchants/{merchantId}/scenes/{sceneId}': memberRoute('editScenes', {
    ...scene,
    body: sceneRequestSchema,
    response: savedSceneSchema,
    use: replaceScene,
  }),
  'DELETE /v1/merchants/{merchantId}/scenes/{sceneId}': memberRoute('editScenes', {
    ...scene,
    use: deleteEntity(sceneType),
  }),
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}/counts': memberRoute('read', {
    ...scene,
    query: countsQuerySchema,
    response: sceneCountsSchema,
    use: countScene,
  }),

  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/test-sends': memberRoute('editScenes', {
    ...scene,
    body: testSendRequestSchema,
    response: testSendSchema,
    use: postTestSend,
  }),
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}/revisions': memberRoute('read', {
    ...scene,
    query: pageQuerySchema,
    response: pageSchema(sceneSchema),
    use: listRevisions,
  }),
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}/decisions': memberRoute('read', {
    ...scene,
    query: pageQuerySchema,
    response: pageSchema(sceneDecisionSchema),
    use: listDecisions,
  }),
  'POST /v1/merchants/{merchantId}/scenes:preview': memberRoute('read', {
    ...merchant,
    body: sceneRequestSchema,
    response: scenePreviewSchema,
    use: previewScene,
  }),
  'POST /v1/merchants/{merchantId}/audience:estimate': memberRoute('read', {
    ...merchant,
    body: estimateRequestSchema,
    response: estimateSchema,
    use: estimateAudience,
  }),
  'PUT /v1/merchants/{merchantId}/customers/{userId}': memberRoute('editCustomers', {
    scopes: ['merchant'],
    path: customerPathSchema,
    body: customerNotesSchema,
    response: customerNotesSchema,
    use: putNotes,
  }),

  'POST /v1/merchants/{merchantId}/regions': memberRoute('editPlaces', {
    ...merchant,
    body: regionRequestSchema,
    response: regionSchema,
    use: createRegion,
  }),
  'GET /v1/merchants/{merchantId}/regions': memberRoute('read', {
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(regionSchema),
    use: listEntities(regionType),
  }),
  'GET /v1/merchants/{merchantId}/regions/{regionId}': memberRoute('read', {
    ...region,
    response: regionSchema,
    use: getEntity(regionType),
  }),
  'PUT /v1/merchants/{merchantId}/regions/{regionId}': memberRoute('editPlaces', {
    ...region,
    body: regionRequestSchema,
    response: regionSchema,
    use: replaceRegion,
  }),
  'DELETE /v1/merchants/{merchantId}/regions/{regionId}': memberRoute('editPlaces', {
    ...region,
    use: deleteEntity(regionType),
  }),

  'POST /v1/merchants/{merchantId}/offers': memberRoute('editScenes', {
    ...merchant,
    body: offerRequestSchema,
    response: offerSchema,
    use: createOffer,
  }),
  'GET /v1/merchants/{merchantId}/offers': memberRoute('read', {
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(offerSchema),
    use: listEntities(offerType),
  }),
  'GET /v1/merchants/{merchantId}/offers/{offerId}': memberRoute('read', {
    ...offer,
    response: offerSchema,
    use: getEntity(offerType),
  }),
  'PUT /v1/merchants/{merchantId}/offers/{offerId}': memberRoute('editScenes', {
    ...offer,
    body: offerRequestSchema,
    response: offerSchema,
    use: replaceOffer,
  }),
  'DELETE /v1/merchants/{merchantId}/offers/{offerId}': memberRoute('editScenes', {
    ...offer,
    use: deleteEntity(offerType),
  }),

  'POST /v1/merchants/{merchantId}/redemptions': memberRoute('redeem', {
    scopes: ['till', 'merchant'],
    path: merchantPathSchema,
    body: redemptionRequestSchema,
    response: redemptionSchema,
    use: redeemCode,
  }),

  'GET /v1/platform/kill-switch': operatorRoute({
    response: killSwitchSchema,
    use: getKillSwitch,
  }),
  'PUT /v1/platform/kill-switch': operatorRoute({
    body: killSwitchRequestSchema,
    response: killSwitchSchema,
    use: putKillSwitch,
  }),
  'GET /v1/platform/zones': operatorRoute({
    query: pageQuerySchema,
    response: pageSchema(zoneSchema),
    use: listZones,
  }),
  'PUT /v1/platform/zones/{zoneId}': operatorRoute({
    path: zonePathSchema,
    body: zoneRequestSchema,
    response: zoneSchema,
    use: putZone,
  }),
  'DELETE /v1/platform/zones/{zoneId}': operatorRoute({
    path: zonePathSchema,
    use: deleteZone,
  }),
  'GET /v1/platform/audit-log': operatorRoute({
    query: pageQuerySchema,
    response: pageSchema(auditEntrySchema),
    use: listPlatformAuditLog,
  }),
  'GET /v1/platform/merchants/{merchantId}/audit-log': operatorRoute({
    path: merchantPathSchema,
    query: pageQuerySchema,
    response: pageSchema(auditEntrySchema),
    use: listAuditLog,
  }),
  'PUT /v1/platform/merchants/{merchantId}/suspension': operatorRoute({
    path: merchantPathSchema,
    body: suspensionRequestSchema,
    use: putSuspension,
  }),
}
