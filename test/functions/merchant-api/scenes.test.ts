import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { parseScene } from '#shared/contracts/items/catalog.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import {
  created,
  geofenceBody,
  newMerchant,
  offerBody,
  sceneBody,
  UNION_SQUARE,
} from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const { id: merchantId } = await newMerchant(handler, 'owner')
const path = { merchantId }
const post = (body: unknown) =>
  callApi(handler, 'POST /v1/merchants/{merchantId}/scenes', { subject: 'owner', path, body })

describe('a scene', () => {
  test('gets the values that are left out, and is stored as deciding reads it', async () => {
    const { status, body } = await post(sceneBody())
    expect(status).toBe(201)
    expect(body).toMatchObject({
      merchantId,
      state: 'active',
      when: {},
      limits: { coolDownS: 86_400, maxAgeS: 300 },
      priority: 50,
      revision: 1,
    })
    const stored = (await tables.allOf(tables.catalog)).find((item) => item['sk'] === `SCENE#${body.id}`)
    const { warnings, ...scene } = body
    expect(parseScene(stored)).toEqual(scene)
    expect(warnings).toEqual([
      {
        rule: 'noGeofence',
        pointer: '/triggers/0',
        sentence: 'There is no geofence yet: nobody is seen anywhere. Draw one.',
      },
    ])
  })

  test('that can never speak is refused, but as a draft; the preview says so, too', async () => {
    const over = sceneBody({
      when: { until: '2026-11-01T00:00:00Z' },
      triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days: 7 } }],
    })
    const { status, body } = await post(over)
    expect(status).toBe(422)
    expect(body.errors).toEqual([{ pointer: '/when/until', detail: 'The scene’s end has passed.' }])
    const { status: drafted, body: draft } = await post({ ...over, state: 'draft' })
    expect([drafted, draft.warnings]).toEqual([201, undefined])
    const activated = await callApi(handler, 'PUT /v1/merchants/{merchantId}/scenes/{sceneId}', {
      subject: 'owner',
      path: { merchantId, sceneId: draft.id },
      body: over,
    })
    expect(activated.status).toBe(422)
    const { body: preview } = await callApi(handler, 'POST /v1/merchants/{merchantId}/scenes:preview', {
      subject: 'owner',
      path,
      body: over,
    })
    expect(preview.findings).toMatchObject([{ rule: 'ended', pointer: '/when/until' }])
  })

  test('with an offer that has ended is refused', async () => {
    const offer = await created(handler, 'POST /v1/merchants/{merchantId}/offers', {
      subject: 'owner',
      path,
      body: offerBody({ until: '2026-11-01T00:00:00Z' }),
    })
    const { status, body } = await post(sceneBody({ offerId: offer.id }))
    expect([status, body.errors[0].pointer]).toEqual([422, '/offerId'])
  })

  test('whose hours no law allows at its stores is refused', async () => {
    const { id } = await newMerchant(handler, 'owner')
    const mine = { subject: 'owner', path: { merchantId: id } }
    const store = { name: 'Mission', lat: UNION_SQUARE.lat, lon: UNION_SQUARE.lon }
    const { id: storeId } = await created(handler, 'POST /v1/merchants/{merchantId}/stores', {
      ...mine,
      body: store,
    })
    await created(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      ...mine,
      body: geofenceBody({ storeId }),
    })
    const weeklyHours = [{ days: ['sat', 'sun'], from: '23:30', to: '05:00' }]
    const { status, body } = await callApi(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      ...mine,
      body: sceneBody({ when: { weeklyHours } }),
    })
    expect(status).toBe(422)
    expect(body.errors).toEqual([
      {
        pointer: '/when/weeklyHours',
        detail: 'The law never lets promotion reach a customer in the scene’s hours and dates.',
      },
    ])
  })

  test('keeps dates as UTC and hours as given', async () => {
    const weeklyHours = [{ days: ['mon', 'fri'], from: '18:00', to: '02:00' }]
    const { body } = await post(
      sceneBody({ when: { from: '2026-12-01T00:00:00+09:00', until: '2026-12-02T00:00:00Z', weeklyHours } }),
    )
    expect(body.when).toEqual({
      from: '2026-11-30T15:00:00.000Z',
      until: '2026-12-02T00:00:00.000Z',
      weeklyHours,
    })
  })

  test('may name what its merchant has', async () => {
    const offer = await created(handler, 'POST /v1/merchants/{merchantId}/offers', {
      subject: 'owner',
      path,
      body: offerBody(),
    })
    const geofence = await created(handler, 'POST /v1/merchants/{merchantId}/geofences', {
      subject: 'owner',
      path,
      body: geofenceBody(),
    })
    const at = { geofenceIds: [geofence.id] }
    const triggers = [
      { type: 'enter', at },
      { type: 'dwell', dwellS: 600, at },
    ]
    const { status, body } = await post(sceneBody({ offerId: offer.id, triggers }))
    expect(status).toBe(201)
    expect(body).toMatchObject({ offerId: offer.id, triggers })
  })

  test('that names what is not there is refused with a pointer to each', async () => {
    const geofenceId = 'gf_01J0000000000000000000000A'
    const { status, body } = await post(
      sceneBody({
        offerId: 'off_01J0000000000000000000000A',
        triggers: [
          { type: 'enter', at: { geofenceIds: [geofenceId] } },
          { type: 'exit', at: { geofenceIds: [geofenceId], storeIds: ['sto_01J0000000000000000000000A'] } },
        ],
      }),
    )
    expect(status).toBe(422)
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([
      '/triggers/0/at/geofenceIds/0',
      '/triggers/1/at/geofenceIds/0',
      '/triggers/1/at/storeIds/0',
      '/offerId',
    ])
  })

  test.each([
    ['no trigger', { triggers: [] }, '/triggers'],
    ['an unknown trigger', { triggers: [{ type: 'enter' }, { type: 'blink' }] }, '/triggers/1/type'],
    ['a dwell without its time', { triggers: [{ type: 'dwell' }] }, '/triggers/0/dwellS'],
    [
      'a member of another trigger',
      { triggers: [{ type: 'event', eventType: 'share', dwellS: 60 }] },
      '/triggers/0/dwellS',
    ],
    ['places that name nothing', { triggers: [{ type: 'enter', at: {} }] }, '/triggers/0/at'],
    [
      'an hour that is none',
      { when: { weeklyHours: [{ days: ['mon'], from: '24:00', to: '02:00' }] } },
      '/when/weeklyHours/0/from',
    ],
    [
      'an end before its beginning',
      { when: { from: '2026-12-02T00:00:00Z', until: '2026-12-01T00:00:00Z' } },
      '/when/until',
    ],
    [
      'five reminders',
      {
        triggers: [
          { type: 'enter' },
          ...[7, 14, 30, 60, 90].map((days) => ({ type: 'due', plan: { kind: 'afterLastVisit', days } })),
        ],
      },
      '/triggers/5',
    ],
    [
      'a visit plan that meets the customer every day',
      { triggers: [{ type: 'due', plan: { kind: 'everyDays', days: 1 } }] },
      '/triggers/0/plan/days',
    ],
    [
      'a festival that nobody can compute',
      { triggers: [{ type: 'due', plan: { kind: 'festival', festival: 'diwali', hour: 10 } }] },
      '/triggers/0/plan/festival',
    ],
    ['a time without a zone', { when: { from: '2026-12-02T00:00:00' } }, '/when/from'],
    ['no channel', { message: { ttlS: 60 } }, '/message'],
    [
      'a link that runs code',
      { message: { push: { title: 'a', body: 'b', deepLink: 'javascript://x' }, ttlS: 60 } },
      '/message/push/deepLink',
    ],
    [
      'a cool-down that nobody remembers',
      { limits: { coolDownS: 40 * 86_400, maxAgeS: 300 } },
      '/limits/coolDownS',
    ],
    ['a priority over 100', { priority: 101 }, '/priority'],
    ['an empty name', { name: '   ' }, '/name'],
    ['an id that is none', { offerId: 'off_1' }, '/offerId'],
    ['a field that the server sets', { revision: 7 }, '/revision'],
  ])('with %s is refused', async (_, changes, pointer) => {
    const { status, headers, body } = await post(sceneBody(changes))
    expect(status).toBe(400)
    expect(headers['content-type']).toBe('application/problem+json')
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer])
  })

  test('is replaced whole', async () => {
    const scene = (await post(sceneBody({ priority: 90 }))).body
    const scenePath = { merchantId, sceneId: scene.id }
    const { body } = await callApi(handler, 'PUT /v1/merchants/{merchantId}/scenes/{sceneId}', {
      subject: 'owner',
      path: scenePath,
      body: sceneBody({ name: 'Other', state: 'paused' }),
    })
    expect(body).toMatchObject({ id: scene.id, name: 'Other', state: 'paused', priority: 50, revision: 2 })
    const removed = await callApi(handler, 'DELETE /v1/merchants/{merchantId}/scenes/{sceneId}', {
      subject: 'owner',
      path: scenePath,
    })
    expect(removed.status).toBe(204)
  })

  test('that two replace at once is replaced twice', async () => {
    const scene = (await post(sceneBody())).body
    const put = (name: string) =>
      callApi(handler, 'PUT /v1/merchants/{merchantId}/scenes/{sceneId}', {
        subject: 'owner',
        path: { merchantId, sceneId: scene.id },
        body: sceneBody({ name }),
      })
    const answers = await Promise.all([put('A'), put('B'), put('C')])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers.map(({ body }) => body.revision).toSorted()).toEqual([2, 3, 4])
  })
})

