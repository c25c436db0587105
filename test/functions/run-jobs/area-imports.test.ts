import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { contains } from '#shared/domain/geo/distance.ts'
import { sceneBody } from '#test/support/merchants.ts'
import { polygonFrom } from '#test/support/polygons.ts'
import { type Chain, createImportWorld, M } from './import-world.ts'

const { tables, sqs, clock, newChain } = await createImportWorld(Date.UTC(2026, 10, 22, 10))
afterAll(() => sqs.close())

let chain: Chain
beforeEach(async () => {
  chain = await newChain()
})

const rounded = (degrees: number): number => Math.round(degrees * 1e7) / 1e7
const ring = (lon: number, lat: number, size: number): number[][] => {
  const [east, north] = [rounded(lon + size), rounded(lat + size)]
  return [
    [lon, lat],
    [east, lat],
    [east, north],
    [lon, north],
    [lon, lat],
  ]
}
const square = (lon: number, lat: number, size = 0.004) => ({
  type: 'Polygon',
  coordinates: [ring(lon, lat, size)],
})
const point = (lon: number, lat: number) => ({ type: 'Point', coordinates: [lon, lat] })
const feature = (id: string, geometry: unknown, properties: object = {}) => ({
  type: 'Feature',
  id,
  geometry,
  properties: { name: `Store ${id}`, ...properties },
})
const bodyOf = (features: readonly unknown[], settings: object = {}, members: object = {}) => ({
  format: 'geojson',
  ...settings,
  stores: { type: 'FeatureCollection', features, ...members },
})
const storeOf = async (id: string) => (await chain.list('stores')).find(({ externalId }) => externalId === id)

