import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { handler } from '#functions/customer-api/handler.ts'
import { triggersOfEvent } from '#functions/decide-offers/triggers-of.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { decisionRefOf, messageItem } from '#shared/contracts/items/decision.ts'
import { ledgerTrigger, parseDevices, parseProfile } from '#shared/contracts/items/ledger.ts'
import { parseRelationship } from '#shared/contracts/items/relationship.ts'
import { traceItems } from '#shared/contracts/items/trace.ts'
import { hashId } from '#shared/domain/ids.ts'
import { candidatesOf } from '#shared/domain/scenes/candidate.ts'
import { decide, type Granted } from '#shared/domain/scenes/decide.ts'
import { DECISION_SENTENCES, MESSAGE_REASON_SENTENCES } from '#shared/domain/scenes/explanations.ts'
import { NOTHING_SPENT } from '#shared/domain/scenes/facts.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  aCustomer,
  aGrant,
  anEnter,
  aRelationship,
  aScene,
  named,
  someFacts,
} from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, UNION_SQUARE } from '#test/support/merchants.ts'
import { sentTo, startPeer, takeAll } from '#test/support/peers.ts'

const tables = await createTables()
const sqs = await startPeer(takeAll)
afterAll(() => sqs.close())
afterEach(() => {
  sqs.requests.length = 0
})
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PRESENCE_TABLE'] = tables.presence
process.env['PLACE_INDEX'] = 'places'
process.env['JOBS_QUEUE_URL'] = `${sqs.url}/123456789012/jobs`
process.env['SMS_ANSWERS_TOPIC_ARN'] = 'arn:aws:sns:us-east-1:123456789012:answers'
process.env['AWS_ENDPOINT_URL_SQS'] = sqs.url
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const { id: merchantId } = await newMerchant(merchantApi, 'owner')
const at = (ms = 0) => new Date(clock.nowMs + ms).toISOString()

const itemsOf = async (subject: string) =>
  (await tables.allOf(tables.ledger)).filter((item) => item['pk'] === `U#${userIdOf(subject)}`)
const profileOf = async (subject: string) => (await itemsOf(subject)).find((item) => item['sk'] === 'PROFILE')
const owners = async (kind: string) =>
  (await tables.allOf(tables.ledger)).filter((item) => item['kind'] === kind)
const putDevice = (subject: string, deviceId: string, token: string, platform = 'fcm') =>
  callApi(handler, 'PUT /v1/me/devices/{deviceId}', {
    subject,
    path: { deviceId },
    body: { platform, token },
  })
const putNumber = (subject: string, number: string) =>
  callApi(handler, 'PUT /v1/me/phone-number', { subject, body: { phoneNumber: number } })
const setEndpoint = (subject: string, deviceId: string, endpointArn: string) =>
  tables.client.send(
    new UpdateCommand({
      TableName: tables.ledger,
      Key: { pk: `U#${userIdOf(subject)}`, sk: `DEVICE#${deviceId}` },
      UpdateExpression: 'SET endpointArn = :arn',
      ExpressionAttributeValues: { ':arn': endpointArn },
    }),
  )
const erased = (subject: string) =>
  tables.client.send(
    new PutCommand({
      TableName: tables.ledger,
      Item: { pk: `U#${userIdOf(subject)}`, sk: 'PROFILE', kind: 'tombstone', tombstone: true },
    }),
  )

