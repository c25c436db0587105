import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { presenceItem, withdrawnPresence } from '#shared/contracts/items/presence.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  askToken,
  clock,
  granted,
  MINUTE,
  merchantId,
  redeem,
  reportOf,
  rivalId,
  rotate,
  stockOf,
  store,
  sync,
  tables,
  tokenOf,
} from '#test/functions/redemptions/world.ts'
import { aGeofence, moved, named, SQUARE } from '#test/support/builders.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, offerBody, UNION_SQUARE } from '#test/support/merchants.ts'

await rotate(clock.nowMs)
const other = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
  subject: 'owner',
  path: { merchantId },
  body: { name: 'Another', ...UNION_SQUARE },
})

const storeId = id('sto').parse(store.id)
const ours = { merchantId: id('mer').parse(merchantId), storeId }
const door = aGeofence('door', ours)
const put = (Item: Record<string, unknown>) =>
  tables.client.send(new PutCommand({ TableName: tables.presence, Item }))
const inMinutes = (minutes: number, at = SQUARE, more: Partial<Fix> = {}): Fix =>
  toFix({ ...at, accuracyM: 5, ...more, atMs: clock.nowMs + minutes * MINUTE })

/** What the customer's phone has said is folded and stored. */
const stands = async (
  subject: string,
  fixes: readonly Fix[],
  around: readonly IndexedGeofence[] = [door],
) => {
  const geofencesAt = () => [{ inside: [], test: around }]
  const user = userIdOf(subject)
  await put(presenceItem(user, 1, fold(user, NO_PRESENCE, fixes, geofencesAt, clock.nowMs), clock.nowMs))
}
const asked = async (subject: string, more: { readonly storeId?: string } = {}) => {
  const { grantId, offerId } = await granted({ subject, redeemAt: 'store', ...more })
  const { status, body } = await askToken(grantId, subject)
  return { answer: [status, body.code], token: body.token, offerId }
}
const UNKNOWN = [409, 'placeUnknown']
const ELSEWHERE = [409, 'notAtStore']

test('who is at the store gets a token that names it, and redeems it there', async () => {
  await stands('in', [inMinutes(-10)])
  const { grantId } = await granted({ subject: 'in', redeemAt: 'store' })
  const token = await tokenOf(grantId, 'in')
  expect(decodeJwt(token)).toMatchObject({ grantId, storeIds: [store.id] })
  expect(token.length).toBeLessThan(420)
  const { status, body } = await redeem({ token, storeId: store.id })
  expect([status, body.storeId]).toEqual([200, store.id])
})

test('the exit buffer of the geofence is the store, too', async () => {
  await stands('near', [inMinutes(-2), inMinutes(-1, moved(SQUARE, 115))])
  expect((await asked('near')).answer).toEqual([201, undefined])
})

test.each<[string, (subject: string) => Promise<unknown>, (number | string)[]]>([
  ['never said a position', async () => {}, UNKNOWN],
  ['said it eleven minutes ago', (who) => stands(who, [inMinutes(-11)]), UNKNOWN],
  [
    'has a position made up',
    (who) => stands(who, [inMinutes(-2), inMinutes(-1, SQUARE, { mocked: true })]),
    UNKNOWN,
  ],
  [
    'claims an impossible precision',
    (who) => stands(who, [inMinutes(-2), inMinutes(-1, SQUARE, { accuracyM: 0.1 })]),
    UNKNOWN,
  ],
  [
    'came faster than anybody can',
    (who) => stands(who, [inMinutes(-2), inMinutes(-1, moved(SQUARE, 200_000))]),
    UNKNOWN,
  ],
  ['does not want positions used', (who) => put(withdrawnPresence(userIdOf(who), clock.nowMs)), UNKNOWN],
  ['is on another street', (who) => stands(who, [inMinutes(-1, moved(SQUARE, 220))]), ELSEWHERE],
  ['has stepped out', (who) => stands(who, [inMinutes(-2), inMinutes(-1, moved(SQUARE, 180))]), ELSEWHERE],
  [
    'has been in the buffer for eleven minutes',
    (who) =>
      stands(
        who,
        [-11, -6, -1].map((at) => inMinutes(at, moved(SQUARE, at === -11 ? 0 : 110))),
      ),
    ELSEWHERE,
  ],
  [
    'is with another merchant',
    (who) =>
      stands(who, [inMinutes(-1)], [aGeofence('rival', { ...ours, merchantId: id('mer').parse(rivalId) })]),
    ELSEWHERE,
  ],
  [
    'is where the merchant has no store',
    (who) => stands(who, [inMinutes(-1)], [aGeofence('street', { merchantId: ours.merchantId })]),
    ELSEWHERE,
  ],
])('who %s gets none, and nothing is claimed', async (how, arrange, expected) => {
  const subject = how.replaceAll(' ', '-')
  await arrange(subject)
  const { answer, offerId } = await asked(subject)
  expect(answer).toEqual(expected)
  expect(await stockOf(offerId)).toEqual({ free: 9, reserved: 1, confirmed: 0 })
})

