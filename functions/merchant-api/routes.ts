import * as z from 'zod'
import { estimateAudience } from '#functions/merchant-api/audience/estimate-audience.ts'
import {
  listAuditLog,
  listAuditLogOfMerchant,
  listPlatformAuditLog,
} from '#functions/merchant-api/audit-log/list-audit-log.ts'
import { getCustomer } from '#functions/merchant-api/customers/get-customer.ts'
import { listCustomers } from '#functions/merchant-api/customers/list-customers.ts'
import { deleteBlock, putBlock } from '#functions/merchant-api/customers/put-block.ts'
import { putNotes } from '#functions/merchant-api/customers/put-notes.ts'
import { deleteEntity } from '#functions/merchant-api/entities/delete-entity.ts'
import {
  geofenceType,
  offerType,
  qrCodeType,
  regionType,
  sceneType,
  storeType,
} from '#functions/merchant-api/entities/entity-type.ts'
import { getEntity } from '#functions/merchant-api/entities/get-entity.ts'
import { listEntities } from '#functions/merchant-api/entities/list-entities.ts'
import { getExport } from '#functions/merchant-api/exports/get-export.ts'
import { postExport } from '#functions/merchant-api/exports/post-export.ts'
import { readExportPart } from '#functions/merchant-api/exports/read-export-part.ts'
import { createGeofence } from '#functions/merchant-api/geofences/create-geofence.ts'
import { findContainingGeofences } from '#functions/merchant-api/geofences/find-containing-geofences.ts'
import { listFeatures } from '#functions/merchant-api/geofences/list-features.ts'
import { listOverlaps } from '#functions/merchant-api/geofences/list-overlaps.ts'
import { replaceGeofence } from '#functions/merchant-api/geofences/replace-geofence.ts'
import { getImport } from '#functions/merchant-api/imports/get-import.ts'
import { postImport } from '#functions/merchant-api/imports/post-import.ts'
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
import { addCodes } from '#functions/merchant-api/offers/add-codes.ts'
import { changeStock } from '#functions/merchant-api/offers/change-stock.ts'
import { createOffer } from '#functions/merchant-api/offers/create-offer.ts'
import { replaceOffer } from '#functions/merchant-api/offers/replace-offer.ts'
import { getKillSwitch, putKillSwitch } from '#functions/merchant-api/platform/kill-switch.ts'
import {
  deleteLawfulHours,
  getLawfulHours,
  putLawfulHours,
} from '#functions/merchant-api/platform/lawful-hours.ts'
import { listAllMerchants } from '#functions/merchant-api/platform/list-all-merchants.ts'
import { ofMerchant } from '#functions/merchant-api/platform/of-merchant.ts'
import {
  appealSuspension,
  getSuspension,
  putSuspension,
} from '#functions/merchant-api/platform/put-suspension.ts'
import { getQuotas, putQuotas } from '#functions/merchant-api/platform/quotas.ts'
import { deleteZone, getZone, listZones, putZone } from '#functions/merchant-api/platform/zones.ts'
import { countQrCode } from '#functions/merchant-api/qr-codes/count-qr-code.ts'
import { createQrCode } from '#functions/merchant-api/qr-codes/create-qr-code.ts'
import { drawQrCode } from '#functions/merchant-api/qr-codes/draw-qr-code.ts'
import { replaceQrCode } from '#functions/merchant-api/qr-codes/replace-qr-code.ts'
import { listDoubleUses } from '#functions/merchant-api/redemptions/list-double-uses.ts'
import { listSigningKeys } from '#functions/merchant-api/redemptions/list-signing-keys.ts'
import { redeem } from '#functions/merchant-api/redemptions/redeem.ts'
import { syncRedemptions } from '#functions/merchant-api/redemptions/sync-redemptions.ts'
import { createRegion } from '#functions/merchant-api/regions/create-region.ts'
import { replaceRegion } from '#functions/merchant-api/regions/replace-region.ts'
import { postRehearsal } from '#functions/merchant-api/rehearsals/post-rehearsal.ts'
import { getSceneReport } from '#functions/merchant-api/reports/report-scene.ts'
import { getStoreReport } from '#functions/merchant-api/reports/report-store.ts'
import { getSummary } from '#functions/merchant-api/reports/summarize.ts'
import { createScene } from '#functions/merchant-api/scenes/create-scene.ts'
import { listDecisions } from '#functions/merchant-api/scenes/list-decisions.ts'
import { listRevisions } from '#functions/merchant-api/scenes/list-revisions.ts'
import { moveScene } from '#functions/merchant-api/scenes/move-scene.ts'
import { previewScene } from '#functions/merchant-api/scenes/preview-scene.ts'
import { replaceScene } from '#functions/merchant-api/scenes/replace-scene.ts'
import { createStore } from '#functions/merchant-api/stores/create-store.ts'
import { replaceStore } from '#functions/merchant-api/stores/replace-store.ts'
import { postTestSend } from '#functions/merchant-api/test-sends/post-test-send.ts'
import { estimateRequestSchema, estimateSchema } from '#shared/contracts/http/audience.ts'
import { auditEntrySchema } from '#shared/contracts/http/audit-log.ts'
import {
  blockRequestSchema,
  blockSchema,
  customerNotesSchema,
  customerPathSchema,
  customerRowSchema,
  customerSchema,
} from '#shared/contracts/http/customers.ts'
import { sceneDecisionSchema } from '#shared/contracts/http/decisions.ts'
import { exportPartPathSchema, exportPathSchema, exportSchema } from '#shared/contracts/http/exports.ts'
import { featuresSchema } from '#shared/contracts/http/features.ts'
import {
  containsRequestSchema,
  containsResponseSchema,
  geofencePathSchema,
  geofenceRequestSchema,
  geofenceSchema,
  MAX_GEOFENCE_BODY_BYTES,
} from '#shared/contracts/http/geofences.ts'
import {
  importPathSchema,
  importRequestSchema,
  importSchema,
  MAX_IMPORT_BODY_BYTES,
  overlapsSchema,
} from '#shared/contracts/http/imports.ts'
import {
  memberPathSchema,
  memberRequestSchema,
  membersSchema,
  taggedMemberSchema,
  userSchema,
} from '#shared/contracts/http/members.ts'
import {
  membershipSchema,
  merchantPathSchema,
  merchantRequestSchema,
  merchantSchema,
} from '#shared/contracts/http/merchants.ts'
import {
  offerCodesRequestSchema,
  offerCodesSchema,
  offerPathSchema,
  offerRequestSchema,
  offerSchema,
  stockChangeSchema,
} from '#shared/contracts/http/offers.ts'
import {
  killSwitchRequestSchema,
  killSwitchSchema,
  lawfulHoursPathSchema,
  lawfulHoursSchema,
  lawfulRuleRequestSchema,
  lawfulRuleSchema,
  listedMerchantSchema,
  quotasRequestSchema,
  quotasSchema,
  suspensionAppealSchema,
  suspensionRequestSchema,
  suspensionSchema,
  zonePathSchema,
  zoneRequestSchema,
  zoneSchema,
} from '#shared/contracts/http/platform.ts'
import { pageQuerySchema, pageSchema } from '#shared/contracts/http/primitives.ts'
import {
  qrCodePathSchema,
  qrCodeRequestSchema,
  qrCodeSchema,
  scanCountsSchema,
} from '#shared/contracts/http/qr-codes.ts'
import {
  doubleUseSchema,
  keySetSchema,
  redemptionRequestSchema,
  redemptionSchema,
  syncRequestSchema,
  syncResponseSchema,
} from '#shared/contracts/http/redemptions.ts'
import { regionPathSchema, regionRequestSchema, regionSchema } from '#shared/contracts/http/regions.ts'
import {
  MAX_REHEARSAL_BODY_BYTES,
  rehearsalRequestSchema,
  rehearsalSchema,
} from '#shared/contracts/http/rehearsals.ts'
import {
  daysQuerySchema,
  reportQuerySchema,
  sceneReportSchema,
  storeReportSchema,
  summaryQuerySchema,
  summarySchema,
} from '#shared/contracts/http/reports.ts'
import { savedSceneSchema, scenePreviewSchema } from '#shared/contracts/http/scene-preview.ts'
import { scenePathSchema, sceneRequestSchema, sceneSchema } from '#shared/contracts/http/scenes.ts'
import { storePathSchema, storeRequestSchema, storeSchema } from '#shared/contracts/http/stores.ts'
import { testSendRequestSchema, testSendSchema } from '#shared/contracts/http/test-sends.ts'
import { route } from '#shared/runtime/http/route.ts'