describe('a phone', () => {
  test('is registered, and its token is never given back', async () => {
    const { status, body } = await putDevice('anna', 'pixel-1', 'token-anna')
    expect(status).toBe(200)
    expect(body).toEqual({ deviceId: 'pixel-1', platform: 'fcm', enabled: true, updatedAt: at() })
    const me = await callApi(handler, 'GET /v1/me', { subject: 'anna' })
    expect(me.body).toEqual({
      user: userIdOf('anna'),
      createdAt: at(),
      devices: [body],
      consents: {},
      preferences: {},
    })
    expect(JSON.stringify(me.body)).not.toContain('token-anna')
    const [device] = parseDevices((await itemsOf('anna')).filter((item) => item['kind'] === 'device'))
    expect(device).toEqual({ ...body, token: 'token-anna' })
    expect(parseProfile(await profileOf('anna'))).toMatchObject({ version: 1, erased: false })
  })

  test('that is registered again stays one, with its endpoint', async () => {
    await putDevice('again', 'phone', 'token-again')
    await setEndpoint('again', 'phone', 'arn:again')
    expect((await putDevice('again', 'phone', 'token-again')).status).toBe(200)
    const devices = (await itemsOf('again')).filter((item) => item['kind'] === 'device')
    expect(devices).toMatchObject([{ token: 'token-again', endpointArn: 'arn:again' }])
    expect(sqs.requests).toEqual([])
  })

  test('with a new token forgets the old one and its endpoint', async () => {
    await putDevice('renew', 'phone', 'token-old')
    await setEndpoint('renew', 'phone', 'arn:old')
    await putDevice('renew', 'phone', 'token-new')
    const [device] = (await itemsOf('renew')).filter((item) => item['kind'] === 'device')
    expect(device).not.toHaveProperty('endpointArn')
    expect((await owners('tokenOwner')).filter((item) => item['user'] === userIdOf('renew'))).toHaveLength(1)
    expect(sentTo(sqs)).toEqual([
      { kind: 'endpoints', jobId: expect.stringMatching(/^job_/), endpointArns: ['arn:old'] },
    ])
  })

  test('that changes hands takes its token along', async () => {
    await putDevice('first', 'shared', 'token-shared')
    await setEndpoint('first', 'shared', 'arn:shared')
    expect((await putDevice('second', 'mine', 'token-shared')).status).toBe(200)
    expect((await itemsOf('first')).filter((item) => item['kind'] === 'device')).toEqual([])
    expect((await itemsOf('second')).find((item) => item['kind'] === 'device')).toMatchObject({
      token: 'token-shared',
      endpointArn: 'arn:shared',
    })
  })

  test('that two customers claim at once ends with one of them', async () => {
    const answers = await Promise.all(
      ['x1', 'x2', 'x3'].map((subject) => putDevice(subject, 'phone', 'token-x')),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const holders = (await owners('device')).filter((item) => item['token'] === 'token-x')
    expect(holders).toHaveLength(1)
    const [owner] = (await owners('tokenOwner')).filter(
      (item) => item['user'] === String(holders[0]?.['pk']).slice(2),
    )
    expect(owner).toMatchObject({ deviceId: 'phone' })
  })

  test('is removed together with its endpoint', async () => {
    await putDevice('remover', 'phone', 'token-remove')
    await setEndpoint('remover', 'phone', 'arn:remove')
    const remove = () =>
      callApi(handler, 'DELETE /v1/me/devices/{deviceId}', {
        subject: 'remover',
        path: { deviceId: 'phone' },
      })
    expect((await remove()).status).toBe(204)
    expect((await itemsOf('remover')).map((item) => item['sk'])).toEqual(['PROFILE'])
    expect(sentTo(sqs)).toMatchObject([{ kind: 'endpoints', endpointArns: ['arn:remove'] }])
    expect((await remove()).status).toBe(404)
  })

  test('the eleventh is one too many', async () => {
    for (let n = 0; n < 10; n += 1) await putDevice('collector', `phone-${n}`, `token-c${n}`)
    const { status, body } = await putDevice('collector', 'phone-10', 'token-c10')
    expect(status).toBe(409)
    expect(body.code).toBe('limitReached')
    expect((await putDevice('collector', 'phone-3', 'token-c3b')).status).toBe(200)
  })

  test.each([
    ['an unknown platform', { platform: 'pager', token: 'x' }, '/platform'],
    ['no token', { platform: 'fcm', token: '' }, '/token'],
    ['a token of FCM for APNs', { platform: 'apns', token: 'fK3x:example' }, '/token'],
    ['one for its sandbox', { platform: 'apns-sandbox', token: 'fK3x:example' }, '/token'],
    ['a token of 3 kB', { platform: 'fcm', token: 'x'.repeat(3000) }, '/token'],
  ])('with %s is refused', async (_, body, pointer) => {
    const answer = await callApi(handler, 'PUT /v1/me/devices/{deviceId}', { path: { deviceId: 'd' }, body })
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toMatchObject([{ pointer }])
  })
})

describe('a phone number', () => {
  test('is kept, moves and is forgotten', async () => {
    expect((await putNumber('nina', '+14155550123')).status).toBe(204)
    expect((await callApi(handler, 'GET /v1/me', { subject: 'nina' })).body.phoneNumber).toBe('+14155550123')
    expect((await putNumber('omar', '+14155550123')).status).toBe(204)
    expect(await profileOf('nina')).not.toHaveProperty('phoneNumber')
    expect(await profileOf('nina')).toMatchObject({ version: 2 })
    expect(await owners('phoneOwner')).toMatchObject([{ user: userIdOf('omar') }])
    const remove = await callApi(handler, 'DELETE /v1/me/phone-number', { subject: 'omar' })
    expect(remove.status).toBe(204)
    expect(await owners('phoneOwner')).toEqual([])
    expect(await profileOf('omar')).not.toHaveProperty('phoneNumber')
    expect((await callApi(handler, 'DELETE /v1/me/phone-number', { subject: 'omar' })).status).toBe(204)
  })

  test('another one takes the place of the first', async () => {
    await putNumber('petra', '+4915112345678')
    await putNumber('petra', '+4915112345679')
    await putNumber('petra', '+4915112345679')
    expect(await owners('phoneOwner')).toHaveLength(1)
    expect(await profileOf('petra')).toMatchObject({ phoneNumber: '+4915112345679' })
  })

  test.each([
    ['015112345678'],
    ['+49 151 12345678'],
    ['+999123456789'],
    ['+1415555012'],
    // They exist, and take no SMS: a landline in London, one in Berlin, a free-phone number.
    ['+442079460000'],
    ['+493012345678'],
    ['+18005550199'],
  ])('%s is none', async (number) => {
    const { status, body } = await putNumber('quinn', number)
    expect(status).toBe(400)
    expect(body.errors[0].pointer).toBe('/phoneNumber')
    expect(body.errors[0].detail).not.toContain(number)
  })
})

describe('preferences', () => {
  const put = (subject: string, body: unknown) =>
    callApi(handler, 'PUT /v1/me/preferences', { subject, body })

  test('are kept whole, shown, and read by those who decide and send', async () => {
    expect((await put('lars', { channel: 'sms', locale: 'de-CH' })).body).toEqual({
      channel: 'sms',
      locale: 'de-CH',
    })
    expect(parseProfile(await profileOf('lars'))).toMatchObject({ preferredChannel: 'sms', locale: 'de-CH' })
    await put('lars', { channel: 'push' })
    const me = await callApi(handler, 'GET /v1/me', { subject: 'lars' })
    expect(me.body.preferences).toEqual({ channel: 'push' })
    expect((await put('lars', { channel: 'pigeon' })).status).toBe(400)
  })

  test('name a phone’s language', async () => {
    const body = { platform: 'fcm', token: 'token-mona', locale: 'zh-Hant-TW' }
    await callApi(handler, 'PUT /v1/me/devices/{deviceId}', {
      subject: 'mona',
      path: { deviceId: 'p' },
      body,
    })
    const me = await callApi(handler, 'GET /v1/me', { subject: 'mona' })
    expect(me.body.devices).toMatchObject([{ locale: 'zh-Hant-TW' }])
  })

  test('of an erased customer are refused', async () => {
    await erased('gone-preferences')
    expect((await put('gone-preferences', {})).status).toBe(410)
    const read = await callApi(handler, 'GET /v1/me/preferences', { subject: 'gone-preferences' })
    expect(read.status).toBe(410)
  })

  describe('have a tag', () => {
    const read = (subject: string, headers = {}) =>
      callApi(handler, 'GET /v1/me/preferences', { subject, headers })
    const putOver = (subject: string, tag: unknown, body: unknown) =>
      callApi(handler, 'PUT /v1/me/preferences', { subject, body, headers: { 'if-match': String(tag) } })
    const tastes = { vegan: true, coffee: 'flat white', guests: 2, area: 'x', zone: 'y' }

    test('that is the same when they are put and read, and another after a change', async () => {
      const empty = await read('olaf')
      expect([empty.status, empty.body]).toEqual([200, {}])
      const full = await put('olaf', { mutedUntil: '2026-12-01T08:00:00+08:00', tastes, locale: 'de-CH' })
      expect(full.headers['etag']).not.toBe(empty.headers['etag'])
      expect((await read('olaf')).headers['etag']).toBe(full.headers['etag'])
      expect((await read('olaf', { 'if-none-match': full.headers['etag'] })).status).toBe(304)
    })

    test('that another choice of the customer leaves alone', async () => {
      const { headers } = await put('otto', { tastes })
      await callApi(handler, 'PUT /v1/me/consents/push', {
        subject: 'otto',
        body: { granted: true, source: 'app' },
      })
      expect((await putOver('otto', headers['etag'], {})).status).toBe(200)
    })

    test('over which only who knows them replaces them, the first time too', async () => {
      const { headers } = await read('odin')
      expect((await putOver('odin', headers['etag'], { tastes })).status).toBe(200)
      const late = await putOver('odin', headers['etag'], { channel: 'sms' })
      expect([late.status, late.body.code]).toEqual([412, 'preconditionFailed'])
      expect((await read('odin')).body).toEqual({ tastes })
      expect((await putOver('odin', '*', {})).status).toBe(200)
    })

    test('with which two write at once, and one of them has written', async () => {
      const { headers } = await put('olga', { tastes })
      const bodies = [{ channel: 'sms' }, { channel: 'push' }]
      const answers = await Promise.all(bodies.map((body) => putOver('olga', headers['etag'], body)))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412])
      expect((await read('olga')).body).toEqual(answers.find(({ status }) => status === 200)?.body)
    })
  })
})

