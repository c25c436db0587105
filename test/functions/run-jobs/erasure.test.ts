import { gunzipSync } from 'node:zlib'
import type { SQSEvent } from 'aws-lambda'
import { afterAll, describe, expect, test } from 'vitest'
import { phoneHashOf } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { createGifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { EXPORTED_KINDS } from '#shared/contracts/items/customer-export.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { waitersPk } from '#shared/contracts/items/waiting-list.ts'
import type { MerchantId, OfferId, SceneId, UserId } from '#shared/domain/ids.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import { anOffer, aVisit, DAY, HOUR, MINUTE, T0 } from '#test/support/builders.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi, type HttpAnswer, type HttpCall, lambdaContext } from '#test/support/http-event.ts'
import {
  created,
  geofenceBody,
  newMerchant,
  offerBody,
  sceneBody,
  UNION_SQUARE,
} from '#test/support/merchants.ts'
import { startPeer } from '#test/support/peers.ts'
import { sqsRecord } from '#test/support/sqs-record.ts'
import { told } from '#test/support/told-by.ts'

const NUMBER = '+14155550163'
const TOKEN = 'push-token-of-vera'
const ENDPOINT = 'arn:aws:sns:us-east-1:000000000000:endpoint/GCM/beckon/vera'
const MADE = `<R><CreatePlatformEndpointResult><EndpointArn>${ENDPOINT}</EndpointArn></CreatePlatformEndpointResult></R>`
const SENT = '<R><PublishResult><MessageId>m</MessageId></PublishResult></R>'
/** What happens while SNS makes an endpoint. */
let meanwhile: () => Promise<unknown> = async () => {}
const sns = await startPeer(async ({ body }) => {
  const isMaking = body.includes('CreatePlatformEndpoint')
  if (isMaking) await meanwhile()
  const headers = { 'content-type': 'text/xml' }
  return { status: 200, headers, body: `<?xml version="1.0"?>${isMaking ? MADE : SENT}` }
})
afterAll(() => sns.close())
const FCM = 'arn:aws:sns:us-east-1:000000000000:app/GCM/beckon'
const queue = (name: string) => `http://127.0.0.1:1/000000000000/${name}`
const { tables, clock, deliver, deliverRemoval, fire, queues, stored } = await startDecideOffers({
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
  PLACE_INDEX: 'places',
  AWS_ENDPOINT_URL_SNS: sns.url,
  FCM_APPLICATION_ARN: FCM,
  SMS_MAX_PRICE_USD: '0.10',
  SMS_OPT_OUT_URL: 'https://api.example.com/v1/stop/',
  REMINDERS_PER_MINUTE: '100',
  SIGNING_KEY_DAYS: '30',
  MAX_RECEIVES: '5',
  PUSH_APPLE_QUEUE_URL: queue('push-apple'),
  PUSH_DEAD_LETTERS_URL: queue('push-dead'),
  PUSH_APPLE_DEAD_LETTERS_URL: queue('push-apple-dead'),
  SMS_DEAD_LETTERS_URL: queue('sms-dead'),
})
process.env['JOBS_QUEUE_URL'] = queues.urlOf('jobs')
const { handler: customerApi } = await import('#functions/customer-api/handler.ts')
const { handler: merchantApi } = await import('#functions/merchant-api/handler.ts')
const { handler: matchPings } = await import('#functions/match-pings/handler.ts')
const { handler: runJobs } = await import('#functions/run-jobs/handler.ts')
const { handler: sendMessages } = await import('#functions/send-messages/handler.ts')
const { handler: remindRevisits } = await import('#functions/remind-revisits/handler.ts')

type Item = Record<string, unknown>
type Handler = Parameters<typeof callApi>[0]
const work = (handler: unknown, queueName: string, body: unknown) =>
  (handler as (event: SQSEvent, context: unknown) => Promise<unknown>)(
    { Records: [sqsRecord(queueName, body)] },
    lambdaContext(),
  )

const answered = async (handler: Handler, routeKey: string, call: HttpCall): Promise<HttpAnswer> => {
  const answer = await callApi(handler, routeKey, call)
  if (answer.status >= 300) throw new Error(`${routeKey}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}

const everything = async (): Promise<Item[]> =>
  told((await Promise.all([tables.catalog, tables.presence, tables.ledger].map(tables.allOf))).flat())

/** All that an item says, also what is packed in it: a kept answer. */
const textOf = ({ answer, ...item }: Item): string =>
  JSON.stringify(item) + (answer instanceof Uint8Array ? gunzipSync(answer).toString('utf8') : '')

/** Whatever may tell of the customer, wherever it may stand. */
const tracesOf = async (user: UserId, secrets: readonly string[]): Promise<Item[]> =>
  (await everything()).filter((item) => {
    const text = textOf(item)
    return [user, ...secrets].some((secret) => text.includes(secret))
  })

const path: { merchantId: MerchantId } = { merchantId: (await newMerchant(merchantApi, 'owner')).id }
const M = '/v1/merchants/{merchantId}'
const owner = { subject: 'owner', path }
await created(merchantApi, `POST ${M}/geofences`, { ...owner, body: geofenceBody() })
const offerBodyOf = offerBody({ perCustomer: 5 })
const { id: offerId } = await created(merchantApi, `POST ${M}/offers`, { ...owner, body: offerBodyOf })
const { id: sceneId } = await created(merchantApi, `POST ${M}/scenes`, {
  ...owner,
  body: sceneBody({ offerId }),
})
await created(merchantApi, `POST ${M}/scenes`, {
  ...owner,
  body: sceneBody({ triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days: 3 } }] }),
})

await created(merchantApi, `POST ${M}/scenes`, {
  ...owner,
  body: sceneBody({
    triggers: [{ type: 'event', eventType: 'purchase' }],
    message: { sms: { body: '{{ merchant.name }}: thank you' }, ttlS: 3600 },
  }),
})
const { code: qrCode } = await created(merchantApi, `POST ${M}/qr-codes`, {
  ...owner,
  body: {
    name: 'Window',
    action: { type: 'signUp' },
    caption: 'Sign up for a free coffee',
    placement: { label: 'Shop window', kind: 'offline' },
  },
})

const ping = (subject: string, atMs: number) =>
  callApi(matchPings, 'POST /v1/pings', {
    subject,
    scopes: ['customer'],
    body: { pings: [{ at: new Date(atMs).toISOString(), ...UNION_SQUARE, accuracyM: 5 }] },
  })

/** What waits for its time: a place in a queue, a reminder, an answer that may be asked for again. */
const waiting = (user: UserId): Item[] => {
  const [pk, of] = [`U#${user}`, { user, ...path, sceneId, occasion: 'o' }]
  const due = dueKey(clock.nowMs + MINUTE, user, 0)
  const waitKeys = { merchantPk: waitersPk(path.merchantId, offerId), merchantSk: `2026#${user}` }
  return [
    { pk, sk: `WAIT#${offerId}`, kind: 'wait', ...of, offerId, ...waitKeys },
    {
      pk,
      sk: 'LATER#1',
      kind: 'later',
      ...of,
      againMs: clock.nowMs,
      about: { kind: 'restock', offerId },
      ...due,
    },
    { pk, sk: 'IDEMPOTENCY#1', kind: 'idempotency', running: false, bodyHash: 'x' },
    { pk, sk: 'TESTSENDS#2026-05-01', kind: 'testSends', sent: 1 },
    { pk, sk: `MERCHANTTRACE#1#${path.merchantId}`, kind: 'merchantTrace', user, outcomes: [] },
  ]
}

/** Somebody without the app reads a QR code; the scan becomes the customer's by signing in. */
const scanBeforeSignIn = async (subject: string): Promise<string> => {
  const page = await answered(customerApi, 'POST /q/{code}/scans', { path: { code: qrCode } })
  const scanId = /beckon:\/\/scan\/([\w-]{22})/.exec(String(page.body))?.[1] ?? ''
  await answered(customerApi, 'POST /v1/me/scans', { subject, body: { scanId } })
  return scanId
}

/** One offer is redeemed by its code, another by its token at two tills that were offline. */
const redeemAtTills = async (subject: string) => {
  const user = userIdOf(subject)
  const given = { user, ...path, offerId: String(offerId), grantedAtMs: clock.nowMs }
  const byCode = await giveGrant(tables.client, tables.ledger, { ...given, code: 'BYC0DE0001' })
  const byToken = await giveGrant(tables.client, tables.ledger, { ...given, code: 'BYT0KEN001' })
  await answered(merchantApi, `POST ${M}/redemptions`, {
    ...owner,
    headers: { 'idempotency-key': 'sale-1' },
    body: { code: 'BYC0DE0001' },
  })
  const { body } = await answered(customerApi, 'POST /v1/me/offers/{grantId}/redemption-tokens', {
    subject,
    path: { grantId: byToken.grantId },
  })
  const redeemedAt = new Date(clock.nowMs).toISOString()
  for (const till of ['1', '2'])
    await answered(merchantApi, `POST ${M}/redemptions:sync`, {
      ...owner,
      body: { till, redemptions: [{ requestId: `sale-${till}`, token: body.token, redeemedAt }] },
    })
  return [byCode.grantId, byToken.grantId]
}

/** A visit that is over, from which a reminder is planned; a unit that is put aside for it. */
const visitAndPlan = async (user: UserId) => {
  const visit = aVisit('at the blue door', { ...path, enteredAtMs: T0, lastInsideAtMs: T0 + MINUTE })
  expect(await deliver(newsOf(user, { settled: [visit] }))).toEqual([])
  const occasion = {
    sceneId: sceneId as SceneId,
    occasion: 'a feast',
    dueAtMs: clock.nowMs + DAY,
    staleAfterS: 3600,
  }
  const offer = anOffer('kept', { id: offerId as OfferId, ...path })
  await createGifts(tables.client, tables.ledger).reserve({ user, ...path, occasion }, offer, 2)
}

/** An export of the merchant is asked for. */
const askForExport = async (): Promise<unknown> => {
  queues.taken()
  await answered(merchantApi, `POST ${M}/exports`, owner)
  return queues.taken().find(({ queue: name }) => name === 'jobs')?.body
}

/** The life of a customer, by everything that writes of one. */
const live = async (subject: string) => {
  const me = { subject }
  const user = userIdOf(subject)
  await answered(customerApi, 'PUT /v1/me/devices/{deviceId}', {
    ...me,
    path: { deviceId: 'phone' },
    body: { platform: 'fcm', token: TOKEN },
  })
  await answered(customerApi, 'PUT /v1/me/phone-number', { ...me, body: { phoneNumber: NUMBER } })
  for (const about of ['push', 'location'])
    await answered(customerApi, `PUT /v1/me/consents/${about}`, {
      ...me,
      body: { granted: true, source: 'app' },
    })
  await answered(customerApi, 'PUT /v1/me/consents/sms/{merchantId}', {
    ...me,
    path,
    body: { granted: true, source: 'app' },
  })
  await ping(subject, clock.nowMs)
  const presence = (await stored.presenceOf(user)) ?? {}
  queues.taken()
  expect(await deliver(presence)).toEqual([])
  const queued = queues.taken()
  const [message] = queued.filter(({ queue: name }) => name === 'push')
  await work(sendMessages, 'push', message?.body)
  await visitAndPlan(user)
  const events = [{ id: 'buy', type: 'purchase', at: new Date(clock.nowMs).toISOString(), ...path }]
  await answered(customerApi, 'POST /v1/events', { ...me, body: { events } })
  const bought = (await stored.ledgerItems('event')).filter((item) => item['pk'] === `U#${user}`)
  expect(await deliver(...bought)).toEqual([])
  const [sms] = queues.taken().filter(({ queue: name }) => name === 'sms')
  await work(sendMessages, 'sms', sms?.body)
  const scanId = await scanBeforeSignIn(subject)
  const { body: offers } = await answered(customerApi, 'GET /v1/me/offers', me)
  const { grantId, code } = offers.items.find((one: Item) => one['offerId'] === offerId)
  const redeemedGrants = await redeemAtTills(subject)
  await answered(customerApi, 'POST /v1/me/exports', me)
  await answered(customerApi, 'POST /v1/me/offers/{grantId}/claim', {
    ...me,
    path: { grantId },
    body: { by: 'claimed' },
  })
  const sharing = { ...me, path: { grantId } }
  const { body: shared } = await answered(customerApi, 'POST /v1/me/offers/{grantId}/share', sharing)
  const { body: signed } = await answered(customerApi, 'POST /v1/me/offers/{grantId}/redemption-tokens', {
    ...me,
    path: { grantId },
    headers: { 'idempotency-key': 'once' },
  })
  await answered(customerApi, 'PUT /v1/me/preferences', {
    ...me,
    body: { mutedMerchants: [path.merchantId], birthday: '05-17' },
  })
  const customer = { subject: 'owner', path: { ...path, userId: user } }
  await answered(merchantApi, `PUT ${M}/customers/{userId}`, { ...customer, body: { tags: ['vip'] } })
  await answered(merchantApi, `PUT ${M}/customers/{userId}/block`, { ...customer, body: { reason: 'x' } })
  await answered(customerApi, 'PUT /v1/me/blocks/{merchantId}/appeal', { ...me, path, body: { text: 'no' } })
  await stored.putLedger(...waiting(user))
  // One is made while the customer is there, of another only the message is on its way.
  await work(runJobs, 'jobs', await askForExport())
  const toExport = await askForExport()
  const items = (await tables.allOf(tables.ledger)).filter(({ pk }) => pk === `U#${user}`)
  const shareCode = String(shared.shareCode).replace('-', '')
  const token = signed.token as string
  return {
    user,
    shareCode,
    presence,
    items,
    queued,
    message,
    toExport,
    sms,
    code,
    token,
    grantId,
    scanId,
    redeemedGrants,
  }
}
type Life = Awaited<ReturnType<typeof live>>

/** Everything that was on its way, again: what a queue, a stream, a phone, a till or a clock brings late or twice. */
const bringBack = async (subject: string, life: Life) => {
  const { user, presence, items, queued, message, sms, toExport, code, token, scanId } = life
  await ping(subject, clock.nowMs)
  expect(await deliver(presence, ...items.filter(({ kind }) => kind === 'event'))).toEqual([])
  await deliverRemoval(presence, 'ttl')
  await fire(...queued.filter(({ queue: name }) => name === 'timers').map(({ body }) => body))
  await work(sendMessages, 'push', message?.body)
  await work(runJobs, 'jobs', toExport)
  await work(sendMessages, 'sms', sms?.body)
  const page = await answered(customerApi, 'POST /q/{code}/scans', { path: { code: qrCode } })
  const another = /beckon:\/\/scan\/([\w-]{22})/.exec(String(page.body))?.[1]
  const answers = [
    await callApi(customerApi, 'POST /v1/events', {
      subject,
      body: { events: [{ id: 'late', type: 'rating', at: new Date(clock.nowMs).toISOString(), ...path }] },
    }),
    await callApi(customerApi, 'PUT /v1/me/preferences', { subject, body: {} }),
    await callApi(customerApi, 'PUT /v1/me/phone-number', { subject, body: { phoneNumber: NUMBER } }),
    await callApi(customerApi, 'PUT /v1/me/consents/location', {
      subject,
      body: { granted: true, source: 'app' },
    }),
    await callApi(customerApi, 'PUT /v1/me/devices/{deviceId}', {
      subject,
      path: { deviceId: 'phone' },
      body: { platform: 'fcm', token: TOKEN },
    }),
    await callApi(customerApi, 'POST /v1/me/scans', { subject, body: { scanId: another } }),
    await callApi(customerApi, 'POST /v1/me/scans', { subject, body: { scanId, code: qrCode } }),
    ...(await Promise.all(
      ['exports', 'blocks', 'decisions', 'offers', 'visits', 'waiting-list', 'consents'].map((what) =>
        callApi(customerApi, `${what === 'exports' ? 'POST' : 'GET'} /v1/me/${what}`, { subject }),
      ),
    )),
    await callApi(customerApi, 'PUT /v1/me/waiting-list/{offerId}', { subject, path: { offerId } }),
    await callApi(customerApi, 'PUT /v1/me/blocks/{merchantId}/appeal', {
      subject,
      path,
      body: { text: 'no' },
    }),
  ]
  expect([...new Set(answers.map(({ status }) => status))]).toEqual([410])
  // A token is over after ten minutes, whoever it was for.
  for (const body of [{ code }, { token }]) {
    const late = await callApi(merchantApi, `POST ${M}/redemptions`, { ...owner, body })
    expect(['notFound', 'tokenExpired']).toContain(late.body.code)
  }
  const customer = { subject: 'owner', path: { ...path, userId: user } }
  const notes = await callApi(merchantApi, `PUT ${M}/customers/{userId}`, {
    ...customer,
    body: { tags: ['late'] },
  })
  expect(notes.status).toBe(404)
  await callApi(merchantApi, `PUT ${M}/customers/{userId}/block`, { ...customer, body: { reason: 'late' } })
  await remindRevisits({}, lambdaContext())
}

const isTombstone = (item: Item) => item['tombstone'] === true
const kindsOf = (items: readonly Item[]) => [...new Set(items.map(({ kind }) => String(kind)))].toSorted()
const erasureOf = (subject: string) => ({
  kind: 'erasure',
  user: userIdOf(subject),
  jobId: 'job_01J0000000000000000000000A',
  requestedAt: new Date(clock.nowMs).toISOString(),
})

/** What names a customer, or a number, and stands under a key of its own. */
const NAMED_ELSEWHERE = [
  'code',
  'exportPart',
  'grantOwner',
  'phoneOwner',
  'phoneWriter',
  'presence',
  'shareCode',
  'stopCode',
  'tokenOwner',
]

describe('an erased customer', () => {
  test('leaves only tombstones, whatever comes late or twice, before, during and after the job', async () => {
    clock.nowMs = T0 + HOUR
    // The minute schedule makes the keys that sign tokens.
    await remindRevisits({}, lambdaContext())
    const life = await live('vera')
    // The test proves nothing of what was never there.
    const known = await tracesOf(life.user, [phoneHashOf(NUMBER)])
    expect(kindsOf(known)).toEqual(expect.arrayContaining([...EXPORTED_KINDS, ...NAMED_ELSEWHERE]))
    const secrets = [
      life.shareCode,
      NUMBER,
      phoneHashOf(NUMBER),
      TOKEN,
      ENDPOINT,
      String(life.grantId),
      String(life.code),
      life.scanId,
      ...life.redeemedGrants,
      'BYC0DE0001',
      'BYT0KEN001',
    ]

    await answered(customerApi, 'DELETE /v1/me', { subject: 'vera' })
    await bringBack('vera', life)
    expect((await callApi(customerApi, 'GET /v1/me/erasure', { subject: 'vera' })).body).toEqual({
      state: 'running',
      erasedAt: new Date(clock.nowMs).toISOString(),
    })
    clock.advance(MINUTE)
    // The jobs that run twice at once stand for one that was stopped half way and came again.
    await Promise.all([
      work(runJobs, 'jobs', erasureOf('vera')),
      work(runJobs, 'jobs', erasureOf('vera')),
      bringBack('vera', life),
    ])
    await work(runJobs, 'jobs', erasureOf('vera'))
    const left = await tracesOf(life.user, secrets)
    expect(left.map(({ kind, pk, sk }) => ({ kind, pk, sk }))).toEqual([
      { kind: 'tombstone', pk: `U#${life.user}`, sk: undefined },
      { kind: 'tombstone', pk: `U#${life.user}`, sk: 'PROFILE' },
    ])
    for (const later of [MINUTE, HOUR, 3 * DAY]) {
      clock.advance(later)
      await bringBack('vera', life)
      expect(await tracesOf(life.user, secrets)).toEqual(left)
    }
    expect(left.every(isTombstone)).toBe(true)
    // What was redeemed stays so, for nobody; what was only put aside is there for others.
    expect(await stored.stockOf(offerId)).toEqual({ free: 7, reserved: 0, confirmed: 3 })
    expect((await callApi(customerApi, 'GET /v1/me/erasure', { subject: 'vera' })).body).toEqual({
      state: 'done',
      erasedAt: new Date(T0 + HOUR).toISOString(),
      doneAt: new Date(T0 + HOUR + MINUTE).toISOString(),
    })
    const deleted = sns.requests.filter(({ body }) => body.includes('Action=DeleteEndpoint'))
    expect(deleted.map(({ body }) => new URLSearchParams(body).get('EndpointArn'))).toContain(ENDPOINT)
  })

  test('is asked about by nobody else', async () => {
    const { status, body } = await callApi(customerApi, 'GET /v1/me/erasure', { subject: 'never erased' })
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'notFound' })
  })

  test('whose phone was pushed to in that moment leaves no endpoint at SNS', async () => {
    clock.nowMs = T0 + 10 * DAY
    const subject = 'wanda'
    const me = { subject }
    const device = { ...me, path: { deviceId: 'phone' }, body: { platform: 'fcm', token: 'token-of-wanda' } }
    await answered(customerApi, 'PUT /v1/me/devices/{deviceId}', device)
    await answered(customerApi, 'PUT /v1/me/consents/push', { ...me, body: { granted: true, source: 'app' } })
    await ping(subject, clock.nowMs)
    queues.taken()
    await deliver((await stored.presenceOf(userIdOf(subject))) ?? {})
    const [message] = queues.taken().filter(({ queue: name }) => name === 'push')
    sns.requests.length = 0
    meanwhile = () => work(runJobs, 'jobs', erasureOf(subject))
    await work(sendMessages, 'push', message?.body)
    const actions = sns.requests.map(({ body }) => new URLSearchParams(body).get('Action'))
    expect(actions[0]).toBe('CreatePlatformEndpoint')
    expect(actions.slice(-2)).toEqual(['Publish', 'DeleteEndpoint'])
    expect((await tracesOf(userIdOf(subject), ['token-of-wanda'])).every(isTombstone)).toBe(true)
  })
})