test('a merchant has at most 100 scenes; deleting one makes room', async () => {
  const { id } = await newMerchant(handler, 'owner')
  const create = () =>
    callApi(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'owner',
      path: { merchantId: id },
      body: sceneBody(),
    })
  const { body: first } = await create()
  await tables.client.send(
    new UpdateCommand({
      TableName: tables.catalog,
      Key: { pk: `M#${id}`, sk: 'VERSION' },
      UpdateExpression: 'ADD scenes :more',
      ExpressionAttributeValues: { ':more': 98 },
    }),
  )
  expect((await create()).status).toBe(201)
  const { status, body } = await create()
  expect([status, body.code, body.detail]).toEqual([409, 'limitReached', 'a merchant has at most 100 scenes'])
  const call = { subject: 'owner', path: { merchantId: id, sceneId: first.id } }
  for (const state of ['paused', 'archived']) {
    const replaced = await callApi(handler, 'PUT /v1/merchants/{merchantId}/scenes/{sceneId}', {
      ...call,
      body: sceneBody({ state }),
    })
    expect(replaced.status).toBe(200)
  }
  expect((await callApi(handler, 'DELETE /v1/merchants/{merchantId}/scenes/{sceneId}', call)).status).toBe(
    204,
  )
  expect((await create()).status).toBe(201)
  expect((await create()).status).toBe(409)
})

