import type { Examples } from '#scripts/openapi/example.ts'

export const operatorExamples = {
  getKillSwitch: { given: ['putKillSwitch'] },
  putKillSwitch: { body: { on: true, reason: 'A template went wrong' } },
  listZones: { given: ['putZone'], query: { limit: '20' } },
  getZone: { given: ['putZone'] },
  putZone: {
    body: {
      kind: 'exclusion',
      name: 'Hospital',
      area: { kind: 'circle', lat: 37.7631, lon: -122.4577, radiusM: 300 },
    },
  },
  deleteZone: {},
  listPlatformAuditLog: { given: ['putKillSwitch'], query: { limit: '20' } },
  listAuditLogOfMerchant: { given: ['createMerchant'], query: { limit: '20' } },
  listAllMerchants: { given: ['createMerchant'], query: { limit: '20' } },
  getSuspensionOfMerchant: { given: ['createMerchant', 'putSuspension', 'appealSuspension'] },
  getQuotasOfMerchant: { given: ['createMerchant', 'createStore'] },
  putQuotas: { given: ['createMerchant'], body: { geofences: 2500, radiusM: 20_000 } },
  getLawfulHours: { given: ['putLawfulHours'] },
  putLawfulHours: {
    body: {
      hours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '10:00', to: '19:00' }],
      isSilentOnHolidays: true,
      source: 'Our counsel in Austin, 12 November 2026',
    },
  },
  deleteLawfulHours: {},
  putSuspension: { given: ['createMerchant'], body: { suspended: true, reason: 'Complaints of customers' } },
} satisfies Examples