describe('an import of a FeatureCollection', () => {
  test('takes points in the datum that it declares', async () => {
    const features = [feature('bj', point(116.397452, 39.909187), { radiusM: 100 })]
    const report = await chain.runImport(bodyOf(features, { datum: 'gcj02' }))
    expect(report).toMatchObject({ stores: { created: 1 }, geofences: { created: 1 }, bad: 0 })
    expect((await storeOf('bj')).lat).toBeCloseTo(39.907785, 4)
    expect((await chain.list('geofences'))[0]).toMatchObject({
      datum: 'gcj02',
      geometry: { coordinates: [116.397452, 39.909187] },
    })
  })

  test.each(['wgs84', 'gcj02', 'bd09'])('stands a store inside of its area (%s)', async (datum) => {
    const lake = { type: 'Polygon', coordinates: [ring(116.39, 39.9, 0.01), ring(116.392, 39.902, 0.006)] }
    const two = {
      type: 'MultiPolygon',
      coordinates: [[ring(116.3, 39.8, 0.001)], [ring(116.31, 39.8, 0.004)]],
    }
    const features = [feature('lake', lake), feature('two', two)]
    const report = await chain.runImport(bodyOf(features, { datum, radiusM: 150 }))
    expect(report).toMatchObject({
      stores: { created: 2 },
      geofences: { wanted: 2, created: 2 },
      bad: 0,
      badRows: [],
    })
    const geofences = await chain.list('geofences')
    for (const [id, geometry] of [
      ['lake', lake],
      ['two', two],
    ] as const) {
      const store = await storeOf(id)
      const drawn = geofences.find(({ storeId }) => storeId === store.id)
      expect(drawn).toMatchObject({ name: `Store ${id}`, geometry, datum, timeZone: 'Asia/Shanghai' })
      expect(drawn.radiusM).toBeUndefined()
      const { body } = await chain.call(`POST ${M}/geofences:contains`, {
        body: { lat: store.lat, lon: store.lon },
      })
      expect(body.geofenceIds).toEqual([drawn.id])
      expect(body.geofences[0].distanceM).toBeLessThan(-40)
    }
  })

  test('takes areas wound either way, across ±180 and with altitudes', async () => {
    const wide = [
      [179.99, 0],
      [179.99, 0.01],
      [-179.99, 0.01],
      [-179.99, 0],
      [179.99, 0],
    ]
    const flipped = ring(10, 50, 0.004).toReversed()
    const high = ring(11, 50, 0.004).map((position) => [...position, 300])
    const features = [
      feature('wide', { type: 'Polygon', coordinates: [wide] }),
      feature('flipped', { type: 'Polygon', coordinates: [flipped] }),
      feature('high', { type: 'Polygon', coordinates: [high] }),
    ]
    expect(await chain.runImport(bodyOf(features))).toMatchObject({
      stores: { created: 3 },
      geofences: { created: 3 },
      bad: 0,
    })
    expect(Math.abs((await storeOf('wide')).lon)).toBeGreaterThan(179.99)
  })

  test('stands a store where its properties say, beside its area too, but not far off', async () => {
    const features = [
      feature('in', square(10, 50), { lat: 50.001, lon: 10.001 }),
      feature('beside', square(10.1, 50), { latitude: '50.002', longitude: '10.11' }),
      feature('far', square(10.2, 50), { lat: 10.2, lon: 50 }),
      feature('half', square(10.3, 50), { lat: 50.001 }),
    ]
    const report = await chain.runImport(bodyOf(features))
    expect(report).toMatchObject({ stores: { created: 2 }, geofences: { created: 2 }, bad: 2 })
    expect(report.badRows).toEqual([
      {
        line: 3,
        pointer: '/lat',
        reason: expect.stringMatching(/^the store stands [\d,.]+ km outside of its area; at most 1 km$/),
      },
      { line: 4, pointer: '/lon', reason: 'missing: a number' },
    ])
    expect(await storeOf('in')).toMatchObject({ lat: 50.001, lon: 10.001 })
    expect(await storeOf('beside')).toMatchObject({ lat: 50.002, lon: 10.11 })
  })

  test('tells what is wrong with each feature as a geofence’s own request does, and writes nothing of it', async () => {
    const crossed = {
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [0.01, 0.01],
          [0.01, 0],
          [0, 0.01],
          [0, 0],
        ],
      ],
    }
    const many = Array.from({ length: 30_001 }, (_, n) => [10 + n / 1e6, 50 + (n % 2) / 1e6])
    const wrong: readonly (readonly [unknown, object, string, RegExp])[] = [
      [{ type: 'Polygon', coordinates: [] }, {}, '/geometry/coordinates', /outer ring/],
      [crossed, {}, '/geometry/coordinates/0/0', /crosses itself/],
      [square(10, 50, 0.2), {}, '/geometry', /^The area reaches 13\.\d km from its centre; at most 5 km/],
      [
        { type: 'Polygon', coordinates: [[...many, many[0]]] },
        {},
        '/geometry/coordinates/0',
        /30000 vertices/,
      ],
      [{ type: 'LineString', coordinates: [] }, {}, '/geometry/type', /Point, Polygon or MultiPolygon/],
      [null, {}, '/geometry', /JSON object/],
      [point(50, 100), {}, '/geometry/coordinates/1', /longitude first/],
      [square(10, 50), { radiusM: 100 }, '/radiusM', /Only a Point has a radius/],
      [point(10, 50), { radiusM: 6000 }, '/radiusM', /^at most 5000$/],
      [
        { ...square(10, 50), crs: { type: 'name', properties: { name: 'EPSG:3857' } } },
        {},
        '/geometry/crs',
        /WGS-84/,
      ],
      [square(10, 50), { name: '' }, '/name', /missing/],
    ]
    const features = [
      ...wrong.map(([geometry, properties], index) => feature(`w${index}`, geometry, properties)),
      feature('good', square(10, 50)),
    ]
    const report = await chain.runImport(bodyOf(features))
    expect(report).toMatchObject({
      rows: 12,
      bad: 11,
      stores: { created: 1 },
      geofences: { wanted: 1, created: 1 },
    })
    expect(report.badRows).toEqual(
      wrong.map(([, , pointer, reason], index) => ({
        line: index + 1,
        pointer,
        reason: expect.stringMatching(reason),
      })),
    )
    expect(await chain.list('stores')).toHaveLength(1)
    expect(await chain.list('geofences')).toHaveLength(1)
  })

  test('that is repeated changes nothing; circles become areas, and areas circles', async () => {
    const body = (first: unknown, second: unknown) =>
      bodyOf([feature('a', first), feature('b', second)], { radiusM: 100 })
    const [circle, area] = [point(10.002, 50.002), square(10, 50)]
    await chain.runImport(body(circle, area))
    const rows = async () =>
      (await tables.allOf(tables.catalog)).filter(({ sk }) => /^GEOFENCE#/.test(String(sk))).length
    const before = [await chain.list('stores'), await chain.list('geofences'), await rows()]
    clock.advance(1000)
    const unchanged = { created: 0, replaced: 0, unchanged: 2 }
    expect(await chain.runImport(body(circle, area))).toMatchObject({
      stores: unchanged,
      geofences: unchanged,
    })
    expect([await chain.list('stores'), await chain.list('geofences'), await rows()]).toEqual(before)

    const swapped = await chain.runImport(body(area, circle))
    expect(swapped).toMatchObject({ geofences: { created: 0, replaced: 2, unchanged: 0 }, bad: 0 })
    const geofences = await chain.list('geofences')
    expect(geofences).toHaveLength(2)
    for (const [name, type, radiusM] of [
      ['Store a', 'Polygon', undefined],
      ['Store b', 'Point', 100],
    ])
      expect(geofences.find((one) => one.name === name)).toMatchObject({
        geometry: { type },
        revision: 2,
        ...(radiusM && { radiusM }),
      })
    // A corner of the square is in no circle of 100 m around its middle.
    const { body: corner } = await chain.call(`POST ${M}/geofences:contains`, {
      body: { lat: 50.0001, lon: 10.0001 },
    })
    expect(corner.geofences.map(({ name }: { name: string }) => name)).toEqual(['Store a'])
  })

  test('leaves a store where it stands in its area, and moves it along with the area', async () => {
    const csv = 'id,name,lat,lon\na,Store a,50.0035,10.0035'
    await chain.runImport({ format: 'csv', csv })
    expect(await chain.runImport(bodyOf([feature('a', square(10, 50))]))).toMatchObject({
      stores: { unchanged: 1 },
      geofences: { created: 1 },
    })
    expect(await storeOf('a')).toMatchObject({ lat: 50.0035, lon: 10.0035 })
    expect(await chain.runImport(bodyOf([feature('a', square(20, 50))]))).toMatchObject({
      stores: { replaced: 1 },
      geofences: { replaced: 1 },
    })
    expect(await storeOf('a')).toMatchObject({ lon: 20.002 })
  })

  test('leaves a store without the area for which the map has no room, and says so', async () => {
    const crowd = Array.from({ length: 201 }, (_, n) =>
      feature(`n${n}`, square(rounded(12 + n * 1e-6), rounded(51 + n * 1e-6), 0.0005)),
    )
    const report = await chain.runImport(bodyOf(crowd))
    expect(report).toMatchObject({ stores: { created: 201 }, geofences: { created: 200 }, bad: 1 })
    expect(report.badRows).toEqual([
      {
        line: 201,
        pointer: '/geometry',
        reason: expect.stringContaining('limitReached: this part of the map has 200'),
      },
    ])
  })

  test('may reach as far as the operator has let the merchant draw', async () => {
    await chain.raise({ radiusM: 20_000 })
    const features = [feature('a', square(10, 50, 0.2)), feature('b', point(10, 50), { radiusM: 20_000 })]
    expect(await chain.runImport(bodyOf(features))).toMatchObject({ geofences: { created: 2 }, bad: 0 })
    const far = await chain.post(bodyOf(features, { radiusM: 20_001 }))
    expect([far.status, far.body.errors, far.body.quota, far.body.limit]).toEqual([
      400,
      [{ pointer: '/radiusM', detail: 'at most 20000' }],
      'radiusM',
      20_000,
    ])
  })
})

