import { postEvents } from '#functions/customer-api/events/post-events.ts'
import { claimOffer } from '#functions/customer-api/me/claim-offer.ts'
import { deleteDevice } from '#functions/customer-api/me/delete-device.ts'
import { deleteMe } from '#functions/customer-api/me/delete-me.ts'
import { deletePhoneNumber } from '#functions/customer-api/me/delete-phone-number.ts'
import { getMe } from '#functions/customer-api/me/get-me.ts'
import { listMyDecisions } from '#functions/customer-api/me/list-my-decisions.ts'
import { listMyOffers } from '#functions/customer-api/me/list-my-offers.ts'
import { putDevice } from '#functions/customer-api/me/put-device.ts'
import { putPhoneNumber } from '#functions/customer-api/me/put-phone-number.ts'
import { putPreferences } from '#functions/customer-api/me/put-preferences.ts'
import { putPushConsent } from '#functions/customer-api/me/put-push-consent.ts'
import { putSmsConsent } from '#functions/customer-api/me/put-sms-consent.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import { receiveAnswer } from '#functions/customer-api/sms/receive-answer.ts'
import { showStopPage, stopByLink } from '#functions/customer-api/sms/stop-page.ts'
import { myDecisionSchema } from '#shared/contracts/http/decisions.ts'
import { eventsRequestSchema, eventsResponseSchema } from '#shared/contracts/http/events.ts'
import {
  claimRequestSchema,
  consentRequestSchema,
  consentSchema,
  devicePathSchema,
  deviceRequestSchema,
  deviceSchema,
  erasureSchema,
  grantPathSchema,
  meSchema,
  myOfferSchema,
  preferencesSchema,
  smsConsentPathSchema,
} from '#shared/contracts/http/me.ts'
import { phoneNumberRequestSchema } from '#shared/contracts/http/phone-number.ts'
import { pageQuerySchema, pageSchema } from '#shared/contracts/http/primitives.ts'
import { openRoute } from '#shared/runtime/http/open-route.ts'
import { type Route, route } from '#shared/runtime/http/route.ts'

const customer = { scopes: ['customer'] } as const

/** The customers' API: its table of contents. */
export const routes: Readonly<Record<string, Route<CustomerServices>>> = {
  'POST /v1/events': route({
    ...customer,
    body: eventsRequestSchema,
    response: eventsResponseSchema,
    use: postEvents,
  }),

  'GET /v1/me': route({ ...customer, response: meSchema, use: getMe }),
  'DELETE /v1/me': route({ ...customer, response: erasureSchema, use: deleteMe }),
  'GET /v1/me/offers': route({
    ...customer,
    query: pageQuerySchema,
    response: pageSchema(myOfferSchema),
    use: listMyOffers,
  }),

  'POST /v1/me/offers/{grantId}/claim': route({
    ...customer,
    path: grantPathSchema,
    body: claimRequestSchema,
    use: claimOffer,
  }),
  'GET /v1/me/decisions': route({
    ...customer,
    query: pageQuerySchema,
    response: pageSchema(myDecisionSchema),
    use: listMyDecisions,
  }),

  'PUT /v1/me/devices/{deviceId}': route({
    ...customer,
    path: devicePathSchema,
    body: deviceRequestSchema,
    response: deviceSchema,
    use: putDevice,
  }),
  'DELETE /v1/me/devices/{deviceId}': route({ ...customer, path: devicePathSchema, use: deleteDevice }),
  'PUT /v1/me/phone-number': route({ ...customer, body: phoneNumberRequestSchema, use: putPhoneNumber }),
  'DELETE /v1/me/phone-number': route({ ...customer, use: deletePhoneNumber }),

  // From Amazon SNS, whose signature is checked.
  'POST /v1/sms-answers': openRoute(receiveAnswer),
  // From the opt-out links of SMS, whose code is the proof.
  'GET /v1/stop/{code}': openRoute(showStopPage),
  'POST /v1/stop/{code}': openRoute(stopByLink),

  'PUT /v1/me/preferences': route({
    ...customer,
    body: preferencesSchema,
    response: preferencesSchema,
    use: putPreferences,
  }),
  'PUT /v1/me/consents/push': route({
    ...customer,
    body: consentRequestSchema,
    response: consentSchema,
    use: putPushConsent,
  }),
  'PUT /v1/me/consents/sms/{merchantId}': route({
    ...customer,
    path: smsConsentPathSchema,
    body: consentRequestSchema,
    response: consentSchema,
    use: putSmsConsent,
  }),
}