describe('consent', () => {
  const push = (subject: string, body: unknown) =>
    callApi(handler, 'PUT /v1/me/consents/push', { subject, body })
  const sms = (subject: string, merchant: string, body: unknown) =>
    callApi(handler, 'PUT /v1/me/consents/sms/{merchantId}', {
      subject,
      path: { merchantId: merchant },
      body,
    })

  test('is kept with when, where and the words, as deciding reads it', async () => {
    const words = 'Blue Door may write to me'
    const { status, body } = await push('rosa', { granted: true, source: 'app', text: words })
    expect(status).toBe(200)
    const receiptId = expect.stringMatching(/^rcp_/)
    expect(body).toEqual({ granted: true, source: 'app', text: words, at: at(), receiptId })
    expect((await sms('rosa', merchantId, { granted: true, source: 'web' })).status).toBe(200)
    const facts = parseProfile(await profileOf('rosa'))
    expect(facts).toMatchObject({ pushConsent: true, version: 2 })
    expect([...facts.smsConsents]).toEqual([merchantId])

    await push('rosa', { granted: false, source: 'app' })
    expect(parseProfile(await profileOf('rosa')).pushConsent).toBe(false)
    const { body: me } = await callApi(handler, 'GET /v1/me', { subject: 'rosa' })
    expect(me.consents).toEqual({
      push: { granted: false, source: 'app', at: at(), receiptId },
      sms: { [merchantId]: { granted: true, source: 'web', at: at(), receiptId } },
    })
  })

  test('to SMS is an act with the merchant; withdrawing it is none', async () => {
    await sms('sven', merchantId, { granted: false, source: 'app' })
    expect((await itemsOf('sven')).map((item) => item['kind'])).toEqual(['consentReceipt', 'profile'])
    await sms('sven', merchantId, { granted: true, source: 'app' })
    expect((await itemsOf('sven')).find((item) => item['kind'] === 'relationship')).toMatchObject({
      merchantId,
      actedAt: at(),
      visits: 0,
    })
  })

  test('to SMS of a merchant that is not there is refused', async () => {
    const { status } = await sms('tara', 'mer_01J0000000000000000000000A', { granted: true, source: 'app' })
    expect(status).toBe(404)
    expect(await itemsOf('tara')).toEqual([])
  })

  test('given on many sides at once is kept whole', async () => {
    const merchants = await Promise.all(
      ['m1', 'm2', 'm3', 'm4'].map((subject) => newMerchant(merchantApi, subject)),
    )
    const answers = await Promise.all(
      merchants.map(({ id }) => sms('ulla', id, { granted: true, source: 'app' })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(parseProfile(await profileOf('ulla')).smsConsents.size).toBe(4)
  })
})

describe('app events', () => {
  const post = (subject: string, events: readonly unknown[]) =>
    callApi(handler, 'POST /v1/events', { subject, body: { events } })
  const event = (changes: Readonly<Record<string, unknown>> = {}) => ({
    id: 'e-1',
    type: 'app_open',
    at: at(-1000),
    merchantId,
    ...changes,
  })
  const eventsOf = async (subject: string) =>
    (await itemsOf(subject)).filter((item) => item['kind'] === 'event')

  test('are kept once, as triggers', async () => {
    const events = [
      event({ at: '2026-11-22T18:59:00+09:00' }),
      event({ id: 'e-2', type: 'share', properties: { to: 'x', n: 1 } }),
    ]
    expect((await post('vera', events)).body).toEqual({ accepted: 2, repeated: 0, refused: [] })
    const more = [...events, event({ id: 'e-3' })]
    expect((await post('vera', more)).body).toEqual({ accepted: 1, repeated: 2, refused: [] })
    const stored = await eventsOf('vera')
    expect(stored).toHaveLength(3)
    expect(ledgerTrigger.parse(stored[0])).toEqual({
      triggerKind: 'event',
      user: userIdOf('vera'),
      eventId: 'e-1',
      type: 'app_open',
      at: '2026-11-22T09:59:00.000Z',
      merchantId,
    })
    expect(stored[0]).toMatchObject({ receivedAt: at(), ttl: clock.nowMs / 1000 + 396 * 86_400 })
    expect(stored[1]).toMatchObject({ properties: { to: 'x', n: 1 } })
  })

  test('a whole batch of fifty at once, posted twice at the same time, is fifty', async () => {
    const events = Array.from({ length: 50 }, (_, n) => event({ id: `b-${n}` }))
    const answers = await Promise.all([post('walt', events), post('walt', events)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers.map(({ body }) => body.accepted).reduce((a, b) => a + b)).toBe(50)
    expect(await eventsOf('walt')).toHaveLength(50)
  })

  test('that are acts mark the relationship', async () => {
    await post('xena', [event()])
    const before = (await itemsOf('xena')).find((item) => item['kind'] === 'relationship')
    expect(before).not.toHaveProperty('actedAt')
    await post('xena', [event({ id: 'e-2', type: 'qr_scan' }), event({ id: 'e-3', type: 'purchase' })])
    const relationship = (await itemsOf('xena')).find((item) => item['kind'] === 'relationship')
    expect(relationship).toMatchObject({ merchantId, actedAt: at() })
  })

  test('at a store name one that the merchant has', async () => {
    const store = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
      subject: 'owner',
      path: { merchantId },
      body: { name: 'One', ...UNION_SQUARE },
    })
    const { status, body } = await post('yara', [
      event({ storeId: store.id }),
      event({ id: 'e-2', storeId: 'sto_01J0000000000000000000000A' }),
      event({ id: 'e-3', merchantId: 'mer_01J0000000000000000000000A' }),
    ])
    expect(status).toBe(200)
    expect(body).toEqual({
      accepted: 1,
      repeated: 0,
      refused: [
        {
          index: 1,
          code: 'unprocessable',
          errors: [{ pointer: '/events/1/storeId', detail: 'the merchant has no such store' }],
        },
        {
          index: 2,
          code: 'unprocessable',
          errors: [{ pointer: '/events/2/merchantId', detail: 'no such merchant' }],
        },
      ],
    })
    expect(await eventsOf('yara')).toMatchObject([{ eventId: 'e-1', storeId: store.id }])
  })

  // It is 10:00 UTC on a Sunday: 02:00 at the store.
  test.each([
    ['inside the hours of its store speaks', '01:00', '03:00', { kind: 'granted', channel: 'push' }],
    ['outside the hours of its store is silent', '09:00', '18:00', { kind: 'suppressed', reason: 'hours' }],
  ])('one %s', async (name, from, to, expected) => {
    const store = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
      subject: 'owner',
      path: { merchantId },
      body: { name: 'Two', ...UNION_SQUARE },
    })
    const decided = (item: unknown) => {
      const triggers = triggersOfEvent(ledgerTrigger.parse(item))
      const scene = aScene(name, {
        merchantId,
        triggers: [{ type: 'event', eventType: 'qr_scan' }],
        when: { weeklyHours: [{ days: ['sun'], from, to }] },
        // An answer to an act may come at any hour of the night.
        message: { push: { title: 'Hello', body: 'Thanks' }, kind: 'service', ttlS: 600 },
      })
      // It is known by the number where the customer lives, also where the event names no place.
      const facts = someFacts({
        customer: aCustomer({ phoneCountry: 'US', relationships: new Map([[merchantId, aRelationship()]]) }),
      })
      return decide(candidatesOf([scene], triggers), facts, NOTHING_SPENT, clock.nowMs)
    }
    const events = [
      event({ id: 'at', type: 'qr_scan', storeId: store.id }),
      event({ id: 'nowhere', type: 'qr_scan' }),
    ]
    expect((await post(name, events)).status).toBe(200)
    const [there, nowhere] = await eventsOf(name)
    expect(there).toMatchObject({ storeId: store.id, timeZone: 'America/Los_Angeles' })
    expect(decided(there)).toMatchObject([expected])
    // Without a store nobody knows which clock counts.
    expect(nowhere).not.toHaveProperty('timeZone')
    expect(decided(nowhere)).toMatchObject([{ kind: 'suppressed', reason: 'hours' }])
  })

  test('of the wrong time are named by their index, and the others are kept', async () => {
    const hour = 3_600_000
    const { status, body } = await post('zoe', [
      event({ at: at(-48 * hour) }),
      event({ id: 'e-2', at: at(-48 * hour - 1) }),
      event({ id: 'e-3', at: at(5 * 60_000) }),
      event({ id: 'e-4', at: at(5 * 60_000 + 1) }),
    ])
    expect(status).toBe(200)
    expect(body).toMatchObject({
      accepted: 2,
      refused: [
        { index: 1, errors: [{ pointer: '/events/1/at', detail: 'older than 48 hours' }] },
        { index: 3, errors: [{ pointer: '/events/3/at', detail: 'more than 5 minutes in the future' }] },
      ],
    })
    expect((await eventsOf('zoe')).map(({ eventId }) => eventId)).toEqual(['e-1', 'e-3'])
  })

  test.each([
    ['an unknown type', { type: 'sneeze' }, '/events/0/type'],
    ['an id with blanks', { id: 'a b' }, '/events/0/id'],
    ['a nested property', { properties: { a: { b: 1 } } }, '/events/0/properties/a'],
    ['a property with an odd name', { properties: { 'a b': 1 } }, '/events/0/properties/a b'],
    ['a day in the place of a time', { at: '2026-11-22' }, '/events/0/at'],
    ['an unknown member', { secret: 1 }, '/events/0/secret'],
  ])('with %s are refused', async (_, changes, pointer) => {
    const { status, body } = await post('adam', [event(changes)])
    expect(status).toBe(200)
    expect(body).toMatchObject({
      accepted: 0,
      refused: [{ index: 0, code: 'invalidRequest', errors: [{ pointer }] }],
    })
    expect(await eventsOf('adam')).toEqual([])
  })

  test('that are no events are refused one by one, whatever they are', async () => {
    const { status, body } = await post('anna', [null, 'x', [], event(), {}])
    expect([status, body.accepted]).toEqual([200, 1])
    expect(body.refused.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 4])
    expect(await eventsOf('anna')).toHaveLength(1)
  })

  test('named twice are one, the first', async () => {
    const { body } = await post('beth', [event(), event({ type: 'share' })])
    expect(body).toEqual({ accepted: 1, repeated: 1, refused: [] })
    expect(await eventsOf('beth')).toMatchObject([{ type: 'app_open' }])
  })

  test('none or too many are refused', async () => {
    expect((await post('adam', [])).body.errors).toMatchObject([{ pointer: '/events' }])
    const many = Array.from({ length: 51 }, (_, n) => event({ id: `m-${n}` }))
    expect((await post('adam', many)).status).toBe(400)
  })
})

