import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as matchPings } from '#functions/match-pings/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  askToken,
  clock,
  granted,
  MINUTE,
  merchantId,
  redeem,
  rotate,
  stockOf,
  store,
  tables,
  tokenOf,
} from '#test/functions/redemptions/world.ts'
import { moved } from '#test/support/builders.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, geofenceBody, UNION_SQUARE } from '#test/support/merchants.ts'

await rotate(clock.nowMs)
const atOwner = { subject: 'owner', path: { merchantId } }
const FAR_STORE = moved(UNION_SQUARE, 3000)
const other = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
  ...atOwner,
  body: { name: 'Mission', ...FAR_STORE },
})
const drawAround = (at: typeof UNION_SQUARE, more: object) =>
  created(merchantApi, 'POST /v1/merchants/{merchantId}/geofences', {
    ...atOwner,
    body: geofenceBody({ geometry: { type: 'Point', coordinates: [at.lon, at.lat] }, ...more }),
  })
await drawAround(UNION_SQUARE, { storeId: store.id })
await drawAround(FAR_STORE, { name: 'Mission door', storeId: other.id })

type More = { readonly mocked?: boolean; readonly accuracyM?: number }
/** The customer's phone says where it is, through the handler. */
const ping = async (subject: string, at = UNION_SQUARE, more: More = {}) => {
  const pings = [{ at: new Date(clock.nowMs).toISOString(), ...at, accuracyM: 5, ...more }]
  const { status, body } = await callApi(matchPings, 'POST /v1/pings', {
    subject,
    scopes: ['customer'],
    body: { pings },
  })
  expect(status).toBe(200)
  return body
}
const choosePositions = (subject: string, isGranted: boolean) =>
  callApi(customerApi, 'PUT /v1/me/consents/location', {
    subject,
    scopes: ['customer'],
    body: { granted: isGranted, source: 'app' },
  })
const offered = (subject: string) => granted({ subject, redeemAt: 'store' })