describe('a file of features that can be no stores is refused at once', () => {
  const good = feature('a', square(10, 50))
  const { id: _, ...withoutId } = good
  test.each([
    ['is a feature', good, '/stores/type', 'only FeatureCollection'],
    ['has no features', { type: 'FeatureCollection' }, '/stores/features', 'missing: a list'],
    ['is empty', { type: 'FeatureCollection', features: [] }, '/stores/features', 'at least 1 item'],
    [
      'has lines only',
      {
        type: 'FeatureCollection',
        features: [
          feature('a', {
            type: 'LineString',
            coordinates: [
              [0, 0],
              [1, 1],
            ],
          }),
        ],
      },
      '/stores/features/0/geometry',
      'no feature has a Point, a Polygon or a MultiPolygon',
    ],
    [
      'has no ids',
      { type: 'FeatureCollection', features: [withoutId] },
      '/stores/features',
      'no feature has an id, as a member `id` or a property: id, store_number, location_id',
    ],
    [
      'has no names',
      { type: 'FeatureCollection', features: [{ ...good, properties: { title: 'A' } }] },
      '/stores/features',
      'no feature has a name, as a property: name, brand_name, brand',
    ],
    [
      'is in metres',
      {
        type: 'FeatureCollection',
        crs: { type: 'name', properties: { name: 'EPSG:3857' } },
        features: [good],
      },
      '/stores/crs',
      'GeoJSON is WGS-84; convert the coordinates, or declare their `datum`.',
    ],
  ])('when it %s', async (_name, stores, pointer, detail) => {
    const { status, body } = await chain.post({ format: 'geojson', stores })
    expect([status, body.errors.find((error: { pointer: string }) => error.pointer === pointer)]).toEqual([
      400,
      { pointer, detail },
    ])
    expect(sqs.requests).toEqual([])
  })

  test('when its borders are each as tangled as may be, and names the first that is too much', async () => {
    // Long lines to and fro: the boxes of most overlap, close to what one border may have.
    const zigzag = Array.from({ length: 4400 }, (_, n) => [
      n % 2 === 0 ? 10 : 10.03,
      rounded(50 + (0.015 * n) / 4400 + (n % 2 === 0 ? 0 : 0.015)),
    ])
    const coordinates = [[...zigzag, [9.999, 50.03], [9.999, 50], [10, 50]]]
    const features = Array.from({ length: 9 }, (_, n) => feature(`z${n}`, { type: 'Polygon', coordinates }))
    const { status, body } = await chain.post(bodyOf(features))
    expect([status, body.code, body.errors]).toEqual([
      422,
      'unprocessable',
      [
        {
          pointer: expect.stringMatching(/^\/stores\/features\/[5-8]$/),
          detail: expect.stringContaining('split the file before this feature'),
        },
      ],
    ])
    expect(sqs.requests).toEqual([])
    expect((await chain.post(bodyOf(features.slice(0, 3)))).status).toBe(202)
  })

  test('but for members that mean nothing, and a system that the datum explains', async () => {
    const crs = (name: string) => ({ crs: { type: 'name', properties: { name } } })
    const members = { name: 'layer', bbox: [10, 50, 11, 51], ...crs('urn:ogc:def:crs:OGC:1.3:CRS84') }
    expect(await chain.runImport(bodyOf([good], {}, members))).toMatchObject({ stores: { created: 1 } })
    const local = bodyOf([good], { datum: 'gcj02' }, crs('GCJ-02'))
    expect(await chain.runImport(local)).toMatchObject({ geofences: { replaced: 1 }, bad: 0 })
  })
})

