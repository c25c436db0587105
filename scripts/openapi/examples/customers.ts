import type { Examples } from '#scripts/openapi/example.ts'
import { EXAMPLE_IDS } from '#scripts/openapi/example-ids.ts'

const { merchantId, storeId } = EXAMPLE_IDS

export const customerExamples = {
  postPings: {
    given: ['createGeofence'],
    body: {
      pings: [
        { at: '2026-11-22T09:59:30Z', lat: 37.7899, lon: -122.4075, accuracyM: 12, speedMps: 1.4 },
        { at: '2026-11-22T10:00:00Z', lat: 37.788, lon: -122.4075, accuracyM: 8, speedMps: 1.2 },
      ],
    },
  },
  postEvents: {
    given: ['createStore'],
    body: {
      events: [
        {
          id: 'receipt-8123',
          type: 'purchase',
          at: '2026-11-22T09:58:00Z',
          merchantId,
          storeId,
          properties: { amount: 4.5, currency: 'USD' },
        },
      ],
    },
  },
  getMe: { given: ['putDevice', 'putPhoneNumber', 'putPushConsent', 'putSmsConsent', 'putPreferences'] },
  deleteMe: { given: ['putDevice'] },
  getErasure: { given: ['deleteMe'] },
  openMyExport: {},
  readMyExport: {
    given: ['putDevice', 'putPhoneNumber', 'putPushConsent', 'openMyExport'],
    query: { limit: '20', cursor: Buffer.from('ledger|').toString('base64url') },
  },
  listMyOffers: { given: ['grant'], query: { limit: '20' } },
  shareOffer: {},
  claimOffer: { body: { by: 'claimed' } },
  listMyVisits: { given: ['visit'], query: { limit: '20' } },
  listMyWaits: { given: ['wait'], query: { limit: '20' } },
  joinWaitingList: { given: ['an offer that had run out'] },
  leaveWaitingList: { given: ['wait'] },
  listMyDecisions: { given: ['decision'], query: { limit: '20' } },
  putDevice: {
    body: { platform: 'fcm', token: 'fK3x-example-registration-token', locale: 'en-US' },
  },
  deleteDevice: {},
  putPhoneNumber: { body: { phoneNumber: '+14155550123' } },
  deletePhoneNumber: { given: ['putPhoneNumber'] },
  getPreferences: { given: ['putPreferences'] },
  putPreferences: {
    body: {
      channel: 'push',
      locale: 'en-US',
      birthday: '05-17',
      tastes: { coffee: 'flat white', vegan: true },
      quietHours: [{ days: ['sat', 'sun'], from: '00:00', to: '10:00' }],
      caps: [{ windowS: 86_400, max: 2 }],
    },
  },
  listMyBlocks: { given: ['putBlock'], query: { limit: '20' } },
  appealBlock: { given: ['putBlock'], body: { text: 'The returns were a friend’s who used my phone.' } },
  listMyConsents: {
    given: ['putPushConsent', 'putSmsConsent', 'putLocationConsent'],
    query: { limit: '20' },
  },
  putLocationConsent: {
    body: {
      granted: false,
      source: 'app',
      text: 'Use my position for offers nearby',
      textVersion: '2026-10',
    },
  },
  putPushConsent: { body: { granted: true, source: 'app', text: 'Offers by push when I am near' } },
  putSmsConsent: { body: { granted: true, source: 'app', text: 'Text messages from Square Coffee' } },
} satisfies Examples