/** From anywhere: goes to the store, says so and redeems there. */
const redeemsAtStore = async (
  subject: string,
  { grantId, offerId }: { grantId: string; offerId: string },
) => {
  clock.advance(40 * MINUTE)
  await ping(subject)
  const token = await tokenOf(grantId, subject)
  const { status, body } = await redeem({ token, storeId: store.id })
  expect([status, body.grantId, body.storeId]).toEqual([200, grantId, store.id])
  expect(await stockOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
}

test('a ping at the store opens the way: visit, token, till', async () => {
  const offer = await offered('anna')
  const { transitions } = await ping('anna')
  expect(transitions).toMatchObject([{ type: 'enter' }])
  const { token } = (await askToken(offer.grantId, 'anna')).body
  const till = await redeem({ token, storeId: store.id, till: 'Till 1' })
  expect([till.status, till.body.grantId, till.body.storeId]).toEqual([200, offer.grantId, store.id])
  expect(await stockOf(offer.offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
})

const minutesPass = (minutes: number) => clock.advance(minutes * MINUTE)
test.each<[string, (who: string) => Promise<unknown>, string]>([
  ['has not said where they are', async () => {}, 'placeUnknown'],
  ['has been silent for eleven minutes', (who) => ping(who).then(() => minutesPass(11)), 'placeUnknown'],
  [
    'was there when the phone fell silent, two hours ago',
    (who) => ping(who).then(() => minutesPass(120)),
    'placeUnknown',
  ],
  [
    'took back consent to positions',
    (who) => ping(who).then(() => choosePositions(who, false)),
    'placeUnknown',
  ],
  [
    'took it back and gave it again',
    async (who) => {
      await ping(who)
      await choosePositions(who, false)
      await choosePositions(who, true)
    },
    'placeUnknown',
  ],
  ['says a position that is made up', (who) => ping(who, UNION_SQUARE, { mocked: true }), 'placeUnknown'],
  [
    'says it with an impossible accuracy',
    (who) => ping(who, UNION_SQUARE, { accuracyM: 0.1 }),
    'placeUnknown',
  ],
  [
    'makes up a position on the way to the store',
    async (who) => {
      await ping(who, moved(UNION_SQUARE, 400))
      minutesPass(5)
      await ping(who, UNION_SQUARE, { mocked: true })
    },
    'placeUnknown',
  ],
  ['is near, but in no geofence', (who) => ping(who, moved(UNION_SQUARE, 220)), 'notAtStore'],
  // What is near no geofence is not kept.
  ['is somewhere in the region', (who) => ping(who, moved(UNION_SQUARE, 400)), 'placeUnknown'],
  [
    'was there and is now far from every geofence',
    async (who) => {
      await ping(who)
      minutesPass(9)
      await ping(who, moved(UNION_SQUARE, 9000))
    },
    'notAtStore',
  ],
  [
    'was there and is now at the edge, one fix beyond its exit buffer',
    async (who) => {
      await ping(who)
      minutesPass(1)
      await ping(who, moved(UNION_SQUARE, 150))
    },
    'notAtStore',
  ],
])('who %s gets no token, and redeems later', async (how, arrange, code) => {
  const subject = how.replaceAll(/\W/g, '-')
  const offer = await offered(subject)
  await arrange(subject)
  const { status, body } = await askToken(offer.grantId, subject)
  expect([status, body.code]).toEqual([409, code])
  expect(await stockOf(offer.offerId)).toEqual({ free: 9, reserved: 1, confirmed: 0 })
  await choosePositions(subject, true)
  await redeemsAtStore(subject, offer)
})

test('at another store of the merchant the till there redeems, and no other', async () => {
  const offer = await offered('mia')
  await ping('mia', FAR_STORE)
  const token = await tokenOf(offer.grantId, 'mia')
  const elsewhere = await redeem({ token, storeId: store.id })
  expect([elsewhere.status, elsewhere.body.code]).toEqual([409, 'notAtStore'])
  expect((await redeem({ token, storeId: other.id })).status).toBe(200)
})

test('an offer given at one store is refused at another, and waits for its own', async () => {
  const offer = await granted({ subject: 'nils', redeemAt: 'store', storeId: store.id })
  await ping('nils', FAR_STORE)
  expect((await askToken(offer.grantId, 'nils')).body.code).toBe('notAtStore')
  await redeemsAtStore('nils', offer)
})

test('a token that is out stays good for its ten minutes, whatever the customer chooses then', async () => {
  const offer = await offered('olga')
  await ping('olga')
  const token = await tokenOf(offer.grantId, 'olga')
  await choosePositions('olga', false)
  expect((await askToken(offer.grantId, 'olga')).body.code).toBe('placeUnknown')
  expect((await redeem({ token, storeId: store.id })).status).toBe(200)
})

test('a geofence that is drawn around the customer counts from the next ping on', async () => {
  const at = moved(UNION_SQUARE, -20_000)
  await ping('piet', at)
  const offer = await offered('piet')
  expect((await askToken(offer.grantId, 'piet')).body.code).toBe('placeUnknown')
  const third = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
    ...atOwner,
    body: { name: 'Sunset', ...at },
  })
  await drawAround(at, { name: 'Sunset door', storeId: third.id })
  minutesPass(1)
  await ping('piet', at)
  const token = await tokenOf(offer.grantId, 'piet')
  expect((await redeem({ token, storeId: third.id })).status).toBe(200)
})

test('a presence that cannot be read is a fault of ours, and gives no token', async () => {
  const offer = await offered('rosa')
  const item = {
    pk: `U#${userIdOf('rosa')}`,
    kind: 'presence',
    version: 1,
    ttl: 1,
    state: Buffer.from([255]),
  }
  await tables.client.send(new PutCommand({ TableName: tables.presence, Item: item }))
  const { status, body } = await askToken(offer.grantId, 'rosa')
  expect([status, body.code]).toEqual([500, 'internal'])
  expect(await stockOf(offer.offerId)).toEqual({ free: 9, reserved: 1, confirmed: 0 })
})

test.each([
  ['busy', 503, new BusyError('throttled')],
  ['internal', 500, new Error('AccessDeniedException')],
])(
  'while the table does not answer (%s) nothing is claimed; then all goes on',
  async (code, expected, fault) => {
    const subject = `sven-${code}`
    const offer = await offered(subject)
    await ping(subject)
    const faulty = mockClient(DynamoDBDocumentClient)
    faulty.send.callThrough()
    faulty.on(GetCommand, { TableName: tables.presence }).rejects(fault)
    const { status, body } = await askToken(offer.grantId, subject)
    const asked = faulty.commandCalls(GetCommand, { TableName: tables.presence })
    faulty.restore()
    expect([status, body.code, asked.length]).toEqual([expected, code, 1])
    expect(await stockOf(offer.offerId)).toEqual({ free: 9, reserved: 1, confirmed: 0 })
    await redeemsAtStore(subject, offer)
  },
)
