import * as z from 'zod'
import { postEvents } from '#functions/customer-api/events/post-events.ts'
import { appealBlock, listMyBlocks } from '#functions/customer-api/me/blocks.ts'
import { claimOffer } from '#functions/customer-api/me/claim-offer.ts'
import { deleteDevice } from '#functions/customer-api/me/delete-device.ts'
import { deleteMe } from '#functions/customer-api/me/delete-me.ts'
import { deletePhoneNumber } from '#functions/customer-api/me/delete-phone-number.ts'
import { getErasure } from '#functions/customer-api/me/get-erasure.ts'
import { getMe } from '#functions/customer-api/me/get-me.ts'
import { getPreferences } from '#functions/customer-api/me/get-preferences.ts'
import { listMyConsents } from '#functions/customer-api/me/list-my-consents.ts'
import { listMyDecisions } from '#functions/customer-api/me/list-my-decisions.ts'
import { listMyOffers } from '#functions/customer-api/me/list-my-offers.ts'
import { listMyVisits } from '#functions/customer-api/me/list-my-visits.ts'
import { makeRedemptionToken } from '#functions/customer-api/me/make-redemption-token.ts'
import { openMyExport } from '#functions/customer-api/me/open-my-export.ts'
import { putDevice } from '#functions/customer-api/me/put-device.ts'
import { putLocationConsent } from '#functions/customer-api/me/put-location-consent.ts'
import { putPhoneNumber } from '#functions/customer-api/me/put-phone-number.ts'
import { putPreferences } from '#functions/customer-api/me/put-preferences.ts'
import { putPushConsent } from '#functions/customer-api/me/put-push-consent.ts'
import { putSmsConsent } from '#functions/customer-api/me/put-sms-consent.ts'
import { readMyExport } from '#functions/customer-api/me/read-my-export.ts'
import { shareOffer } from '#functions/customer-api/me/share-offer.ts'
import { joinWaitingList, leaveWaitingList, listMyWaits } from '#functions/customer-api/me/waiting-list.ts'
import { serveAsset, serveNamedAsset } from '#functions/customer-api/reference/serve-asset.ts'
import { claimScan } from '#functions/customer-api/scans/claim-scan.ts'
import { scan, showScanPage } from '#functions/customer-api/scans/scan-page.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import { receiveAnswer } from '#functions/customer-api/sms/receive-answer.ts'
import { showStopPage, stopByLink } from '#functions/customer-api/sms/stop-page.ts'
import {
  appealRequestSchema,
  blockSchema,
  myBlockPathSchema,
  myBlockSchema,
} from '#shared/contracts/http/customers.ts'
import { decisionsQuerySchema, myDecisionSchema } from '#shared/contracts/http/decisions.ts'
import { eventsRequestSchema, eventsResponseSchema } from '#shared/contracts/http/events.ts'
import {
  myExportPageSchema,
  myExportPathSchema,
  myExportQuerySchema,
  myExportSchema,
} from '#shared/contracts/http/exports.ts'
import {
  claimRequestSchema,
  consentRequestSchema,
  consentSchema,
  devicePathSchema,
  deviceRequestSchema,
  deviceSchema,
  erasureSchema,
  erasureStateSchema,
  grantPathSchema,
  meSchema,
  myConsentsSchema,
  myOfferSchema,
  myVisitSchema,
  myWaitSchema,
  offersQuerySchema,
  preferencesSchema,
  sharedOfferSchema,
  smsConsentPathSchema,
  waitPathSchema,
} from '#shared/contracts/http/me.ts'
import { openApiDocumentSchema, referenceFilePathSchema } from '#shared/contracts/http/openapi.ts'
import { phoneNumberRequestSchema } from '#shared/contracts/http/phone-number.ts'
import { pageQuerySchema, pageSchema } from '#shared/contracts/http/primitives.ts'
import { claimedScanSchema, claimScanRequestSchema, scanPathSchema } from '#shared/contracts/http/qr-codes.ts'
import { madeTokenSchema } from '#shared/contracts/http/redemptions.ts'
import { stopPathSchema, stopRequestSchema } from '#shared/contracts/http/stop.ts'
import { snsNotification } from '#shared/contracts/sns-notification.ts'
import { openRoute } from '#shared/runtime/http/open-route.ts'
import { type Route, route } from '#shared/runtime/http/route.ts'

const customer = { scopes: ['customer'] } as const