test('who was erased gets none', async () => {
  await stands('erased', [inMinutes(-1)])
  await createEraseCustomer(tables, async () => {})(userIdOf('erased'), clock.nowMs)
  expect((await asked('erased')).answer).toEqual(UNKNOWN)
})

test('a grant that names a store is redeemed at that store', async () => {
  await stands('named', [inMinutes(-1)])
  expect((await asked('named', { storeId: store.id })).answer).toEqual([201, undefined])
  expect((await asked('named', { storeId: named('sto', 'elsewhere') })).answer).toEqual(ELSEWHERE)
})

test('a till elsewhere, or one that does not say where, redeems nothing', async () => {
  await stands('far', [inMinutes(-1)])
  const { token } = await asked('far')
  for (const where of [{ storeId: other.id }, {}]) {
    const { status, body } = await redeem({ token, ...where })
    expect([status, body.code, body.errors[0].pointer]).toEqual([...ELSEWHERE, '/storeId'])
  }
  expect((await redeem({ token, storeId: store.id })).status).toBe(200)
})

test('a token of three stores is still one that contracts and tills take', async () => {
  const stores = [storeId, id('sto').parse(other.id), named('sto', 'third'), named('sto', 'fourth')]
  const around = stores.map((one, index) => aGeofence(`door ${index}`, { ...ours, storeId: one }))
  await stands('mall', [inMinutes(-1)], around)
  const { token } = await asked('mall')
  expect(decodeJwt(token)['storeIds']).toHaveLength(3)
  expect(token.length).toBeLessThanOrEqual(520)
  const named3 = decodeJwt<{ storeIds: string[] }>(token).storeIds
  expect(
    (await redeem({ token, storeId: named3.find((one) => one === store.id || one === other.id) })).status,
  ).toBe(200)
})

test('an offer keeps that it is for the store, and the app is told so', async () => {
  const body = { ...offerBody(), redeemAt: 'store' }
  const call = { subject: 'owner', path: { merchantId }, body }
  expect(await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', call)).toMatchObject({
    redeemAt: 'store',
  })
  const { grantId } = await granted({ subject: 'reader', redeemAt: 'store' })
  const listed = await callApi(customerApi, 'GET /v1/me/offers', { subject: 'reader', scopes: ['customer'] })
  expect(listed.body.items).toMatchObject([{ grantId, redeemAt: 'store' }])
})

test('a code read aloud does not say where the customer is', async () => {
  const { code } = await granted({ redeemAt: 'store' })
  const { status, body } = await redeem({ code, storeId: store.id })
  expect([status, body.code]).toEqual([409, 'tokenRequired'])
})

test('what a till elsewhere redeemed offline does not count', async () => {
  await stands('offline', [inMinutes(-1)])
  const { token } = await asked('offline')
  const { storeId: _, ...nowhere } = reportOf('r-2', token, clock.nowMs)
  const results = await sync('owner', 'Till 1', [
    { ...reportOf('r-1', token, clock.nowMs), storeId: other.id },
    nowhere,
    reportOf('r-3', token, clock.nowMs),
  ])
  expect(results).toMatchObject([
    { result: 'refused', reason: 'notAtStore' },
    { result: 'refused', reason: 'notAtStore' },
    { result: 'redeemed' },
  ])
})
