import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { type ImportServices, importStores } from '#functions/run-jobs/import-stores.ts'
import {
  createGeofenceRecords,
  createListAllGeofences,
} from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import { createImportRecords } from '#shared/adapters/dynamodb/catalog/import-records.ts'
import type { JobId, MerchantId } from '#shared/domain/ids.ts'
import { HOUR } from '#test/support/builders.ts'
import { DEAD_MS, dieUnanswered } from '#test/support/die-unanswered.ts'
import { callApi } from '#test/support/http-event.ts'
import { newMerchant } from '#test/support/merchants.ts'
import { sentTo } from '#test/support/peers.ts'
import { type Chain, createImportWorld, M } from './import-world.ts'

const { tables, sqs, clock, newChain, workOff } = await createImportWorld(Date.UTC(2026, 10, 22, 10))
afterAll(() => sqs.close())

let merchantId: MerchantId
let chain: Chain
beforeEach(async () => {
  chain = await newChain()
  merchantId = chain.merchantId
})
const post = (body: unknown) => chain.post(body)
const get = (jobId: string) => chain.get(jobId)
const list = (what: string) => chain.list(what)
const runImport = (body: unknown) => chain.runImport(body)

const csvOf = (rows: readonly string[]): string => ['id,name,lat,lon,radius_m', ...rows].join('\n')
const shops = (count: number, name = 'Shop'): string[] =>
  Array.from({ length: count }, (_, n) => `s${n},${name} ${n},${37.7 + n / 1000},-122.4,`)

