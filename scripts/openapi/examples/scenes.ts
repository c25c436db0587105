import type { Examples } from '#scripts/openapi/example.ts'
import { EXAMPLE_IDS } from '#scripts/openapi/example-ids.ts'

const { geofenceId, offerId } = EXAMPLE_IDS

const morningCoffee = {
  name: 'Morning coffee',
  goal: 'visit',
  triggers: [{ type: 'enter', at: { geofenceIds: [geofenceId] } }],
  when: { weeklyHours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '11:00' }] },
  audience: { not: { type: 'visitsWithin', days: 7, atLeast: 1 } },
  message: {
    kind: 'offer',
    push: { title: '{{ merchant.name }}', body: 'A coffee is on us until eleven.' },
    sms: { body: '{{ merchant.name }}: show this code for a coffee on us.' },
    ttlS: 3600,
  },
  offerId,
  limits: { coolDownS: 604_800 },
  experiment: { holdoutPercent: 10, salt: 'coffee-1' },
}

export const sceneExamples = {
  createScene: { given: ['createGeofence', 'createOffer'], body: morningCoffee },
  listScenes: { given: ['createScene'], query: { limit: '20' } },
  getScene: {},
  replaceScene: { body: { ...morningCoffee, name: 'Morning coffee, softer', priority: 40 } },
  rehearseScene: {
    given: ['a scene without an experiment'],
    body: {
      fixes: [
        { at: '2026-11-20T16:55:00Z', lat: 37.7931, lon: -122.4075, accuracyM: 12 },
        { at: '2026-11-20T17:00:00Z', lat: 37.788, lon: -122.4075, accuracyM: 8, speedMps: 1.2 },
      ],
    },
  },
  pauseScene: {},
  activateScene: { given: ['createScene', 'pauseScene'] },
  deleteScene: {},
  getSummary: { given: ['counters'], query: { from: '2026-11-16', to: '2026-11-22', currency: 'EUR' } },
  getSceneReport: { given: ['counters'], query: { from: '2026-11-16', to: '2026-11-22', currency: 'EUR' } },
  getStoreReport: { given: ['counters'], query: { from: '2026-11-16', to: '2026-11-22' } },
  postTestSend: { given: ['the owner’s phone'], body: { channel: 'push' } },
  listSceneRevisions: { given: ['replaceScene'], query: { limit: '20' } },
  listSceneDecisions: { given: ['decision'], query: { limit: '20' } },
  previewScene: {
    given: ['createGeofence', 'createOffer'],
    body: { ...morningCoffee, message: { sms: { body: 'Last chance for a coffee!' }, ttlS: 600 } },
  },
} satisfies Examples
