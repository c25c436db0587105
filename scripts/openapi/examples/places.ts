import type { Examples } from '#scripts/openapi/example.ts'
import { EXAMPLE_IDS } from '#scripts/openapi/example-ids.ts'

const { regionId, storeId } = EXAMPLE_IDS

export const placeExamples = {
  createRegion: { body: { name: 'Downtown' } },
  listRegions: { given: ['createRegion'], query: { limit: '20' } },
  getRegion: {},
  replaceRegion: { body: { name: 'Downtown and SoMa' } },
  deleteRegion: {},
  createStore: {
    given: ['createRegion'],
    body: {
      name: 'Union Square',
      lat: 37.788,
      lon: -122.4075,
      regionId,
      subdivision: 'US-CA',
      openingHours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '07:00', to: '18:00' }],
      closedDates: ['2026-12-25'],
    },
  },
  listStores: { given: ['createStore'], query: { limit: '20' } },
  getStore: {},
  replaceStore: {
    given: ['createRegion'],
    body: { name: 'Union Square', lat: 37.7881, lon: -122.4074, regionId, isFlagship: true },
  },
  deleteStore: {},
  createGeofence: {
    given: ['createStore'],
    body: {
      name: 'Front door',
      storeId,
      geometry: { type: 'Point', coordinates: [-122.4075, 37.788] },
      radiusM: 100,
    },
  },
  listGeofences: { given: ['createGeofence'], query: { limit: '20' } },
  getGeofence: {},
  replaceGeofence: {
    body: {
      name: 'The square',
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [-122.4083, 37.7885],
            [-122.4069, 37.7887],
            [-122.4067, 37.7877],
            [-122.4081, 37.7875],
            [-122.4083, 37.7885],
          ],
        ],
      },
      exit: { bufferM: 30, confirmS: 20 },
    },
  },
  deleteGeofence: {},
  listFeatures: { given: ['createGeofence'], query: { limit: '20' } },
  listOverlaps: { given: ['createGeofence', 'createStore'] },
  importStores: {
    body: {
      format: 'geojson',
      radiusM: 150,
      stores: {
        type: 'FeatureCollection',
        features: [
          {
            type: 'Feature',
            id: '1001',
            geometry: { type: 'Point', coordinates: [-122.3958, 37.7936] },
            properties: { name: 'Market Street', address: '1 Market St, San Francisco' },
          },
          {
            type: 'Feature',
            id: '1002',
            geometry: {
              type: 'Polygon',
              coordinates: [
                [
                  [-122.4083, 37.7885],
                  [-122.4069, 37.7887],
                  [-122.4067, 37.7877],
                  [-122.4081, 37.7875],
                  [-122.4083, 37.7885],
                ],
              ],
            },
            properties: { name: 'Union Square' },
          },
          {
            type: 'Feature',
            id: '1003',
            geometry: { type: 'Point', coordinates: [37.7936, -122.3958] },
            properties: { name: 'Wrong way round' },
          },
        ],
      },
    },
  },
  getImport: {},
  findContainingGeofences: { given: ['createGeofence'], body: { lat: 37.7881, lon: -122.4076 } },
} satisfies Examples