describe('what the geofences are given out as', () => {
  type Given = { id: string; geometry: unknown; properties: { storeId?: string } }
  const pagesOf = async ({ call }: Chain): Promise<{ features: Given[] }[]> => {
    const pages = []
    let cursor: string | undefined
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor !== undefined && { cursor }) }
      const { body } = await call(`GET ${M}/geofences:geojson`, { query })
      pages.push(body)
      cursor = body.next
    } while (cursor !== undefined)
    return pages
  }
  const drawn = [
    { name: 'Circle', geometry: point(30, 50), radiusM: 100, exit: { bufferM: 40 } },
    { name: 'Area', geometry: square(30.1, 50) },
    { name: 'Shifted', geometry: square(116.39, 39.9), datum: 'bd09', exit: { confirmS: 30 } },
    { name: 'Round', geometry: point(116.3, 39.9), datum: 'gcj02', radiusM: 50 },
  ]
  const drawAll = async () => {
    for (const body of drawn) expect((await chain.call(`POST ${M}/geofences`, { body })).status).toBe(201)
  }

  test('comes in again as it is, and changes nothing', async () => {
    await drawAll()
    const before = await chain.list('geofences')
    for (const stores of await pagesOf(chain))
      expect(await chain.runImport({ format: 'geojson', stores })).toMatchObject({
        stores: { done: 2, unchanged: 2 },
        geofences: { wanted: 2, done: 2, unchanged: 2 },
        bad: 0,
      })
    expect(await chain.list('geofences')).toEqual(before)
    expect(await chain.list('stores')).toEqual([])
  })

  test('may be edited: the geofence changes, and its store stays', async () => {
    await chain.runImport({ format: 'csv', csv: 'id,name,lat,lon,radius_m\na,A,50.2,30.2,100' })
    const [page] = await pagesOf(chain)
    const [store, geofence] = [await storeOf('a'), page?.features[0]]
    clock.advance(1000)
    const edited = { ...geofence, geometry: square(30.2, 50.2), properties: { name: 'Renamed' } }
    expect(await chain.runImport(bodyOf([edited]))).toMatchObject({
      stores: { unchanged: 1 },
      geofences: { replaced: 1 },
    })
    expect(await chain.list('geofences')).toEqual([
      expect.objectContaining({
        id: geofence?.id,
        name: 'Renamed',
        storeId: store.id,
        geometry: square(30.2, 50.2),
      }),
    ])
    expect(await storeOf('a')).toEqual(store)
    expect(await chain.list('stores')).toHaveLength(1)
  })

  test('is refused beside the store that it is drawn for: one of both would undo the other', async () => {
    await chain.runImport({ format: 'csv', csv: 'id,name,lat,lon,radius_m\na,A,50.2,30.2,100' })
    const [page] = await pagesOf(chain)
    const features = [...(page?.features ?? []), feature('a', square(30.2, 50.2))]
    const before = await chain.list('geofences')
    for (const both of [features, features.toReversed()]) {
      const report = await chain.runImport(bodyOf(both))
      expect(report.badRows).toEqual([{ line: 2, pointer: '/id', reason: 'line 1 has this id already' }])
    }
    expect(before).toHaveLength(1)
    expect(await chain.list('geofences')).toEqual([
      expect.objectContaining({ id: before[0].id, geometry: square(30.2, 50.2), revision: 2 }),
    ])
  })

  test('comes in at another merchant as new stores, once', async () => {
    await drawAll()
    const pages = await pagesOf(chain)
    chain = await newChain()
    for (const outcome of ['created', 'unchanged'])
      for (const stores of pages)
        expect(await chain.runImport({ format: 'geojson', stores })).toMatchObject({
          stores: { [outcome]: 2 },
          geofences: { [outcome]: 2 },
          bad: 0,
        })
    const shownIn = (given: readonly { features: Given[] }[]) =>
      given
        .flatMap(({ features }) => features)
        .map(({ geometry, properties: { storeId: _, ...rest } }) => JSON.stringify({ geometry, ...rest }))
        .toSorted()
    expect(shownIn(await pagesOf(chain))).toEqual(shownIn(pages))
    expect(await chain.list('stores')).toHaveLength(4)
  })

  test('ends a page early where the borders are large, and leaves none out', async () => {
    const circle = (lon: number) =>
      Array.from({ length: 28_000 }, (_, n) => {
        const angle = (2 * Math.PI * n) / 28_000
        return [rounded(lon + 0.03 * Math.cos(angle)), rounded(50 + 0.03 * Math.sin(angle))]
      })
    for (const lon of [40, 41, 42, 43]) {
      const vertices = circle(lon)
      const geometry = { type: 'Polygon', coordinates: [[...vertices, vertices[0]]] }
      const { status } = await chain.call(`POST ${M}/geofences`, { body: { name: `At ${lon}`, geometry } })
      expect(status).toBe(201)
    }
    const { body: first } = await chain.call(`GET ${M}/geofences:geojson`)
    expect(first.features).toHaveLength(3)
    const { body: second } = await chain.call(`GET ${M}/geofences:geojson`, { query: { cursor: first.next } })
    expect([second.features.length, second.next]).toEqual([1, undefined])
    expect(await chain.runImport({ format: 'geojson', stores: first })).toMatchObject({
      geofences: { unchanged: 3 },
      bad: 0,
    })
  })
})

