import type { Examples } from '#scripts/openapi/example.ts'
import { EXAMPLE_IDS, EXAMPLE_TOKEN } from '#scripts/openapi/example-ids.ts'

const { storeId, sceneId, code } = EXAMPLE_IDS

const coffee = {
  name: 'Free coffee',
  kind: 'gift',
  description: 'One cup, any size',
  stock: 500,
  validityS: 86_400,
  perCustomer: 1,
  costCents: 90,
}

const qrCode = {
  name: 'Window, coffee',
  action: { type: 'coupon', sceneId },
  caption: 'Scan for a free coffee',
  placement: { label: 'Shop window', kind: 'offline', storeId },
}
const qrSceneAndStore = ['createStore', 'a scene that hears of scans']

export const offerExamples = {
  createQrCode: { given: qrSceneAndStore, body: qrCode },
  listQrCodes: { given: ['createQrCode'], query: { limit: '20' } },
  getQrCode: {},
  replaceQrCode: { body: { ...qrCode, caption: 'Scan for a free coffee and a cake' } },
  deleteQrCode: {},
  drawQrCode: {},
  countQrCode: {},
  showScanPage: { given: ['a QR code'] },
  scan: { given: ['a QR code'] },
  claimScan: { given: ['a QR code'], body: { scanId: 'q83vEjRWeJq83vEjRWeJqw', code } },
  createOffer: { body: coffee },
  listOffers: { given: ['createOffer'], query: { limit: '20' } },
  getOffer: {},
  replaceOffer: { body: { ...coffee, stock: 800, until: '2026-12-31T08:00:00Z' } },
  changeStock: { body: { add: 250 } },
  addOfferCodes: {
    given: ['a list of codes'],
    body: { codes: ['COFFEE-2026-001', 'COFFEE-2026-002', 'coffee2026002'] },
  },
  deleteOffer: {},
  makeRedemptionToken: { given: ['signing key'] },
  redeem: {
    given: ['createStore', 'a token'],
    body: { token: EXAMPLE_TOKEN, storeId, till: 'Till 2' },
  },
  syncRedemptions: {
    given: ['createStore', 'a token'],
    body: {
      till: 'Till 2',
      redemptions: [
        { requestId: 'till-2-0042', token: EXAMPLE_TOKEN, storeId, redeemedAt: '2026-11-22T10:01:30+00:00' },
      ],
    },
  },
  listDoubleUses: { given: ['a token', 'redeem', 'syncRedemptions'], query: { limit: '20' } },
  listSigningKeys: { given: ['signing key'] },
} satisfies Examples
