import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { decisionRefOf, messageItem } from '#shared/contracts/items/decision.ts'
import { customerIndex, relationshipAttributes } from '#shared/contracts/items/relationship.ts'
import { traceItems } from '#shared/contracts/items/trace.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Granted } from '#shared/domain/scenes/decide.ts'
import { aGrant, anEnter, aRelationship, aScene, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
process.env['SMS_PART_PRICE_USD'] = '0.008830'
const NOW = Date.UTC(2026, 10, 22, 10, 34)
setClock(NOW)

const { id: merchantId } = await newMerchant(handler, 'owner')
const path = { merchantId }
const owner = { subject: 'owner', path }
const M = '/v1/merchants/{merchantId}'
const post = (what: string, body: unknown) => callApi(handler, `POST ${M}/${what}`, { ...owner, body })
const newScene = (changes: Readonly<Record<string, unknown>> = {}) =>
  created(handler, `POST ${M}/scenes`, { ...owner, body: sceneBody(changes) })
const pointersOf = (body: { errors: { pointer: string }[] }) => body.errors.map(({ pointer }) => pointer)

describe('the states of a scene', () => {
  const put = (sceneId: string, changes: Readonly<Record<string, unknown>>) =>
    callApi(handler, `PUT ${M}/scenes/{sceneId}`, {
      subject: 'owner',
      path: { merchantId, sceneId },
      body: sceneBody(changes),
    })

  test('change as they may: draft, active, paused and back, archived from there', async () => {
    const { id } = await newScene({ state: 'draft' })
    for (const [state, status] of [
      ['paused', 422],
      ['archived', 422],
      ['draft', 200],
      ['active', 200],
      ['draft', 422],
      ['archived', 422],
      ['paused', 200],
      ['active', 200],
      ['paused', 200],
      ['archived', 200],
      ['active', 422],
    ] as const) {
      const answer = await put(id, { state })
      expect([state, answer.status]).toEqual([state, status])
      if (status === 422) expect(pointersOf(answer.body)).toEqual(['/state'])
    }
    expect((await post('scenes', sceneBody({ state: 'archived' }))).status).toBe(422)
  })

  test('but draft want a goal', async () => {
    const { goal: _, ...aimless } = sceneBody()
    const { status, body } = await post('scenes', aimless)
    expect([status, pointersOf(body)]).toEqual([400, ['/goal']])
    expect((await post('scenes', { ...aimless, state: 'draft' })).status).toBe(201)
  })

  test('and all else it was are kept as revisions', async () => {
    const { id } = await newScene({ name: 'First' })
    await put(id, { name: 'Second' })
    const { body } = await callApi(handler, `GET ${M}/scenes/{sceneId}/revisions`, {
      subject: 'owner',
      path: { merchantId, sceneId: id },
      query: { limit: '1' },
    })
    expect(body.items).toMatchObject([{ name: 'First', revision: 1 }])
    const { body: next } = await callApi(handler, `GET ${M}/scenes/{sceneId}/revisions`, {
      subject: 'owner',
      path: { merchantId, sceneId: id },
      query: { cursor: body.next },
    })
    expect(next.items).toMatchObject([{ name: 'Second', revision: 2 }])
  })
})

describe('the parts of a scene', () => {
  test.each([
    [
      'a condition without a number',
      {
        triggers: [
          {
            type: 'event',
            eventType: 'purchase',
            where: [{ property: 'amountMinor', test: 'atLeast', value: 'much' }],
          },
        ],
      },
      '/triggers/0/where/0/value',
    ],
    ['a speed below nothing', { triggers: [{ type: 'enter', maxSpeedMps: -1 }] }, '/triggers/0/maxSpeedMps'],
    ['a festival that is none', { when: { festivals: [{ id: 'endOfDays' }] } }, '/when/festivals/0/id'],
    [
      'an unknown condition',
      { audience: { all: [{ type: 'visitCount', atLeast: 1 }, { type: 'mood' }] } },
      '/audience/all/1/type',
    ],
    ['an empty group', { audience: { any: [] } }, '/audience/any'],
    [
      'a range the wrong way round',
      { audience: { not: { type: 'visitCount', atLeast: 3, atMost: 1 } } },
      '/audience/not/atMost',
    ],
    ['a member of no condition', { audience: { type: 'tag', tag: 'a', colour: 'red' } }, '/audience/colour'],
    [
      'an offer that gives nothing',
      { message: { push: { title: 'Blue Door', body: 'Hi' }, kind: 'offer', ttlS: 600 } },
      '/offerId',
    ],
    [
      'a service that answers nothing',
      { message: { push: { title: 'Blue Door', body: 'Hi' }, kind: 'service', ttlS: 600 } },
      '/message/kind',
    ],
    [
      'a service that answers no act with the merchant',
      {
        triggers: [{ type: 'event', eventType: 'app_open' }],
        message: { push: { title: 'Blue Door', body: 'Hi' }, kind: 'service', ttlS: 600 },
      },
      '/message/kind',
    ],
    [
      'a locale that is none',
      { message: { push: { title: 'Blue Door', body: 'Hi' }, locales: { english: {} }, ttlS: 600 } },
      '/message/locales/english',
    ],
    [
      'a holdout of more than all',
      { experiment: { holdoutPercent: 101, salt: 'a' } },
      '/experiment/holdoutPercent',
    ],
    ['a cap of a year', { limits: { caps: [{ windowS: 31_536_000, max: 1 }] } }, '/limits/caps/0/windowS'],
  ])('with %s are refused with a pointer', async (_, changes, pointer) => {
    const { status, body } = await post('scenes', sceneBody(changes))
    expect([status, pointersOf(body)[0]]).toEqual([400, pointer])
  })

  test('deeper than six are refused', async () => {
    const deep = (depth: number): object =>
      depth === 1 ? { type: 'tag', tag: 'a' } : { not: deep(depth - 1) }
    expect((await post('scenes', sceneBody({ audience: deep(6) }))).status).toBe(201)
    expect((await post('scenes', sceneBody({ audience: deep(7) }))).status).toBe(400)
  })

  test('that mislead are refused with a sentence, but not in a draft; a preview says the same', async () => {
    const message = { push: { title: 'Mum', body: 'Last chance!' }, ttlS: 600 }
    const { status, body } = await post('scenes', sceneBody({ message }))
    expect(status).toBe(422)
    expect(body.errors[0].detail).toContain('{{ merchant.name }}')
    const preview = await post('scenes:preview', sceneBody({ message }))
    expect(preview.body.findings.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointersOf(body))
    expect((await post('scenes', sceneBody({ message, state: 'draft' }))).status).toBe(201)
    const sms = { sms: { body: '{{ merchant.name }}: 咖啡' }, ttlS: 600 }
    expect((await post('scenes:preview', sceneBody({ message: sms }))).body).toMatchObject({
      findings: [],
      sms: [{ parts: 1, encoding: 'UCS-2', costUsd: 0.00883 }],
    })
    const long = { sms: { body: `{{ merchant.name }}: ${'咖啡'.repeat(40)}` }, ttlS: 600 }
    expect((await post('scenes:preview', sceneBody({ message: long }))).body.sms).toMatchObject([
      { parts: 2, costUsd: 0.01766 },
    ])
  })
})

describe('the region tree', () => {
  const newRegion = (name: string, parentId?: string) =>
    created(handler, `POST ${M}/regions`, { ...owner, body: { name, ...(parentId && { parentId }) } })

  test('holds stores and scenes; a node in use stays, and none hangs below itself', async () => {
    const city = await newRegion('City')
    const area = await newRegion('Area', city.id)
    const at = (regionId: string) => ({ subject: 'owner', path: { merchantId, regionId } })
    const store = { name: 'One', ...UNION_SQUARE, regionId: area.id, isFlagship: true }
    expect(await created(handler, `POST ${M}/stores`, { ...owner, body: store })).toMatchObject(store)
    const scene = await newScene({ triggers: [{ type: 'enter', at: { regionIds: [city.id] } }] })
    const remove = (id: string) => callApi(handler, `DELETE ${M}/regions/{regionId}`, at(id))
    expect((await remove(city.id)).body.heldBy).toEqual([
      { type: 'scene', id: scene.id },
      { type: 'region', id: area.id },
    ])
    expect((await remove(area.id)).body).toMatchObject({ status: 409, heldBy: [{ type: 'store' }] })
    const circle = await callApi(handler, `PUT ${M}/regions/{regionId}`, {
      ...at(city.id),
      body: { name: 'City', parentId: area.id },
    })
    expect([circle.status, pointersOf(circle.body)]).toEqual([422, ['/parentId']])
    const renamed = await callApi(handler, `PUT ${M}/regions/{regionId}`, {
      ...at(area.id),
      body: { name: 'Quarter', parentId: city.id },
    })
    expect(renamed.body).toMatchObject({ name: 'Quarter', revision: 2 })
    const { body } = await callApi(handler, `GET ${M}/regions`, owner)
    // Ids of one millisecond are in no order.
    expect(body.items.map(({ name }: { name: string }) => name).toSorted()).toEqual(['City', 'Quarter'])
    expect((await callApi(handler, `GET ${M}/regions/{regionId}`, at(city.id))).status).toBe(200)
  })

  test('stays a tree when two nodes are hung below each other at once, however deep they lie', async () => {
    const hang = (id: string, parentId: string) =>
      callApi(handler, `PUT ${M}/regions/{regionId}`, {
        subject: 'owner',
        path: { merchantId, regionId: id },
        body: { name: 'Moved', parentId },
      })
    for (let round = 0; round < 5; round++) {
      const [left, right] = [await newRegion(`Left ${round}`), await newRegion(`Right ${round}`)]
      const answers = await Promise.all([hang(left.id, right.id), hang(right.id, left.id)])
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422])
    }
    const root = await newRegion('Root')
    let leaf = root
    for (let depth = 0; depth < 22; depth++) leaf = await newRegion(`Deep ${depth}`, leaf.id)
    expect((await hang(root.id, leaf.id)).status).toBe(422)
  })

  test('of another merchant is none', async () => {
    const city = await newRegion('Elsewhere')
    const other = await newMerchant(handler, 'other')
    const body = { name: 'Two', ...UNION_SQUARE, regionId: city.id }
    const answer = await callApi(handler, `POST ${M}/stores`, {
      subject: 'other',
      path: { merchantId: other.id },
      body,
    })
    expect([answer.status, pointersOf(answer.body)]).toEqual([422, ['/regionId']])
  })
})