test('a new arrival is announced every 90 days at most, or as often as the merchant says', async () => {
  const { id } = await newMerchant(handler, 'owner', 'Novelties')
  const call = { subject: 'owner', path: { merchantId: id } }
  const announce = (state: 'active' | 'draft' = 'active') =>
    callApi(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      ...call,
      body: sceneBody({ theme: 'newArrival', state }),
    })
  const turn = (sceneId: string, state: string) =>
    callApi(handler, 'PUT /v1/merchants/{merchantId}/scenes/{sceneId}', {
      subject: 'owner',
      path: { merchantId: id, sceneId },
      body: sceneBody({ theme: 'newArrival', state }),
    })
  const { body: first } = await announce()
  const { status, body } = await announce()
  expect([status, body.code]).toEqual([409, 'limitReached'])
  expect(body.detail).toMatch(/every 90 days/)
  const { body: second } = await announce('draft')
  expect((await turn(second.id, 'active')).status).toBe(409)
  // The one that was announced may rest and go on.
  for (const state of ['paused', 'active']) expect((await turn(first.id, state)).status).toBe(200)
  const nowMs = clock.nowMs
  clock.nowMs += 30 * 86_400_000
  expect((await turn(second.id, 'active')).status).toBe(409)
  await callApi(handler, 'PUT /v1/merchants/{merchantId}', {
    ...call,
    body: { name: 'Novelties', newArrivalEveryDays: 30 },
  })
  expect((await turn(second.id, 'active')).status).toBe(200)
  clock.nowMs = nowMs
})

describe('activating and pausing', () => {
  const move = (sceneId: string, how: 'activate' | 'pause', headers: Readonly<Record<string, string>> = {}) =>
    callApi(handler, `POST /v1/merchants/{merchantId}/scenes/{sceneId}/${how}`, {
      subject: 'owner',
      path: { merchantId, sceneId },
      headers,
    })

  test('change the state and nothing else; what is so already stays at its revision', async () => {
    const { body: scene } = await post(sceneBody({ state: 'draft', priority: 70 }))
    const active = await move(scene.id, 'activate')
    expect([active.status, active.body.state, active.body.revision, active.body.priority]).toEqual([
      200,
      'active',
      2,
      70,
    ])
    expect((await move(scene.id, 'activate')).body.revision).toBe(2)
    const paused = await move(scene.id, 'pause', { 'if-match': '"2"' })
    expect([paused.body.state, paused.body.revision]).toEqual(['paused', 3])
    expect((await move(scene.id, 'activate', { 'if-match': '"2"' })).status).toBe(412)
  })

  test('refuse a scene that cannot speak, a move that there is none, and one that is not there', async () => {
    const message = { push: { title: 'Mum', body: 'Last chance!' }, ttlS: 600 }
    const { body: misleading } = await post(sceneBody({ message, state: 'draft' }))
    expect((await move(misleading.id, 'activate')).status).toBe(422)
    expect((await move(misleading.id, 'pause')).body.errors[0].pointer).toBe('/state')
    expect((await move('scn_01J0000000000000000000000A', 'pause')).status).toBe(404)
  })
})

test('revisions of a scene stay readable when it is deleted; a scene that never was has none to list', async () => {
  const revisions = (sceneId: string) =>
    callApi(handler, 'GET /v1/merchants/{merchantId}/scenes/{sceneId}/revisions', {
      subject: 'owner',
      path: { merchantId, sceneId },
    })
  const { body: scene } = await post(sceneBody({ state: 'draft' }))
  const gone = await callApi(handler, 'DELETE /v1/merchants/{merchantId}/scenes/{sceneId}', {
    subject: 'owner',
    path: { merchantId, sceneId: scene.id },
  })
  expect(gone.status).toBe(204)
  expect((await revisions(scene.id)).body.items).toMatchObject([{ id: scene.id, revision: 1 }])
  const absent = await revisions('scn_01J0000000000000000000000A')
  expect([absent.status, absent.body.code]).toEqual([404, 'notFound'])
})