describe('my offers', () => {
  test('are listed with the codes to show, expired ones as such, nobody else’s', async () => {
    const offer = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
      subject: 'owner',
      path: { merchantId },
      body: offerBody(),
    })
    const give = (subject: string, code: string, validityS: number) =>
      giveGrant(tables.client, tables.ledger, {
        user: userIdOf(subject),
        merchantId,
        offerId: offer.id,
        code,
        grantedAtMs: clock.nowMs,
        validityS,
      })
    await give('bea', 'ABCDE-FGHJK', 60)
    clock.advance(60_000)
    const { grantId } = await give('bea', 'MNPQRSTVWX', 86_400)
    await give('carl', 'ZZZZZYYYYY', 86_400)
    const { status, body } = await callApi(handler, 'GET /v1/me/offers', { subject: 'bea' })
    expect(status).toBe(200)
    expect(body.items).toMatchObject([
      {
        grantId,
        code: 'MNPQR-STVWX',
        state: 'reserved',
        offerName: 'Free coffee',
        validUntil: at(86_400_000),
      },
      { code: 'ABCDE-FGHJK', state: 'expired' },
    ])
    const first = await callApi(handler, 'GET /v1/me/offers', { subject: 'bea', query: { limit: '1' } })
    const rest = await callApi(handler, 'GET /v1/me/offers', {
      subject: 'bea',
      query: { cursor: first.body.next },
    })
    expect([...first.body.items, ...rest.body.items]).toHaveLength(2)
    const borrowed = await callApi(handler, 'GET /v1/me/offers', {
      subject: 'carl',
      query: { cursor: first.body.next },
    })
    expect(JSON.stringify(borrowed.body)).not.toContain('ABCDE')
  })
})