const relate = async (name: string, acted: boolean, rest: Parameters<typeof aRelationship>[0] = {}) => {
  const user = named('usr', name)
  await tables.client.send(
    new PutCommand({
      TableName: tables.ledger,
      Item: {
        pk: `U#${user}`,
        sk: `M#${merchantId}`,
        kind: 'relationship',
        user,
        merchantId,
        visits: 0,
        version: 1,
        ...relationshipAttributes(aRelationship(rest)),
        ...customerIndex(user, merchantId as MerchantId, acted),
        ...(acted && { actedAt: new Date(NOW).toISOString() }),
      },
    }),
  )
  return user
}

describe('an audience', () => {
  test('is estimated in tens, and never below 20', async () => {
    const estimate = async (tag: string) =>
      (await post('audience:estimate', { audience: { type: 'tag', tag } })).body
    for (let n = 0; n < 47; n++)
      await relate(`tagged ${n}`, n % 2 === 0, { tags: n < 19 ? ['few', 'all'] : ['all'] })
    expect(await estimate('all')).toEqual({ people: 50, isSample: false })
    expect(await estimate('few')).toEqual({ people: 'fewer than 20', isSample: false })
    expect(await estimate('none')).toEqual({ people: 'fewer than 20', isSample: false })
  })

  test('of another merchant has none of these customers', async () => {
    const other = await newMerchant(handler, 'other')
    const { body } = await callApi(handler, `POST ${M}/audience:estimate`, {
      subject: 'other',
      path: { merchantId: other.id },
      body: { audience: { type: 'tag', tag: 'all' } },
    })
    expect(body.people).toBe('fewer than 20')
  })
})