/** The customers' API: its table of contents. */
export const routes: Readonly<Record<string, Route<CustomerServices>>> = {
  'POST /v1/events': route({
    operationId: 'postEvents',
    summary: 'Takes app events, such as purchases and ratings',
    description:
      'Answered event by event: those that cannot be kept are listed in `refused`, the others are taken. The same `id` is the same event, however often it is sent.',
    problems: ['gone'],
    ...customer,
    body: eventsRequestSchema,
    repeatable: true,
    response: eventsResponseSchema,
    use: postEvents,
  }),

  'GET /v1/me': route({
    operationId: 'getMe',
    summary: 'Shows what is kept about the customer',
    problems: ['gone'],
    ...customer,
    response: meSchema,
    use: getMe,
  }),
  'DELETE /v1/me': route({
    operationId: 'deleteMe',
    summary: 'Erases the customer',
    description:
      'The customer is gone at once; the rest is deleted by a job. Sent again it starts the job again, under another `jobId`.',
    status: 202,
    ...customer,
    response: erasureSchema,
    use: deleteMe,
  }),
  'GET /v1/me/erasure': route({
    operationId: 'getErasure',
    summary: 'Tells how far the erasure of the customer is',
    description:
      'Not found for a customer who was not erased, and again 35 days after the erasure, when its last mark is gone.',
    problems: ['notFound'],
    ...customer,
    response: erasureStateSchema,
    use: getErasure,
  }),
  'POST /v1/me/exports': route({
    operationId: 'openMyExport',
    summary: 'Opens an export of everything that is kept about the customer, for a day',
    description: 'Nothing is copied: its pages are read as things are then.',
    status: 201,
    problems: ['gone'],
    ...customer,
    response: myExportSchema,
    use: openMyExport,
  }),
  'GET /v1/me/exports/{exportId}': route({
    operationId: 'readMyExport',
    summary: 'Reads the next page of an export',
    description:
      'First where the customer is now, with positions; then all else. docs/erasure.md tells what each kind is.',
    problems: ['notFound', 'gone'],
    ...customer,
    path: myExportPathSchema,
    query: myExportQuerySchema,
    response: myExportPageSchema,
    use: readMyExport,
  }),
  'GET /v1/me/offers': route({
    operationId: 'listMyOffers',
    summary: 'Lists the offers that the customer got, the latest first',
    problems: ['gone'],
    ...customer,
    query: offersQuerySchema,
    response: pageSchema(myOfferSchema),
    use: listMyOffers,
  }),

  'POST /v1/me/offers/{grantId}/share': route({
    operationId: 'shareOffer',
    summary: 'Gives a code by which an offer is passed on',
    description:
      'Kept once, as an app event `share`, too; sent again it answers the same code. The code redeems nothing.',
    problems: ['notFound', 'grantReleased', 'grantExpired', 'gone'],
    ...customer,
    path: grantPathSchema,
    repeatable: true,
    response: sharedOfferSchema,
    use: shareOffer,
  }),
  'POST /v1/me/offers/{grantId}/claim': route({
    operationId: 'claimOffer',
    summary: 'Confirms an offer that was opened or claimed',
    problems: ['notFound', 'grantReleased', 'grantExpired', 'gone'],
    ...customer,
    path: grantPathSchema,
    body: claimRequestSchema,
    repeatable: true,
    use: claimOffer,
  }),
  'POST /v1/me/offers/{grantId}/redemption-tokens': route({
    operationId: 'makeRedemptionToken',
    summary: 'Makes a token to show at the till as a QR code',
    description:
      'It is signed, valid for ten minutes and redeems the offer once. Asking for one claims the offer. See docs/redemption.md.',
    status: 201,
    problems: [
      'notFound',
      'placeUnknown',
      'notAtStore',
      'alreadyRedeemed',
      'grantReleased',
      'grantExpired',
      'gone',
    ],
    ...customer,
    path: grantPathSchema,
    repeatable: true,
    response: madeTokenSchema,
    use: makeRedemptionToken,
  }),
  'POST /v1/me/scans': route({
    operationId: 'claimScan',
    summary: 'Makes a scan the customer’s own',
    description:
      'A scan of the web page by its `scanId`, once; or one of the app, with the `code` and a `scanId` that the app has made. It triggers `qr_scan` scenes once, however often it is sent.',
    problems: ['notFound', 'gone'],
    ...customer,
    body: claimScanRequestSchema,
    repeatable: true,
    response: claimedScanSchema,
    use: claimScan,
  }),
  'GET /v1/me/blocks': route({
    operationId: 'listMyBlocks',
    summary: 'Lists the merchants that have blocked the customer, why and until when',
    problems: ['gone'],
    ...customer,
    query: pageQuerySchema,
    response: pageSchema(myBlockSchema),
    use: listMyBlocks,
  }),
  'PUT /v1/me/blocks/{merchantId}/appeal': route({
    operationId: 'appealBlock',
    summary: 'Says something against a block, once',
    problems: ['limitReached', 'gone'],
    ...customer,
    path: myBlockPathSchema,
    body: appealRequestSchema,
    response: blockSchema,
    use: appealBlock,
  }),
  'GET /v1/me/visits': route({
    operationId: 'listMyVisits',
    summary: 'Lists the customer’s visits that are over, the latest first',
    description:
      'A visit is listed when it has settled: 15 minutes after its end, or half an hour after the phone fell silent. No positions are kept of it.',
    problems: ['gone'],
    ...customer,
    query: pageQuerySchema,
    response: pageSchema(myVisitSchema),
    use: listMyVisits,
  }),
  'GET /v1/me/waiting-list': route({
    operationId: 'listMyWaits',
    summary: 'Lists the offers that the customer waits for',
    description:
      'Who finds an offer with a waiting list sold out stands on it, and is called up in the order of coming when units return. A page may be short, or empty, while there are more.',
    problems: ['gone'],
    ...customer,
    query: pageQuerySchema,
    response: pageSchema(myWaitSchema),
    use: listMyWaits,
  }),
  'PUT /v1/me/waiting-list/{offerId}': route({
    operationId: 'joinWaitingList',
    summary: 'Waits for an offer that had run out',
    description:
      'For who left the list, or found the offer sold out before it had one: a decision of the last 30 days must have found it sold out for the customer (its `offerId` in `GET /v1/me/decisions`). The place is behind all who wait; who waits already keeps the place. Any other offer is not found, there or not.',
    problems: ['notFound', 'alreadyCalledUp', 'gone'],
    ...customer,
    path: waitPathSchema,
    response: myWaitSchema,
    use: joinWaitingList,
  }),
  'DELETE /v1/me/waiting-list/{offerId}': route({
    operationId: 'leaveWaitingList',
    summary: 'Waits for an offer no longer',
    description:
      'Whoever has been called up waits no more. Who comes again while the offer is sold out, or asks to (`PUT`), is put at the end of the list.',
    problems: ['notFound'],
    ...customer,
    path: waitPathSchema,
    use: leaveWaitingList,
  }),
  'GET /v1/me/decisions': route({
    operationId: 'listMyDecisions',
    summary: 'Lists what was decided about the customer, and why, the latest first',
    description:
      'Of one merchant or message only, a page may be short, or empty, while there are more. docs/reasons.md lists what each `result` means, and the sentences of `explanation`.',
    problems: ['gone'],
    ...customer,
    query: decisionsQuerySchema,
    response: pageSchema(myDecisionSchema),
    use: listMyDecisions,
  }),

  'PUT /v1/me/devices/{deviceId}': route({
    operationId: 'putDevice',
    summary: 'Registers a phone for push messages',
    problems: ['limitReached', 'gone'],
    ...customer,
    path: devicePathSchema,
    body: deviceRequestSchema,
    response: deviceSchema,
    use: putDevice,
  }),
  'DELETE /v1/me/devices/{deviceId}': route({
    operationId: 'deleteDevice',
    summary: 'Removes a phone',
    problems: ['notFound'],
    ...customer,
    path: devicePathSchema,
    use: deleteDevice,
  }),
  'PUT /v1/me/phone-number': route({
    operationId: 'putPhoneNumber',
    summary: 'Sets the phone number for SMS',
    problems: ['gone'],
    ...customer,
    body: phoneNumberRequestSchema,
    use: putPhoneNumber,
  }),
  'DELETE /v1/me/phone-number': route({
    operationId: 'deletePhoneNumber',
    summary: 'Removes the phone number',
    problems: ['gone'],
    ...customer,
    use: deletePhoneNumber,
  }),

  'GET /openapi.json': openRoute({
    operationId: 'getOpenApiDocument',
    summary: 'Shows this document',
    isTagged: true,
    answer: { mediaType: 'application/json', schema: openApiDocumentSchema },
    use: serveAsset('openapi.json'),
  }),
  'GET /docs': openRoute({
    operationId: 'showReference',
    summary: 'Shows this document as a page',
    isTagged: true,
    answer: { mediaType: 'text/html', schema: z.string() },
    use: serveAsset('docs.html'),
  }),
  'GET /docs/{file}': openRoute({
    operationId: 'getReferenceFile',
    summary: 'Answers a file that this page loads',
    isTagged: true,
    problems: ['notFound'],
    path: referenceFilePathSchema,
    answer: { mediaType: '*/*', schema: z.string() },
    use: serveNamedAsset,
  }),

  // What QR codes say: for people without the app.
  'GET /q/{code}': openRoute({
    operationId: 'showScanPage',
    summary: 'Shows what a QR code is for',
    description: 'It counts nothing: programs that look at links for people press no button.',
    path: scanPathSchema,
    answer: { mediaType: 'text/html', schema: z.string() },
    use: showScanPage,
  }),
  'POST /q/{code}/scans': openRoute({
    operationId: 'scan',
    summary: 'Counts a scan and shows how to go on',
    path: scanPathSchema,
    answer: { mediaType: 'text/html', schema: z.string() },
    use: scan,
  }),

  // From Amazon SNS, whose signature is checked.
  'POST /v1/sms-answers': openRoute({
    operationId: 'receiveSmsAnswer',
    summary: 'Takes an answer to an SMS from Amazon SNS',
    description: 'SNS signs what it posts; nobody else is let in.',
    body: { mediaType: 'text/plain', schema: snsNotification },
    use: receiveAnswer,
  }),
  // From the opt-out links of SMS, whose code is the proof.
  'GET /v1/stop/{code}': openRoute({
    operationId: 'showStopPage',
    summary: 'Asks whether to opt out of a merchant’s SMS',
    path: stopPathSchema,
    answer: { mediaType: 'text/html', schema: z.string() },
    use: showStopPage,
  }),
  'POST /v1/stop/{code}': openRoute({
    operationId: 'stopByLink',
    summary: 'Opts out of a merchant’s SMS, or takes that back',
    path: stopPathSchema,
    body: { mediaType: 'application/x-www-form-urlencoded', schema: stopRequestSchema },
    answer: { mediaType: 'text/html', schema: z.string() },
    use: stopByLink,
  }),

  'GET /v1/me/preferences': route({
    operationId: 'getPreferences',
    summary: 'Shows what the customer asks for',
    isTagged: true,
    problems: ['gone'],
    ...customer,
    response: preferencesSchema,
    use: getPreferences,
  }),
  'PUT /v1/me/preferences': route({
    operationId: 'putPreferences',
    summary: 'Replaces everything that the customer asks for',
    isTagged: true,
    problems: ['gone'],
    ...customer,
    body: preferencesSchema,
    response: preferencesSchema,
    use: putPreferences,
  }),
  'GET /v1/me/consents': route({
    operationId: 'listMyConsents',
    summary: 'Shows the choices as they stand, and the receipts of all that were made, the latest first',
    problems: ['gone'],
    ...customer,
    query: pageQuerySchema,
    response: myConsentsSchema,
    use: listMyConsents,
  }),
  'PUT /v1/me/consents/location': route({
    operationId: 'putLocationConsent',
    summary: 'Records the choice about the use of positions',
    description:
      'Withdrawn, where the customer is is forgotten at once, and pings are refused until it is granted again. Without any choice pings are taken: who posts them has the phone’s permission.',
    problems: ['gone'],
    ...customer,
    body: consentRequestSchema,
    response: consentSchema,
    use: putLocationConsent,
  }),
  'PUT /v1/me/consents/push': route({
    operationId: 'putPushConsent',
    summary: 'Records the choice about push messages',
    problems: ['gone'],
    ...customer,
    body: consentRequestSchema,
    response: consentSchema,
    use: putPushConsent,
  }),
  'PUT /v1/me/consents/sms/{merchantId}': route({
    operationId: 'putSmsConsent',
    summary: 'Records the choice about SMS from one merchant',
    problems: ['notFound', 'limitReached', 'gone'],
    ...customer,
    path: smsConsentPathSchema,
    body: consentRequestSchema,
    response: consentSchema,
    use: putSmsConsent,
  }),
}