describe('my offers, many of them', () => {
  const list = async (subject: string, query: Record<string, string> = {}) =>
    (await callApi(handler, 'GET /v1/me/offers', { subject, query })).body
  const readAll = async (subject: string, query: Record<string, string>) => {
    const read: { grantId: string; grantedAt: string }[] = []
    let cursor: string | undefined
    do {
      const body = await list(subject, { ...query, ...(cursor !== undefined && { cursor }) })
      read.push(...body.items)
      cursor = body.next
    } while (cursor !== undefined)
    return read
  }
  const giveMany = async (subject: string, count: number) => {
    const offer = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
      subject: 'owner',
      path: { merchantId },
      body: offerBody({ stock: 50 }),
    })
    const given: string[] = []
    for (let n = 0; n < count; n += 1) {
      clock.advance(1000)
      const { grantId } = await giveGrant(tables.client, tables.ledger, {
        user: userIdOf(subject),
        merchantId,
        offerId: offer.id,
        code: `${subject.slice(0, 5).toUpperCase().padEnd(5, 'X')}${String(n).padStart(5, '0')}`,
        grantedAtMs: clock.nowMs,
        validityS: n % 2 === 0 ? 1 : 86_400,
      })
      given.unshift(grantId)
    }
    clock.advance(2000)
    return given
  }

  test('are read page by page, the latest first, whatever their ids', async () => {
    const given = await giveMany('inbox', 7)
    const read = await readAll('inbox', { limit: '2' })
    expect(read.map(({ grantId }) => grantId)).toEqual(given)
  })

  test('of one state alone are found on all pages', async () => {
    const given = await giveMany('states', 7)
    const read = await readAll('states', { limit: '2', state: 'reserved' })
    // Those of an odd number are valid for a day.
    expect(read.map(({ grantId }) => grantId)).toEqual(given.filter((_, index) => index % 2 === 1))
    expect(await readAll('states', { state: 'redeemed' })).toEqual([])
    const { status } = await callApi(handler, 'GET /v1/me/offers', { query: { state: 'lost' } })
    expect(status).toBe(400)
  })

  test('tell what became of their messages, and are still listed where nothing is known of it', async () => {
    const [grantId] = await giveMany('fates', 2)
    const messageId = hashId('msg', grantId ?? '')
    await tables.client.send(
      new PutCommand({
        TableName: tables.ledger,
        Item: {
          pk: `U#${userIdOf('fates')}`,
          sk: `MESSAGE#${messageId}`,
          kind: 'message',
          messageId,
          channel: 'push',
          state: 'sent',
        },
      }),
    )
    const { items } = await list('fates')
    expect(items.map(({ message }: { message?: unknown }) => message)).toEqual([
      { channel: 'push', state: 'sent' },
      undefined,
    ])
  })

  test('are shared once: the same code again, and one event', async () => {
    const [, , expired, valid] = (await giveMany('sharer', 4)).toReversed()
    const share = (subject: string, grantId = '') =>
      callApi(handler, 'POST /v1/me/offers/{grantId}/share', { subject, path: { grantId } })
    const answers = await Promise.all([share('sharer', valid), share('sharer', valid)])
    answers.push(await share('sharer', valid))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const codes = new Set(answers.map(({ body }) => body.shareCode))
    expect([...codes]).toEqual([expect.stringMatching(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/)])
    const [first] = (await list('sharer')).items
    expect(first).toMatchObject({ grantId: valid, shareCode: [...codes][0] })
    expect(first.code).not.toBe(first.shareCode)
    const events = (await itemsOf('sharer')).filter((item) => item['kind'] === 'event')
    expect(events).toMatchObject([
      { type: 'share', eventId: `share-${valid}`, properties: { grantId: valid } },
    ])
    expect((await owners('shareCode')).filter((item) => item['grantId'] === valid)).toHaveLength(1)
    expect((await share('sharer', expired)).body.code).toBe('grantExpired')
    expect((await share('somebody else', valid)).status).toBe(404)
  })
})