test('borders of more than 500,000 positions are neither compared nor rehearsed; with one less they are compared', async () => {
  const circle = (lon: number) => {
    const vertices = Array.from({ length: 29_000 }, (_, n) => {
      const angle = (2 * Math.PI * n) / 29_000
      return [rounded(lon + 0.03 * Math.cos(angle)), rounded(50 + 0.03 * Math.sin(angle))]
    })
    return { type: 'Polygon', coordinates: [[...vertices, vertices[0]]] }
  }
  const drawn: string[] = []
  for (let lon = 40; lon < 58; lon += 1) {
    const body = { name: `At ${lon}`, geometry: circle(lon) }
    drawn.push((await chain.call(`POST ${M}/geofences`, { body })).body.id)
  }
  const { status, body } = await chain.call(`GET ${M}/geofences:overlaps`)
  expect([status, body.code, body.detail]).toEqual([
    422,
    'unprocessable',
    expect.stringContaining('500,000 positions'),
  ])
  const { body: scene } = await chain.call(`POST ${M}/scenes`, { body: sceneBody() })
  const fixes = [{ at: new Date(clock.nowMs).toISOString(), lat: 50, lon: 40, accuracyM: 5 }]
  const rehearsal = { path: { sceneId: scene.id }, body: { fixes } }
  const rehearsed = await chain.call(`POST ${M}/scenes/{sceneId}/rehearsals`, rehearsal)
  expect([rehearsed.status, rehearsed.body.detail]).toEqual([422, expect.stringContaining('500,000')])
  await chain.call(`DELETE ${M}/geofences/{geofenceId}`, { path: { geofenceId: drawn[0] ?? '' } })
  const fewer = await chain.call(`GET ${M}/geofences:overlaps`)
  expect([fewer.status, fewer.body]).toEqual([200, { count: 0, items: [] }])
  // Of so many an import tells no more than what it drew.
  const report = await chain.runImport({ format: 'csv', radiusM: 50, csv: 'id,name,lat,lon\n1,One,10,10' })
  expect(report.geofences).toMatchObject({ created: 1 })
  expect(report.geofences).not.toHaveProperty('overlapping')
})