describe('decisions about a scene', () => {
  test('are told with what was passed, what failed and what it compared; strangers are not named', async () => {
    const { id: sceneId } = await newScene()
    const scene = aScene('traced', { id: sceneId, merchantId: merchantId as MerchantId })
    for (const [name, acted] of [
      ['buyer', true],
      ['passer-by', false],
    ] as const) {
      const user = await relate(name, acted)
      const trigger = anEnter({ user, merchantId: merchantId as MerchantId, atMs: NOW, distanceM: -37 })
      const ref = decisionRefOf(user, [trigger], 0)
      const outcome = {
        scene,
        trigger,
        kind: 'suppressed',
        reason: 'coolDown',
        compared: { coolDownS: 60 },
      } as const
      const { whole } = traceItems(ref, { outcomes: [outcome] }, undefined, NOW)
      await tables.client.send(new PutCommand({ TableName: tables.ledger, Item: whole }))
    }
    const decisions = (subject: string) =>
      callApi(handler, `GET ${M}/scenes/{sceneId}/decisions`, { subject, path: { merchantId, sceneId } })
    const { body } = await decisions('owner')
    expect(body.items).toHaveLength(2)
    const [named1] = body.items.filter((item: { user?: string }) => item.user !== undefined)
    expect(named1).toMatchObject({ user: named('usr', 'buyer'), decidedAt: new Date(NOW).toISOString() })
    const [nameless] = body.items.filter((item: { user?: string }) => item.user === undefined)
    expect(nameless.decidedAt).toBe('2026-11-22T10:00:00.000Z')
    expect(nameless.outcomes).toMatchObject([
      { result: 'coolDown', distance: '-50 to -20 m', compared: { coolDownS: 60 }, count: 1 },
    ])
    expect(nameless.outcomes[0].passed.at(-1)).toBe('pressure')
    expect((await decisions('stranger')).status).toBe(404)
    // Nor does where the next page starts tell the moment.
    const query = { limit: '1' }
    const call = { subject: 'owner', path: { merchantId, sceneId } }
    const first = await callApi(handler, `GET ${M}/scenes/{sceneId}/decisions`, { ...call, query })
    const place = Buffer.from(first.body.next, 'base64url').toString()
    expect(place).toMatch(/^2026-11-22T10#wrt_/)
    const after = { ...query, cursor: first.body.next }
    const second = await callApi(handler, `GET ${M}/scenes/{sceneId}/decisions`, { ...call, query: after })
    expect([...first.body.items, ...second.body.items]).toEqual(body.items)
  })

  test('tell what became of the message, without the moment at which a stranger’s leaves', async () => {
    const { id: sceneId } = await newScene()
    const scene = aScene('granted', { id: sceneId, merchantId: merchantId as MerchantId })
    const grantTo = async (name: string, acted: boolean, changes: Readonly<Record<string, unknown>>) => {
      const user = await relate(name, acted)
      const trigger = anEnter({ user, merchantId: merchantId as MerchantId, atMs: NOW })
      const grant = aGrant({ scene, trigger })
      const outcome: Granted = {
        scene,
        trigger,
        kind: 'granted',
        channel: 'push',
        messageKind: 'greeting',
        deliverUntilMs: NOW,
        score: 500,
      }
      const { whole } = traceItems(decisionRefOf(user, [trigger], 0), { outcomes: [outcome] }, grant, NOW)
      const message = { ...messageItem(grant, NOW, 1), ...changes }
      for (const Item of [whole, message])
        await tables.client.send(new PutCommand({ TableName: tables.ledger, Item }))
    }
    await grantTo('regular', true, { state: 'sending' })
    await grantTo('stranger 1', false, { state: 'sending' })
    await grantTo('stranger 2', false, { state: 'failed', reason: 'InvalidParameterException' })
    await grantTo('stranger 3', false, { state: 'failed', reason: 'optedOut', channel: 'sms' })
    await grantTo('stranger 4', false, { state: 'sent', snsMessageId: 'sns' })
    const { body } = await callApi(handler, `GET ${M}/scenes/{sceneId}/decisions`, {
      subject: 'owner',
      path: { merchantId, sceneId },
    })
    type Listed = { user?: string; outcomes: { message?: object }[] }
    const told = (isKnown: boolean) =>
      body.items
        .filter(({ user }: Listed) => (user !== undefined) === isKnown)
        .flatMap(({ outcomes }: Listed) => outcomes.map(({ message }) => JSON.stringify(message)))
        .toSorted()
    expect(told(true)).toEqual(['{"channel":"push","state":"sending"}'])
    expect(told(false)).toEqual([
      '{"channel":"push","state":"failed","reason":"refused"}',
      '{"channel":"push","state":"queued"}',
      '{"channel":"push","state":"sent"}',
      '{"channel":"sms","state":"failed","reason":"optedOut"}',
    ])
  })

  test('tell the score that won where the scene that won is the merchant’s own', async () => {
    const ids = [await newScene(), await newScene()].map(({ id }) => id)
    const [lost, won] = ids.map((id) => aScene(id, { id, merchantId: merchantId as MerchantId }))
    if (lost === undefined || won === undefined) throw new Error('two scenes were made')
    const decide = async (name: string, score: number, isOwn: boolean) => {
      const user = await relate(name, true)
      const trigger = anEnter({ user, merchantId: merchantId as MerchantId, atMs: NOW })
      const granted: Granted = {
        scene: won,
        trigger,
        kind: 'granted',
        channel: 'push',
        messageKind: 'greeting',
        deliverUntilMs: NOW,
        score,
      }
      const outranked = {
        scene: lost,
        trigger,
        kind: 'suppressed',
        reason: 'outranked',
        score: 1,
        winnerScore: score,
      } as const
      const outcomes = isOwn ? [outranked, granted] : [outranked]
      const { whole } = traceItems(decisionRefOf(user, [trigger], 0), { outcomes }, undefined, NOW)
      await tables.client.send(new PutCommand({ TableName: tables.ledger, Item: whole }))
    }
    await decide('outbid at home', 700, true)
    await decide('outbid by others', 800, false)
    const { body } = await callApi(handler, `GET ${M}/scenes/{sceneId}/decisions`, {
      subject: 'owner',
      path: { merchantId, sceneId: lost.id },
    })
    const told = body.items.map(({ user, outcomes }: { user: string; outcomes: object[] }) => [
      user,
      outcomes[0],
    ])
    expect(Object.fromEntries(told)).toEqual({
      [named('usr', 'outbid at home')]: expect.objectContaining({ score: 1, winnerScore: 700 }),
      [named('usr', 'outbid by others')]: expect.not.objectContaining({ winnerScore: 800 }),
    })
  })
})

describe('the operator', () => {
  const operator = { subject: 'operator', scopes: ['operator'] }

  test('has a kill switch; merchants have not', async () => {
    const put = (call: object) =>
      callApi(handler, 'PUT /v1/platform/kill-switch', { body: { on: true, reason: 'fire' }, ...call })
    expect((await put({ subject: 'owner', scopes: ['merchant'] })).status).toBe(403)
    expect((await put(operator)).body).toMatchObject({ on: true, reason: 'fire' })
    expect((await callApi(handler, 'GET /v1/platform/kill-switch', operator)).body.on).toBe(true)
    expect((await put({ ...operator, body: { on: false } })).body).not.toHaveProperty('reason')
  })

  test('draws and removes zones', async () => {
    const zoneId = named('zon', 'school')
    const body = {
      kind: 'exclusion',
      name: 'School',
      area: { kind: 'circle', ...UNION_SQUARE, radiusM: 100 },
    }
    const call = { ...operator, path: { zoneId } }
    expect((await callApi(handler, 'PUT /v1/platform/zones/{zoneId}', { ...call, body })).status).toBe(200)
    const list = () => callApi(handler, 'GET /v1/platform/zones', operator)
    expect((await list()).body.items).toEqual([{ id: zoneId, ...body }])
    expect((await callApi(handler, 'DELETE /v1/platform/zones/{zoneId}', call)).status).toBe(204)
    expect((await list()).body.items).toEqual([])
    const state = (await tables.allOf(tables.ledger)).find((item) => item['pk'] === 'PLATFORM')
    expect(state).toMatchObject({ zonesVersion: 2 })
    expect((await callApi(handler, 'GET /v1/platform/zones', { subject: 'owner' })).status).toBe(403)
  })

  test('suspends a merchant and takes it back', async () => {
    const suspend = (id: string, suspended: boolean) =>
      callApi(handler, 'PUT /v1/platform/merchants/{merchantId}/suspension', {
        ...operator,
        path: { merchantId: id },
        body: { suspended, reason: 'spam' },
      })
    const versionOf = async () =>
      (await tables.allOf(tables.catalog)).find(
        (item) => item['pk'] === `M#${merchantId}` && item['sk'] === 'VERSION',
      )
    expect((await suspend(merchantId, true)).status).toBe(200)
    expect(await versionOf()).toMatchObject({ suspended: { reason: 'spam' } })
    expect((await suspend(merchantId, false)).status).toBe(200)
    expect(await versionOf()).not.toHaveProperty('suspended')
    expect((await suspend(named('mer', 'nobody'), true)).status).toBe(404)
  })
})

describe('a merchant’s settings', () => {
  test('are its budget and its caps; an offer’s terms are kept', async () => {
    const settings = { budget: { sendsPerDay: 100 }, caps: [{ windowS: 86_400, max: 1 }] }
    const { body } = await callApi(handler, `PUT ${M}`, {
      ...owner,
      body: { name: 'Blue Door', ...settings },
    })
    expect(body).toMatchObject(settings)
    const tea = await created(handler, `POST ${M}/offers`, { ...owner, body: offerBody({ name: 'Tea' }) })
    const terms = { perDay: 5, perCustomer: 1, isScarce: true, substituteId: tea.id, hasWaitingList: true }
    const offer = await created(handler, `POST ${M}/offers`, { ...owner, body: offerBody(terms) })
    expect(offer).toMatchObject(terms)
    const remove = await callApi(handler, `DELETE ${M}/offers/{offerId}`, {
      subject: 'owner',
      path: { merchantId, offerId: tea.id },
    })
    expect(remove.status).toBe(409)
    const missing = offerBody({ substituteId: named('off', 'none') })
    expect((await post('offers', missing)).status).toBe(422)
    expect((await post('offers', offerBody({ kind: 'points' }))).status).toBe(400)
  })
})