describe('erasing', () => {
  test('answers with a job, puts the tombstone at once and frees the number', async () => {
    await putNumber('dora', '+14155550177')
    const { status, body } = await callApi(handler, 'DELETE /v1/me', { subject: 'dora' })
    expect(status).toBe(202)
    expect(sentTo(sqs)).toEqual([
      { kind: 'erasure', user: userIdOf('dora'), jobId: body.jobId, requestedAt: at() },
    ])
    expect(await itemsOf('dora')).toEqual([
      {
        pk: `U#${userIdOf('dora')}`,
        sk: 'PROFILE',
        kind: 'tombstone',
        tombstone: true,
        erasedAt: at(),
        ttl: clock.nowMs / 1000 + 35 * 86_400,
      },
    ])
    expect((await owners('phoneOwner')).filter((item) => item['user'] === userIdOf('dora'))).toEqual([])
  })

  test('twice is two jobs, and the first moment counts', async () => {
    await callApi(handler, 'DELETE /v1/me', { subject: 'emil' })
    const first = await profileOf('emil')
    clock.advance(1000)
    expect((await callApi(handler, 'DELETE /v1/me', { subject: 'emil' })).status).toBe(202)
    expect(await profileOf('emil')).toEqual(first)
  })

  test('leaves nobody to write for', async () => {
    await erased('fritz')
    const before = await itemsOf('fritz')
    const answers = [
      await putDevice('fritz', 'phone', 'token-fritz'),
      await putNumber('fritz', '+14155550188'),
      await callApi(handler, 'PUT /v1/me/consents/push', {
        subject: 'fritz',
        body: { granted: true, source: 'app' },
      }),
      await callApi(handler, 'PUT /v1/me/consents/sms/{merchantId}', {
        subject: 'fritz',
        path: { merchantId },
        body: { granted: true, source: 'app' },
      }),
      await callApi(handler, 'POST /v1/events', {
        subject: 'fritz',
        body: { events: [{ id: 'e', type: 'qr_scan', at: at(), merchantId }] },
      }),
      await callApi(handler, 'GET /v1/me', { subject: 'fritz' }),
      await callApi(handler, 'GET /v1/me/offers', { subject: 'fritz' }),
      await callApi(handler, 'DELETE /v1/me/phone-number', { subject: 'fritz' }),
    ]
    for (const { status, body } of answers) expect([status, body.code]).toEqual([410, 'gone'])
    expect(await itemsOf('fritz')).toEqual(before)
    expect((await owners('tokenOwner')).filter((item) => item['user'] === userIdOf('fritz'))).toEqual([])
  })
})

test('needs the customer scope', async () => {
  expect((await callApi(handler, 'GET /v1/me', { scopes: ['merchant', 'till'] })).status).toBe(403)
})

describe('what the customer wishes', () => {
  const wishes = {
    channel: 'sms',
    locale: 'pt-BR',
    birthday: '02-29',
    tastes: { size: 'M', spicy: true },
    quietHours: [{ days: ['sat', 'sun'], from: '22:00', to: '10:00' }],
    caps: [{ windowS: 86_400, max: 1 }],
    mutedMerchants: [merchantId],
    mutedUntil: '2026-12-01T00:00:00.000Z',
  }

  test('is kept whole, answered, and read as deciding reads it', async () => {
    const put = (body: unknown) => callApi(handler, 'PUT /v1/me/preferences', { subject: 'wanda', body })
    expect((await put(wishes)).body).toEqual(wishes)
    const me = await callApi(handler, 'GET /v1/me', { subject: 'wanda' })
    expect(me.body.preferences).toEqual(wishes)
    expect(parseProfile(await profileOf('wanda'))).toMatchObject({
      preferredChannel: 'sms',
      locale: 'pt-BR',
      birthday: '02-29',
      tastes: wishes.tastes,
      caps: wishes.caps,
      mutedMerchants: new Set([merchantId]),
      mutedUntilMs: Date.UTC(2026, 11, 1),
    })
    expect((await put({})).body).toEqual({})
    expect(parseProfile(await profileOf('wanda'))).toMatchObject({ caps: [], mutedMerchants: new Set() })
  })

  test.each([
    ['a birthday with a year', { birthday: '2000-02-29' }, '/birthday'],
    ['a language that is none', { locale: 'portugu\u00eas' }, '/locale'],
    ['a member that is not known', { colour: 'red' }, '/colour'],
  ])('with %s is refused', async (_, body, pointer) => {
    const answer = await callApi(handler, 'PUT /v1/me/preferences', { subject: 'wanda', body })
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer])
  })
})