test('the largest page of geofences has room in the answer of a function, 6 MB', async () => {
  // Numbers of the longest form, in as many positions as a list shows.
  const vertices = (lon: number) =>
    Array.from({ length: 1999 }, (_, n) => {
      const angle = (2 * Math.PI * n) / 1999
      const [x, y] = [lon + 0.03 * Math.cos(angle), -82.5 + 0.03 * Math.sin(angle)]
      return [Math.floor(x * 1e6) / 1e6 + 1e-7, Math.floor(y * 1e6) / 1e6 + 1e-7].map(rounded)
    })
  const features = Array.from({ length: 100 }, (_, n) => {
    const ring = vertices(-179 + n * 0.5)
    const geometry = { type: 'Polygon', coordinates: [[...ring, ring[0]]] }
    return feature(`${n}`, geometry, { name: '€'.repeat(100) })
  })
  for (const half of [features.slice(0, 50), features.slice(50)])
    expect(await chain.runImport(bodyOf(half))).toMatchObject({ geofences: { created: 50 }, bad: 0 })
  const { status, body } = await chain.call(`GET ${M}/geofences`, { query: { limit: '100' } })
  expect([status, body.items.length]).toEqual([200, 100])
  const positions = body.items.map(
    (item: { geometry?: { coordinates: unknown[][] } }) => item.geometry?.coordinates[0]?.length,
  )
  expect(new Set(positions)).toEqual(new Set([2000]))
  const bytes = Buffer.byteLength(JSON.stringify(body))
  expect(bytes).toBeGreaterThan(5_000_000)
  expect(bytes).toBeLessThan(6_000_000)
})

const DATA = path.resolve(import.meta.dirname, '../../../../shared/data/polygons')
type RealFeature = { readonly geometry: unknown; readonly properties: { readonly name: string } }
const realFeatures = (file: string): readonly RealFeature[] =>
  JSON.parse(readFileSync(path.join(DATA, file), 'utf8')).features

describe.skipIf(!existsSync(DATA))('real borders', () => {
  if (!existsSync(DATA)) console.info('skipped: no ../shared/data')

  test.each([
    ['manhattan_neighbourhoods.geojson', 37],
    ['san_francisco_neighbourhoods.geojson', 30],
  ])('of %s come in with a store inside of each', async (file, least) => {
    const features = realFeatures(file).map((one, index) => ({ ...one, id: `${index}` }))
    const report = await chain.runImport(bodyOf(features))
    expect(report.stores.created + report.bad).toBe(features.length)
    expect(report.stores.created).toBeGreaterThanOrEqual(least)
    expect(report.geofences.created).toBe(report.stores.created)
    for (const { reason } of report.badRows) expect(reason).toMatch(/km from its centre/)
    // Neighbours touch; few borders were drawn so loosely that they cross.
    expect(report.geofences.overlapping).toBeLessThan(8)
    for (const { externalId, lat, lon } of await chain.list('stores'))
      expect(contains(polygonFrom(features[Number(externalId)]?.geometry), { lat, lon })).toBe(true)
  })

  test('of districts and boroughs come in where the merchant may draw as far', async () => {
    await chain.raise({ radiusM: 100_000, tileRows: 1000 })
    const beijing = realFeatures('beijing_districts.geojson')
    const boroughs = realFeatures('nyc_boroughs.geojson').map((one, index) => ({ ...one, id: `nyc${index}` }))
    const report = await chain.runImport(bodyOf([...beijing, ...boroughs]))
    expect(report).toMatchObject({ rows: 21, stores: { created: 21 }, geofences: { created: 21 }, bad: 0 })
    expect(await chain.runImport(bodyOf([...beijing, ...boroughs]))).toMatchObject({
      stores: { unchanged: 21 },
      geofences: { unchanged: 21 },
    })
  })
})