describe('an import', () => {
  test('writes stores with their time zone and a geofence around each, and is told as it goes', async () => {
    const { status, body, headers } = await post({ format: 'csv', csv: csvOf(shops(3)), radiusM: 150 })
    expect(status).toBe(202)
    expect(headers['location']).toBe(`/v1/merchants/${merchantId}/imports/${body.jobId}`)
    expect(body).toMatchObject({ state: 'queued', rows: 3, geofences: { wanted: 3, done: 0 } })
    await workOff()
    expect(await get(body.jobId)).toMatchObject({
      state: 'done',
      finishedAt: '2026-11-22T10:00:00.000Z',
      stores: { done: 3, created: 3, replaced: 0, unchanged: 0 },
      geofences: { wanted: 3, done: 3, created: 3 },
      bad: 0,
      badRows: [],
    })
    const stores = await list('stores')
    expect(stores).toHaveLength(3)
    expect(stores).toContainEqual(
      expect.objectContaining({ externalId: 's0', name: 'Shop 0', timeZone: 'America/Los_Angeles' }),
    )
    const geofences = await list('geofences')
    expect(geofences).toContainEqual(
      expect.objectContaining({
        name: 'Shop 0',
        radiusM: 150,
        storeId: stores.find(({ externalId }) => externalId === 's0')?.id,
      }),
    )
  })

  test('that is repeated adds nothing; a row that changed changes its store, and keeps what the file does not say', async () => {
    await runImport({ format: 'csv', csv: csvOf(shops(3)), radiusM: 150 })
    expect(await runImport({ format: 'csv', csv: csvOf(shops(3)), radiusM: 150 })).toMatchObject({
      stores: { created: 0, replaced: 0, unchanged: 3 },
      geofences: { created: 0, replaced: 0, unchanged: 3 },
    })
    const [store] = (await list('stores')).filter(({ externalId }) => externalId === 's1')
    const { id: storeId, name, lat, lon } = store
    const closedDates = ['2026-12-25']
    await callApi(merchantApi, `PUT ${M}/stores/{storeId}`, {
      subject: 'owner',
      path: { merchantId, storeId },
      body: { name, lat, lon, closedDates },
    })
    clock.advance(1000)
    const changed = [...shops(3).slice(0, 1), 's1,Renamed,37.75,-122.4,200']
    expect(await runImport({ format: 'csv', csv: csvOf(changed), radiusM: 150 })).toMatchObject({
      stores: { created: 0, replaced: 1, unchanged: 1 },
      geofences: { replaced: 1, unchanged: 1 },
    })
    const after = (await list('stores')).find(({ id }) => id === storeId)
    expect(after).toMatchObject({ name: 'Renamed', lat: 37.75, closedDates, revision: 3, externalId: 's1' })
    expect(await list('stores')).toHaveLength(3)
    expect(await list('geofences')).toHaveLength(3)
  })

  test('tells each bad row with its line, its column and the reason, and imports the others', async () => {
    const csv = [
      'id,name,lat,lon,region_id,radius_m,colour',
      '1,Good,37.7,-122.4,,,red',
      '2,"Two',
      'lines",97.7,-122.4,,,',
      ',No id,37.7,-122.4,,,',
      '1,Again,37.7,-122.4,,,',
      '5,Far,37.7,-122.4,,9000,',
      '6,Letters,37.7x,-122.4,,,',
      '7,Region,37.7,-122.4,reg_01J0000000000000000000000A,,',
      '8,,37.7,-122.4,,,',
    ].join('\n')
    const report = await runImport({ format: 'csv', csv })
    expect(report).toMatchObject({ rows: 8, bad: 7, stores: { created: 1 } })
    const pointers = report.badRows.map(({ line, pointer }: { line: number; pointer: string }) => [
      line,
      pointer,
    ])
    expect(pointers).toEqual([
      [4, '/lat'],
      [5, '/id'],
      [6, '/id'],
      [7, '/radiusM'],
      [8, '/lat'],
      [10, '/name'],
      [9, '/regionId'],
    ])
    expect(report.badRows[0].reason).toBe('at most 90')
    expect(report.badRows[1].reason).toBe('missing: a string')
    expect(report.badRows[2].reason).toBe('line 2 has this id already')
    expect((await list('stores')).map(({ name }) => name)).toEqual(['Good'])
  })

  test.each([
    ['a,b\n1,2', 'the header lacks id, name, lat, lon'],
    ['store_number,brand,latitude\n1,Café,37.7', 'the header lacks lon'],
    [
      'id;name;lat;lon\n1;Café;37.7;-122.4',
      'the header lacks id, name, lat, lon; commas part columns, not semicolons',
    ],
  ])('without a column that is needed (%j) is refused at once', async (csv, detail) => {
    const { status, body } = await post({ format: 'csv', csv })
    expect([status, body.errors]).toEqual([400, [{ pointer: '/csv', detail }]])
    expect(sentTo(sqs)).toEqual([])
  })

  test('takes the other names of columns', async () => {
    const csv = ' store_number ,brand,latitude,lng\n1,Café,37.7,-122.4'
    expect(await runImport({ format: 'csv', csv })).toMatchObject({ stores: { created: 1 }, bad: 0 })
  })

  test('that is no table, or has no row, is refused at once', async () => {
    const broken = await post({ format: 'csv', csv: 'id,name\n"open' })
    expect([broken.status, broken.body.errors[0].pointer]).toEqual([422, '/csv'])
    expect((await post({ format: 'csv', csv: 'id,name,lat,lon' })).status).toBe(422)
    const many = csvOf(Array.from({ length: 10_001 }, (_, n) => `${n},S,1,1,`))
    expect((await post({ format: 'csv', csv: many })).body.errors[0].detail).toContain('10000')
    expect((await post({ format: 'csv', csv: 'x'.repeat(4 * 1024 * 1024) })).status).toBe(413)
    expect(sentTo(sqs)).toEqual([])
  })

  test('that crashes anywhere goes on where it was, and a message that comes twice does nothing twice', async () => {
    const { body } = await post({ format: 'csv', csv: csvOf(shops(100)), radiusM: 50 })
    const catalog = createImportRecords(tables)
    let calls = 0
    const crashing = async <T>(work: () => Promise<T>): Promise<T> => {
      const done = await work()
      calls += 1
      if (calls % 2 === 0) throw new Error('crashed')
      return done
    }
    const services: ImportServices = {
      nowMs: () => clock.nowMs,
      imports: {
        ...catalog,
        storeRows: (...given) => crashing(() => catalog.storeRows(...given)),
        keepDrawn: (...given) => crashing(() => catalog.keepDrawn(...given)),
      },
      geofences: createGeofenceRecords(tables, () => clock.nowMs),
      listAllGeofences: createListAllGeofences(tables),
      queueJob: async () => {},
    }
    const message = { kind: 'import', merchantId, jobId: body.jobId as JobId } as const
    for (let tries = 0; tries < 20; tries += 1) {
      await Promise.allSettled([importStores(services, message), importStores(services, message)])
      if ((await get(body.jobId)).state === 'done') break
    }
    expect(await get(body.jobId)).toMatchObject({
      state: 'done',
      stores: { done: 100, created: 100 },
      geofences: { done: 100 },
      bad: 0,
    })
    const stores = await list('stores')
    expect(stores).toHaveLength(100)
    expect(new Set(stores.map(({ revision }) => revision))).toEqual(new Set([1]))
    expect(await list('geofences')).toHaveLength(100)
  })

  test('of which nothing comes for six hours has failed, until it goes on', async () => {
    const { body } = await post({ format: 'csv', csv: csvOf(shops(2)) })
    const stateAfter = async (ms: number): Promise<string> => {
      clock.advance(ms)
      return (await get(body.jobId)).state
    }
    expect(await stateAfter(6 * HOUR)).toBe('queued')
    expect(await stateAfter(1)).toBe('failed')
    const catalog = createImportRecords(tables)
    const job = await catalog.find(merchantId, body.jobId)
    if (job === undefined) throw new Error('not asked for')
    await catalog.storeRows(job, (await catalog.readRows(job)).slice(0, 1), clock.nowMs)
    expect(await stateAfter(6 * HOUR)).toBe('running')
    expect(await stateAfter(1)).toBe('failed')
    await workOff()
    expect(await stateAfter(0)).toBe('done')
  })

  test('of a merchant that is gone ends, and another merchant does not see it', async () => {
    const { body } = await post({ format: 'csv', csv: csvOf(shops(1)) })
    const other = await newMerchant(merchantApi, 'other')
    const foreign = await callApi(merchantApi, `GET ${M}/imports/{jobId}`, {
      subject: 'other',
      path: { merchantId: other.id, jobId: body.jobId },
    })
    expect(foreign.status).toBe(404)
    const path = { merchantId }
    await callApi(merchantApi, `DELETE ${M}`, { subject: 'owner', path })
    await workOff()
    const left = (await tables.allOf(tables.catalog)).filter(
      ({ pk, kind }) => pk === `M#${merchantId}` && kind === 'store',
    )
    expect(left).toEqual([])
  })

  test('is in the audit log', async () => {
    const { jobId } = await runImport({ format: 'csv', csv: csvOf(shops(2)) })
    const { body } = await callApi(merchantApi, `GET ${M}/audit-log`, {
      subject: 'owner',
      path: { merchantId },
    })
    expect(body.items).toContainEqual(
      expect.objectContaining({ action: 'import', object: jobId, detail: '2 stores created, 0 replaced' }),
    )
  })
})