describe('app events and the relationship', () => {
  const relationshipOf = async (subject: string) =>
    parseRelationship((await itemsOf(subject)).find((item) => item['kind'] === 'relationship')).relationship
  const send = (subject: string, ...events: object[]) =>
    callApi(handler, 'POST /v1/events', {
      subject,
      body: { events: events.map((one) => ({ at: at(), merchantId, ...one })) },
    })

  test('count purchases, marks and complaints once each, however often they come', async () => {
    const bought = {
      id: 'b-1',
      type: 'purchase',
      properties: { amountMinor: 450, currency: 'USD' },
    }
    const all = [
      bought,
      { id: 'r-1', type: 'rating', properties: { mark: 4 } },
      { id: 'c-1', type: 'complaint' },
    ]
    await send('paula', ...all)
    await Promise.all([send('paula', ...all), send('paula', ...all)])
    expect(await relationshipOf('paula')).toMatchObject({
      spend: { USD: { count: 1, totalMinor: 450 } },
      ratings: { count: 1, sum: 4 },
      openComplaints: 1,
      events: [{ type: 'purchase' }, { type: 'rating' }, { type: 'complaint' }],
    })
    await send('paula', { id: 'c-2', type: 'complaint_closed' })
    expect(await relationshipOf('paula')).toMatchObject({ openComplaints: 0 })
  })

  test('that do not say enough count for nothing', async () => {
    await send(
      'quinn',
      { id: 'b-1', type: 'purchase' },
      { id: 'r-1', type: 'rating', properties: { mark: 9 } },
    )
    expect(await relationshipOf('quinn')).toMatchObject({ spend: {}, ratings: { count: 0 } })
  })
})

describe('what an app event tells of a taste', () => {
  const relationshipWith = async (subject: string, id: string) =>
    parseRelationship((await itemsOf(subject)).find(({ sk }) => sk === `M#${id}`)).relationship
  const send = (subject: string, id: string, properties: object, type = 'purchase', ms = 0) =>
    callApi(handler, 'POST /v1/events', {
      subject,
      body: { events: [{ id: `${type}${ms}`, type, at: at(ms), merchantId: id, properties }] },
    })

  test('is kept with its source and time, where the merchant has declared it so', async () => {
    const shop = await created(merchantApi, 'POST /v1/merchants', {
      subject: 'tailor',
      body: { name: 'Tailor', preferences: { size: 'text', guests: 'number' } },
    })
    await send('vera', shop.id, { size: 'M', guests: 'four', colour: 'blue' }, 'purchase', -2000)
    await send('vera', shop.id, { guests: 4, mark: 5 }, 'rating', -1000)
    await send('vera', shop.id, { size: 'S' }, 'search', -3000)
    expect((await relationshipWith('vera', shop.id)).preferences).toEqual({
      size: { value: 'M', source: 'purchase', atMs: clock.nowMs - 2000 },
      guests: { value: 4, source: 'survey', atMs: clock.nowMs - 1000 },
    })
  })

  test('is never the number of an identity document', async () => {
    const { status, body } = await send('walt', merchantId, { passportNo: 'X1234567' })
    expect([status, body.accepted]).toEqual([200, 0])
    expect(JSON.stringify(body.refused)).toContain('identity documents')
    const declared = await callApi(merchantApi, 'POST /v1/merchants', {
      subject: 'curious',
      body: { name: 'Curious', preferences: { id_number: 'text' } },
    })
    expect(declared.status).toBe(400)
    const own = await callApi(handler, 'PUT /v1/me/preferences', {
      subject: 'walt',
      body: { tastes: { ssn: '123' } },
    })
    expect(own.status).toBe(400)
  })
})