const merchant = { scopes: ['merchant'], path: merchantPathSchema } as const
const qrCode = { scopes: ['merchant'], path: qrCodePathSchema } as const
const till = { scopes: ['till', 'merchant'], path: merchantPathSchema } as const
const member = { scopes: ['merchant'], path: memberPathSchema } as const
const customer = { scopes: ['merchant'], path: customerPathSchema } as const
const store = { scopes: ['merchant'], path: storePathSchema } as const
const geofence = { scopes: ['merchant'], path: geofencePathSchema } as const
const scene = { scopes: ['merchant'], path: scenePathSchema } as const
const region = { scopes: ['merchant'], path: regionPathSchema } as const
const offer = { scopes: ['merchant'], path: offerPathSchema } as const

/** The merchants' API, and the operator's: its table of contents. */
export const routes: Readonly<Record<string, MerchantRoute>> = {
  'POST /v1/merchants': route({
    operationId: 'createMerchant',
    summary: 'Creates a merchant, whose owner is the caller',
    status: 201,
    isTagged: true,
    problems: ['limitReached'],
    scopes: ['merchant'],
    body: merchantRequestSchema,
    response: merchantSchema,
    use: createMerchant,
  }),
  'GET /v1/merchants': route({
    operationId: 'listMerchants',
    summary: 'Lists the merchants of the caller, with the caller’s role',
    scopes: ['merchant'],
    query: pageQuerySchema,
    response: pageSchema(membershipSchema),
    use: listMerchants,
  }),
  'GET /v1/merchants/{merchantId}': memberRoute('read', {
    operationId: 'getMerchant',
    summary: 'Shows a merchant',
    isTagged: true,
    ...merchant,
    response: merchantSchema,
    use: getMerchant,
  }),
  'PUT /v1/merchants/{merchantId}': memberRoute('administer', {
    operationId: 'replaceMerchant',
    summary: 'Replaces a merchant’s name, budget and caps',
    isTagged: true,
    ...merchant,
    body: merchantRequestSchema,
    response: merchantSchema,
    use: replaceMerchant,
  }),
  'DELETE /v1/merchants/{merchantId}': memberRoute('administer', {
    operationId: 'deleteMerchant',
    summary: 'Deletes a merchant that has nothing left',
    isTagged: true,
    problems: ['inUse'],
    ...merchant,
    use: deleteMerchant,
  }),

  'GET /v1/merchants/{merchantId}/members': memberRoute('readMembers', {
    operationId: 'listMembers',
    summary: 'Lists who acts for the merchant, in which role and until when',
    ...merchant,
    response: membersSchema,
    use: listMembers,
  }),
  'PUT /v1/merchants/{merchantId}/members/{userId}': memberRoute('manageMembers', {
    operationId: 'putMember',
    summary: 'Adds a member, or gives one another role or time',
    status: [200, 201],
    isTagged: true,
    mayCreate: true,
    problems: ['inUse', 'limitReached'],
    ...member,
    body: memberRequestSchema,
    response: taggedMemberSchema,
    use: putMember,
  }),
  'DELETE /v1/merchants/{merchantId}/members/{userId}': memberRoute('manageMembers', {
    operationId: 'deleteMember',
    summary: 'Takes a member’s access away',
    isTagged: true,
    problems: ['inUse'],
    ...member,
    use: deleteMember,
  }),
  'GET /v1/user': route({
    operationId: 'getUser',
    summary: 'Shows the caller’s own id, by which an owner adds it to a merchant',
    scopes: ['merchant', 'till'],
    response: userSchema,
    use: getUser,
  }),
  'GET /v1/merchants/{merchantId}/suspension': memberRoute('read', {
    operationId: 'getSuspension',
    summary: 'Shows whether the operator has suspended the merchant, and why',
    isTagged: true,
    ...merchant,
    response: suspensionSchema,
    use: getSuspension,
  }),
  'PUT /v1/merchants/{merchantId}/suspension/appeal': memberRoute('administer', {
    operationId: 'appealSuspension',
    summary: 'Says something against a suspension, once',
    problems: ['limitReached'],
    ...merchant,
    body: suspensionAppealSchema,
    response: suspensionSchema,
    use: appealSuspension,
  }),
  'GET /v1/merchants/{merchantId}/quotas': memberRoute('read', {
    operationId: 'getQuotas',
    summary: 'Shows how much the merchant has of what is bounded, and may have',
    isTagged: true,
    ...merchant,
    response: quotasSchema,
    use: getQuotas,
  }),
  'GET /v1/merchants/{merchantId}/audit-log': memberRoute('readAudit', {
    operationId: 'listAuditLog',
    summary: 'Lists what was changed of the merchant, and by whom, the latest first',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(auditEntrySchema),
    use: listAuditLog,
  }),

  'POST /v1/merchants/{merchantId}/stores': memberRoute('editPlaces', {
    operationId: 'createStore',
    summary: 'Adds a store, by coordinates or address',
    status: 201,
    isTagged: true,
    problems: ['unprocessable', 'addressNotFound', 'limitReached'],
    ...merchant,
    body: storeRequestSchema,
    response: storeSchema,
    use: createStore,
  }),
  'GET /v1/merchants/{merchantId}/stores': memberRoute('read', {
    operationId: 'listStores',
    summary: 'Lists the merchant’s stores',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(storeSchema),
    use: listEntities(storeType),
  }),
  'GET /v1/merchants/{merchantId}/stores/{storeId}': memberRoute('read', {
    operationId: 'getStore',
    summary: 'Shows a store',
    isTagged: true,
    ...store,
    response: storeSchema,
    use: getEntity(storeType),
  }),
  'PUT /v1/merchants/{merchantId}/stores/{storeId}': memberRoute('editPlaces', {
    operationId: 'replaceStore',
    summary: 'Replaces a store',
    isTagged: true,
    problems: ['unprocessable', 'addressNotFound', 'conflict', 'limitReached'],
    ...store,
    body: storeRequestSchema,
    response: storeSchema,
    use: replaceStore,
  }),
  'DELETE /v1/merchants/{merchantId}/stores/{storeId}': memberRoute('editPlaces', {
    operationId: 'deleteStore',
    summary: 'Deletes a store',
    isTagged: true,
    problems: ['inUse', 'conflict'],
    ...store,
    use: deleteEntity(storeType),
  }),

  'POST /v1/merchants/{merchantId}/geofences': memberRoute('editPlaces', {
    operationId: 'createGeofence',
    summary: 'Draws a geofence',
    status: 201,
    isTagged: true,
    problems: ['unprocessable', 'limitReached'],
    ...merchant,
    body: geofenceRequestSchema,
    maxBodyBytes: MAX_GEOFENCE_BODY_BYTES,
    response: geofenceSchema,
    use: createGeofence,
  }),
  'GET /v1/merchants/{merchantId}/geofences': memberRoute('read', {
    operationId: 'listGeofences',
    summary: 'Lists the merchant’s geofences',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(geofenceSchema),
    use: listEntities(geofenceType),
  }),
  'GET /v1/merchants/{merchantId}/geofences/{geofenceId}': memberRoute('read', {
    operationId: 'getGeofence',
    summary: 'Shows a geofence',
    isTagged: true,
    ...geofence,
    response: geofenceSchema,
    use: getEntity(geofenceType),
  }),
  'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}': memberRoute('editPlaces', {
    operationId: 'replaceGeofence',
    summary: 'Replaces a geofence',
    isTagged: true,
    problems: ['unprocessable', 'conflict', 'limitReached'],
    ...geofence,
    body: geofenceRequestSchema,
    maxBodyBytes: MAX_GEOFENCE_BODY_BYTES,
    response: geofenceSchema,
    use: replaceGeofence,
  }),
  'DELETE /v1/merchants/{merchantId}/geofences/{geofenceId}': memberRoute('editPlaces', {
    operationId: 'deleteGeofence',
    summary: 'Deletes a geofence',
    isTagged: true,
    problems: ['inUse', 'conflict'],
    ...geofence,
    use: deleteEntity(geofenceType),
  }),
  'POST /v1/merchants/{merchantId}/geofences:contains': memberRoute('read', {
    operationId: 'findContainingGeofences',
    summary: 'Finds the geofences that hold a position',
    description: 'A body, because coordinates never stand in a URL.',
    ...merchant,
    body: containsRequestSchema,
    repeatable: true,
    response: containsResponseSchema,
    use: findContainingGeofences,
  }),

  'GET /v1/merchants/{merchantId}/geofences:geojson': memberRoute('read', {
    operationId: 'listFeatures',
    summary: 'Lists the merchant’s geofences as a GeoJSON FeatureCollection, in WGS-84',
    description: 'An import takes each page as it is. A page ends early where borders are large.',
    ...merchant,
    query: pageQuerySchema,
    response: featuresSchema,
    use: listFeatures,
  }),
  'GET /v1/merchants/{merchantId}/geofences:overlaps': memberRoute('read', {
    operationId: 'listOverlaps',
    summary: 'Lists the merchant’s geofences that share ground, the deepest first',
    description: 'Up to 500,000 positions of borders in all; beyond that it is `unprocessable`.',
    problems: ['unprocessable'],
    ...merchant,
    response: overlapsSchema,
    use: listOverlaps,
  }),

  'POST /v1/merchants/{merchantId}/exports': memberRoute('export', {
    operationId: 'exportMerchant',
    summary: 'Exports all of the merchant’s data, for a day',
    description:
      'A job does it, in parts. There is one at a time: `location` of the refusal says which. Of customers it holds those who have acted with the merchant; whoever is erased is taken out.',
    status: 202,
    problems: ['limitReached'],
    ...merchant,
    response: exportSchema,
    use: postExport,
  }),
  'GET /v1/merchants/{merchantId}/exports/{exportId}': memberRoute('export', {
    operationId: 'getExport',
    summary: 'Shows how far an export is',
    problems: ['exportOver'],
    scopes: ['merchant'],
    path: exportPathSchema,
    response: exportSchema,
    use: getExport,
  }),
  'GET /v1/merchants/{merchantId}/exports/{exportId}/parts/{part}': memberRoute('export', {
    operationId: 'readExportPart',
    summary: 'Reads a part of an export',
    description:
      'Lines of JSON, each with its `section` and its `data`: what the section’s own route answers. What a customer was given (`grant`) and sent (`message`) follows its `customer`.',
    problems: ['exportOver'],
    scopes: ['merchant'],
    path: exportPartPathSchema,
    answer: { mediaType: 'application/x-ndjson', schema: z.string() },
    use: readExportPart,
  }),
  'POST /v1/merchants/{merchantId}/imports': memberRoute('editPlaces', {
    operationId: 'importStores',
    summary: 'Imports up to 10,000 stores, with a geofence around each',
    description:
      'CSV, or GeoJSON features: a Point is the place of a store, a Polygon or MultiPolygon the ground of its geofence. A job does it; repeated, it changes what is there and adds nothing twice.',
    status: 202,
    problems: ['unprocessable'],
    ...merchant,
    body: importRequestSchema,
    maxBodyBytes: MAX_IMPORT_BODY_BYTES,
    response: importSchema,
    use: postImport,
  }),
  'GET /v1/merchants/{merchantId}/imports/{jobId}': memberRoute('read', {
    operationId: 'getImport',
    summary: 'Shows how far an import has come, and which rows were bad',
    scopes: ['merchant'],
    path: importPathSchema,
    response: importSchema,
    use: getImport,
  }),

  'POST /v1/merchants/{merchantId}/scenes': memberRoute('editScenes', {
    operationId: 'createScene',
    summary: 'Adds a scene',
    status: 201,
    isTagged: true,
    problems: ['unprocessable', 'limitReached'],
    ...merchant,
    body: sceneRequestSchema,
    response: savedSceneSchema,
    use: createScene,
  }),
  'GET /v1/merchants/{merchantId}/scenes': memberRoute('read', {
    operationId: 'listScenes',
    summary: 'Lists the merchant’s scenes',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(sceneSchema),
    use: listEntities(sceneType),
  }),
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}': memberRoute('read', {
    operationId: 'getScene',
    summary: 'Shows a scene',
    isTagged: true,
    ...scene,
    response: sceneSchema,
    use: getEntity(sceneType),
  }),
  'PUT /v1/merchants/{merchantId}/scenes/{sceneId}': memberRoute('editScenes', {
    operationId: 'replaceScene',
    summary: 'Replaces a scene',
    isTagged: true,
    problems: ['unprocessable', 'conflict', 'limitReached'],
    ...scene,
    body: sceneRequestSchema,
    response: savedSceneSchema,
    use: replaceScene,
  }),
  'DELETE /v1/merchants/{merchantId}/scenes/{sceneId}': memberRoute('editScenes', {
    operationId: 'deleteScene',
    summary: 'Deletes a scene',
    isTagged: true,
    problems: ['inUse', 'conflict'],
    ...scene,
    use: deleteEntity(sceneType),
  }),

  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/test-sends': memberRoute('editScenes', {
    operationId: 'postTestSend',
    summary: 'Sends the scene’s message to the caller’s own phone',
    status: 202,
    problems: ['unprocessable', 'gone', 'tooManyRequests'],
    ...scene,
    body: testSendRequestSchema,
    response: testSendSchema,
    use: postTestSend,
  }),
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/pause': memberRoute('editScenes', {
    operationId: 'pauseScene',
    summary: 'Pauses a scene',
    isTagged: true,
    problems: ['unprocessable', 'conflict', 'preconditionFailed'],
    ...scene,
    repeatable: true,
    response: savedSceneSchema,
    use: moveScene('paused'),
  }),
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/activate': memberRoute('editScenes', {
    operationId: 'activateScene',
    summary: 'Activates a scene',
    isTagged: true,
    problems: ['unprocessable', 'conflict', 'preconditionFailed'],
    ...scene,
    repeatable: true,
    response: savedSceneSchema,
    use: moveScene('active'),
  }),
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}/revisions': memberRoute('read', {
    operationId: 'listSceneRevisions',
    summary: 'Lists a scene’s earlier revisions',
    ...scene,
    query: pageQuerySchema,
    response: pageSchema(sceneSchema),
    use: listRevisions,
  }),
  'GET /v1/merchants/{merchantId}/scenes/{sceneId}/decisions': memberRoute('read', {
    operationId: 'listSceneDecisions',
    summary: 'Lists decisions about a scene, and why, the latest first',
    ...scene,
    query: pageQuerySchema,
    response: pageSchema(sceneDecisionSchema),
    use: listDecisions,
  }),
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/rehearsals': memberRoute('read', {
    operationId: 'rehearseScene',
    summary: 'Tells what a scene would have done along a trace; nothing is kept or sent',
    problems: ['unprocessable'],
    ...scene,
    body: rehearsalRequestSchema,
    maxBodyBytes: MAX_REHEARSAL_BODY_BYTES,
    repeatable: true,
    response: rehearsalSchema,
    use: postRehearsal,
  }),
  'POST /v1/merchants/{merchantId}/scenes:preview': memberRoute('read', {
    operationId: 'previewScene',
    summary: 'Checks a scene’s messages without saving it',
    ...merchant,
    body: sceneRequestSchema,
    repeatable: true,
    response: scenePreviewSchema,
    use: previewScene,
  }),
  'POST /v1/merchants/{merchantId}/audience:estimate': memberRoute('read', {
    operationId: 'estimateAudience',
    summary: 'Estimates how many customers belong to an audience',
    ...merchant,
    body: estimateRequestSchema,
    repeatable: true,
    response: estimateSchema,
    use: estimateAudience,
  }),
  'GET /v1/merchants/{merchantId}/reports/summary': memberRoute('read', {
    operationId: 'getSummary',
    summary: 'Reports what each of the merchant’s scenes has brought',
    problems: ['unprocessable'],
    ...merchant,
    query: summaryQuerySchema,
    response: summarySchema,
    use: getSummary,
  }),
  'GET /v1/merchants/{merchantId}/reports/scenes/{sceneId}': memberRoute('read', {
    operationId: 'getSceneReport',
    summary: 'Reports what a scene has brought: funnel, rates, lift, cost, by store and day',
    problems: ['unprocessable'],
    ...scene,
    query: reportQuerySchema,
    response: sceneReportSchema,
    use: getSceneReport,
  }),
  'GET /v1/merchants/{merchantId}/reports/stores/{storeId}': memberRoute('read', {
    operationId: 'getStoreReport',
    summary: 'Reports who came to a store: could be reached, was brought by a message, acted',
    problems: ['unprocessable'],
    ...store,
    query: daysQuerySchema,
    response: storeReportSchema,
    use: getStoreReport,
  }),
  'GET /v1/merchants/{merchantId}/customers': memberRoute('readCustomers', {
    operationId: 'listCustomers',
    summary: 'Lists the customers who have acted with the merchant',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(customerRowSchema),
    use: listCustomers,
  }),
  'GET /v1/merchants/{merchantId}/customers/{userId}': memberRoute('readCustomers', {
    operationId: 'getCustomer',
    summary: 'Shows what the merchant knows of a customer who has acted with it',
    ...customer,
    response: customerSchema,
    use: getCustomer,
  }),
  'PUT /v1/merchants/{merchantId}/customers/{userId}': memberRoute('editCustomers', {
    operationId: 'putCustomerNotes',
    summary: 'Replaces what the merchant notes of a customer',
    ...customer,
    body: customerNotesSchema,
    response: customerNotesSchema,
    use: putNotes,
  }),
  'PUT /v1/merchants/{merchantId}/customers/{userId}/block': memberRoute('editCustomers', {
    operationId: 'putBlock',
    summary: 'Blocks a customer, changes a block, or answers an appeal against it',
    ...customer,
    body: blockRequestSchema,
    response: blockSchema,
    use: putBlock,
  }),
  'DELETE /v1/merchants/{merchantId}/customers/{userId}/block': memberRoute('editCustomers', {
    operationId: 'deleteBlock',
    summary: 'Takes a block back',
    ...customer,
    use: deleteBlock,
  }),

  'POST /v1/merchants/{merchantId}/regions': memberRoute('editPlaces', {
    operationId: 'createRegion',
    summary: 'Adds a node of the region tree',
    status: 201,
    isTagged: true,
    problems: ['unprocessable', 'limitReached'],
    ...merchant,
    body: regionRequestSchema,
    response: regionSchema,
    use: createRegion,
  }),
  'GET /v1/merchants/{merchantId}/regions': memberRoute('read', {
    operationId: 'listRegions',
    summary: 'Lists the merchant’s regions',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(regionSchema),
    use: listEntities(regionType),
  }),
  'GET /v1/merchants/{merchantId}/regions/{regionId}': memberRoute('read', {
    operationId: 'getRegion',
    summary: 'Shows a region',
    isTagged: true,
    ...region,
    response: regionSchema,
    use: getEntity(regionType),
  }),
  'PUT /v1/merchants/{merchantId}/regions/{regionId}': memberRoute('editPlaces', {
    operationId: 'replaceRegion',
    summary: 'Replaces a region',
    isTagged: true,
    problems: ['unprocessable', 'conflict', 'limitReached'],
    ...region,
    body: regionRequestSchema,
    response: regionSchema,
    use: replaceRegion,
  }),
  'DELETE /v1/merchants/{merchantId}/regions/{regionId}': memberRoute('editPlaces', {
    operationId: 'deleteRegion',
    summary: 'Deletes a region',
    isTagged: true,
    problems: ['inUse', 'conflict'],
    ...region,
    use: deleteEntity(regionType),
  }),

  'POST /v1/merchants/{merchantId}/offers': memberRoute('editScenes', {
    operationId: 'createOffer',
    summary: 'Adds an offer with its stock',
    status: 201,
    isTagged: true,
    problems: ['unprocessable', 'limitReached'],
    ...merchant,
    body: offerRequestSchema,
    response: offerSchema,
    use: createOffer,
  }),
  'GET /v1/merchants/{merchantId}/offers': memberRoute('read', {
    operationId: 'listOffers',
    summary: 'Lists the merchant’s offers',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(offerSchema),
    use: listEntities(offerType),
  }),
  'GET /v1/merchants/{merchantId}/offers/{offerId}': memberRoute('read', {
    operationId: 'getOffer',
    summary: 'Shows an offer',
    isTagged: true,
    ...offer,
    response: offerSchema,
    use: getEntity(offerType),
  }),
  'PUT /v1/merchants/{merchantId}/offers/{offerId}': memberRoute('editScenes', {
    operationId: 'replaceOffer',
    summary: 'Replaces an offer',
    isTagged: true,
    problems: ['unprocessable', 'stockInUse', 'conflict', 'limitReached'],
    ...offer,
    body: offerRequestSchema,
    response: offerSchema,
    use: replaceOffer,
  }),
  'DELETE /v1/merchants/{merchantId}/offers/{offerId}': memberRoute('editScenes', {
    operationId: 'deleteOffer',
    summary: 'Deletes an offer',
    isTagged: true,
    problems: ['inUse', 'conflict'],
    ...offer,
    use: deleteEntity(offerType),
  }),

  'POST /v1/merchants/{merchantId}/offers/{offerId}/stock-changes': memberRoute('editScenes', {
    operationId: 'changeStock',
    summary: 'Tops up an offer’s stock, or takes free units away',
    isTagged: true,
    problems: ['unprocessable', 'stockInUse', 'preconditionFailed'],
    ...offer,
    body: stockChangeSchema,
    response: offerSchema,
    use: changeStock,
  }),

  'POST /v1/merchants/{merchantId}/qr-codes': memberRoute('editScenes', {
    operationId: 'createQrCode',
    summary: 'Adds a QR code: one action, one placement, a caption that says what for',
    status: 201,
    isTagged: true,
    problems: ['unprocessable', 'limitReached'],
    ...merchant,
    body: qrCodeRequestSchema,
    response: qrCodeSchema,
    use: createQrCode,
  }),
  'GET /v1/merchants/{merchantId}/qr-codes': memberRoute('read', {
    operationId: 'listQrCodes',
    summary: 'Lists the merchant’s QR codes',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(qrCodeSchema),
    use: listEntities(qrCodeType),
  }),
  'GET /v1/merchants/{merchantId}/qr-codes/{qrCodeId}': memberRoute('read', {
    operationId: 'getQrCode',
    summary: 'Shows a QR code',
    isTagged: true,
    ...qrCode,
    response: qrCodeSchema,
    use: getEntity(qrCodeType),
  }),
  'PUT /v1/merchants/{merchantId}/qr-codes/{qrCodeId}': memberRoute('editScenes', {
    operationId: 'replaceQrCode',
    summary: 'Replaces a QR code; what is printed stays the same',
    isTagged: true,
    problems: ['unprocessable', 'conflict', 'limitReached'],
    ...qrCode,
    body: qrCodeRequestSchema,
    response: qrCodeSchema,
    use: replaceQrCode,
  }),
  'DELETE /v1/merchants/{merchantId}/qr-codes/{qrCodeId}': memberRoute('editScenes', {
    operationId: 'deleteQrCode',
    summary: 'Deletes a QR code',
    isTagged: true,
    problems: ['inUse', 'conflict'],
    ...qrCode,
    use: deleteEntity(qrCodeType),
  }),
  'GET /v1/merchants/{merchantId}/qr-codes/{qrCodeId}/image': memberRoute('read', {
    operationId: 'drawQrCode',
    summary: 'Draws a QR code with its caption, as SVG',
    ...qrCode,
    answer: { mediaType: 'image/svg+xml', schema: z.string() },
    use: drawQrCode,
  }),
  'GET /v1/merchants/{merchantId}/qr-codes/{qrCodeId}/counts': memberRoute('read', {
    operationId: 'countQrCode',
    summary: 'Counts the scans of a QR code',
    ...qrCode,
    response: scanCountsSchema,
    use: countQrCode,
  }),

  'POST /v1/merchants/{merchantId}/offers/{offerId}/codes': memberRoute('editScenes', {
    operationId: 'addOfferCodes',
    summary: 'Adds the merchant’s own codes to an offer, to be given one by one',
    description:
      'All or none: with one that cannot be a code, or where there would be more than an offer may have, none is added (400 or 422 with a pointer to each bad one, 409). Each code is there once: sent again, it is told in `duplicates` and nothing is done with it.',
    problems: ['unprocessable', 'limitReached', 'preconditionFailed'],
    ...offer,
    body: offerCodesRequestSchema,
    repeatable: true,
    response: offerCodesSchema,
    use: addCodes,
  }),

  'POST /v1/merchants/{merchantId}/redemptions': memberRoute('redeem', {
    operationId: 'redeem',
    summary: 'Redeems a token or a code at the till',
    description:
      'Once: a second use tells when and where the first was. The same `idempotency-key` gets the same answer again. See docs/redemption.md.',
    problems: [
      'alreadyRedeemed',
      'notAtStore',
      'tokenRequired',
      'unprocessable',
      'tokenExpired',
      'grantExpired',
      'grantReleased',
    ],
    ...till,
    body: redemptionRequestSchema,
    // By the grant, which goes with its customer: an answer that is kept elsewhere would outlive an erasure.
    keyed: true,
    response: redemptionSchema,
    use: redeem,
  }),
  'POST /v1/merchants/{merchantId}/redemptions:sync': memberRoute('redeem', {
    operationId: 'syncRedemptions',
    summary: 'Takes what a till redeemed while it was offline',
    description:
      'Answered redemption by redemption, in their order: one that is malformed is `refused` and says what is wrong with it, the others are taken. Sent again, the same `requestId` is `repeated`. What was redeemed before is a double use, and listed.',
    ...till,
    body: syncRequestSchema,
    repeatable: true,
    response: syncResponseSchema,
    use: syncRedemptions,
  }),
  'GET /v1/merchants/{merchantId}/redemptions/double-uses': memberRoute('readAudit', {
    operationId: 'listDoubleUses',
    summary: 'Lists what was redeemed twice, by whom, where and when, the latest report first',
    ...merchant,
    query: pageQuerySchema,
    response: pageSchema(doubleUseSchema),
    use: listDoubleUses,
  }),
  'GET /v1/merchants/{merchantId}/signing-keys': memberRoute('redeem', {
    operationId: 'listSigningKeys',
    summary: 'Lists the public keys by which a till checks tokens while it is offline',
    ...till,
    response: keySetSchema,
    use: listSigningKeys,
  }),

  'GET /v1/platform/kill-switch': operatorRoute({
    operationId: 'getKillSwitch',
    summary: 'Shows whether all sending is stopped',
    isTagged: true,
    response: killSwitchSchema,
    use: getKillSwitch,
  }),
  'PUT /v1/platform/kill-switch': operatorRoute({
    operationId: 'putKillSwitch',
    summary: 'Stops all sending, or lets it go on',
    isTagged: true,
    body: killSwitchRequestSchema,
    response: killSwitchSchema,
    use: putKillSwitch,
  }),
  'GET /v1/platform/zones': operatorRoute({
    operationId: 'listZones',
    summary: 'Lists the platform’s zones',
    query: pageQuerySchema,
    response: pageSchema(zoneSchema),
    use: listZones,
  }),
  'GET /v1/platform/zones/{zoneId}': operatorRoute({
    operationId: 'getZone',
    summary: 'Shows a zone',
    isTagged: true,
    path: zonePathSchema,
    response: zoneSchema,
    use: getZone,
  }),
  'PUT /v1/platform/zones/{zoneId}': operatorRoute({
    operationId: 'putZone',
    summary: 'Draws a zone where promotion is silent or capped',
    isTagged: true,
    mayCreate: true,
    problems: ['limitReached'],
    path: zonePathSchema,
    body: zoneRequestSchema,
    response: zoneSchema,
    use: putZone,
  }),
  'DELETE /v1/platform/zones/{zoneId}': operatorRoute({
    operationId: 'deleteZone',
    summary: 'Deletes a zone',
    isTagged: true,
    path: zonePathSchema,
    use: deleteZone,
  }),
  'GET /v1/platform/audit-log': operatorRoute({
    operationId: 'listPlatformAuditLog',
    summary: 'Lists what operators changed for all, the latest first',
    query: pageQuerySchema,
    response: pageSchema(auditEntrySchema),
    use: listPlatformAuditLog,
  }),
  'GET /v1/platform/merchants/{merchantId}/audit-log': operatorRoute({
    operationId: 'listAuditLogOfMerchant',
    summary: 'Lists what was changed of any merchant, the latest first',
    path: merchantPathSchema,
    query: pageQuerySchema,
    response: pageSchema(auditEntrySchema),
    use: listAuditLogOfMerchant,
  }),
  'GET /v1/platform/merchants': operatorRoute({
    operationId: 'listAllMerchants',
    summary: 'Lists all merchants, and which of them are suspended',
    query: pageQuerySchema,
    response: pageSchema(listedMerchantSchema),
    use: listAllMerchants,
  }),
  'GET /v1/platform/merchants/{merchantId}/suspension': operatorRoute({
    operationId: 'getSuspensionOfMerchant',
    summary: 'Shows whether a merchant is suspended, and its appeal',
    isTagged: true,
    path: merchantPathSchema,
    response: suspensionSchema,
    use: ofMerchant(getSuspension),
  }),
  'PUT /v1/platform/merchants/{merchantId}/suspension': operatorRoute({
    operationId: 'putSuspension',
    summary: 'Suspends a merchant, takes that back, or answers its appeal',
    isTagged: true,
    path: merchantPathSchema,
    body: suspensionRequestSchema,
    response: suspensionSchema,
    use: putSuspension,
  }),
  'GET /v1/platform/merchants/{merchantId}/quotas': operatorRoute({
    operationId: 'getQuotasOfMerchant',
    summary: 'Shows how much a merchant has of what is bounded, and may have',
    isTagged: true,
    path: merchantPathSchema,
    response: quotasSchema,
    use: ofMerchant(getQuotas),
  }),
  'PUT /v1/platform/merchants/{merchantId}/quotas': operatorRoute({
    operationId: 'putQuotas',
    summary: 'Raises what a merchant may have, or takes that back',
    isTagged: true,
    path: merchantPathSchema,
    body: quotasRequestSchema,
    response: quotasSchema,
    use: putQuotas,
  }),
  'GET /v1/platform/lawful-hours': operatorRoute({
    operationId: 'getLawfulHours',
    summary: 'Shows in which local hours promotion may be sent, and where that is written',
    response: lawfulHoursSchema,
    use: getLawfulHours,
  }),
  'PUT /v1/platform/lawful-hours/{place}': operatorRoute({
    operationId: 'putLawfulHours',
    summary: 'Narrows the local hours in which promotion may be sent somewhere',
    description:
      'A row only narrows: the built-in rows of the place, or the hours of places without one, must be open as well. `inForce` says what comes of it. It counts within 10 seconds, also for messages that were granted and have not gone out.',
    isTagged: true,
    mayCreate: true,
    problems: ['limitReached', 'unprocessable'],
    path: lawfulHoursPathSchema,
    body: lawfulRuleRequestSchema,
    response: lawfulRuleSchema,
    use: putLawfulHours,
  }),
  'DELETE /v1/platform/lawful-hours/{place}': operatorRoute({
    operationId: 'deleteLawfulHours',
    summary: 'Takes a row of the operator’s own back',
    isTagged: true,
    path: lawfulHoursPathSchema,
    use: deleteLawfulHours,
  }),
}