describe('geofences that share ground', () => {
  test('are listed, the deepest first; those that only touch are not', async () => {
    const csv = csvOf(['a,A,37.7,-122.4,100', 'b,B,37.7005,-122.4,100', 'c,C,37.7,-122.3,100'])
    expect((await runImport({ format: 'csv', csv })).geofences).toMatchObject({ created: 3, overlapping: 2 })
    const geofences = await list('geofences')
    const idOf = (name: string) => geofences.find((geofence) => geofence.name === name)?.id
    const { body } = await callApi(merchantApi, `GET ${M}/geofences:overlaps`, {
      subject: 'owner',
      path: { merchantId },
    })
    expect(body).toEqual({
      count: 1,
      items: [{ geofenceIds: [idOf('A'), idOf('B')], depthM: expect.any(Number), isExact: true }],
    })
    expect(body.items[0].depthM).toBeCloseTo(200 - 55.6, 0)
  })

  test('are counted in the report of an import: those of its own file', async () => {
    const file = (...rows: string[]) => ({ format: 'csv', csv: csvOf(rows) })
    expect((await runImport(file('a,A,37.6,-122.4,100'))).geofences.overlapping).toBe(0)
    const more = file('b,B,37.6005,-122.4,100', 'd,D,37.6,-122.2,100', 'e,E,37.6,-122.1,')
    expect((await runImport(more)).geofences).toMatchObject({ created: 2, overlapping: 1 })
    expect((await runImport(file('f,F,37.6,-122.4,'))).geofences).toMatchObject({ wanted: 0, overlapping: 0 })
  })
})

const DATA = path.resolve(import.meta.dirname, '../../../../shared/data/stores')

test('ten thousand real stores come in by slices', async (context) => {
  const files = ['alltheplaces_nyc.csv', 'alltheplaces_sf_bay.csv'].map((file) => path.join(DATA, file))
  if (!files.every((file) => existsSync(file))) {
    console.log('skipped: no ../shared/data')
    return context.skip('skipped: no ../shared/data')
  }
  const [one = '', other = ''] = files.map((file) => readFileSync(file, 'utf8').trimEnd())
  const lines = [...one.split('\n'), ...other.split('\n').slice(1)].slice(0, 10_001)
  const { status, body } = await post({ format: 'csv', csv: lines.join('\n') })
  expect(status).toBe(202)
  const hops = await workOff()
  expect(hops).toBeGreaterThan(1)
  const report = await get(body.jobId)
  expect(report).toMatchObject({ state: 'done', rows: 10_000 })
  expect(report.stores.created + report.bad).toBe(10_000)
  expect(report.stores.created).toBeGreaterThan(9_900)
}, 600_000)

// Last: time goes on.
test('an import whose function died before it answered is the same one when it is sent again, also while it is worked off', async () => {
  const send = () =>
    chain.call(`POST ${M}/imports`, {
      body: { format: 'csv', csv: csvOf(shops(3)) },
      headers: { 'idempotency-key': `of ${merchantId}`.replaceAll(' ', '-') },
    })
  const first = await send()
  await workOff()
  await dieUnanswered(tables)
  clock.advance(DEAD_MS)
  const second = await send()
  expect([second.status, second.body.jobId]).toEqual([202, first.body.jobId])
  await workOff()
  expect(await get(first.body.jobId)).toMatchObject({ state: 'done', stores: { done: 3, created: 3 } })
  expect(await list('stores')).toHaveLength(3)
})