describe('a claim', () => {
  const claim = (subject: string, grantId: string, by = 'opened') =>
    callApi(handler, 'POST /v1/me/offers/{grantId}/claim', { subject, path: { grantId }, body: { by } })
  const giveTo = async (subject: string, theme?: 'newArrival') => {
    const { id: offerId } = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
      subject: 'owner',
      path: { merchantId },
      body: offerBody({ stock: 2 }),
    })
    const code = subject
      .toUpperCase()
      .padEnd(10, '0')
      .slice(0, 10)
      .replace(/[ILOU]/g, '1')
    const { grantId } = await giveGrant(tables.client, tables.ledger, {
      user: userIdOf(subject),
      merchantId,
      offerId,
      code,
      grantedAtMs: clock.nowMs,
      ...(theme && { theme }),
    })
    const stockOf = async () =>
      (await tables.allOf(tables.ledger)).find((item) => item['pk'] === `OFFER#${offerId}#0`)
    return { grantId, code, stockOf }
  }

  test('confirms the unit once; the redemption that follows moves it no more', async () => {
    const { grantId, code, stockOf } = await giveTo('clara')
    const answers = await Promise.all([claim('clara', grantId), claim('clara', grantId, 'claimed')])
    expect(answers.map(({ status }) => status)).toEqual([204, 204])
    expect(await stockOf()).toMatchObject({ free: 1, reserved: 0, confirmed: 1 })
    const redeemed = await callApi(merchantApi, 'POST /v1/merchants/{merchantId}/redemptions', {
      subject: 'owner',
      path: { merchantId },
      body: { code },
    })
    expect(redeemed.status).toBe(200)
    expect(await stockOf()).toMatchObject({ free: 1, reserved: 0, confirmed: 1 })
    expect((await claim('clara', grantId)).status).toBe(204)
    expect(await stockOf()).toMatchObject({ confirmed: 1 })
  })

  test('after its time confirms nothing, whether or not the sweep was there before; what was opened in time stays', async () => {
    const { grantId, stockOf } = await giveTo('finn')
    const opened = await giveTo('gina')
    expect((await claim('gina', opened.grantId)).status).toBe(204)
    const nowMs = clock.nowMs
    clock.nowMs += 86_400_000
    const late = await claim('finn', grantId)
    expect([late.status, late.body.code]).toEqual([410, 'grantExpired'])
    expect(await stockOf()).toMatchObject({ reserved: 1, confirmed: 0 })
    expect((await claim('gina', opened.grantId)).status).toBe(204)
    clock.nowMs = nowMs
  })

  test('is an act with the merchant, and opening alone is none; both are one reaction to a new arrival', async () => {
    const stored = async (subject: string) =>
      (await tables.allOf(tables.ledger)).find(
        ({ pk, sk }) => pk === `U#${userIdOf(subject)}` && sk === `M#${merchantId}`,
      )
    const arrival = await giveTo('hana', 'newArrival')
    await claim('hana', arrival.grantId)
    expect(await stored('hana')).toMatchObject({ known: { reactions: { newArrival: 1 } } })
    expect(await stored('hana')).not.toHaveProperty('actedAt')
    await claim('hana', arrival.grantId, 'claimed')
    expect(await stored('hana')).toMatchObject({
      known: { reactions: { newArrival: 1 } },
      actedAt: new Date(clock.nowMs).toISOString(),
    })
    await callApi(merchantApi, 'POST /v1/merchants/{merchantId}/redemptions', {
      subject: 'owner',
      path: { merchantId },
      body: { code: arrival.code },
    })
    expect(await stored('hana')).toMatchObject({ known: { reactions: { newArrival: 1 } } })
    const straight = await giveTo('ines', 'newArrival')
    await callApi(merchantApi, 'POST /v1/merchants/{merchantId}/redemptions', {
      subject: 'owner',
      path: { merchantId },
      body: { code: straight.code },
    })
    expect(await stored('ines')).toMatchObject({ known: { reactions: { newArrival: 1 } } })
    const other = await giveTo('jana')
    await claim('jana', other.grantId, 'claimed')
    expect(await stored('jana')).toHaveProperty('actedAt')
    expect(await stored('jana')).not.toHaveProperty('known.reactions')
  })

  test('of what was never given, or was given to another, is none', async () => {
    const { grantId } = await giveTo('dora')
    expect((await claim('eva', grantId)).status).toBe(404)
  })
})

describe('decisions', () => {
  test('are told to the customer, the latest first, in pages', async () => {
    const user = userIdOf('iris')
    for (const [index, reason] of (['hours', 'audience'] as const).entries()) {
      const trigger = anEnter({ user, merchantId, visitId: named('vis', reason), atMs: clock.nowMs + index })
      const outcome = { scene: aScene(reason, { merchantId }), trigger, kind: 'suppressed', reason } as const
      const { whole } = traceItems(
        decisionRefOf(user, [trigger], 0),
        { outcomes: [outcome] },
        undefined,
        clock.nowMs,
      )
      await tables.client.send(new PutCommand({ TableName: tables.ledger, Item: whole }))
    }
    const list = (query: Record<string, string>) =>
      callApi(handler, 'GET /v1/me/decisions', { subject: 'iris', query })
    const { body: first } = await list({ limit: '1' })
    expect(first.items).toMatchObject([
      { outcomes: [{ result: 'audience', merchantId, explanation: DECISION_SENTENCES.audience }] },
    ])
    const { body: second } = await list({ limit: '1', cursor: first.next })
    expect(second.items).toMatchObject([{ outcomes: [{ result: 'hours' }] }])
    expect((await callApi(handler, 'GET /v1/me/decisions', { subject: 'jo' })).body).toEqual({ items: [] })
  })

  test('tell what became of the message, as long as it is kept', async () => {
    const user = userIdOf('kim')
    const trigger = anEnter({ user, merchantId, atMs: clock.nowMs })
    const scene = aScene('kept', { merchantId })
    const grant = aGrant({ scene, trigger })
    const outcome: Granted = {
      scene,
      trigger,
      kind: 'granted',
      channel: 'push',
      messageKind: 'greeting',
      deliverUntilMs: clock.nowMs,
      score: 500,
    }
    const ref = decisionRefOf(user, [trigger], 0)
    const { whole } = traceItems(ref, { outcomes: [outcome] }, grant, clock.nowMs)
    const put = (Item: Record<string, unknown>) =>
      tables.client.send(new PutCommand({ TableName: tables.ledger, Item }))
    const told = async () => {
      const { body } = await callApi(handler, 'GET /v1/me/decisions', { subject: 'kim' })
      const { message, explanation } = body.items[0].outcomes[0]
      return { message, explanation }
    }
    await put(whole)
    expect(await told()).toEqual({ explanation: 'This message was chosen for you.' })
    const stored = messageItem(grant, clock.nowMs, 1)
    await put(stored)
    expect(await told()).toEqual({
      message: { channel: 'push', state: 'queued' },
      explanation: 'This message was chosen for you and waits to be sent.',
    })
    const ask = async (query: Record<string, string>) =>
      (await callApi(handler, 'GET /v1/me/decisions', { subject: 'kim', query })).body.items
    expect(await ask({ messageId: stored.messageId, merchantId })).toMatchObject([
      { outcomes: [{ result: 'granted', message: { state: 'queued' } }] },
    ])
    expect(await ask({ messageId: named('msg', 'another') })).toEqual([])
    expect(await ask({ merchantId: named('mer', 'another') })).toEqual([])
    await put({ ...stored, state: 'unknown', reason: 'TimeoutError' })
    expect(await told()).toEqual({
      message: { channel: 'push', state: 'unknown', reason: 'unclear' },
      explanation: MESSAGE_REASON_SENTENCES.unclear,
    })
  })
})
